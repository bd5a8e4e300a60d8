"""Finding refunds and disputes, and locking them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from portal.core import locks
from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.shared.ledger import chart
from portal.shared.ledger.models import Account, Entry, Posting
from portal.shared.payments.errors import NoSuchDispute, NoSuchRefund
from portal.shared.payments.models import (
    Dispute,
    DisputeStatus,
    IntentStatus,
    Payment,
    PaymentIntent,
    Refund,
    RefundRule,
    RefundState,
)

#: At the provider, or perhaps there: what it says of them moves them.
WITH_PROVIDER = (
    RefundState.SUBMITTING,
    RefundState.PENDING,
    RefundState.PROCESSING,
    RefundState.NEEDS_ATTENTION,
)
OPEN = (RefundState.REQUESTED, RefundState.APPROVED, *WITH_PROVIDER)
#: What nobody but a person can move on.
WAITS_FOR_A_PERSON = (RefundState.REQUESTED, RefundState.NEEDS_ATTENTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRefunds:
    """Which refunds of a place to show; the page's filter chips."""

    status: str | None = None
    since: datetime | None = None
    search: str | None = None


def get_refund(refund_id: uuid.UUID, *, asset_id: uuid.UUID | None = None) -> Refund:
    """A refund with its payment and what that was for, of one place when it is named; raises NoSuchRefund."""
    refund: Refund | None = db.session.scalar(
        _whole().where(Refund.id == refund_id).execution_options(populate_existing=True)
    )
    if refund is None or (asset_id is not None and refund.asset_id != asset_id):
        raise NoSuchRefund(_("There is no such refund."))
    return refund


def find_refund_by_key(payment_id: uuid.UUID, key: str) -> Refund | None:
    """The refund somebody asked for under an idempotency key."""
    return db.session.scalar(select(Refund).where(Refund.payment_id == payment_id, Refund.idem_key == key))


def find_open_refund(payment_id: uuid.UUID) -> Refund | None:
    """The refund of a payment that is under way."""
    return db.session.scalar(
        select(Refund)
        .where(Refund.payment_id == payment_id, Refund.status.in_(OPEN))
        .execution_options(populate_existing=True)
    )


def payments_with_open_refunds(intents: Collection[PaymentIntent]) -> set[uuid.UUID]:
    """Those of some intents' payments of which a refund is under way; the intents come with their money."""
    wanted = [each.payment.id for each in intents if each.payment is not None]
    return set(
        db.session.scalars(select(Refund.payment_id).where(Refund.payment_id.in_(wanted), Refund.status.in_(OPEN)))
    )


def refunds_of_payment(payment_id: uuid.UUID) -> Sequence[Refund]:
    """Every refund of a payment, the youngest first."""
    return db.session.scalars(select(Refund).where(Refund.payment_id == payment_id).order_by(Refund.id.desc())).all()


def known_ids(payment_id: uuid.UUID) -> set[str]:
    """The provider's ids of a payment's refunds, as far as it has told them."""
    rows = db.session.scalars(
        select(Refund.provider_refund_id).where(Refund.payment_id == payment_id, Refund.provider_refund_id.is_not(None))
    )
    return {each for each in rows if each}


def processed_of(payment_id: uuid.UUID) -> int:
    """How much of a payment has reached its payer again, in minor units."""
    total = db.session.scalar(
        select(func.sum(Refund.amount)).where(Refund.payment_id == payment_id, Refund.status == RefundState.PROCESSED)
    )
    return int(total or 0)


def handed_over_of(payment_id: uuid.UUID) -> int:
    """How much of a payment went back out of our own drawer or bank, as the books say. Minor units."""
    total = db.session.scalar(
        select(func.sum(-Posting.amount))
        .join(Entry, Entry.id == Posting.entry_id)
        .join(Account, Account.id == Posting.account_id)
        .join(Refund, Refund.id == Entry.subject_id)
        .where(
            Refund.payment_id == payment_id,
            Entry.subject == "refund",
            Entry.fact == "refund.processed",
            Account.code.in_((chart.CASH, chart.BANK)),
        )
    )
    return int(total or 0)


def refunds_at(
    asset_id: uuid.UUID, wanted: WantedRefunds, *, cursor: str | None = None, limit: object = 50
) -> Page[Any]:
    """One page of a place's refunds, the youngest first, each with its payment."""
    return page_of(_wanted(asset_id, wanted), (Refund.created_at, Refund.id), cursor=cursor, limit=limit)


def export_refunds(asset_id: uuid.UUID, wanted: WantedRefunds) -> Iterator[Refund]:
    """Every refund that is wanted, page by page."""
    cursor: str | None = None
    while True:
        found = refunds_at(asset_id, wanted, cursor=cursor, limit=200)
        yield from found.items
        if found.next is None:
            return
        cursor = found.next


def refund_figures(asset_id: uuid.UUID, currency: str) -> dict[str, int]:
    """Of a place's refunds in its own currency: what is on its way and what has arrived, in minor units."""
    here = select(
        func.coalesce(func.sum(Refund.amount).filter(Refund.status.in_(OPEN[1:])), 0),
        func.coalesce(func.sum(Refund.amount).filter(Refund.status == RefundState.PROCESSED), 0),
    ).where(Refund.asset_id == asset_id, Refund.currency == currency)
    return dict(zip(("on_their_way", "arrived"), map(int, db.session.execute(here).one()), strict=True))


def find_refund_rule(asset_id: uuid.UUID) -> RefundRule | None:
    """A place's rule for refunds; without one, every refund takes two people."""
    return db.session.scalar(select(RefundRule).where(RefundRule.asset_id == asset_id))


def lock_refund(refund_id: uuid.UUID) -> Refund:
    """One refund, locked and fresh; its payment's intent is locked before it wherever that changes too."""
    locks.taking("refund")
    return db.session.scalars(
        select(Refund).where(Refund.id == refund_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def lock_due_refunds(limit: int) -> Sequence[Refund]:
    """Refunds to be sent or asked about now, skipping those another process works on."""
    locks.taking("refund")
    return db.session.scalars(
        select(Refund)
        .where(Refund.next_check_at <= func.clock_timestamp())
        .order_by(Refund.next_check_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def find_dispute(provider: str, provider_dispute_id: str) -> Dispute | None:
    """What a provider has told of a dispute before."""
    return db.session.scalar(
        select(Dispute).where(Dispute.provider == provider, Dispute.provider_dispute_id == provider_dispute_id)
    )


def get_dispute(dispute_id: uuid.UUID, *, asset_id: uuid.UUID) -> Dispute:
    """A dispute of a place; raises NoSuchDispute."""
    found: Dispute | None = db.session.scalar(_told().where(Dispute.id == dispute_id, Dispute.asset_id == asset_id))
    if found is None:
        raise NoSuchDispute(_("There is no such dispute."))
    return found


def lock_dispute(dispute_id: uuid.UUID) -> Dispute:
    """One dispute, locked and fresh."""
    return db.session.scalars(
        select(Dispute).where(Dispute.id == dispute_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def disputes_at(
    asset_id: uuid.UUID, *, status: str | None = None, cursor: str | None = None, limit: object = 50
) -> Page[Any]:
    """One page of a place's disputes, the youngest first, each with its payment."""
    question = _told().where(Dispute.asset_id == asset_id)
    if status:
        question = question.where(Dispute.status == status)
    return page_of(question, (Dispute.created_at, Dispute.id), cursor=cursor, limit=limit)


def count_waiting(asset_id: uuid.UUID) -> tuple[int, int]:
    """How many refunds and how many disputes of a place need somebody, asked in one question."""
    refunds = select(func.count()).where(Refund.asset_id == asset_id, _waits()).scalar_subquery()
    disputes = (
        select(func.count()).where(Dispute.asset_id == asset_id, Dispute.status == DisputeStatus.OPEN).scalar_subquery()
    )
    row = db.session.execute(select(refunds, disputes)).one()
    return int(row[0]), int(row[1])


def disputes_of_payment(payment_id: uuid.UUID) -> Sequence[Dispute]:
    """Every dispute of a payment, the oldest first."""
    return db.session.scalars(select(Dispute).where(Dispute.payment_id == payment_id).order_by(Dispute.id)).all()


def can_be_refunded(intent: PaymentIntent) -> bool:
    """Whether money of this payment may be asked back at all; money in review is sent back from there."""
    return intent.status in (IntentStatus.SUCCEEDED, IntentStatus.PART_REFUNDED)


def _whole() -> Select[Any]:
    return select(Refund).options(joinedload(Refund.payment).joinedload(Payment.intent))


def _told() -> Select[Any]:
    return select(Dispute).options(joinedload(Dispute.payment).joinedload(Payment.intent))


def _waits() -> ColumnElement[bool]:
    """Refunds for a person: for a second one, for a bank account, or for the money itself to be handed over."""
    return Refund.status.in_(WAITS_FOR_A_PERSON) | ((Refund.status == RefundState.APPROVED) & Refund.by_hand)


def _wanted(asset_id: uuid.UUID, wanted: WantedRefunds) -> Select[Any]:
    question = _whole().where(Refund.asset_id == asset_id)
    if wanted.status == "waiting":
        question = question.where(_waits())
    elif wanted.status == "open":
        question = question.where(Refund.status.in_(OPEN))
    elif wanted.status:
        question = question.where(Refund.status == wanted.status)
    if wanted.since:
        question = question.where(Refund.created_at >= wanted.since)
    if wanted.search:
        question = question.where(
            Refund.payment.has(
                Payment.intent.has(
                    PaymentIntent.reference.istartswith(wanted.search, autoescape=True)
                    | PaymentIntent.payer_email.icontains(wanted.search, autoescape=True)
                )
            )
        )
    return question
