"""What places earned, always added up from the books: income, less what was given back, on the day it was booked."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select

from portal.core.db import db
from portal.shared.assets.models import Asset
from portal.shared.ledger.chart import EARNED_ON
from portal.shared.ledger.models import Account, Entry, Posting
from portal.shared.payments.models import Payment, PaymentIntent, Refund

#: The entries that take a payment's money for what it buys; bills raised and refunds earn too, but are no payments.
PAID = ("payment.settled", "payment.accepted")
#: Income stands on the right, so that it is negative in the books.
EARNED: ColumnElement[int] = -func.sum(Posting.amount)


@dataclass(frozen=True, slots=True)
class DayTakings:
    """What one kind of place earned on one local day, in minor units of one currency, and by how many payments."""

    day: date
    kind: str
    currency: str
    minor: int
    payments: int


def total_revenue(asset_id: uuid.UUID) -> int:
    """Everything a place has earned, in minor units of its currency."""
    return totals([asset_id])[asset_id]


def totals(asset_ids: Collection[uuid.UUID], *, since: date | None = None) -> dict[uuid.UUID, int]:
    """What each place has earned, or has earned since a day of its books, in minor units of its own currency."""
    question = (
        _earned(asset_ids)
        .with_only_columns(Posting.asset_id, EARNED)
        .where(Posting.currency == Asset.currency)
        .group_by(Posting.asset_id)
    )
    if since is not None:
        question = question.where(Posting.booked_on >= since)
    found = {asset_id: int(minor) for asset_id, minor in db.session.execute(question)}
    return {asset_id: found.get(asset_id, 0) for asset_id in asset_ids}


def of_unit(unit_id: uuid.UUID) -> tuple[int, int]:
    """What one unit has earned through its payments, and by how many of them."""
    paid = select(Payment.id).join(PaymentIntent).where(PaymentIntent.subject_id == unit_id)
    refunded = select(Refund.id).where(Refund.payment_id.in_(paid))
    earned = (
        select(EARNED)
        .join(Entry, Entry.id == Posting.entry_id)
        .join(Account, Account.id == Posting.account_id)
        .where(
            Account.code.in_(EARNED_ON),
            or_(
                (Entry.subject == "payment") & Entry.subject_id.in_(paid),
                (Entry.subject == "refund") & Entry.subject_id.in_(refunded),
            ),
        )
    )
    counted = select(func.count()).select_from(paid.where(Payment.counted).subquery())
    minor, payments = db.session.execute(select(earned.scalar_subquery(), counted.scalar_subquery())).one()
    return int(minor or 0), int(payments)


def per_day(asset_ids: Collection[uuid.UUID], first: date, last: date) -> list[DayTakings]:
    """What was earned per day of each place's own books, by kind of place and currency; both ends included."""
    rows = db.session.execute(
        _earned(asset_ids)
        .join(Entry, Entry.id == Posting.entry_id)
        .with_only_columns(
            Posting.booked_on,
            Asset.kind,
            Posting.currency,
            EARNED,
            func.count(Entry.id.distinct()).filter(Entry.fact.in_(PAID)),
        )
        .where(Posting.booked_on.between(first, last))
        .group_by(Posting.booked_on, Asset.kind, Posting.currency)
        .order_by(Posting.booked_on, Asset.kind, Posting.currency)
    )
    return [DayTakings(day, kind, currency, int(minor), count) for day, kind, currency, minor, count in rows]


def days_of(asset: Asset, last: date, days: int) -> list[tuple[date, int]]:
    """What one place earned on each of the days up to one, in its own currency, quiet days included."""
    first = last - timedelta(days=days - 1)
    took = {each.day: each.minor for each in per_day([asset.id], first, last) if each.currency == asset.currency}
    return [(day, took.get(day, 0)) for day in (first + timedelta(days=n) for n in range(days))]


def today_on(timezones: Collection[str], now: datetime) -> Mapping[str, date]:
    """Which day it is on each of these clocks."""
    return {name: now.astimezone(ZoneInfo(name)).date() for name in timezones}


def _earned(asset_ids: Collection[uuid.UUID]) -> Select[Posting]:
    return (
        select(Posting)
        .join(Account, Account.id == Posting.account_id)
        .join(Asset, Asset.id == Posting.asset_id)
        .where(Posting.asset_id.in_(asset_ids), Account.code.in_(EARNED_ON))
    )
