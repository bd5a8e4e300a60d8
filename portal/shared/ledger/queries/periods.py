"""The months of a place's books: which are closed, which comes next, and on which day a fact may be booked."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Date, cast, func, select, text

from portal.core.db import db
from portal.shared.ledger.models import Entry, Period

_OPEN_DAY = (
    "select coalesce((select max(starts_on) + interval '1 month' from ledger_period"
    " where asset_id = :place and closed_at is not null"
    " having max(starts_on) >= date_trunc('month', cast(:day as date)))::date, cast(:day as date))"
)
#: The name of the lock that a month is closed under; `ledger_entry_begins` in the database takes it shared.
_NAME = "hashtextextended('ledger period ' || cast(:place as text), 0)"


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a place's books: how many entries it holds, and what became of it."""

    starts_on: date
    entries: int
    period: Period | None

    @property
    def closed(self) -> bool:
        """Whether nothing is booked into it any more."""
        return self.period is not None and self.period.closed_at is not None


def first_open_day(asset_id: uuid.UUID, wanted: date) -> date:
    """The day itself, or the first day after the closed months it lies in or before."""
    found: date = db.session.execute(text(_OPEN_DAY), {"place": asset_id, "day": wanted}).scalar_one()
    return found


_HELD = text(f"select pg_advisory_xact_lock_shared({_NAME}); {_OPEN_DAY}")


def hold_open_day(asset_id: uuid.UUID, wanted: date) -> date:
    """The same, and no month of the place is closed until the transaction ends.

    Two statements in one message: the second looks after the first has waited for a closing that is on its way.
    """
    found: date = db.session.connection().execute(_HELD, {"place": asset_id, "day": wanted}).scalar_one()
    return found


def lock_period(asset_id: uuid.UUID, starts_on: date) -> Period | None:
    """The month's row, once every entry on its way into the place's books has ended; new ones wait."""
    db.session.execute(text(f"select pg_advisory_xact_lock({_NAME})"), {"place": asset_id})
    found: Period | None = db.session.scalar(
        select(Period)
        .where(Period.asset_id == asset_id, Period.starts_on == starts_on)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found


def last_closed(asset_id: uuid.UUID) -> date | None:
    """The first day of the latest closed month, or None."""
    found: date | None = db.session.scalar(
        select(func.max(Period.starts_on)).where(Period.asset_id == asset_id, Period.closed_at.isnot(None))
    )
    return found


def next_to_close(asset_id: uuid.UUID) -> date | None:
    """The first day of the month whose turn it is: after the last closed, else the first with an entry."""
    last = last_closed(asset_id)
    if last is not None:
        return month_after(last)
    first: date | None = db.session.scalar(select(func.min(Entry.booked_on)).where(Entry.asset_id == asset_id))
    return None if first is None else first.replace(day=1)


def months_of(asset_id: uuid.UUID, until: date) -> list[Month]:
    """Every month from the first with an entry or a closing up to that of a day, the latest first."""
    start = cast(func.date_trunc("month", Entry.booked_on), Date)
    counts = dict(
        db.session.execute(select(start, func.count()).where(Entry.asset_id == asset_id).group_by(start)).all()
    )
    periods = {
        each.starts_on: each for each in db.session.scalars(select(Period).where(Period.asset_id == asset_id)).all()
    }
    known = [*counts, *periods]
    months: list[Month] = []
    month = min(known, default=until.replace(day=1))
    while month <= max([until, *known]):
        months.append(Month(month, counts.get(month, 0), periods.get(month)))
        month = month_after(month)
    return months[::-1]


def month_after(month: date) -> date:
    """The first day of the month after one."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
