"""What a hotel's day still needs before it is closed, how far the closing has come, and what closed days came to."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.trades.hotel.errors import NoDayOpen
from portal.trades.hotel.models import BusinessDay, DayState
from portal.trades.hotel.queries.property import property_of
from portal.trades.hotel.times import moment


def day_open(asset_id: uuid.UUID) -> BusinessDay:
    """The business day that is open at a hotel, not locked; raises NoDayOpen."""
    found: BusinessDay | None = db.session.scalar(
        select(BusinessDay)
        .where(BusinessDay.asset_id == asset_id, BusinessDay.state == DayState.OPEN)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NoDayOpen(_("This hotel has no open business day."))
    return found


def day_of(asset_id: uuid.UUID, day: date) -> BusinessDay | None:
    """One business day of a hotel, or None."""
    found: BusinessDay | None = db.session.scalar(
        select(BusinessDay)
        .where(BusinessDay.asset_id == asset_id, BusinessDay.day == day)
        .execution_options(populate_existing=True)
    )
    return found


def days_closed(asset_id: uuid.UUID, *, before: date | None = None, limit: int = 31) -> Sequence[BusinessDay]:
    """Closed days, the latest first."""
    query = select(BusinessDay).where(BusinessDay.asset_id == asset_id, BusinessDay.state == DayState.CLOSED)
    if before is not None:
        query = query.where(BusinessDay.day < before)
    return db.session.scalars(query.order_by(BusinessDay.day.desc()).limit(limit)).all()


def days_to_close() -> Sequence[tuple[uuid.UUID, date]]:
    """Hotels whose open day somebody asked to be closed."""
    rows = select(BusinessDay.asset_id, BusinessDay.day).where(
        BusinessDay.closing_at.is_not(None), BusinessDay.state == DayState.OPEN
    )
    return [(asset_id, day) for asset_id, day in db.session.execute(rows.order_by(BusinessDay.closing_at))]


def closes_from(place: Asset, day: date) -> datetime:
    """The moment from which a business day may be closed; on a night when the clocks leap, the true one."""
    return moment(place.timezone, day + timedelta(days=1), property_of(place).close_after_minute)


_NIGHTS_DUE = """
    from stay s join stay_night n on n.stay_id = s.id
    where s.asset_id = :asset and s.status = 'in_house' and not n.released and n.night <= :day
        and not exists (select from folio_line l where l.posting_key = 'night:' || s.id || ':' || n.night
            || case when n.again > 0 then '~' || n.again else '' end)
"""
_DUE = text(f"select distinct s.id {_NIGHTS_DUE} order by s.id limit :limit")
_ON_TOP = """
    coalesce((select sum((x->>'amount')::bigint) from jsonb_array_elements(n.taxes) x
              where not (x->>'inclusive')::boolean), 0)
"""
_DUE_SUM = text(f"select count(*), coalesce(sum(n.price - n.discount + {_ON_TOP}), 0)::bigint {_NIGHTS_DUE}")


def stays_to_charge(asset_id: uuid.UUID, day: date, limit: int) -> list[uuid.UUID]:
    """Stays in house with nights up to this one that are not on a folio."""
    return list(db.session.scalars(_DUE, {"asset": asset_id, "day": day, "limit": limit}))


_MISSING = text(
    """
    select distinct s.reservation_id from stay s
    where s.asset_id = :asset and s.status = 'confirmed' and s.arrival <= :day order by s.reservation_id limit :limit
    """
)


def reservations_missing(asset_id: uuid.UUID, day: date, limit: int) -> list[uuid.UUID]:
    """Reservations with guests who should have come by this day."""
    return list(db.session.scalars(_MISSING, {"asset": asset_id, "day": day, "limit": limit}))


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist: how many, what they come to in minor units, and whether it keeps the day open."""

    name: str
    count: int
    amount: int | None = None
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Checklist:
    """What there is to see before a day is closed."""

    day: date
    opens_at: datetime
    checks: tuple[Check, ...]

    @property
    def too_early(self) -> bool:
        """Whether the day is not over yet."""
        return utcnow() < self.opens_at

    @property
    def blocking(self) -> list[Check]:
        """What has to be put right first."""
        return [each for each in self.checks if each.blocks and each.count]

    def __getitem__(self, name: str) -> Check:
        return next(each for each in self.checks if each.name == name)


_STANDING = text(
    """
    select
      (select count(*) from stay where asset_id = :asset and status = 'confirmed' and arrival <= :day),
      (select count(*) from stay where asset_id = :asset and status = 'in_house' and departure <= :day),
      (select count(*) from stay where asset_id = :asset and status = 'in_house'),
      (select count(*) from stay s join folio f on f.stay_id = s.id and f."window" = 1
       where s.asset_id = :asset and s.status = 'in_house' and f.status = 'closed'),
      count(*) filter (where owed > :limit),
      coalesce(sum(owed) filter (where owed > :limit), 0)::bigint
    from (
      select sum(l.amount) as owed from stay s join folio f on f.stay_id = s.id
      join folio_line l on l.folio_id = f.id
      where s.asset_id = :asset and s.status = 'in_house' group by s.id) b
    """
)
_LEFT = text(
    """
    select count(*), coalesce(sum(owed), 0)::bigint from (
      select sum(l.amount) as owed from stay s join folio f on f.stay_id = s.id
      join folio_line l on l.folio_id = f.id
      where s.asset_id = :asset and s.status in ('checked_out', 'cancelled', 'no_show') and f.status = 'open'
      group by s.id having sum(l.amount) <> 0) b
    """
)


def checklist(place: Asset) -> Checklist:
    """Everything to look at before the open day of a hotel is closed."""
    day, settings = day_open(place.id).day, property_of(place)
    asked = {"asset": place.id, "day": day, "limit": settings.balance_limit}
    missing, overdue, in_house, closed, over, over_sum = db.session.execute(_STANDING, asked).one()
    nights, nights_sum = db.session.execute(_DUE_SUM, asked).one()
    left, left_sum = db.session.execute(_LEFT, asked).one()
    checks = (
        Check("departures", overdue, blocks=True),
        Check("arrivals", missing, blocks=not settings.auto_no_show),
        Check("closed_folios", closed, blocks=True),
        Check("over_limit", over, over_sum),
        Check("left_open", left, left_sum),
        Check("in_house", in_house),
        Check("nights", nights, nights_sum),
    )
    return Checklist(day, closes_from(place, day), checks)


_PROGRESS = text(
    f"""
    select (select count(*) from folio_line where asset_id = :asset and business_date = :day and code = 'room'
              and kind = 'charge' and night is not null),
           (select count(*) {_NIGHTS_DUE})
    """
)


def progress(asset_id: uuid.UUID, day: date) -> tuple[int, int]:
    """How many nights of a day are charged, and how many there are."""
    done, due = db.session.execute(_PROGRESS, {"asset": asset_id, "day": day}).one()
    return int(done), int(done + due)


_TOTALS = text(
    """
    select coalesce(r.kind, l.kind) as kind, l.code, count(*)::int as lines, sum(l.amount)::bigint as amount,
        sum(l.tax)::bigint as tax
    from folio_line l left join folio_line r on r.id = l.reverses_id
    where l.asset_id = :asset and l.business_date = :day and l.kind <> 'transfer'
    group by 1, 2 order by 1, 2
    """
)


def totals_of(asset_id: uuid.UUID, day: date) -> list[dict[str, Any]]:
    """What was charged, paid and given back on a business day, by kind and code; what was taken back is taken off."""
    rows = db.session.execute(_TOTALS, {"asset": asset_id, "day": day})
    return [dict(row._mapping) for row in rows]
