"""The one settle(): whoever brings the news, money is checked once, counted once, and does its work once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import structlog

from portal.core.actor import Actor, ActorKind, system
from portal.core.clock import utcnow
from portal.core.db import db, written
from portal.core.errors import DomainError
from portal.core.money import DECIMALS
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.gateways.base import Charge, ChargeStatus
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.shared.payments import providers, purposes
from portal.shared.payments.errors import CannotFulfil
from portal.shared.payments.events import AlertRaised, IntentHeld, PaymentSettled
from portal.shared.payments.models import IntentStatus, Payment, PaymentIntent
from portal.shared.payments.queries import (
    find_second,
    get_intent,
    lock_due_polls,
    lock_intent_or_none,
    lock_transaction,
)
from portal.shared.payments.services import books
from portal.shared.payments.services.intents import end, open_second
from portal.shared.payments.services.reversals import take_back

#: When the gateway is asked again by itself, after the checkout was opened; then hourly until it is given up.
POLL_AFTER = tuple(timedelta(seconds=n) for n in (30, 120, 300, 900, 1_800, 3_600))
POLL_FOR = timedelta(hours=72)
#: Brought by a person who took cash or a card at a desk.
AT_THE_DESK = "desk"
OPEN = (IntentStatus.CREATED, IntentStatus.PENDING, IntentStatus.PROCESSING)
LATE = (IntentStatus.EXPIRED, IntentStatus.ABANDONED, IntentStatus.FAILED)
#: Money has come, and the gateway need not be asked any more.
DECIDED = (IntentStatus.SUCCEEDED, IntentStatus.REVIEW, IntentStatus.PART_REFUNDED, IntentStatus.REFUNDED)
log = structlog.get_logger(__name__)


class Verdict(StrEnum):
    """What settle() found."""

    SETTLED = "settled"
    ALREADY = "already"
    HELD = "held"
    REFUSED = "refused"
    NOT_PAID = "not_paid"
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class Settled:
    """The intent as it stands after the news, and what the news did."""

    verdict: Verdict
    intent: PaymentIntent | None


@transactional
def settle(*, charge: Charge, provider: str, via: str, actor: Actor) -> Settled:
    """Take a gateway's word about one reference: webhook, redirect, poller and staff all come here.

    Amount, currency, reference and status must all fit; the purpose is fulfilled in this same transaction.
    Money that does not fit is kept, visible, and waits for a person. Nothing is dropped, nothing done twice.
    """
    intent = lock_intent_or_none(charge.reference)
    if intent is None or intent.provider != provider:
        return Settled(Verdict.UNMATCHED, None)
    return settle_held(intent, charge=charge, provider=provider, via=via, actor=actor)


def settle_held(intent: PaymentIntent, *, charge: Charge, provider: str, via: str, actor: Actor) -> Settled:
    """The same, inside a command that holds the lock of the intent, and of what has to change along with it."""
    if charge.status is not ChargeStatus.SUCCESS:
        return Settled(Verdict.NOT_PAID, _not_paid(intent, charge, via, actor))
    mine, taken = lock_transaction(intent.id, provider, charge.transaction_id)
    if taken is not None:
        if taken.intent_id == intent.id or find_second(intent, taken) is not None:
            return Settled(Verdict.ALREADY, intent)
        return _refuse(intent, charge, "transaction_of_another_payment", actor)
    if charge.received <= 0:
        return _refuse(intent, charge, "no_money", actor)
    if charge.currency not in DECIMALS:
        return _refuse(intent, charge, "unknown_currency", actor)
    if mine is not None:
        return _take_twice(intent, charge, via, actor)
    return _take(intent, charge, via, actor)


def poll_due(*, limit: int = 20) -> int:
    """Ask the gateways about the intents whose turn it is; returns how many were asked."""
    claimed, trouble = _claim_polls(limit), None
    for reference in claimed:
        try:
            intent = get_intent(reference)
            gateway = providers.gateway_of(intent)
            db.session.commit()  # hold no connection while the gateway is being waited for
            charge = gateway.verify(reference)
            settle(charge=charge, provider=intent.provider, via="poller", actor=system("payment poller"))
        except DomainError as error:
            db.session.rollback()
            log.info("poll_without_answer", reference=reference, why=error.code)
        except Exception as error:  # a mistake of ours: told when the others are done
            db.session.rollback()
            log.exception("poll_failed", reference=reference)
            trouble = error
    if trouble is not None:
        raise trouble
    return len(claimed)


@transactional
def _claim_polls(limit: int) -> list[str]:
    """Whom to ask now, each put off to its next turn first."""
    now = utcnow()
    claimed = []
    for intent in lock_due_polls(limit):
        intent.polls += 1
        wait = POLL_AFTER[intent.polls] if intent.polls < len(POLL_AFTER) else timedelta(hours=1)
        begun = intent.started_at or intent.created_at
        at = max(begun + wait, now + POLL_AFTER[0]) if intent.polls < len(POLL_AFTER) else now + wait
        intent.next_poll_at = at if at <= begun + POLL_FOR else None
        claimed.append(intent.reference)
    return claimed


def _take_twice(intent: PaymentIntent, charge: Charge, via: str, actor: Actor) -> Settled:
    """A payer paid the same thing twice: the second money is kept beside the first, and a person decides."""
    alert("second_capture", intent=intent, reference=intent.reference, actor=actor, transaction=charge.transaction_id)
    return _take(open_second(intent), charge, via, actor, held_because="second_capture")


def _take(intent: PaymentIntent, charge: Charge, via: str, actor: Actor, held_because: str | None = None) -> Settled:
    """The first money of an intent: give what it buys, or hold it with the reason."""
    now = utcnow()
    late = intent.status in LATE or intent.expires_at < now
    # A charge the payer bore on top pays for nothing here, unless less, or other money, came than was asked for.
    as_asked = charge.currency == intent.currency and charge.received >= intent.asked
    amount = charge.received - (intent.surcharge if as_asked else 0)
    payment = written(
        Payment(
            intent_id=intent.id,
            asset_id=intent.asset_id,
            provider=intent.provider,
            provider_txn_id=charge.transaction_id,
            amount=amount,
            charged=max(charge.amount, amount),
            fee=charge.fee,
            currency=charge.currency,
            remainder=amount,
            counted=False,
            channel=charge.channel,
            paid_at=charge.paid_at or now,
            settled_via=via,
            receipt=charge.receipt,
            taken_by=actor.key if via == AT_THE_DESK else None,
        )
    )
    # Held until the end, so that whoever asks for the place of this money is answered without another question.
    _place, before = asset_of(intent.asset_id), intent.status
    reason = held_because or _mismatch(intent, charge)
    if reason is None:
        try:
            fulfil(intent, payment, actor)
        except CannotFulfil as error:
            reason = f"late_{error.code}" if late else error.code
    intent.settled_at, intent.next_poll_at = now, None
    if reason is not None:
        intent.status, intent.review_reason = IntentStatus.REVIEW, reason
    books.received(intent, payment, actor)
    tell(intent, payment, actor, before, late=late)
    return Settled(Verdict.SETTLED if reason is None else Verdict.HELD, intent)


def fulfil(intent: PaymentIntent, payment: Payment, actor: Actor) -> None:
    """Give what was paid for; what that did not use up stays the payer's credit. Raises CannotFulfil."""
    used = purposes.purpose(intent.purpose).fulfil(intent, payment, actor)
    payment.counted = True
    payment.remainder = payment.amount - used
    intent.status, intent.review_reason = IntentStatus.SUCCEEDED, None


def tell(
    intent: PaymentIntent,
    payment: Payment,
    actor: Actor,
    before: str,
    *,
    late: bool = False,
    reason: str | None = None,
) -> None:
    """Write the outcome into the trail and announce it."""
    record(
        "payment.held" if intent.status == IntentStatus.REVIEW else "payment.settled",
        actor=actor,
        subject="payment_intent",
        subject_id=intent.id,
        asset_id=intent.asset_id,
        reason=reason or intent.review_reason,
        before={"status": before},
        after={
            "status": intent.status,
            "amount": payment.amount,
            "currency": payment.currency,
            "remainder": payment.remainder,
            "transaction": payment.provider_txn_id,
            "via": payment.settled_via,
            "late": late,
        },
    )
    if intent.status == IntentStatus.REVIEW:
        publish(
            IntentHeld(
                asset_id=intent.asset_id,
                subject_id=intent.subject_id,
                reference=intent.reference,
                reason=intent.review_reason or "",
            )
        )
    else:
        publish(
            PaymentSettled(
                asset_id=intent.asset_id,
                subject_id=intent.subject_id,
                reference=intent.reference,
                amount=payment.amount,
                currency=payment.currency,
                purpose=intent.purpose,
            )
        )


def _mismatch(intent: PaymentIntent, charge: Charge) -> str | None:
    if charge.currency != intent.currency:
        return "wrong_currency"
    if charge.received < intent.asked:
        return "amount_below_intent"
    return None


def _not_paid(intent: PaymentIntent, charge: Charge, via: str, actor: Actor) -> PaymentIntent:
    """News without money; it never undoes money that came."""
    if charge.status is ChargeStatus.REVERSED:
        gone = take_back(intent, charge, actor)
        if gone is not None:
            alert("charge_reversed", intent=gone, reference=gone.reference, actor=actor)
    elif intent.status not in OPEN:
        pass
    elif charge.status is ChargeStatus.FAILED:
        end(intent, IntentStatus.FAILED, actor)
    elif charge.status is ChargeStatus.ABANDONED:
        # Paystack says "abandoned" of a payer who is still typing: only their return, or the end, makes it so.
        if via != "poller" or intent.expires_at <= utcnow():
            end(intent, IntentStatus.ABANDONED, actor)
    elif charge.status is ChargeStatus.PROCESSING:
        intent.status = IntentStatus.PROCESSING
    return intent


def _refuse(intent: PaymentIntent, charge: Charge, what: str, actor: Actor) -> Settled:
    log.warning("capture_refused", what=what, reference=intent.reference)
    intent.next_poll_at = None  # the provider would say the same again
    alert(what, intent=intent, reference=intent.reference, actor=actor, transaction=charge.transaction_id)
    return Settled(Verdict.REFUSED, intent)


def alert(
    what: str, *, intent: PaymentIntent | None, reference: str | None, actor: Actor, transaction: str | None = None
) -> None:
    """Put something that cannot be true before the people who can look into it."""
    record(
        f"payment.{what}",
        actor=actor,
        subject="payment_intent",
        subject_id=intent.id if intent else None,
        asset_id=intent.asset_id if intent else None,
        after={"reference": reference, "transaction": transaction},
    )
    publish(
        AlertRaised(
            asset_id=intent.asset_id if intent else None,
            subject_id=intent.subject_id if intent else None,
            reference=reference,
            what=what,
        )
    )


def by_gateway(name: str, address: str | None = None) -> Actor:
    """A payment gateway as the one who acts."""
    return Actor(ActorKind.GATEWAY, name, address=address)
