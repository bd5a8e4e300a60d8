"""Charges a provider takes back by itself: booked once, their payment closed, and put before people."""

from __future__ import annotations

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.outbox import publish
from portal.gateways.base import Charge
from portal.shared.payments.events import DisputeMoved
from portal.shared.payments.models import Dispute, DisputeStatus, IntentStatus, Payment, PaymentIntent
from portal.shared.payments.queries import find_payment_by_transaction, find_payment_of, find_second, lock_intent
from portal.shared.payments.services import giving_back


def take_back(intent: PaymentIntent, charge: Charge, actor: Actor) -> PaymentIntent | None:
    """Book a verified reversal; the caller holds the intent. Returns the intent whose money is gone.

    None where nothing more is gone than our own refunds say: a charge that was refunded in full reads as reversed.
    """
    payment = find_payment_of(intent.id)
    taken = find_payment_by_transaction(intent.provider, charge.transaction_id)
    if taken is not None and (payment is None or taken.id != payment.id):
        if find_second(intent, taken) is None:
            return None
        second = db.session.get(PaymentIntent, taken.intent_id)
        assert second is not None
        intent = lock_intent(second.reference)
        payment = find_payment_of(intent.id)  # as it stands under the lock
    if payment is None:
        return None
    lost = giving_back.lost(intent, payment, actor)
    if not lost:
        return None
    intent.status, intent.review_reason = IntentStatus.REFUNDED, None
    _show(intent, payment, lost)
    return intent


def _show(intent: PaymentIntent, payment: Payment, lost: int) -> None:
    """Among the disputes, where somebody deals with it: what was paid for may still be in use."""
    db.session.add(
        Dispute(
            asset_id=intent.asset_id,
            payment_id=payment.id,
            provider=payment.provider,
            provider_dispute_id=f"reversed:{payment.id}",
            kind="reversal",
            status=DisputeStatus.OPEN,
            amount=lost,
            currency=payment.currency,
            changed_at=utcnow(),
        )
    )
    publish(
        DisputeMoved(
            asset_id=intent.asset_id,
            subject_id=intent.subject_id,
            reference=intent.reference,
            status=DisputeStatus.OPEN,
        )
    )
