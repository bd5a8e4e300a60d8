"""Finding intents, payments and gateway messages, and locking them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select, text
from sqlalchemy.orm import joinedload

from portal.core import locks
from portal.core.db import db
from portal.core.money import Money
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.shared.payments.errors import NoSuchPayment
from portal.shared.payments.models import GatewayAccount, GatewayMessage, IntentStatus, Payment, PaymentIntent, Refund
from portal.shared.payments.refund_queries import OPEN

#: What our references are made of; anything else is not even looked for.
REFERENCE = re.compile(r"[A-Za-z0-9.=-]{6,64}")
#: What a payment adds to earnings: what it bought, without what has gone back.
EARNED = Payment.amount - Payment.remainder - Payment.refunded


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which payments of a place to show; the page's filter chips."""

    status: str | None = None
    provider: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    search: str | None = None


def find_intent(reference: str) -> PaymentIntent | None:
    """The intent of a reference, with its money, as it stands now."""
    if not REFERENCE.fullmatch(reference):
        return None
    return db.session.scalar(
        select(PaymentIntent)
        .where(PaymentIntent.reference == reference)
        .options(joinedload(PaymentIntent.payment))
        .execution_options(populate_existing=True)
    )


def get_intent(reference: str, *, asset_id: uuid.UUID | None = None) -> PaymentIntent:
    """The intent of a reference, of one place when it is named; raises NoSuchPayment."""
    intent = find_intent(reference)
    if intent is None or (asset_id is not None and intent.asset_id != asset_id):
        raise no_such_payment()
    return intent


def no_such_payment() -> NoSuchPayment:
    """What is said of a reference that is not there, or that is another's."""
    return NoSuchPayment(_("There is no payment with this reference."), field="reference")


def find_by_key(actor: str, key: str) -> PaymentIntent | None:
    """The intent somebody opened under an idempotency key."""
    return db.session.scalar(
        select(PaymentIntent)
        .where(PaymentIntent.idem_actor == actor, PaymentIntent.idem_key == key)
        .execution_options(populate_existing=True)
    )


def find_payment_of(intent_id: uuid.UUID) -> Payment | None:
    """The money of an intent."""
    return db.session.scalar(
        select(Payment).where(Payment.intent_id == intent_id).execution_options(populate_existing=True)
    )


def find_payment(payment_id: uuid.UUID) -> Payment | None:
    """Money that came, by its key."""
    return db.session.get(Payment, payment_id)


def find_payment_by_transaction(provider: str, transaction_id: str) -> Payment | None:
    """The money a gateway knows by this number."""
    return db.session.scalar(
        select(Payment).where(Payment.provider == provider, Payment.provider_txn_id == transaction_id)
    )


_OF_TRANSACTION = select(Payment).from_statement(
    text(
        "select pg_advisory_xact_lock(:lock); select * from payment"
        " where intent_id = :intent or provider = :provider and provider_txn_id = :transaction"
    )
)


def lock_transaction(intent_id: uuid.UUID, provider: str, transaction_id: str) -> tuple[Payment | None, Payment | None]:
    """The intent's payment and the transaction's, if any; nobody else takes the transaction until the command ends.

    Two statements in one message: the second looks after the first has waited.
    """
    asked = {
        "lock": locks.lock_number(f"{provider} transaction {transaction_id}"),
        "intent": intent_id,
        "provider": provider,
        "transaction": transaction_id,
    }
    found = db.session.scalars(_OF_TRANSACTION, asked).all()
    return (
        next((each for each in found if each.intent_id == intent_id), None),
        next((each for each in found if (each.provider, each.provider_txn_id) == (provider, transaction_id)), None),
    )


def payments_of(asset_id: uuid.UUID, wanted: Wanted, *, cursor: str | None = None, limit: object = 50) -> Page[Any]:
    """One page of a place's payments, the youngest first, each intent with its money."""
    return page_of(
        payments_wanted(asset_id, wanted).options(joinedload(PaymentIntent.payment)),
        (PaymentIntent.created_at, PaymentIntent.id),
        cursor=cursor,
        limit=limit,
    )


def payments_for(subject_id: uuid.UUID, *, limit: int = 20) -> Sequence[PaymentIntent]:
    """The latest payments for one thing, such as a room, each with its money."""
    return db.session.scalars(
        select(PaymentIntent)
        .where(PaymentIntent.subject_id == subject_id)
        .options(joinedload(PaymentIntent.payment))
        .order_by(PaymentIntent.id.desc())
        .limit(limit)
    ).all()


def payments_by(payer_email: str, *, limit: int = 50) -> Sequence[PaymentIntent]:
    """The latest payments of one payer at any place, each with its money; the caller has made sure who asks."""
    return db.session.scalars(
        select(PaymentIntent)
        .where(PaymentIntent.payer_email == payer_email)
        .options(joinedload(PaymentIntent.payment))
        .order_by(PaymentIntent.id.desc())
        .limit(limit)
    ).all()


def in_review(asset_id: uuid.UUID) -> Sequence[PaymentIntent]:
    """Payments of a place that wait for a decision, the oldest first."""
    return db.session.scalars(
        select(PaymentIntent)
        .where(PaymentIntent.asset_id == asset_id, PaymentIntent.status == IntentStatus.REVIEW)
        .options(joinedload(PaymentIntent.payment))
        .order_by(PaymentIntent.settled_at)
        .limit(200)
    ).all()


def count_in_review(asset_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many payments wait for a decision, by place; what is on its way back was decided."""
    going_back = select(Refund.id).join(Payment, Payment.id == Refund.payment_id)
    rows = db.session.execute(
        select(PaymentIntent.asset_id, func.count())
        .where(
            PaymentIntent.asset_id.in_(asset_ids),
            PaymentIntent.status == IntentStatus.REVIEW,
            ~going_back.where(Payment.intent_id == PaymentIntent.id, Refund.status.in_(OPEN)).exists(),
        )
        .group_by(PaymentIntent.asset_id)
    )
    return {asset_id: number for asset_id, number in rows}


def messages_of(reference: str) -> Sequence[GatewayMessage]:
    """What the gateway told of one reference, in order."""
    return db.session.scalars(
        select(GatewayMessage).where(GatewayMessage.reference == reference).order_by(GatewayMessage.id)
    ).all()


def troubled_messages(*, cursor: str | None = None, limit: object = 50) -> Page[Any]:
    """Signed messages that matched nothing here or could not be worked off, the youngest first."""
    return page_of(
        select(GatewayMessage).where(GatewayMessage.status.in_(("unmatched", "dead"))),
        (GatewayMessage.created_at, GatewayMessage.id),
        cursor=cursor,
        limit=limit,
    )


def credit_of(asset_id: uuid.UUID, payer_email: str) -> list[Money]:
    """What a place owes a payer: remainders, and money that waits for a decision; one sum per currency."""
    rows = db.session.execute(
        select(Payment.currency, func.sum(Payment.remainder))
        .join(PaymentIntent, PaymentIntent.id == Payment.intent_id)
        .where(Payment.asset_id == asset_id, PaymentIntent.payer_email == payer_email, Payment.remainder > 0)
        .group_by(Payment.currency)
        .order_by(Payment.currency)
    )
    return [Money(int(total), currency) for currency, total in rows]


def figures_of(asset_id: uuid.UUID, wanted: Wanted) -> dict[str, int]:
    """Over the wanted payments: how many, how many paid, what they earned and what is owed back, in minor units."""
    found = payments_wanted(asset_id, wanted).outerjoin(Payment, Payment.intent_id == PaymentIntent.id)
    here = Payment.currency == PaymentIntent.currency  # money in another currency is in no sum of this one
    row = db.session.execute(
        found.with_only_columns(
            func.count(PaymentIntent.id),
            func.count(Payment.id),
            func.coalesce(func.sum(EARNED).filter(Payment.counted, here), 0),
            func.coalesce(func.sum(Payment.remainder).filter(here), 0),
        )
    ).one()
    return dict(zip(("opened", "paid", "earned", "owed"), map(int, row), strict=True))


def lock_intent(reference: str) -> PaymentIntent:
    """The intent of a reference, locked and fresh; raises NoSuchPayment."""
    intent = lock_intent_or_none(reference)
    if intent is None:
        raise NoSuchPayment(_("There is no payment with this reference."), field="reference")
    return intent


_BY_REFERENCE = (
    select(PaymentIntent)
    .where(PaymentIntent.reference == bindparam("reference"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def lock_intent_or_none(reference: str) -> PaymentIntent | None:
    """The intent of a reference, locked and fresh, or None for one that was never ours."""
    if not REFERENCE.fullmatch(reference):
        return None
    locks.taking("payment_intent")
    return db.session.scalar(_BY_REFERENCE, {"reference": reference})


def lock_expired_intents(limit: int) -> Sequence[PaymentIntent]:
    """Unpaid intents whose time is over by the database's clock, skipping those somebody is settling."""
    locks.taking("payment_intent")
    return db.session.scalars(
        select(PaymentIntent)
        .where(
            PaymentIntent.status.in_((IntentStatus.CREATED, IntentStatus.PENDING))
            # a provider that was "processing" until we gave up asking will not say anything else any more
            | ((PaymentIntent.status == IntentStatus.PROCESSING) & PaymentIntent.next_poll_at.is_(None)),
            PaymentIntent.expires_at <= func.clock_timestamp(),
        )
        .order_by(PaymentIntent.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def lock_due_polls(limit: int) -> Sequence[PaymentIntent]:
    """Intents whose gateway is to be asked now, skipping those another process asks about."""
    locks.taking("payment_intent")
    return db.session.scalars(
        select(PaymentIntent)
        .where(PaymentIntent.next_poll_at <= func.clock_timestamp())
        .order_by(PaymentIntent.next_poll_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def lock_due_messages(limit: int) -> Sequence[GatewayMessage]:
    """New messages whose turn it is, skipping those another process works on."""
    return db.session.scalars(
        select(GatewayMessage)
        .where(GatewayMessage.status == "new", GatewayMessage.next_attempt_at <= func.clock_timestamp())
        .order_by(GatewayMessage.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def lock_message(message_id: uuid.UUID) -> GatewayMessage:
    """One message, locked."""
    return _locked(select(GatewayMessage).where(GatewayMessage.id == message_id))


def lock_message_by_key(provider: str, dedupe_key: str) -> GatewayMessage:
    """The message kept under a key, locked."""
    return _locked(
        select(GatewayMessage).where(GatewayMessage.provider == provider, GatewayMessage.dedupe_key == dedupe_key)
    )


def lock_messages_about(reference: str) -> Sequence[GatewayMessage]:
    """Messages about a reference that wait for their turn, skipping those another process works on."""
    return db.session.scalars(
        select(GatewayMessage)
        .where(GatewayMessage.reference == reference, GatewayMessage.status == "new")
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def _locked(question: Select[GatewayMessage]) -> GatewayMessage:
    return db.session.scalars(question.with_for_update().execution_options(populate_existing=True)).one()


def payments_wanted(asset_id: uuid.UUID, wanted: Wanted) -> Select[PaymentIntent]:
    """The question for the payments of a place that are wanted, to be asked in pages, in figures or whole."""
    question = select(PaymentIntent).where(PaymentIntent.asset_id == asset_id)
    if wanted.status:
        question = question.where(PaymentIntent.status == wanted.status)
    if wanted.provider:
        question = question.where(PaymentIntent.provider == wanted.provider)
    if wanted.since:
        question = question.where(PaymentIntent.created_at >= wanted.since)
    if wanted.until:
        question = question.where(PaymentIntent.created_at < wanted.until)
    if wanted.search:
        question = question.where(
            PaymentIntent.reference.istartswith(wanted.search, autoescape=True)
            | PaymentIntent.payer_email.icontains(wanted.search, autoescape=True)
        )
    return question


def second_of(first: PaymentIntent) -> str:
    """Who "opened" the intent that keeps money which came a second time for another."""
    return f"system:second payment of {first.reference}"


def find_second(first: PaymentIntent, payment: Payment) -> PaymentIntent | None:
    """The intent of a payment, where it is the second money of the first intent."""
    return db.session.scalar(
        select(PaymentIntent).where(PaymentIntent.id == payment.intent_id, PaymentIntent.opened_by == second_of(first))
    )


def accounts_of(business_id: uuid.UUID) -> Sequence[GatewayAccount]:
    """A business's own accounts at providers."""
    return db.session.scalars(select(GatewayAccount).where(GatewayAccount.business_id == business_id)).all()


def find_account(business_id: uuid.UUID, provider: str) -> GatewayAccount | None:
    """A business's own account at a provider."""
    return db.session.scalar(
        select(GatewayAccount).where(GatewayAccount.business_id == business_id, GatewayAccount.provider == provider)
    )


def serving_account(business_id: uuid.UUID, provider: str) -> GatewayAccount | None:
    """A business's own account where its keys may serve; else the provider of the settings does."""
    account = find_account(business_id, provider)
    return account if account is not None and account.proven else None


def lock_account(business_id: uuid.UUID, provider: str) -> GatewayAccount | None:
    """The same, locked until the transaction ends."""
    locks.taking("gateway_account")
    return db.session.scalar(
        select(GatewayAccount)
        .where(GatewayAccount.business_id == business_id, GatewayAccount.provider == provider)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def seconds_of(first: PaymentIntent) -> Sequence[Payment]:
    """Money that came again for an intent, the oldest first."""
    return db.session.scalars(
        select(Payment)
        .join(PaymentIntent, PaymentIntent.id == Payment.intent_id)
        .where(
            PaymentIntent.opened_by == second_of(first),
            PaymentIntent.subject_id == first.subject_id,  # by its index
        )
        .order_by(Payment.id)
    ).all()
