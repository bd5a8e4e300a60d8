"""Disputes: a payer's bank wants a charge back. They are kept, and shown with their last day, until dealt with."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from portal.core import parse
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import Invalid
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.base import ChargeStatus, DisputeTold, GatewayDown, GatewayRefused, SignedMessage
from portal.shared.audit.services import record
from portal.shared.payments import providers
from portal.shared.payments.errors import ReasonMissing
from portal.shared.payments.events import DisputeMoved
from portal.shared.payments.models import Dispute, DisputeStatus, PaymentIntent
from portal.shared.payments.queries import find_intent, find_payment_by_transaction, find_payment_of, lock_intent
from portal.shared.payments.refund_queries import find_dispute, get_dispute, lock_dispute
from portal.shared.payments.services.hearing import DONE, NOT_HERE_YET, Heard, not_yet
from portal.shared.payments.services.settlement import alert, settle


def told(*, message: SignedMessage, provider: str, account_id: uuid.UUID | None, age: timedelta, actor: Actor) -> Heard:
    """News of a dispute; a charge it speaks of that has not come yet is waited for.

    One that has been decided may have taken the money, so the provider is asked how the charge stands.
    """
    said = message.dispute
    assert said is not None, "the inbox hands over what could be read"
    reference = _reference_told_of(message, said, provider, account_id)
    if reference is None:
        return not_yet(NOT_HERE_YET, age)
    note(reference=reference, said=said, actor=actor)
    if said.stage != "resolve":
        return DONE
    intent = find_intent(reference)
    assert intent is not None
    try:
        gateway = providers.gateway_of(intent)
        db.session.commit()  # hold no connection while the gateway is being waited for
        charge = gateway.verify(said.charge_reference or reference)
    except GatewayDown:
        return not_yet("gateway_unreachable", age)
    except GatewayRefused:
        return Heard("dead", "not_known_to_the_gateway")
    if charge.status is ChargeStatus.REVERSED:
        settle(charge=charge, provider=provider, via="webhook", actor=actor)
    return DONE


@transactional
def note(*, reference: str, said: DisputeTold, actor: Actor) -> Dispute | None:
    """Keep what a provider tells of a dispute: the first telling raises an alert, later ones bring it up to date.

    None, with an alert, for a dispute that was told of before of another payment: perhaps another business's.
    """
    intent = lock_intent(reference)
    payment = find_payment_of(intent.id)
    assert payment is not None, "it was looked for"
    dispute = find_dispute(payment.provider, said.dispute_id)
    if dispute is not None and dispute.payment_id != payment.id:
        alert("dispute_of_another_payment", intent=intent, reference=reference, actor=actor)
        return None
    fresh = dispute is None
    if dispute is None:
        dispute = Dispute(
            asset_id=intent.asset_id,
            payment_id=payment.id,
            provider=payment.provider,
            provider_dispute_id=said.dispute_id,
            kind="dispute",
            status=DisputeStatus.OPEN,
            amount=said.amount or payment.amount,
            currency=said.currency or payment.currency,
            changed_at=utcnow(),
        )
        db.session.add(dispute)
    elif dispute.status == DisputeStatus.RESOLVED and said.stage != "resolve":
        return dispute  # told late
    before = dispute.status
    dispute.reason = said.reason or dispute.reason
    dispute.said = said.resolution or said.status or dispute.said
    dispute.due_at = _moment(said.due_at) or dispute.due_at
    dispute.changed_at = utcnow()
    if said.stage == "resolve":
        dispute.status = DisputeStatus.RESOLVED
    if fresh or before != dispute.status or said.stage == "remind":
        alert(f"dispute_{said.stage}", intent=intent, reference=reference, actor=actor)
        _announce(intent, dispute)
    return dispute


@transactional
def handle(*, dispute_id: uuid.UUID, asset_id: uuid.UUID, note: str, actor: Actor) -> Dispute:
    """Write down what was done about a dispute; it leaves the list of what needs somebody."""
    if not note.strip():
        raise ReasonMissing(_("Write down what you did about it."), field="note")
    known = get_dispute(dispute_id, asset_id=asset_id)
    intent = lock_intent(known.payment.intent.reference)
    dispute = lock_dispute(dispute_id)
    before = dispute.status
    dispute.note, dispute.handled_by, dispute.handled_at = note.strip(), actor.name, utcnow()
    if dispute.status == DisputeStatus.OPEN:
        dispute.status = DisputeStatus.HANDLED
    record(
        "dispute.handled",
        actor=actor,
        subject="payment_intent",
        subject_id=intent.id,
        asset_id=asset_id,
        reason=note.strip(),
        before={"status": before},
        after={"status": dispute.status, "dispute": dispute.provider_dispute_id},
    )
    _announce(intent, dispute)
    return dispute


def _announce(intent: PaymentIntent, dispute: Dispute) -> None:
    publish(
        DisputeMoved(
            asset_id=intent.asset_id,
            subject_id=intent.subject_id,
            reference=intent.reference,
            status=str(dispute.status),
        )
    )


def _reference_told_of(
    message: SignedMessage, said: DisputeTold, provider: str, account_id: uuid.UUID | None
) -> str | None:
    """The reference of the payment it is about; what was not paid yet is not disputed here."""
    paid = find_payment_by_transaction(provider, said.transaction_id) if said.transaction_id else None
    if paid is not None:
        intent = db.session.get(PaymentIntent, paid.intent_id)
    else:
        intent = find_intent(said.charge_reference or message.reference or "")
    if intent is None or intent.provider != provider or intent.gateway_account_id != account_id:
        return None
    return intent.reference if find_payment_of(intent.id) is not None else None


def _moment(written: str | None) -> datetime | None:
    try:
        return parse.timestamp(written, "due_at") if written else None
    except Invalid:
        return None
