"""Money that came in, always added up from the payments themselves: there is no counter that could drift."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, cast, func, select

from portal.core.db import db
from portal.shared.assets.models import Asset
from portal.shared.payments.models import Payment, PaymentIntent

#: What a payment adds to revenue: what it bought. Its remainder stays the payer's, and money in review is not ours yet.
EARNED = Payment.amount - Payment.remainder


@dataclass(frozen=True, slots=True)
class DayTakings:
    """What one kind of place took on one local day, in minor units of one currency."""

    day: date
    kind: str
    currency: str
    minor: int
    payments: int


def total_revenue(asset_id: uuid.UUID) -> int:
    """Everything a place has earned, in minor units of its currency."""
    return totals([asset_id])[asset_id]


def totals(asset_ids: Collection[uuid.UUID], *, since: datetime | None = None) -> dict[uuid.UUID, int]:
    """What each place has earned, or has earned since a moment, in minor units of its own currency."""
    question = (
        select(Payment.asset_id, func.sum(EARNED))
        .where(Payment.asset_id.in_(asset_ids), Payment.counted)
        .group_by(Payment.asset_id)
    )
    if since is not None:
        question = question.where(Payment.paid_at >= since)
    found = {asset_id: int(minor) for asset_id, minor in db.session.execute(question)}
    return {asset_id: found.get(asset_id, 0) for asset_id in asset_ids}


def of_unit(unit_id: uuid.UUID) -> tuple[int, int]:
    """What one unit has earned, and by how many payments."""
    earned, payments = db.session.execute(
        select(func.coalesce(func.sum(EARNED), 0), func.count())
        .join(PaymentIntent, PaymentIntent.id == Payment.intent_id)
        .where(PaymentIntent.subject_id == unit_id, Payment.counted)
    ).one()
    return int(earned), int(payments)


def per_day(asset_ids: Collection[uuid.UUID], first: date, last: date) -> list[DayTakings]:
    """Takings per local day of each place's own clock, by kind of place and currency; both ends included."""
    local = _local_day()
    rows = db.session.execute(
        select(local, Asset.kind, Payment.currency, func.sum(EARNED), func.count())
        .join(Asset, Asset.id == Payment.asset_id)
        .where(
            Payment.asset_id.in_(asset_ids),
            Payment.counted,
            # a day's slack on both sides keeps the index useful; the local day decides
            Payment.paid_at >= _utc(first) - timedelta(days=1),
            Payment.paid_at < _utc(last) + timedelta(days=2),
            local.between(first, last),
        )
        .group_by(local, Asset.kind, Payment.currency)
        .order_by(local, Asset.kind, Payment.currency)
    )
    return [DayTakings(day, kind, currency, int(minor), count) for day, kind, currency, minor, count in rows]


def days_of(asset: Asset, last: date, days: int) -> list[tuple[date, int]]:
    """One place's takings for each of the days up to one, quiet days included."""
    first = last - timedelta(days=days - 1)
    took = {each.day: each.minor for each in per_day([asset.id], first, last)}
    return [(day, took.get(day, 0)) for day in (first + timedelta(days=n) for n in range(days))]


def starts_today(timezones: Collection[str], now: datetime) -> Mapping[str, datetime]:
    """When today began on each of these clocks."""
    return {name: datetime.combine(now.astimezone(ZoneInfo(name)).date(), time(), ZoneInfo(name)) for name in timezones}


def _local_day() -> ColumnElement[date]:
    return cast(func.timezone(Asset.timezone, Payment.paid_at), Date)


def _utc(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
