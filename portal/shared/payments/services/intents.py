"""Opening what somebody sets out to pay, and closing it when its time is over."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.dialects.postgresql import insert

from portal.core import numbers
from portal.core.actor import Actor, system
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.idempotency import IdempotencyKeyReused
from portal.core.money import DECIMALS
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.shared.payments import providers, purposes
from portal.shared.payments.events import IntentEnded, IntentOpened
from portal.shared.payments.models import IntentStatus, PaymentIntent
from portal.shared.payments.queries import find_by_key, lock_expired_intents, second_of
from portal.shared.payments.services import bands

VALID_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Opened:
    """The intent, and whether it was there already under the same key."""

    intent: PaymentIntent
    replayed: bool


@transactional
def open_intent(
    *,
    purpose: str,
    subject_id: uuid.UUID,
    amount: int,
    payer_email: str,
    actor: Actor,
    currency: str | None = None,
    payer_phone: str | None = None,
    return_url: str | None = None,
    provider: str | None = None,
    through: providers.Chosen | None = None,
    idem_key: str | None = None,
    asked: bytes | None = None,
) -> Opened:
    """Write down what somebody sets out to pay, after the purpose has agreed to take the money.

    `asked` is the hash of the request: the same key with another one raises IdempotencyKeyReused.
    `through` is for money that is here already, such as cash at a desk: no provider is chosen for it or asked.
    """
    if idem_key is not None and (known := find_by_key(actor.key, idem_key)) is not None:
        return _same(known, asked)
    terms = purposes.purpose(purpose).prepare(
        purposes.Offer(
            subject_id=subject_id, amount=amount, currency=currency, payer=payer_email, at_once=through is not None
        )
    )
    chosen = through or providers.choose(provider, asset_of(terms.asset_id).business_id)
    intent = db.session.scalar(
        insert(PaymentIntent)
        .values(
            id=uuid7(),
            reference=new_reference(),
            provider=chosen.provider,
            gateway_account_id=chosen.account_id,
            surcharge=surcharge(chosen, amount, terms.currency),
            purpose=purpose,
            asset_id=terms.asset_id,
            subject_id=subject_id,
            payer_email=payer_email,
            payer_phone=payer_phone,
            customer_id=terms.customer_id,
            amount=amount,
            currency=terms.currency,
            price=terms.price,
            period_minutes=terms.period_minutes,
            status=IntentStatus.CREATED,
            return_url=return_url,
            opened_by=actor.key,
            idem_actor=actor.key if idem_key else None,
            idem_key=idem_key,
            idem_hash=asked if idem_key else None,
            expires_at=utcnow() + VALID_FOR,
        )
        .on_conflict_do_nothing(index_elements=["idem_actor", "idem_key"])
        .returning(PaymentIntent)
    )
    if intent is None:  # a twin of this request was quicker
        assert idem_key is not None
        twin = find_by_key(actor.key, idem_key)
        assert twin is not None
        return _same(twin, asked)
    record(
        "payment_intent.opened",
        actor=actor,
        subject="payment_intent",
        subject_id=intent.id,
        asset_id=intent.asset_id,
        after={"reference": intent.reference, "amount": amount, "currency": intent.currency, "purpose": purpose},
    )
    publish(IntentOpened(asset_id=intent.asset_id, subject_id=subject_id, reference=intent.reference))
    return Opened(intent, replayed=False)


def surcharge(chosen: providers.Chosen, amount: int, currency: str) -> int:
    """What a payer is asked for on top of an amount, in minor units: the charge, where they are to bear it.

    Where a provider takes whole units only, it is rounded up to what can be asked for.
    """
    if not chosen.payer_bears_charges:
        return 0
    on_top = bands.surcharge_for(chosen.provider, amount, currency)
    if chosen.provider not in providers.WHOLE_UNITS_ONLY:
        return on_top
    unit: int = 10 ** DECIMALS[currency]
    return on_top + -(amount + on_top) % unit


@transactional
def expire_due(*, limit: int = 100) -> int:
    """Close the intents nobody paid in time; money that still comes is taken late, so their polling goes on."""
    due = lock_expired_intents(limit)
    for intent in due:
        end(intent, IntentStatus.EXPIRED, system("payment intents"))
    return len(due)


def end(intent: PaymentIntent, status: IntentStatus, actor: Actor) -> None:
    """Close an intent without money; the caller holds its lock."""
    before, intent.status = intent.status, status
    record(
        f"payment_intent.{status}",
        actor=actor,
        subject="payment_intent",
        subject_id=intent.id,
        asset_id=intent.asset_id,
        before={"status": before},
        after={"status": status},
    )
    publish(
        IntentEnded(
            asset_id=intent.asset_id, subject_id=intent.subject_id, reference=intent.reference, status=str(status)
        )
    )


def open_second(first: PaymentIntent) -> PaymentIntent:
    """A place for money that came a second time for an intent; the caller holds the first one's lock."""
    second = PaymentIntent(
        reference=new_reference(),
        provider=first.provider,
        purpose=first.purpose,
        asset_id=first.asset_id,
        subject_id=first.subject_id,
        payer_email=first.payer_email,
        payer_phone=first.payer_phone,
        customer_id=first.customer_id,
        gateway_account_id=first.gateway_account_id,
        amount=first.amount,
        surcharge=first.surcharge,
        currency=first.currency,
        price=first.price,
        period_minutes=first.period_minutes,
        status=IntentStatus.CREATED,
        opened_by=second_of(first),
        expires_at=utcnow() + VALID_FOR,
    )
    db.session.add(second)
    db.session.flush()
    return second


def new_reference() -> str:
    """130 bits nobody can guess, in letters and digits nobody can misread."""
    characters = [secrets.choice(numbers.ALPHABET) for _place in range(26)]
    return "-".join("".join(characters[at : at + n]) for at, n in ((0, 5), (5, 5), (10, 5), (15, 5), (20, 6)))


def _same(intent: PaymentIntent, asked: bytes | None) -> Opened:
    if intent.idem_hash is not None and asked is not None and bytes(intent.idem_hash) != asked:
        raise IdempotencyKeyReused(_("This Idempotency-Key was used before with a different request."))
    return Opened(intent, replayed=True)
