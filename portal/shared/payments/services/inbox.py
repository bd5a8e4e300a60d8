"""The gateways' messages: kept as exact bytes once signed, counted when they come again, worked off afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy.dialects.postgresql import insert

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.errors import DomainError
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.base import (
    About,
    BadSignature,
    Charge,
    ChargeStatus,
    Gateway,
    GatewayDown,
    GatewayRefused,
    SignedMessage,
)
from portal.shared.payments import providers
from portal.shared.payments.errors import MessageContradicts
from portal.shared.payments.models import GatewayMessage
from portal.shared.payments.payout_queries import payout_named
from portal.shared.payments.queries import (
    find_intent,
    lock_due_messages,
    lock_message,
    lock_message_by_key,
    lock_messages_about,
)
from portal.shared.payments.services import disputes, refund_news, transfer_news
from portal.shared.payments.services.hearing import NOT_HERE_YET, UNREACHABLE_FOR, Heard
from portal.shared.payments.services.settlement import DECIDED, Verdict, alert, by_gateway, settle

RETRY_AFTER = tuple(timedelta(seconds=n) for n in (3, 4, 5, 15, 60))
GIVE_UP_AFTER = 6
#: What is told of a charge that is not here yet may wait long; it is looked at again this often.
LATER = timedelta(minutes=5)


class Hears(Protocol):
    """Whoever works off the messages about one kind of thing; it calls the provider between its commands."""

    def __call__(
        self, *, message: SignedMessage, provider: str, account_id: uuid.UUID | None, age: timedelta, actor: Actor
    ) -> Heard:
        """What became of one message; `account_id` is the business's own account whose key signed it."""


#: Who listens to what. A kind that nobody listens to is kept, with the reason.
EARS: dict[About, Hears] = {
    About.REFUND: refund_news.told,
    About.DISPUTE: disputes.told,
    About.TRANSFER: transfer_news.told,
}
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """A stored message and how often it has come."""

    deliveries: int
    kind: str


def receive(*, provider: str, headers: Mapping[str, str], raw: bytes, address: str | None) -> Received:
    """Check the signature on the exact bytes, then store them; raises BadSignature with nothing stored.

    The portal's own account and those of every business are tried: the one whose key fits is the one that speaks.
    Where several have one key, or chose one secret, it is the one through which the thing was begun.
    """
    fitting = []
    for account_id, gateway in providers.signers(provider):
        with suppress(BadSignature):
            fitting.append((account_id, gateway, gateway.parse_webhook(headers, raw)))
    if not fitting:
        raise BadSignature(_("The signature does not belong to this message."))
    begun = _begun_at(fitting[0][2]) if len(fitting) > 1 else []
    account_id, gateway, message = next((each for each in fitting if each[0] in begun), fitting[0])
    received = _store(gateway.name, account_id, message, raw, address)
    if received is None:
        raise MessageContradicts(_("This transaction was told of before, with another amount."))
    return received


def process_due(*, limit: int = 20) -> int:
    """Work off the messages whose turn it is; returns how many were looked at."""
    claimed, trouble = _claim(limit), None
    for message_id in claimed:
        try:
            _process(message_id)
        except DomainError as error:  # one bad message must not hold up the rest; it comes round again
            db.session.rollback()
            log.warning("message_not_processed", message=str(message_id), why=error.code)
        except Exception as error:  # a mistake of ours: told when the others are done
            db.session.rollback()
            log.exception("message_not_processed", message=str(message_id))
            trouble = error
    if trouble is not None:
        raise trouble
    return len(claimed)


@transactional
def _store(
    provider: str, account_id: uuid.UUID | None, message: SignedMessage, raw: bytes, address: str | None
) -> Received | None:
    """Keep a message once; None when it contradicts the one that was kept."""
    # What one business's account says can never stand in the way of another's message.
    key = message.dedupe_key if account_id is None else f"{account_id}:{message.dedupe_key}"
    fresh = db.session.scalar(
        insert(GatewayMessage)
        .values(
            id=uuid7(),
            provider=provider,
            dedupe_key=key,
            gateway_account_id=account_id,
            kind=message.kind,
            reference=message.reference,
            raw=raw,
            address=address,
            **_filed(message),
        )
        .on_conflict_do_nothing(index_elements=["provider", "dedupe_key"])
        .returning(GatewayMessage.id)
    )
    if fresh is not None:
        return Received(1, message.kind)
    kept = lock_message_by_key(provider, key)
    if bytes(kept.raw) != raw and _differ(kept, message):
        intent = find_intent(message.reference or "")
        actor = by_gateway(provider, address)
        alert("message_contradicts", intent=intent, reference=message.reference, actor=actor)
        return None
    kept.deliveries += 1
    kept.last_delivery_at = utcnow()
    return Received(kept.deliveries, kept.kind)


def _begun_at(message: SignedMessage) -> list[uuid.UUID | None]:
    """The account at which the payment or payout was begun that a message speaks of; nothing for one of nobody."""
    begun = find_intent(message.reference or "") or (message.transfer and payout_named(message.transfer.reference))
    return [begun.gateway_account_id] if begun else []


def _filed(message: SignedMessage) -> dict[str, str | None]:
    """Whether there is something to do about a message, and if not, why it is only kept."""
    if message.about is About.CHARGE or (message.about in EARS and message.set_aside is None):
        return {"status": "new", "error": None}
    return {"status": "ignored", "error": message.set_aside or "nobody_listens"}


@transactional
def _claim(limit: int) -> list[uuid.UUID]:
    now = utcnow()
    claimed = []
    for message in lock_due_messages(limit):
        message.next_attempt_at = now + (
            RETRY_AFTER[message.attempts] if message.attempts < len(RETRY_AFTER) else _later(message)
        )
        message.attempts += 1
        claimed.append(message.id)
    return claimed


def _process(message_id: uuid.UUID) -> None:
    message = db.session.get(GatewayMessage, message_id, populate_existing=True)
    assert message is not None
    provider, actor = message.provider, by_gateway(message.provider, message.address)
    gateway = providers.gateway_of(message)
    told = gateway.read(bytes(message.raw))
    if told.about is About.CHARGE:
        _charge(message, told, gateway, actor)
        return
    age = utcnow() - message.created_at
    heard = EARS[told.about](
        message=told, provider=provider, account_id=message.gateway_account_id, age=age, actor=actor
    )
    _close(message_id, heard.status, heard.why, actor if heard.status in ("dead", "unmatched") else None)


def _charge(message: GatewayMessage, told: SignedMessage, gateway: Gateway, actor: Actor) -> None:
    """News of a charge: verify with the gateway first, then settle. The body is believed in the gateway's absence,
    and only where it was signed."""
    message_id, provider = message.id, message.provider
    intent = find_intent(told.reference or "")
    strange = intent is not None and intent.gateway_account_id != message.gateway_account_id
    if intent is None or intent.provider != provider or strange:
        _close(message_id, "unmatched", "unknown_reference", actor)
        return
    age = utcnow() - message.created_at
    last_try = message.attempts >= GIVE_UP_AFTER
    db.session.commit()  # hold no connection while the gateway is being waited for
    charge: Charge | None
    try:
        charge = gateway.verify(intent.reference)
    except GatewayDown:
        believed = told.charge if told.trusted else None
        if age < UNREACHABLE_FOR or believed is None:
            _wait(message_id, "gateway_unreachable", actor, last_try and believed is None)
            return
        charge = believed
    except GatewayRefused:
        _wait(message_id, "not_known_to_the_gateway", actor, last_try)
        return
    if charge.status is not ChargeStatus.SUCCESS and intent.status not in DECIDED:
        _wait(message_id, "gateway_contradicts_its_message", actor, last_try)
        return
    settled = settle(charge=charge, provider=provider, via="webhook", actor=actor)
    if settled.verdict is Verdict.REFUSED:
        _close(message_id, "dead", "refused", None)
    else:
        _close(message_id, "done", None, None)
        _wake_those_about(intent.reference)


def _wait(message_id: uuid.UUID, why: str, actor: Actor, give_up: bool) -> None:
    """It comes round again, or, when it has come round often enough, a person looks at it."""
    _close(message_id, "dead" if give_up else "new", why, actor if give_up else None)


@transactional
def _wake_those_about(reference: str) -> None:
    """What was told of a charge before it came is worked off now."""
    for waiting in lock_messages_about(reference):
        waiting.next_attempt_at = utcnow()


def _later(message: GatewayMessage) -> timedelta:
    return RETRY_AFTER[-1] if message.error != NOT_HERE_YET else LATER


@transactional
def _close(message_id: uuid.UUID, status: str, error: str | None, alerting: Actor | None) -> None:
    message = lock_message(message_id)
    message.status, message.error = status, error
    if alerting is not None:
        intent = find_intent(message.reference or "")
        alert(error or status, intent=intent, reference=message.reference, actor=alerting)


def _differ(kept: GatewayMessage, message: SignedMessage) -> bool:
    """Whether two messages about one transaction say different things of it."""
    first = providers.gateway_of(kept).read(bytes(kept.raw)).charge
    if first is None or message.charge is None:
        return True
    return (first.amount, first.currency, first.status) != (
        message.charge.amount,
        message.charge.currency,
        message.charge.status,
    )
