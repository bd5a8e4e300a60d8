"""What a hotel sold: the one place where occupancy, average rate and revenue per room are defined.

A room is sold on a night when a stay that is coming, in the house or was there has that night and has not given it
back; complimentary stays are counted apart, and so is the hotel's own use. Room revenue is the price agreed for the
night without its taxes and without what of it is a package; fees for cancelling and for not coming are none of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import text

from portal.core.db import db


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One night's figures, or the sum of several; revenue in minor units without taxes."""

    night: date | None = None
    rooms: int = 0
    out_of_order: int = 0
    house_use: int = 0
    sold: int = 0
    complimentary: int = 0
    held: int = 0
    people: int = 0
    arrivals: int = 0
    departures: int = 0
    revenue: int = 0

    @property
    def occupancy(self) -> float:
        """Rooms sold of all rooms there are."""
        return self.sold / self.rooms if self.rooms else 0.0

    @property
    def occupancy_net(self) -> float:
        """Rooms sold of those that are in order."""
        return self.sold / self.in_order if self.in_order > 0 else 0.0

    @property
    def in_order(self) -> int:
        """Rooms that could be sold."""
        return self.rooms - self.out_of_order

    @property
    def adr(self) -> int | None:
        """Revenue for each room sold."""
        return _each(self.revenue, self.sold)

    @property
    def revpar(self) -> int | None:
        """Revenue for each room there is."""
        return _each(self.revenue, self.rooms)

    @property
    def revpar_net(self) -> int | None:
        """Revenue for each room that is in order."""
        return _each(self.revenue, self.in_order)


def _each(revenue: int, rooms: int) -> int | None:
    return round(Fraction(revenue, rooms)) if rooms > 0 else None


_NIGHTS = text(
    """
    with days as (
        select c.night, sum(c.total) as rooms, sum(c.out_of_order) as out_of_order, sum(c.held) as held
        from inventory_calendar c join room_type t on t.id = c.room_type_id
        where t.asset_id = :asset and c.night >= :start and c.night < :end
            and (cast(:type as uuid) is null or t.id = cast(:type as uuid))
        group by c.night),
    sold as (
        select n.night, count(*) filter (where not free) as sold, count(*) filter (where free) as complimentary,
            sum(people) as people, sum(revenue) filter (where not free) as revenue
        from (
            select n.night, y.adults + y.children as people, coalesce(p.complimentary, false) as free,
                room - case when n.price > n.discount then round(tax * room / (n.price - n.discount)) else tax end
                    as revenue
            from stay_night n join stay y on y.id = n.stay_id left join rate_plan p on p.id = n.rate_plan_id
            cross join lateral (select greatest(0, n.price - n.discount - coalesce((
                select sum((x->>'amount')::bigint) from jsonb_array_elements(n.package) x), 0)) as room) r
            cross join lateral (select coalesce(sum((x->>'amount')::bigint), 0) as tax
                from jsonb_array_elements(n.taxes) x where (x->>'inclusive')::boolean) w
            where y.asset_id = :asset and n.night >= :start and n.night < :end and not n.released
                and y.status in ('confirmed', 'in_house', 'checked_out') and not y.day_use
                and (cast(:type as uuid) is null or n.room_type_id = cast(:type as uuid))) n
        group by n.night),
    house as (
        select d.night, count(*) as house_use from days d
        join room_block b on b.asset_id = :asset and b.kind = 'house_use' and b.ended_at is null
            and b.from_on <= d.night and b.until_on > d.night
        group by d.night),
    comes as (
        select arrival as night, count(*) as arrivals from stay where asset_id = :asset
            and arrival >= :start and arrival < :end and status in ('confirmed', 'in_house', 'checked_out')
        group by arrival),
    goes as (
        select departure as night, count(*) as departures from stay where asset_id = :asset
            and departure >= :start and departure < :end and status in ('confirmed', 'in_house', 'checked_out')
        group by departure)
    select d.night, d.rooms, d.out_of_order, coalesce(h.house_use, 0), coalesce(s.sold, 0),
        coalesce(s.complimentary, 0), d.held, coalesce(s.people, 0), coalesce(c.arrivals, 0),
        coalesce(g.departures, 0), coalesce(s.revenue, 0)
    from days d left join sold s using (night) left join house h using (night) left join comes c using (night)
    left join goes g using (night) order by d.night
    """
)
_FIGURES = ("rooms", "out_of_order", "house_use", "sold", "complimentary", "held", "people", "arrivals", "departures",
            "revenue")  # fmt: skip


def nights(asset_id: uuid.UUID, start: date, end: date, *, room_type_id: uuid.UUID | None = None) -> list[Night]:
    """Each night from `start` until `end`, itself not included, in one question; past and to come alike."""
    asked = {"asset": asset_id, "start": start, "end": end, "type": room_type_id}
    return [
        Night(night=row[0], **{name: int(value) for name, value in zip(_FIGURES, row[1:], strict=True)})
        for row in db.session.execute(_NIGHTS, asked)
    ]


def summed(found: Sequence[Night]) -> Night:
    """All of them as one."""
    return Night(**{name: sum(getattr(each, name) for each in found) for name in _FIGURES})


@dataclass(frozen=True, slots=True)
class Pickup:
    """How one night's bookings grew between two moments."""

    night: date
    before: int
    after: int

    @property
    def change(self) -> int:
        """Rooms picked up; below zero when more were cancelled."""
        return self.after - self.before


_ON_THE_BOOKS = text(
    """
    select c.night,
        coalesce(sum(e.delta) filter (where e.created_at <= :before), 0),
        coalesce(sum(e.delta) filter (where e.created_at <= :after), 0)
    from (select distinct c.night from inventory_calendar c join room_type t on t.id = c.room_type_id
          where t.asset_id = :asset and c.night >= :start and c.night < :end) c
    left join inventory_event e on e.night = c.night and e.kind = 'booked'
        and e.room_type_id in (select id from room_type where asset_id = :asset)
    group by c.night order by c.night
    """
)


def pickup(asset_id: uuid.UUID, start: date, end: date, before: datetime, after: datetime) -> list[Pickup]:
    """What was on the books for each night at two moments: every booking counts, every cancellation takes one away."""
    asked = {"asset": asset_id, "start": start, "end": end, "before": before, "after": after}
    return [Pickup(night, int(then), int(now)) for night, then, now in db.session.execute(_ON_THE_BOOKS, asked)]


@dataclass(frozen=True, slots=True)
class TaxSum:
    """What was charged of one kind at one rate in a stretch of business days; minor units."""

    code: str
    tax_ppm: int | None
    lines: int
    gross: int
    tax: int


_TAXES = text(
    """
    select l.code, l.tax_ppm, count(*), sum(l.amount),
        sum(case when l.kind = 'tax' then l.amount else l.tax end)
    from folio_line l
    where l.asset_id = :asset and l.business_date >= :start and l.business_date < :end
        and l.kind in ('charge', 'tax', 'fee', 'reversal')
        and (l.kind <> 'reversal' or exists (
            select from folio_line o where o.id = l.reverses_id and o.kind in ('charge', 'tax', 'fee')))
    group by l.code, l.tax_ppm order by l.code, l.tax_ppm
    """
)


def taxes(asset_id: uuid.UUID, start: date, end: date) -> list[TaxSum]:
    """Charges and the tax in them, by kind and rate; what was reversed is taken off."""
    rows = db.session.execute(_TAXES, {"asset": asset_id, "start": start, "end": end})
    return [TaxSum(code, rate, int(lines), int(gross), int(tax)) for code, rate, lines, gross, tax in rows]


@dataclass(frozen=True, slots=True)
class Gone:
    """A stay that did not come: when it was to, since when not, and what it was charged for that."""

    stay_id: uuid.UUID
    number: str
    guest: str
    room_type: str
    arrival: date
    departure: date
    status: str
    at: datetime | None
    lost: int
    fee: int


_GONE = text(
    """
    select y.id, r.number, c.name, t.code, y.arrival, y.departure, y.status,
        (select max(a.at) from audit_entry a where a.subject_type = 'reservation' and a.subject_id = r.id::text
            and a.action in ('reservation.cancelled', 'reservation.no_show', 'reservation.expired')),
        coalesce((select sum(n.price - n.discount) from stay_night n where n.stay_id = y.id), 0)::bigint,
        coalesce((select sum(l.amount) from folio_line l join folio f on f.id = l.folio_id
            where f.stay_id = y.id and l.kind in ('fee') and not exists (
                select from folio_line v where v.reverses_id = l.id)), 0)::bigint
    from stay y join reservation r on r.id = y.reservation_id join customer c on c.id = y.guest_id
    join room_type t on t.id = y.room_type_id
    where y.asset_id = :asset and y.arrival >= :start and y.arrival < :end
        and y.status in ('cancelled', 'no_show', 'expired')
    order by y.arrival, r.number, y.place
    """
)


def cancellations(asset_id: uuid.UUID, start: date, end: date) -> list[Gone]:
    """Stays to arrive in a stretch of days that were cancelled, lapsed or did not come."""
    rows = db.session.execute(_GONE, {"asset": asset_id, "start": start, "end": end})
    return [Gone(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Deposit:
    """Money taken for a stay that has not begun; minor units."""

    stay_id: uuid.UUID
    number: str
    guest: str
    arrival: date
    held: int


_DEPOSITS = text(
    """
    select y.id, r.number, c.name, y.arrival, -sum(l.amount)::bigint
    from stay y join reservation r on r.id = y.reservation_id join customer c on c.id = y.guest_id
    join folio f on f.stay_id = y.id join folio_line l on l.folio_id = f.id
    where y.asset_id = :asset and y.status in ('held', 'confirmed')
    group by y.id, r.number, c.name, y.arrival having sum(l.amount) < 0
    order by y.arrival, r.number
    """
)


def deposits(asset_id: uuid.UUID) -> list[Deposit]:
    """What the hotel holds for stays that are still to come."""
    return [Deposit(*row) for row in db.session.execute(_DEPOSITS, {"asset": asset_id})]


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of an arrivals, departures or in-house list on paper."""

    stay_id: uuid.UUID
    number: str
    guest: str
    room: str | None
    room_type: str
    arrival: date
    departure: date
    adults: int
    children: int
    status: str
    eta_minute: int | None
    note: str | None
    balance: int


_LISTED = """
    select y.id, r.number, c.name, u.number, t.code, y.arrival, y.departure, y.adults, y.children, y.status,
        y.eta_minute, y.note, coalesce((select sum(l.amount) from folio f join folio_line l on l.folio_id = f.id
            where f.stay_id = y.id), 0)::bigint
    from stay y join reservation r on r.id = y.reservation_id join customer c on c.id = y.guest_id
    join room_type t on t.id = y.room_type_id left join unit u on u.id = y.room_id
    where y.asset_id = :asset and {which}
    order by length(u.number), u.number, c.name
"""
#: Each list and whom it holds on a day.
LISTS = {
    "arrivals": "y.arrival = :day and y.status in ('confirmed', 'in_house', 'checked_out')",
    "departures": "y.departure = :day and y.status in ('in_house', 'checked_out')",
    "in_house": "y.status = 'in_house'",
}


def listed(asset_id: uuid.UUID, which: str, day: date) -> list[Listed]:
    """Who arrives, leaves or is in the house on a day; `which` is a key of LISTS."""
    asked: dict[str, Any] = {"asset": asset_id, "day": day} if which != "in_house" else {"asset": asset_id}
    return [Listed(*row) for row in
            db.session.execute(text(_LISTED.format(which=LISTS[which])), asked)]  # fmt: skip
