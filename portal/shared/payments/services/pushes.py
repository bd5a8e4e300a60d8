"""Asking a phone for its PIN: one open question for one thing, written down before the provider is called."""

from __future__ import annotations

import re
import uuid

import structlog

from portal.core import locks
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import DomainError
from portal.core.money import DECIMALS, Money
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.base import (
    PushAsked,
    PushStarted,
    ReplyLost,
)
from portal.shared.assets.queries import asset_of
from portal.shared.customers.queries import get_customer
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments import purposes
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.errors import CheckoutOver
from portal.shared.payments.mobile_errors import AlreadyPaid, NotAPhone, NotWhole, PhoneBusy
from portal.shared.payments.models import IntentStatus, PaymentIntent, PhonePush, PushStatus
from portal.shared.payments.providers import called
from portal.shared.payments.queries import lock_intent
from portal.shared.payments.services import addresses, answers, bills, settlement
from portal.shared.payments.services.intents import open_intent

PROVIDER = "mpesa"
CURRENCY = "KES"
#: The numbers it can ask: Kenyan mobile ones (`254[17]xxxxxxxx` in its own spelling).
PHONE = re.compile(r"\+254[17]\d{8}")
log = structlog.get_logger(__name__)


def pay(*, purpose: str, subject_id: uuid.UUID, amount: int, phone: str, payer: str, actor: Actor) -> PhonePush:
    """Set out to pay for something and ask a phone for it; raises PhoneBusy while it is being asked already.

    `amount` is in minor units and must be whole shillings. Raises GatewayDown or GatewayRefused when the phone could
    not be asked; a reply that was lost is waited for, since the phone may be ringing.
    """
    number = _askable(phone)
    _whole(amount, CURRENCY)
    return _ring(_open_and_begin(purpose, subject_id, amount, number, payer, actor), actor)


def pay_bill(*, bill_id: uuid.UUID, amount: int, phone: str, actor: Actor) -> PhonePush:
    """Ask a phone for a bill, or for a part of it; whose phone it is does not matter, the bill's customer has paid."""
    customer = get_customer(get_bill(bill_id).customer_id)
    return pay(
        purpose=bills.PURPOSE, subject_id=bill_id, amount=amount, phone=phone, payer=customer.email or "", actor=actor
    )


def ask(*, reference: str, phone: str, actor: Actor) -> PhonePush:
    """Ask a phone for a payment that was begun: the first time, or again after no or another answer."""
    number = _askable(phone)
    return _ring(_begin_again(reference, number, actor), actor)


@transactional
def stop(*, reference: str, actor: Actor) -> PhonePush | None:
    """Stop waiting at the desk. The phone may still ring, and what is paid on it is still taken."""
    intent = lock_intent(reference)
    found = [each for each in queries.pushes_of(intent.id) if each.status in queries.OPEN]
    if not found:
        return None
    push = queries.lock_push(found[0].id)
    if push.status in queries.OPEN:
        answers.move(intent, push, PushStatus.CANCELLED, None, _("Nobody waits for it any more."), actor)
    return push


@transactional
def _open_and_begin(
    purpose: str, subject_id: uuid.UUID, amount: int, phone: str, payer: str, actor: Actor
) -> uuid.UUID:
    intent = open_intent(
        purpose=purpose,
        subject_id=subject_id,
        amount=amount,
        payer_email=payer,
        payer_phone=phone,
        provider=PROVIDER,
        actor=actor,
    ).intent
    return _begin(intent, phone, actor)


@transactional
def _begin_again(reference: str, phone: str, actor: Actor) -> uuid.UUID:
    intent = lock_intent(reference)
    if intent.status in settlement.DECIDED:
        raise AlreadyPaid(_("The money for this has come. Look at the payment before you ask for more."))
    if intent.provider != PROVIDER or intent.status not in settlement.OPEN or intent.expires_at <= utcnow():
        raise CheckoutOver(_("This payment is over. Start a new one."), status=intent.status)
    busy = queries.open_push_for(intent.purpose, intent.subject_id)
    if busy is None:  # what is for sale may have changed meanwhile
        purposes.purpose(intent.purpose).prepare(
            purposes.Offer(
                subject_id=intent.subject_id, amount=intent.amount, currency=intent.currency, payer=intent.payer_email
            )
        )
    return _begin(intent, phone, actor)


def _begin(intent: PaymentIntent, phone: str, actor: Actor) -> uuid.UUID:
    _whole(intent.asked, intent.currency)
    locks.lock_in_transaction(f"phone for {intent.purpose} {intent.subject_id}")
    busy = queries.open_push_for(intent.purpose, intent.subject_id)
    if busy is not None:
        raise PhoneBusy(
            _(
                "%(phone)s is being asked for this already. Wait for its answer, or stop waiting first.",
                phone=busy[0].phone,
            ),
            reference=busy[1].reference,
        )
    now = utcnow()
    push = PhonePush(
        intent_id=intent.id,
        asset_id=intent.asset_id,
        provider=intent.provider,
        phone=phone,
        amount=intent.asked,
        currency=intent.currency,
        token=addresses.new_token(),
        status=PushStatus.ASKING,
        asked_by=actor.key,
        next_query_at=now + answers.LOOKS[1][1],
    )
    db.session.add(push)
    if intent.status == IntentStatus.CREATED:
        intent.status = IntentStatus.PENDING
    intent.started_at = now
    db.session.flush()
    answers.say(intent, push, actor, "phone_push.asked")
    return push.id


def _ring(push_id: uuid.UUID, actor: Actor) -> PhonePush:
    """Call the provider, once: the row is committed, so that nothing it says can come too early."""
    push = queries.get_push(push_id)
    intent = queries.intent_of(push)
    phones, place = answers.phones_of(intent), asset_of(intent.asset_id)
    asked = PushAsked(
        phone=push.phone,
        amount=push.amount,
        currency=push.currency,
        callback_url=addresses.address(push.token),
        account_reference=queries.account_of(intent),
        description=place.name,
    )
    db.session.commit()  # hold no connection while the provider is being waited for
    try:
        started = phones.push(asked)
    except ReplyLost:
        log.warning("phone_reply_lost", push=str(push_id))
        return queries.get_push(push_id)
    except DomainError as error:
        _not_asked(push_id, intent.reference, error.message, actor)
        raise
    return _started(push_id, intent.reference, started)


@transactional
def _started(push_id: uuid.UUID, reference: str, started: PushStarted) -> PhonePush:
    intent = lock_intent(reference)
    push = queries.lock_push(push_id)
    heard_already = push.checkout_request_id is not None
    push.checkout_request_id, push.merchant_request_id = started.checkout_request_id, started.merchant_request_id
    if push.status == PushStatus.ASKING:
        push.status, push.said = PushStatus.WAITING, started.message
        publish(answers.moved(intent, push))
    if not heard_already:
        push.next_query_at = utcnow() + answers.LOOKS[0][1]
    return push


@transactional
def _not_asked(push_id: uuid.UUID, reference: str, why: str, actor: Actor) -> None:
    intent = lock_intent(reference)
    push = queries.lock_push(push_id)
    if push.status in queries.OPEN and push.checkout_request_id is None:
        answers.move(intent, push, PushStatus.FAILED, None, why, actor)
        push.next_query_at = None


def _askable(phone: str) -> str:
    if not PHONE.fullmatch(phone):
        raise NotAPhone(
            _(
                "%(provider)s asks Kenyan mobile numbers only. Write it as 0712 345 678 or +254712345678.",
                provider=called(PROVIDER),
            ),
            field="phone_number",
        )
    return phone


def _whole(amount: int, currency: str) -> None:
    if currency != CURRENCY:
        raise NotWhole(
            _("%(provider)s takes %(currency)s only.", provider=called(PROVIDER), currency=CURRENCY), field="amount"
        )
    if amount <= 0 or amount % 10 ** DECIMALS[currency]:
        raise NotWhole(
            _(
                "%(provider)s takes whole shillings; %(amount)s is not.",
                provider=called(PROVIDER),
                amount=Money(amount, currency),
            ),
            field="amount",
        )
