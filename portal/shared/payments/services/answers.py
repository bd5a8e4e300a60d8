"""What became of a question to a phone: looked up, settled, given up, and taken when it comes late.

The provider signs nothing, so a message only wakes a look of ours: what the provider answers to that is believed.
It names no amount; what was asked for is what was paid. A question is one payment however often it is answered.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import cast

import structlog

from portal.core.actor import Actor, system
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import DomainError
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.base import BadMessage, GatewayDown, PushSaid, PushState, PushTold
from portal.gateways.base import PhonePush as Phones
from portal.shared.audit.services import record
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments.mobile_events import PushMoved
from portal.shared.payments.models import PaymentIntent, PhonePush, PushStatus
from portal.shared.payments.providers import gateway_of
from portal.shared.payments.queries import find_payment_by_transaction, lock_intent
from portal.shared.payments.services import addresses, captures

#: How often the answer is looked up: from this age of the question on, so long between two looks.
LOOKS = (
    (timedelta(0), timedelta(seconds=5)),
    (timedelta(minutes=1), timedelta(seconds=15)),
    (timedelta(minutes=5), timedelta(minutes=1)),
    (timedelta(minutes=30), timedelta(minutes=15)),
    (timedelta(hours=3), timedelta(hours=1)),
)
LOOK_FOR = timedelta(hours=72)
#: A question nobody answered is over for the people at the desk; money is still taken.
GIVE_UP_AFTER = timedelta(minutes=3)
ENDS = {
    PushState.CANCELLED: PushStatus.CANCELLED,
    PushState.FAILED: PushStatus.FAILED,
    PushState.UNREACHABLE: PushStatus.FAILED,
    PushState.EXPIRED: PushStatus.EXPIRED,
}
#: After these the provider never says anything else; after the others money may still come.
FINAL = (PushState.CANCELLED, PushState.FAILED)
log = structlog.get_logger(__name__)


@transactional
def heard(*, push_id: uuid.UUID, raw: bytes, source: str | None) -> None:
    """A message came to a question's address: keep it and look up the answer now; it proves nothing itself."""
    push = queries.lock_push(push_id)
    intent = queries.intent_of(push)
    told, error = _read(intent, raw), None
    if told is None:
        error = "unreadable"
    elif not _is_about(push, told):
        error = "other_question"
    addresses.keep(
        provider=push.provider,
        owner=push.id,
        kind=queries.PUSH_MESSAGE,
        reference=intent.reference,
        raw=raw,
        source=source,
        account_id=intent.gateway_account_id,
        error=error,
    )
    if told is None or error is not None:
        log.warning("phone_answer_set_aside", push=str(push_id), why=error)
        return
    if push.checkout_request_id is None:  # quicker than the provider's reply to us, or that was lost
        push.checkout_request_id, push.merchant_request_id = told.checkout_request_id, told.merchant_request_id
    push.next_query_at = utcnow()


def ask_due(*, limit: int = 20) -> int:
    """Look up the answers whose turn it is; returns how many were looked up."""
    claimed, trouble = _claim(limit), None
    for push_id in claimed:
        try:
            look(push_id, actor=system("phone prompts"))
        except DomainError as error:
            db.session.rollback()
            log.info("phone_without_answer", push=str(push_id), why=error.code)
        except Exception as error:  # a mistake of ours: told when the others are done
            db.session.rollback()
            log.exception("phone_look_failed", push=str(push_id))
            trouble = error
    if trouble is not None:
        raise trouble
    return len(claimed)


def look(push_id: uuid.UUID, *, actor: Actor) -> PhonePush:
    """Ask the provider how a question stands, and settle what it says; safe to call any number of times."""
    push = queries.get_push(push_id)
    intent = queries.intent_of(push)
    if push.status == PushStatus.PAID or push.checkout_request_id is None:
        return _without_asking(push_id, intent.reference, actor)
    phones, known_as = phones_of(intent), push.checkout_request_id
    db.session.commit()  # hold no connection while the provider is being waited for
    try:
        said = phones.query_push(known_as)
    except GatewayDown:
        return _without_asking(push_id, intent.reference, actor)
    return _answered(push_id, intent.reference, said, actor)


@transactional
def _claim(limit: int) -> list[uuid.UUID]:
    now = utcnow()
    claimed = []
    for push in queries.lock_due_pushes(limit):
        push.queries += 1
        push.next_query_at = _next_look(push, now)
        claimed.append(push.id)
    return claimed


def _next_look(push: PhonePush, now: datetime) -> datetime | None:
    age = now - push.created_at
    if age > LOOK_FOR:
        return None
    return now + next(wait for since, wait in reversed(LOOKS) if age >= since or since == timedelta(0))


@transactional
def _without_asking(push_id: uuid.UUID, reference: str, actor: Actor) -> PhonePush:
    """Nothing to ask, or nobody to ask: a receipt that came late is put to its payment, a silence has its end."""
    intent = lock_intent(reference)
    push = queries.lock_push(push_id)
    if push.status == PushStatus.PAID:
        push.next_query_at = None
        told = _told(intent, push)
        if told is not None and told.receipt and push.checkout_request_id and push.receipt is None:
            payment = find_payment_by_transaction(push.provider, push.checkout_request_id)
            if payment is not None and captures.attach(payment, told.receipt, actor):
                push.receipt = told.receipt
                publish(moved(intent, push))
        return push
    if push.checkout_request_id is None and utcnow() - push.created_at > LOOK_FOR:
        push.next_query_at = None
    _give_up(intent, push, actor)
    return push


@transactional
def _answered(push_id: uuid.UUID, reference: str, said: PushSaid, actor: Actor) -> PhonePush:
    intent = lock_intent(reference)
    push = queries.lock_push(push_id)
    if push.status == PushStatus.PAID:
        return push
    if said.state is PushState.PAID:
        told = _told(intent, push)
        captures.take_push(intent, push, told, actor)
        push.receipt = told.receipt if told else None
        push.next_query_at = None
        move(intent, push, PushStatus.PAID, said.code, said.description, actor)
    elif said.state.open:
        _give_up(intent, push, actor)
    else:
        if said.state in FINAL:
            push.next_query_at = None
        elif push.next_query_at is not None:
            push.next_query_at = max(push.next_query_at, utcnow() + LOOKS[2][1])
        if push.status in queries.OPEN:
            move(intent, push, ENDS[said.state], said.code, said.sentence, actor)
        else:
            push.code = said.code
    return push


def _give_up(intent: PaymentIntent, push: PhonePush, actor: Actor) -> None:
    if push.status in queries.OPEN and utcnow() - push.created_at > GIVE_UP_AFTER:
        move(intent, push, PushStatus.EXPIRED, None, _("No answer came."), actor)


def move(
    intent: PaymentIntent, push: PhonePush, status: PushStatus, code: str | None, said: str | None, actor: Actor
) -> None:
    """A question has come this far; the caller holds its lock."""
    push.status, push.code, push.said, push.answered_at = status, code, said, utcnow()
    say(intent, push, actor, f"phone_push.{status}")


def say(intent: PaymentIntent, push: PhonePush, actor: Actor, action: str) -> None:
    """Write down and announce how a question stands."""
    record(
        action,
        actor=actor,
        subject="payment_intent",
        subject_id=intent.id,
        asset_id=intent.asset_id,
        after={"phone": push.phone, "amount": push.amount, "currency": push.currency, "said": push.said},
    )
    publish(moved(intent, push))


def moved(intent: PaymentIntent, push: PhonePush) -> PushMoved:
    """The announcement of how a question stands."""
    return PushMoved(
        asset_id=intent.asset_id, subject_id=intent.subject_id, reference=intent.reference, status=push.status
    )


def _told(intent: PaymentIntent, push: PhonePush) -> PushTold | None:
    """What the provider's message claims of a payment that was made; the youngest that names this question."""
    for message in reversed(queries.answers_to(push, intent.reference)):
        told = _read(intent, bytes(message.raw))
        if told is not None and told.state is PushState.PAID and told.checkout_request_id == push.checkout_request_id:
            return told
    return None


def _read(intent: PaymentIntent, raw: bytes) -> PushTold | None:
    try:
        return phones_of(intent).read_push_callback(raw)
    except BadMessage:
        return None


def _is_about(push: PhonePush, told: PushTold) -> bool:
    """Whether a message names the question whose address it came to, and no other of ours."""
    if push.checkout_request_id is not None:
        return push.checkout_request_id == told.checkout_request_id
    return queries.find_push_by_checkout(push.provider, told.checkout_request_id) is None


def phones_of(intent: PaymentIntent) -> Phones:
    """The provider through which a payment's phones are asked."""
    return cast(Phones, gateway_of(intent))
