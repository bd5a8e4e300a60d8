"""What providers tell of refunds by themselves: their messages name the charge, and seldom the refund.

The provider is asked before its message is believed. What was given back at the provider and not from here is
booked all the same, for the money has gone, and people are told.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.base import GatewayDown, GatewayRefused, RefundAsked, RefundSaid, RefundStatus, SignedMessage
from portal.shared.payments import providers
from portal.shared.payments.models import Payment, PaymentIntent, Refund, RefundState
from portal.shared.payments.queries import (
    find_intent,
    find_payment_by_transaction,
    find_payment_of,
    lock_intent,
    seconds_of,
)
from portal.shared.payments.refund_queries import (
    WITH_PROVIDER,
    find_open_refund,
    find_refund_by_key,
    get_refund,
    known_ids,
)
from portal.shared.payments.services import giving_back, sending_back
from portal.shared.payments.services.hearing import DONE, NOT_HERE_YET, UNREACHABLE_FOR, Heard, not_yet
from portal.shared.payments.services.refunds import finish
from portal.shared.payments.services.settlement import alert


def told(*, message: SignedMessage, provider: str, account_id: uuid.UUID | None, age: timedelta, actor: Actor) -> Heard:
    """News of a refund; a charge it speaks of that has not come yet is waited for."""
    said = message.refund
    assert said is not None, "the inbox hands over what could be read"
    payments = list(_payments_told_of(message, said, provider, account_id))
    if not payments:
        return not_yet(NOT_HERE_YET, age)
    for payment in payments:
        refund = find_open_refund(payment.id)
        if refund is not None and refund.status in WITH_PROVIDER:
            return _of_ours(refund.id, said, message.trusted, age, actor)
    return _of_another(payments[0], said, age, actor)


def _of_ours(refund_id: uuid.UUID, said: RefundSaid, trusted: bool, age: timedelta, actor: Actor) -> Heard:
    try:
        sending_back.ask(refund_id, actor)
    except GatewayDown:
        if age < UNREACHABLE_FOR or not trusted:
            return not_yet("gateway_unreachable", age)
        sending_back.learn(refund_id=refund_id, said=said, actor=actor)
    except GatewayRefused:
        return not_yet("not_known_to_the_gateway", age)
    return DONE


def _of_another(payment: Payment, said: RefundSaid, age: timedelta, actor: Actor) -> Heard:
    """No refund of ours is under way: the news is old, or it was given back at the provider."""
    intent = intent_of(payment)
    try:
        gateway = providers.refunds_of(intent)
    except providers.NotOffered:
        return Heard("ignored", "of_no_use_here")
    known = known_ids(payment.id)
    asked = RefundAsked(
        reference="",  # any of them
        transaction_id=payment.provider_txn_id,
        charge_reference=intent.reference,
        amount=said.amount,
        currency=said.currency,
        asked_at=payment.paid_at,
    )
    db.session.commit()  # hold no connection while the gateway is being waited for
    try:
        while (found := gateway.find_refund(asked, known=known)) is not None:
            if found.provider_refund_id is None or found.provider_refund_id in known:
                break
            known.add(found.provider_refund_id)
            if found.status is RefundStatus.PROCESSED:
                made_elsewhere(reference=intent.reference, said=found, actor=actor)
    except GatewayDown:
        return not_yet("gateway_unreachable", age)
    except GatewayRefused:
        return not_yet("not_known_to_the_gateway", age)
    return DONE


@transactional
def made_elsewhere(*, reference: str, said: RefundSaid, actor: Actor) -> Refund | None:
    """Book a refund that was made at the provider, once; None where it is in the books already."""
    intent = lock_intent(reference)
    payment = find_payment_of(intent.id)
    key = f"elsewhere:{said.provider_refund_id}"
    if payment is None or find_refund_by_key(payment.id, key) is not None:
        return None
    if said.currency != payment.currency or said.amount > payment.amount - payment.refunded:
        # A charge the provider reversed as a whole was booked as that, refunds of it included.
        if payment.refunded < payment.amount:
            alert("refund_contradicted", intent=intent, reference=reference, actor=actor)
        return None
    refund = Refund(
        payment_id=payment.id,
        asset_id=payment.asset_id,
        provider=payment.provider,
        amount=said.amount,
        currency=said.currency,
        status=RefundState.PROCESSED,
        provider_refund_id=said.provider_refund_id,
        idem_key=key,
        reason=_("Given back at the provider, not from here."),
        requested_by=actor.key,
        approved_at=utcnow(),
        submitted_at=said.created_at,
        from_held=0,
        from_credit=0,
    )
    db.session.add(refund)
    db.session.flush()
    giving_back.decide(intent, payment, refund, actor, gone=True)
    finish(intent, payment, refund, actor)
    alert("refund_made_elsewhere", intent=intent, reference=reference, actor=actor)
    return get_refund(refund.id)


def intent_of(payment: Payment) -> PaymentIntent:
    """The intent of a payment."""
    found = db.session.get(PaymentIntent, payment.intent_id)
    assert found is not None
    return found


def _payments_told_of(
    message: SignedMessage, said: RefundSaid, provider: str, account_id: uuid.UUID | None
) -> Iterator[Payment]:
    """The money it may be about: a charge that was paid twice is two payments under one reference."""
    paid = find_payment_by_transaction(provider, said.transaction_id) if said.transaction_id else None
    intent = intent_of(paid) if paid else find_intent(said.charge_reference or message.reference or "")
    if intent is None or intent.provider != provider or intent.gateway_account_id != account_id:
        return
    if paid is not None:
        yield paid
    elif (first := find_payment_of(intent.id)) is not None:
        yield first
        yield from seconds_of(intent)
