"""Finding comparisons and their differences, and locking them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, text, union
from sqlalchemy.orm import aliased

from portal.core import locks
from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.payments.errors import NoSuchComparison, NoSuchDifference
from portal.shared.payments.models import Difference, DifferenceStatus, Payment, PaymentIntent, Reconciliation


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which differences of a business to show: the page's filter chips, and the places the viewer may reconcile."""

    places: Collection[uuid.UUID]
    status: str | None = DifferenceStatus.OPEN
    kind: str | None = None
    provider: str | None = None
    run_id: uuid.UUID | None = None


def get_run(run_id: uuid.UUID, business_id: uuid.UUID) -> Reconciliation:
    """A comparison of a business; raises NoSuchComparison."""
    found: Reconciliation | None = db.session.scalar(
        select(Reconciliation)
        .where(Reconciliation.id == run_id, Reconciliation.business_id == business_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NoSuchComparison(_("There is no such comparison here."))
    return found


def runs_of(business_id: uuid.UUID, *, cursor: str | None = None, limit: object = 10) -> Page[Any]:
    """Comparisons of a business, the youngest first."""
    question = select(Reconciliation).where(Reconciliation.business_id == business_id)
    return page_of(question, (Reconciliation.created_at, Reconciliation.id), cursor=cursor, limit=limit)


def running(business_id: uuid.UUID | None = None, provider: str | None = None) -> Sequence[Reconciliation]:
    """The comparisons that are not finished, the oldest first."""
    question = select(Reconciliation).where(Reconciliation.status == "running").order_by(Reconciliation.created_at)
    if business_id is not None:
        question = question.where(Reconciliation.business_id == business_id, Reconciliation.provider == provider)
    return db.session.scalars(question.execution_options(populate_existing=True)).all()


def lock_run(run_id: uuid.UUID) -> Reconciliation:
    """A comparison, locked and fresh until the transaction ends."""
    locks.taking("reconciliation")
    return db.session.scalars(
        select(Reconciliation)
        .where(Reconciliation.id == run_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def get_difference(difference_id: uuid.UUID, business_id: uuid.UUID, places: Collection[uuid.UUID]) -> Difference:
    """A difference of a business, of one of these places or of none; raises NoSuchDifference."""
    found: Difference | None = db.session.scalar(
        select(Difference)
        .where(Difference.id == difference_id, Difference.business_id == business_id, _at(places))
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NoSuchDifference(_("There is no such difference here."))
    return found


def lock_difference(difference_id: uuid.UUID) -> Difference:
    """A difference, locked and fresh until the transaction ends."""
    locks.taking("reconciliation")
    return db.session.scalars(
        select(Difference)
        .where(Difference.id == difference_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def differences_of(
    business_id: uuid.UUID, wanted: Wanted, *, cursor: str | None = None, limit: object = 50
) -> Page[Any]:
    """Differences of a business, the youngest first."""
    return page_of(_wanted(business_id, wanted), (Difference.created_at, Difference.id), cursor=cursor, limit=limit)


def export_of(business_id: uuid.UUID, wanted: Wanted) -> Iterator[Difference]:
    """Every difference that is wanted, page by page."""
    cursor: str | None = None
    while True:
        found = differences_of(business_id, wanted, cursor=cursor, limit=200)
        yield from found.items
        if found.next is None:
            return
        cursor = found.next


def sums_of(business_id: uuid.UUID, wanted: Wanted) -> list[tuple[str, str, int, int]]:
    """Of the wanted differences by kind and currency: how many, and the minor units they are about."""
    apart = func.abs(func.coalesce(Difference.theirs, 0) - func.coalesce(Difference.ours, 0))
    rows = db.session.execute(
        _wanted(business_id, wanted)
        .with_only_columns(Difference.kind, Difference.currency, func.count(), func.sum(apart))
        .group_by(Difference.kind, Difference.currency)
        .order_by(Difference.kind, Difference.currency)
    )
    return [(kind, currency, count, int(total)) for kind, currency, count, total in rows]


def count_open(asset_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many differences are open at each place; those of a whole business count at each of its places."""
    rows = db.session.execute(
        select(Asset.id, func.count(Difference.id))
        .join(Difference, Difference.business_id == Asset.business_id)
        .where(
            Asset.id.in_(asset_ids),
            Difference.status == DifferenceStatus.OPEN,
            or_(Difference.asset_id == Asset.id, Difference.asset_id.is_(None)),
        )
        .group_by(Asset.id)
    )
    return {asset_id: count for asset_id, count in rows}


def last_by_clockwork(business_id: uuid.UUID, provider: str, by: str) -> Reconciliation | None:
    """The youngest comparison that began by itself."""
    return db.session.scalar(
        select(Reconciliation)
        .where(
            Reconciliation.business_id == business_id,
            Reconciliation.provider == provider,
            Reconciliation.started_by == by,
        )
        .order_by(Reconciliation.created_at.desc())
        .limit(1)
    )


def ways_used(since: datetime) -> list[tuple[uuid.UUID, str]]:
    """Businesses and the ways money came to them since a moment, or that have a difference open."""
    paid = select(Asset.business_id, Payment.provider).join(Asset, Asset.id == Payment.asset_id)
    opened = select(Difference.business_id, Difference.provider).where(Difference.status == DifferenceStatus.OPEN)
    rows = db.session.execute(union(paid.where(Payment.paid_at >= since), opened))
    return sorted(((business_id, provider) for business_id, provider in rows), key=lambda row: (str(row[0]), row[1]))


def ways_of(business_id: uuid.UUID) -> list[str]:
    """Every way money ever came to a business."""
    rows = db.session.scalars(
        select(Payment.provider)
        .join(Asset, Asset.id == Payment.asset_id)
        .where(Asset.business_id == business_id)
        .distinct()
        .order_by(Payment.provider)
    )
    return list(rows)


def is_shared(provider: str, business_id: uuid.UUID) -> bool:
    """Whether other businesses of the portal take money through the settings' account at a provider as well."""
    other = aliased(Asset)
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    PaymentIntent.asset_id == other.id,
                    PaymentIntent.provider == provider,
                    PaymentIntent.gateway_account_id.is_(None),
                    other.business_id != business_id,
                )
            )
        )
    )


def oldest_open_settlement(business_id: uuid.UUID, provider: str) -> datetime | None:
    """When the oldest settlement that is not in the books yet was paid out."""
    found: datetime | None = db.session.execute(
        text(
            "select min((details ->> 'at')::timestamptz) from reconciliation_difference where business_id = :b"
            " and provider = :p and kind = 'settlement_not_booked' and status = 'open'"
        ),
        {"b": business_id, "p": provider},
    ).scalar_one()
    return found


def _wanted(business_id: uuid.UUID, wanted: Wanted) -> Select[Difference]:
    question = select(Difference).where(Difference.business_id == business_id, _at(wanted.places))
    if wanted.status:
        question = question.where(Difference.status == wanted.status)
    if wanted.kind:
        question = question.where(Difference.kind == wanted.kind)
    if wanted.provider:
        question = question.where(Difference.provider == wanted.provider)
    if wanted.run_id:
        question = question.where(Difference.reconciliation_id == wanted.run_id)
    return question


def _at(places: Collection[uuid.UUID]) -> ColumnElement[bool]:
    return or_(Difference.asset_id.in_(places), Difference.asset_id.is_(None))
