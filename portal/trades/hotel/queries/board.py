"""The Today board: who comes, who is in house and who leaves on a day, with what the desk needs on one line."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from portal.core.clock import utcnow
from portal.core.db import db
from portal.shared.assets.models import Asset
from portal.trades.hotel.models import InventoryNight, RoomType
from portal.trades.hotel.queries.inventory import nights_of
from portal.trades.hotel.queries.property import business_date, property_of


class Line(NamedTuple):
    """One stay on the board. `room` is where the guest is or will be; `planned_room` where they should be by now.

    `agreed` is what all nights cost with the taxes on top, `balance` what the folio says is owed: minor units.
    """

    stay_id: uuid.UUID
    version: int
    status: str
    reservation_id: uuid.UUID
    number: str
    source: str
    group: str | None
    guest_id: uuid.UUID
    guest: str
    phone: str | None
    vip: bool
    do_not_rent: str | None
    visits: int
    arrival: date
    departure: date
    day_use: bool
    starts_at: datetime
    ends_at: datetime
    arrived_at: datetime | None
    departed_at: datetime | None
    eta_minute: int | None
    adults: int
    children: int
    room_type: str
    room_id: uuid.UUID | None
    room: str | None
    room_locked: bool
    housekeeping: str | None
    room_occupied: bool
    planned_room: str | None
    agreed: int
    balance: int
    signed: bool
    note: str | None
    came_alone: bool

    @property
    def nights(self) -> int:
        """How many nights it is."""
        return (self.departure - self.arrival).days

    @property
    def ready(self) -> bool:
        """The room is given, made up and empty: one click checks in."""
        return self.housekeeping in ("clean", "inspected") and not self.room_occupied

    @property
    def has_to_move(self) -> bool:
        """In house, and planned to be in another room by now."""
        return self.status == "in_house" and self.planned_room is not None and self.planned_room != self.room


@dataclass(frozen=True, slots=True)
class Board:
    """A day at the desk. `tonight` is the calendar of each type, `now` the moment it was read."""

    day: date
    now: datetime
    arrivals: Sequence[Line]
    in_house: Sequence[Line]
    departures: Sequence[Line]
    tonight: Sequence[tuple[RoomType, InventoryNight | None]]

    def overdue(self, line: Line) -> bool:
        """Should have left by now."""
        return line.status == "in_house" and line.ends_at <= self.now


_LINES = """
    select s.id, s.version, s.status, r.id, r.number, r.source, g.name, c.id, c.name, c.phone, coalesce(p.vip, false),
        p.do_not_rent,
        (select count(*) from stay o where o.guest_id = s.guest_id and o.id <> s.id
            and o.asset_id = s.asset_id and o.status = 'checked_out'),
        s.arrival, s.departure, s.day_use,
        coalesce(s.starts_at, (s.arrival + make_interval(mins => :checkin)) at time zone :zone),
        coalesce(s.ends_at, (s.departure + make_interval(mins => :checkout)) at time zone :zone),
        s.arrived_at, s.departed_at, s.eta_minute, s.adults, s.children, t.code, s.room_id, u.number, s.room_locked,
        m.status, exists (select from stay i where i.room_id = s.room_id and i.id <> s.id and i.status = 'in_house'),
        (select pu.number from room_occupancy o join unit pu on pu.id = o.room_id
            where o.stay_id = s.id and o.active and o.main and o.during @> cast(:now as timestamptz)),
        coalesce((select sum(n.price - n.discount + coalesce((select sum((x ->> 'amount')::bigint)
                from jsonb_array_elements(n.taxes) x where not (x ->> 'inclusive')::boolean), 0))
            from stay_night n where n.stay_id = s.id and (s.day_use or not n.released)), 0)::bigint,
        coalesce((select sum(l.amount) from folio f join folio_line l on l.folio_id = f.id
            where f.stay_id = s.id), 0)::bigint,
        s.signed_at is not null, coalesce(s.note, r.note),
        s.status = 'in_house' and exists (select from stay_step a where a.stay_id = s.id and a.verb = 'checked_in'
            and a.undone_at is null and a.after -> 'words' ? 'by_guest')
    from stay s
        join reservation r on r.id = s.reservation_id
        join customer c on c.id = s.guest_id
        join room_type t on t.id = s.room_type_id
        left join guest_profile p on p.customer_id = c.id
        left join booking_group g on g.id = r.group_id
        left join room m on m.unit_id = s.room_id
        left join unit u on u.id = s.room_id
"""
_OF_DAY = text(
    _LINES
    + """
    where s.asset_id = :asset and (
        s.status = 'in_house'
        or s.arrival = :day and s.status in ('confirmed', 'checked_out')
        or s.departure = :day and s.status in ('confirmed', 'checked_out')
        or :today and s.status = 'confirmed' and s.arrival < :day
        or :today and s.status = 'confirmed' and s.day_use and s.arrival = :day)
    order by s.eta_minute nulls last, c.name, s.id
    """
)
_OF_STAYS = text(_LINES + " where s.asset_id = :asset and s.id = any(:stays) order by r.number, s.place").bindparams(
    bindparam("stays", type_=ARRAY(UUID))
)


def board(place: Asset, day: date | None = None) -> Board:
    """A hotel's day, the business date if none is named: three statements, however many stays there are."""
    today = business_date(place)
    day = day or today
    now = utcnow()
    lines = _lines(_OF_DAY, place, day=day, today=day == today, now=now)
    types = list(db.session.query(RoomType).filter_by(asset_id=place.id, retired_at=None).order_by(RoomType.place))
    calendar = nights_of([each.id for each in types], day, date.fromordinal(day.toordinal() + 1))
    waiting = [each for each in lines if each.status == "confirmed" and day >= each.arrival and day != each.departure]
    late = [each for each in lines if each.status == "confirmed" and each.arrival < day == today <= each.departure]
    arrived = [each for each in lines if each.arrival == day and each.status in ("in_house", "checked_out")]
    day_use = [each for each in lines if each.day_use and each.arrival == day and each.status == "confirmed"]
    coming = {each.stay_id: each for each in (*waiting, *late, *arrived, *day_use)}
    return Board(
        day,
        now,
        sorted(coming.values(), key=lambda line: (line.status != "confirmed", line.ready, line.eta_minute or 1440)),
        sorted(
            (each for each in lines if each.status == "in_house" and each.arrival <= day),
            key=lambda line: (line.departure > day, line.room or ""),
        ),
        [each for each in lines if _leaves(each, day, day == today)],
        [(each, calendar.get((each.id, day))) for each in types],
    )


def lines_of(place: Asset, stay_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Line]:
    """The same line for stays by their keys, for one row that is drawn again and for the side panel."""
    found = _lines(_OF_STAYS, place, stays=list(stay_ids), now=utcnow())
    return {each.stay_id: each for each in found}


def _leaves(line: Line, day: date, today: bool) -> bool:
    if line.departure == day:
        return line.status in ("in_house", "checked_out") or (not today and line.status == "confirmed")
    return today and line.status == "in_house" and line.departure < day


def _lines(query: object, place: Asset, **named: object) -> list[Line]:
    settings = property_of(place)
    rows = db.session.execute(
        query,  # type: ignore[call-overload]
        {
            "asset": place.id,
            "zone": place.timezone,
            "checkin": settings.checkin_minute,
            "checkout": settings.checkout_minute,
            **named,
        },
    )
    return [Line(*row) for row in rows]
