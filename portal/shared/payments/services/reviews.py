"""Money that did not match: a second person gives it its purpose, or sends it back."""

from __future__ import annotations

from portal.core.actor import Actor
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.payments.errors import (
    CannotFulfil,
    NotInReview,
    PartlyGone,
    ReasonMissing,
    RefundUnderWay,
    SecondPersonNeeded,
)
from portal.shared.payments.models import IntentStatus, Payment, PaymentIntent, Refund
from portal.shared.payments.queries import find_payment_of, lock_intent
from portal.shared.payments.refund_queries import find_open_refund
from portal.shared.payments.services import books, refunds
from portal.shared.payments.services.settlement import fulfil, tell


@transactional
def accept(*, reference: str, reason: str, actor: Actor) -> PaymentIntent:
    """Take the money: for as many whole periods as it buys if the unit is free, else all of it as credit."""
    intent, payment = _held(reference, reason, actor)
    if payment.refunded:
        raise PartlyGone(_("Part of it has gone back at the provider. Send back the rest as well."))
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
def send_back(*, reference: str, reason: str, actor: Actor) -> Refund:
    """Give all of it back; it stays in the queue until it has reached the payer."""
    intent, payment = _held(reference, reason, actor)
    return refunds.send_back(intent=intent, payment=payment, reason=reason.strip(), actor=actor)


def _held(reference: str, reason: str, actor: Actor) -> tuple[PaymentIntent, Payment]:
    if not reason.strip():
        raise ReasonMissing(_("Say why; the reason is kept with the payment."), field="reason")
    intent = lock_intent(reference)
    payment = find_payment_of(intent.id)
    if intent.status != IntentStatus.REVIEW or payment is None:
        raise NotInReview(_("This payment does not wait for a decision any more."))
    if intent.opened_by == actor.key:
        raise SecondPersonNeeded(_("You started this payment, so somebody else must decide about it."))
    if find_open_refund(payment.id) is not None:
        raise RefundUnderWay(_("It is on its way back to the payer."))
    return intent, payment
