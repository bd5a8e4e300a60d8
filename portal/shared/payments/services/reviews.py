"""Money that did not match: a second person gives it its purpose, or sends it back."""

from __future__ import annotations

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.audit.services import record
from portal.shared.payments.errors import CannotFulfil, NotInReview, ReasonMissing, SecondPersonNeeded
from portal.shared.payments.models import IntentStatus, Payment, PaymentIntent
from portal.shared.payments.queries import find_payment_of, lock_intent
from portal.shared.payments.services import books
from portal.shared.payments.services.settlement import fulfil, tell


@transactional
def accept(*, reference: str, reason: str, actor: Actor) -> PaymentIntent:
    """Take the money: for as many whole periods as it buys if the unit is free, else all of it as credit."""
    intent, payment = _held(reference, reason, actor)
    before = intent.status
    try:
        if payment.currency != intent.currency:
            raise CannotFulfil(_("Money in another currency buys nothing here."))
        fulfil(intent, payment, actor)
    except CannotFulfil:
        payment.counted = True
        intent.status, intent.review_reason = IntentStatus.SUCCEEDED, None
    books.accepted(intent, payment, actor)
    tell(intent, payment, actor, before, reason=reason.strip())
    return intent


@transactional
def mark_for_refund(*, reference: str, reason: str, actor: Actor) -> PaymentIntent:
    """Decide that the money goes back; it stays in the queue until somebody says that it went."""
    intent, payment = _held(reference, reason, actor)
    payment.refund_marked_at = utcnow()
    _record("payment.marked_for_refund", intent, payment, reason, actor)
    return intent


@transactional
def refund_sent(*, reference: str, reason: str, actor: Actor) -> PaymentIntent:
    """The money went back to the payer."""
    intent, payment = _held(reference, reason, actor, marked=True)
    intent.status, intent.review_reason = IntentStatus.REFUNDED, None
    payment.remainder = 0
    books.sent_back(intent, payment, actor)
    _record("payment.refunded", intent, payment, reason, actor)
    return intent


def _held(reference: str, reason: str, actor: Actor, *, marked: bool = False) -> tuple[PaymentIntent, Payment]:
    if not reason.strip():
        raise ReasonMissing(_("Say why; the reason is kept with the payment."), field="reason")
    intent = lock_intent(reference)
    payment = find_payment_of(intent.id)
    if intent.status != IntentStatus.REVIEW or payment is None:
        raise NotInReview(_("This payment does not wait for a decision any more."))
    if (payment.refund_marked_at is not None) != marked:
        raise NotInReview(
            _("This payment has not been marked for refund.")
            if marked
            else _("This payment has been marked for refund already.")
        )
    if intent.opened_by == actor.key:
        raise SecondPersonNeeded(_("You started this payment, so somebody else must decide about it."))
    return intent, payment


def _record(action: str, intent: PaymentIntent, payment: Payment, reason: str, actor: Actor) -> None:
    record(
        action,
        actor=actor,
        subject="payment_intent",
        subject_id=intent.id,
        asset_id=intent.asset_id,
        reason=reason.strip(),
        after={"status": intent.status, "amount": payment.amount, "currency": payment.currency},
    )
