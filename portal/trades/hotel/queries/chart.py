"""The tape chart: every room with what stands in it over some days, and the stays that have no room yet."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from portal.core.db import db
from portal.shared.assets.models import Asset
from portal.trades.hotel.models import InventoryNight
from portal.trades.hotel.queries.inventory import nights_of
from portal.trades.hotel.queries.property import business_date, property_of
from portal.trades.hotel.times import moment


class Row(NamedTuple):
    """One room of the chart."""

    room_id: uuid.UUID
    number: str
    room_type_id: uuid.UUID
    room_type: str
    type_name: str
    floor: str | None
    housekeeping: str
    parent_id: uuid.UUID | None
    version: int


class Bar(NamedTuple):
    """A stretch of a stay or a block in a room; without a room for what nobody has assigned.

    `starts_at` and `ends_at` are of this stretch, `arrival` and `departure` of the whole stay or block. A stretch with
    `main` false is a room that is taken as part of a suite.
    """

    room_id: uuid.UUID | None
    stay_id: uuid.UUID | None
    block_id: uuid.UUID | None
    starts_at: datetime
    ends_at: datetime
    main: bool
    arrival: date
    departure: date
    status: str
    words: str
    adults: int
    children: int
    number: str | None
    source: str | None
    room_type_id: uuid.UUID | None
    room_locked: bool
    group_id: uuid.UUID | None
    vip: bool
    noted: bool
    balance: int
    version: int
    place: int

    def state(self, today: date) -> str:
        """What the bar is drawn as."""
        if self.status == "confirmed" and self.arrival == today:
            return "arriving"
        if self.status == "in_house" and self.departure <= today:
            return "overdue" if self.departure < today else "due_out"
        return self.status


@dataclass(frozen=True, slots=True)
class Chart:
    """Rooms by days. `split` are the stays that have more than one stretch in sight."""

    start: date
    days: Sequence[date]
    rows: Sequence[Row]
    bars: dict[uuid.UUID, list[Bar]]
    unassigned: Sequence[Bar]
    parked: Sequence[Bar]
    calendar: dict[tuple[uuid.UUID, date], InventoryNight]
    split: frozenset[uuid.UUID]
    today: date


_ROWS = text(
    """
    select m.unit_id, u.number, t.id, t.code, t.name, m.floor, m.status, m.parent_id, m.version
    from room m join unit u on u.id = m.unit_id join room_type t on t.id = m.room_type_id
    where m.asset_id = :asset and u.status <> 'retired'
        and (:rooms is null or m.unit_id = any(:rooms))
    order by t.place, t.name, length(u.number), u.number
    """
).bindparams(bindparam("rooms", type_=ARRAY(UUID)))
_STAY = """
    s.arrival, s.departure, s.status, c.name, s.adults, s.children, r.number, r.source, s.room_type_id, s.room_locked,
    r.group_id, coalesce(p.vip, false), s.note is not null or r.note is not null,
    coalesce((select sum(l.amount) from folio f join folio_line l on l.folio_id = f.id
        where f.stay_id = s.id), 0)::bigint, s.version, s.place
"""
_JOINED = """
    join reservation r on r.id = s.reservation_id join customer c on c.id = s.guest_id
    left join guest_profile p on p.customer_id = c.id
"""
_BARS = text(
    f"""
    select o.room_id, o.stay_id, null::uuid, lower(o.during), upper(o.during), o.main, {_STAY}
    from room_occupancy o join stay s on s.id = o.stay_id {_JOINED}
    where o.asset_id = :asset and o.active and o.during && tstzrange(:start, :end)
        and (:rooms is null or o.room_id = any(:rooms))
    union all
    select b.room_id, null, b.id, (b.from_on + make_interval(mins => :checkout)) at time zone :zone,
        (b.until_on + make_interval(mins => :checkin)) at time zone :zone, true,
        b.from_on, b.until_on, b.kind, b.reason, 0, 0, null, null, null, false, null, false, false, 0, 0, 1
    from room_block b
    where b.asset_id = :asset and b.ended_at is null and b.until_on >= :first and b.from_on <= :last
        and (:rooms is null or b.room_id = any(:rooms))
    order by 4
    """
).bindparams(bindparam("rooms", type_=ARRAY(UUID)))
_WITHOUT = text(
    f"""
    select null::uuid, s.id, null::uuid,
        coalesce(s.starts_at, (s.arrival + make_interval(mins => :checkin)) at time zone :zone),
        coalesce(s.ends_at, (s.departure + make_interval(mins => :checkout)) at time zone :zone), true, {_STAY}
    from stay s {_JOINED}
    where s.asset_id = :asset and s.departure >= :first and s.arrival <= :last
        and (s.status in ('held', 'confirmed') and not exists (
                select from room_occupancy o where o.stay_id = s.id and o.active and o.main)
            or s.status = 'in_house' and s.room_id is null)
    order by s.arrival, c.name
    """
)


def chart(place: Asset, start: date, days: int = 14, *, room_ids: Sequence[uuid.UUID] | None = None) -> Chart:
    """Some days of a hotel in four statements; with `room_ids` their rows only, for rooms that changed."""
    first, last = start, start + timedelta(days=days)
    settings = property_of(place)
    zone = place.timezone
    asked = {
        "asset": place.id,
        "rooms": None if room_ids is None else list(room_ids),
        "zone": zone,
        "first": first,
        "last": last,
        "start": moment(zone, first, 0),
        "end": moment(zone, last, 0),
        "checkin": settings.checkin_minute,
        "checkout": settings.checkout_minute,
    }
    rows = [Row(*row) for row in db.session.execute(_ROWS, asked)]
    bars: dict[uuid.UUID, list[Bar]] = defaultdict(list)
    stretches: dict[uuid.UUID, int] = defaultdict(int)
    for found in db.session.execute(_BARS, asked):
        bar = Bar(*found)
        assert bar.room_id is not None
        bars[bar.room_id].append(bar)
        if bar.stay_id is not None and bar.main:
            stretches[bar.stay_id] += 1
    without = [Bar(*row) for row in db.session.execute(_WITHOUT, asked)]
    return Chart(
        start,
        [first + timedelta(days=n) for n in range(days)],
        rows,
        dict(bars),
        [bar for bar in without if bar.status != "in_house"],
        [bar for bar in without if bar.status == "in_house"],
        nights_of(sorted({row.room_type_id for row in rows}), first, last),
        frozenset(stay_id for stay_id, count in stretches.items() if count > 1),
        business_date(place),
    )
