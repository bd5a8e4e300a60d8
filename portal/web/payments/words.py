"""Payments in the words of the people who look after them."""

from __future__ import annotations

from portal.core.words import _
from portal.shared.payments.models import IntentStatus

#: The chips of the list, in the order people look for them.
STATUSES = (
    IntentStatus.SUCCEEDED,
    IntentStatus.REVIEW,
    IntentStatus.PENDING,
    IntentStatus.FAILED,
    IntentStatus.ABANDONED,
    IntentStatus.EXPIRED,
    IntentStatus.PART_REFUNDED,
    IntentStatus.REFUNDED,
)


def status_words(status: str) -> str:
    """A payment's status."""
    return {
        IntentStatus.CREATED: _("Started"),
        IntentStatus.PENDING: _("Waiting for money"),
        IntentStatus.PROCESSING: _("With the provider"),
        IntentStatus.SUCCEEDED: _("Paid"),
        IntentStatus.REVIEW: _("Needs a decision"),
        IntentStatus.FAILED: _("Failed"),
        IntentStatus.ABANDONED: _("Given up"),
        IntentStatus.EXPIRED: _("Not paid in time"),
        IntentStatus.PART_REFUNDED: _("Part refunded"),
        IntentStatus.REFUNDED: _("Refunded"),
    }.get(IntentStatus(status), status)


def why_held(reason: str | None) -> str:
    """Why money waits for a decision."""
    late = (reason or "").startswith("late_")
    said = {
        "amount_below_intent": _("Less money came than was asked for."),
        "wrong_currency": _("The money came in another currency."),
        "bill_cancelled": _("The bill was cancelled before the money came."),
        "unit_let_to_another": _("Somebody else has the room or vehicle by now."),
        "unit_out_of_use": _("The room or vehicle is out of use by now."),
        "buys_no_period": _("The money does not buy one whole period."),
    }.get((reason or "").removeprefix("late_"), _("The money does not match."))
    return f"{_('It came late.')} {said}" if late else said


def via_words(via: str) -> str:
    """Who brought the news that money came."""
    return {
        "webhook": _("the provider's message"),
        "redirect": _("the payer coming back"),
        "verify": _("somebody asking"),
        "poller": _("our own asking"),
        "staff": _("a person here"),
        "desk": _("the person at the desk"),
        "phone": _("the phone that was asked"),
        "claim": _("money sent to the paybill"),
    }.get(via, via)


def kind_words(kind: str) -> str:
    """What a provider's message is about, where its own name for it says little."""
    return {
        "push.callback": _("what became of the question to the phone"),
        "paybill.confirmation": _("money was sent to the paybill"),
        "paybill.validation": _("somebody wants to send money to the paybill"),
        "paybill.status": _("how a receipt stands"),
        "paybill.reversal": _("what became of a return"),
        "refund.pending": _("it has the refund"),
        "refund.processing": _("the refund is with the payer's bank"),
        "refund.needs-attention": _("the refund needs a bank account"),
        "refund.processed": _("the refund is with the payer"),
        "refund.failed": _("the refund failed"),
        "charge.dispute.create": _("the payer's bank disputes it"),
        "charge.dispute.remind": _("the dispute needs an answer"),
        "charge.dispute.resolve": _("the dispute was decided"),
    }.get(kind, kind)


def message_words(error: str | None, status: str) -> str:
    """What became of a provider's message."""
    return {
        "unknown_reference": _("It names a payment that was never started here."),
        "gateway_unreachable": _("The provider could not be asked about it yet."),
        "not_known_to_the_gateway": _("The provider, asked, does not know this payment."),
        "gateway_contradicts_its_message": _("The provider, asked, says that this was not paid."),
        "refused": _("Its transaction has already paid for something else."),
        "charge_not_here_yet": _("It speaks of a charge that has not come here."),
        "not_sent_from_here": _("It speaks of a transfer that was not sent from here."),
        "test_money": _("Test money; it moved nothing."),
        "turned_away": _("The provider turned the payment away and returned it."),
        "of_no_use_here": _("Kept; nothing here needs it."),
        "other_question": _("It came to the address of another question."),
        "unreadable": _("It could not be read as what it says it is."),
    }.get(error or "", {"ignored": _("Kept; nothing to do."), "done": _("Dealt with.")}.get(status, ""))


def trail_words(action: str) -> str:
    """A line of the audit trail in a payment's life."""
    return {
        "payment_intent.opened": _("Started"),
        "payment_intent.failed": _("The provider said that it failed"),
        "payment_intent.abandoned": _("The payer gave up"),
        "payment_intent.expired": _("Its time ran out"),
        "phone_push.asked": _("A phone was asked"),
        "phone_push.paid": _("The phone paid"),
        "phone_push.cancelled": _("Cancelled on the phone, or nobody waits for it any more"),
        "phone_push.failed": _("The phone could not pay"),
        "phone_push.expired": _("The phone gave no answer"),
        "payment.receipt_attached": _("The receipt number came"),
        "payment.receipt_of_another_payment": _("A receipt number that belongs to other money was not believed"),
        "payment.less_than_asked": _("A message spoke of less money than was asked for"),
        "payment.settled": _("Money taken"),
        "payment.taken": _("Taken at the desk"),
        "payment.receipt_sent": _("Receipt sent"),
        "payment.held": _("Money held for a decision"),
        "payment.marked_for_refund": _("Marked for refund"),
        "payment.refunded": _("Refund sent"),
        "refund.requested": _("Refund asked for"),
        "refund.approved": _("Refund approved"),
        "refund.declined": _("Refund declined"),
        "refund.pending": _("Refund sent to the provider"),
        "refund.processing": _("Refund with the payer's bank"),
        "refund.needs_attention": _("The refund needs the payer's bank account"),
        "refund.processed": _("Refund has reached the payer"),
        "refund.failed": _("Refund failed"),
        "payment.refund_failed": _("Managers were told that the refund failed"),
        "payment.refund_contradicted": _("The provider says something of a refund that does not fit"),
        "payment.refund_made_elsewhere": _("It was given back at the provider, not from here"),
        "payment.dispute_create": _("The payer's bank disputes it"),
        "payment.dispute_remind": _("The provider reminds of the dispute"),
        "payment.dispute_resolve": _("The dispute was decided"),
        "payment.dispute_of_another_payment": _("A dispute that is another payment's was not believed"),
        "dispute.handled": _("Somebody dealt with the dispute"),
        "payment.second_capture": _("A second payment for the same came, and is held beside the first"),
        "payment.returned_after_all": _("The provider says that this money went back to its sender after all"),
        "payment.transaction_of_another_payment": _("A transaction that paid for something else was refused"),
        "payment.message_contradicts": _("A message that contradicts an earlier one was refused"),
        "payment.gateway_contradicts_its_message": _("The provider contradicts its own message"),
        "payment.not_known_to_the_gateway": _("The provider does not know what its message is about"),
        "payment.charge_reversed": _("The provider took the money back"),
        "payment.unknown_currency": _("Money in a currency nobody knows was refused"),
        "payment.no_money": _("A success without any money was refused"),
    }.get(action, action.replace("_", " ").replace(".", ": "))


def choices() -> list[tuple[str, str]]:
    """The chips of the list: value and words."""
    return [(status.value, status_words(status)) for status in STATUSES]


def readable(raw: bytes) -> str:
    """A stored message for the eye; what is not text shows as such."""
    return bytes(raw).decode("utf-8", "replace")[:20_000]
