"""Finding payouts, and locking them; and what of the money at a provider is spoken for."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from portal.core import locks
from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.shared.payments.errors import NoSuchPayout
from portal.shared.payments.models import Payout, PayoutStatus, Refund, RefundState

#: Not ended: money is reserved for it, and its end is being asked for.
UNDER_WAY = (
    PayoutStatus.APPROVED,
    PayoutStatus.SUBMITTING,
    PayoutStatus.OTP,
    PayoutStatus.PENDING,
    PayoutStatus.RECEIVED,
)
#: Reserved here and not yet in the provider's own books.
NOT_YET_THERE = (PayoutStatus.APPROVED, PayoutStatus.SUBMITTING)
REFUND_LEAVING = (
    RefundState.APPROVED,
    RefundState.SUBMITTING,
    RefundState.PENDING,
    RefundState.PROCESSING,
    RefundState.NEEDS_ATTENTION,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutsWanted:
    """Which payouts of a place to show; the page's filter chips."""

    statuses: tuple[str, ...] = ()
    #: Drafts of this actor are left out: somebody else has to decide about them.
    not_drafted_by: str | None = None
    since: datetime | None = None
    search: str | None = None


def find_payout(payout_id: uuid.UUID) -> Payout | None:
    """A payout as it stands now."""
    return db.session.scalar(select(Payout).where(Payout.id == payout_id).execution_options(populate_existing=True))


def get_payout(payout_id: uuid.UUID, *, asset_id: uuid.UUID | None = None) -> Payout:
    """A payout as it stands now, of one place when it is named; raises NoSuchPayout."""
    found = find_payout(payout_id)
    if found is None or (asset_id is not None and found.asset_id != asset_id):
        raise no_such_payout()
    return found


def no_such_payout() -> NoSuchPayout:
    """What is said of a payout that is not there, or that is another's."""
    return NoSuchPayout(_("There is no such payout."))


def get_payout_named(reference: str, asset_id: uuid.UUID) -> Payout:
    """The payout of a reference at a place, as it stands now; raises NoSuchPayout."""
    found = payout_named(reference)
    if found is None or found.asset_id != asset_id:
        raise no_such_payout()
    return found


def payout_named(reference: str) -> Payout | None:
    """The payout of a reference, as it stands now."""
    return db.session.scalar(
        select(Payout).where(Payout.reference == reference).execution_options(populate_existing=True)
    )


def payouts_of(
    asset_id: uuid.UUID, wanted: PayoutsWanted, *, cursor: str | None = None, limit: object = 50
) -> Page[Any]:
    """One page of a place's payouts, the youngest first."""
    return page_of(_wanted(asset_id, wanted), (Payout.created_at, Payout.id), cursor=cursor, limit=limit)


def export_payouts(asset_id: uuid.UUID, wanted: PayoutsWanted) -> Iterator[Payout]:
    """Every payout that is wanted, page by page, so that an export holds little at a time."""
    cursor: str | None = None
    while True:
        found = payouts_of(asset_id, wanted, cursor=cursor, limit=200)
        yield from found.items
        if found.next is None:
            return
        cursor = found.next


def payouts_waiting(asset_id: uuid.UUID, *, not_by: str | None = None) -> dict[str, int]:
    """How many payouts of a place wait for an approval (of somebody else than `not_by`) or for a password."""
    question = select(Payout.status, func.count()).where(
        Payout.asset_id == asset_id,
        (Payout.status == PayoutStatus.OTP)
        | ((Payout.status == PayoutStatus.DRAFT) & (Payout.requested_by != (not_by or ""))),
    )
    return {status: number for status, number in db.session.execute(question.group_by(Payout.status))}


def payout_figures(asset_id: uuid.UUID, currency: str) -> dict[str, int]:
    """In a place's currency, in minor units: what is on its way with its charges, and what arrived in 30 days."""
    on_its_way = func.sum(Payout.amount + Payout.fee).filter(Payout.status.in_(UNDER_WAY))
    lately = Payout.finished_at > func.clock_timestamp() - timedelta(days=30)
    arrived = func.sum(Payout.amount).filter(Payout.status == PayoutStatus.SUCCESS, lately)
    row = db.session.execute(
        select(on_its_way, arrived).where(Payout.asset_id == asset_id, Payout.currency == currency)
    ).one()
    return {"on_its_way": int(row[0] or 0), "arrived": int(row[1] or 0)}


def reserved_not_yet_there(provider: str, account_id: uuid.UUID | None, currency: str, asked_at: datetime) -> int:
    """What approved payouts of any place will take from an account at a provider, beyond what its balance knew of
    when it was asked: those that are not there yet, and those that came there since. Minor units."""
    return int(
        db.session.scalar(
            select(func.sum(Payout.amount + Payout.fee)).where(
                Payout.provider == provider,
                Payout.gateway_account_id.is_not_distinct_from(account_id),
                Payout.currency == currency,
                Payout.status.in_(NOT_YET_THERE)
                | (Payout.submitted_at >= asked_at) & Payout.status.in_((*UNDER_WAY, PayoutStatus.SUCCESS)),
            )
        )
        or 0
    )


def refunds_leaving(asset_id: uuid.UUID, provider: str, currency: str) -> int:
    """What decided refunds of a place will still take from a provider. Minor units."""
    return int(
        db.session.scalar(
            select(func.sum(Refund.amount)).where(
                Refund.asset_id == asset_id,
                Refund.provider == provider,
                Refund.currency == currency,
                Refund.status.in_(REFUND_LEAVING),
            )
        )
        or 0
    )


def lock_payout(payout_id: uuid.UUID) -> Payout:
    """A payout, locked and fresh; raises NoSuchPayout."""
    locks.taking("payout")
    found: Payout | None = db.session.scalar(
        select(Payout).where(Payout.id == payout_id).with_for_update().execution_options(populate_existing=True)
    )
    if found is None:
        raise no_such_payout()
    return found


def lock_due_payouts(limit: int) -> Sequence[Payout]:
    """Payouts whose turn it is by the database's clock, skipping those another process works on."""
    locks.taking("payout")
    return db.session.scalars(
        select(Payout)
        .where(Payout.next_check_at <= func.clock_timestamp())
        .order_by(Payout.next_check_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def _wanted(asset_id: uuid.UUID, wanted: PayoutsWanted) -> Select[Payout]:
    question = select(Payout).where(Payout.asset_id == asset_id)
    if wanted.statuses:
        question = question.where(Payout.status.in_(wanted.statuses))
    if wanted.not_drafted_by is not None:
        mine = (Payout.status == PayoutStatus.DRAFT) & (Payout.requested_by == wanted.not_drafted_by)
        question = question.where(~mine)
    if wanted.since is not None:
        question = question.where(Payout.created_at >= wanted.since)
    if wanted.search:
        asked = wanted.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        question = question.where(
            Payout.recipient_name.ilike(f"%{asked}%")
            | Payout.description.ilike(f"%{asked}%")
            | Payout.reference.startswith(wanted.search.lower(), autoescape=True)
            | (Payout.account_number == wanted.search)
        )
    return question
