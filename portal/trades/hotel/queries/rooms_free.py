"""Which rooms are free for a time, why the others are not, and which of them suits best."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import text

from portal.core.db import db
from portal.core.words import _, ngettext
from portal.core.written import day
from portal.shared.assets.models import Asset
from portal.trades.hotel.models import Stay
from portal.trades.hotel.queries.property import ends_at, property_of, starts_at

#: Nights to a neighbour from which on it makes no difference.
FAR = 30


class Choice(NamedTuple):
    """A room for a stay: free, or with what stands in the way."""

    room_id: uuid.UUID
    number: str
    room_type_id: uuid.UUID
    room_type: str
    capacity: int
    floor: str | None
    housekeeping: str
    unit_status: str
    clash_stay: uuid.UUID | None
    clash_words: str | None
    clash_until: date | None
    warning: str | None
    occupied: bool
    last_time: bool
    gap_before: int | None
    gap_after: int | None
    people: int

    @property
    def free(self) -> bool:
        """It can be had for the whole time."""
        return self.clash_words is None and not self.too_small and self.unit_status != "suspended"

    @property
    def too_small(self) -> bool:
        """It sleeps fewer than come."""
        return self.people > self.capacity

    @property
    def made_up(self) -> bool:
        """A guest could walk in."""
        return self.housekeeping in ("clean", "inspected") and not self.occupied

    @property
    def gap(self) -> int:
        """Empty nights it leaves on both sides; a side without a neighbour counts as many."""
        return sum(FAR if gap is None else min(gap, FAR) for gap in (self.gap_before, self.gap_after))

    def why_not(self) -> str | None:
        """What stands in the way, in words."""
        if self.clash_words is not None:
            return self.clash_words
        if self.too_small:
            return ngettext("sleeps %(num)s", "sleeps %(num)s", self.capacity)
        return _("out of use") if self.unit_status == "suspended" else None


_ROOMS = text(
    """
    select m.unit_id, u.number, t.id, t.code, t.capacity, m.floor, m.status, u.status, x.stay_id,
        case when x.id is null then null when x.block_id is not null then b.reason else c.name end,
        (upper(x.during) at time zone :zone)::date,
        (select w.reason from room_block w where w.room_id = m.unit_id and w.kind = 'out_of_service'
            and w.ended_at is null and tsrange(w.from_on, w.until_on)
                && tsrange(cast(:start as timestamptz) at time zone :zone, cast(:end as timestamptz) at time zone :zone)
            limit 1),
        exists (select from stay i where i.room_id = m.unit_id and i.status = 'in_house'
            and i.id is distinct from cast(:stay as uuid)),
        coalesce(m.unit_id = (select l.room_id from stay l where l.guest_id = cast(:guest as uuid)
            and l.asset_id = m.asset_id and l.status = 'checked_out' order by l.departure desc, l.id limit 1), false),
        (select floor(extract(epoch from cast(:start as timestamptz) - upper(p.during)) / 86400)::int
            from room_occupancy p where p.room_id = m.unit_id and p.active and upper(p.during) <= :start
            order by p.during desc limit 1),
        (select floor(extract(epoch from lower(n.during) - cast(:end as timestamptz)) / 86400)::int
            from room_occupancy n where n.room_id = m.unit_id and n.active and lower(n.during) >= :end
            order by n.during limit 1),
        cast(:people as int)
    from room m join unit u on u.id = m.unit_id join room_type t on t.id = m.room_type_id
        left join lateral (
            select o.id, o.stay_id, o.block_id, o.during from room_occupancy o
            where o.active and o.during && tstzrange(:start, :end) and o.stay_id is distinct from cast(:stay as uuid)
                and (o.room_id = m.unit_id
                    or o.room_id in (select k.unit_id from room k where k.parent_id = m.unit_id))
            order by o.during limit 1
        ) x on true
        left join stay s on s.id = x.stay_id left join customer c on c.id = s.guest_id
        left join room_block b on b.id = x.block_id
    where m.asset_id = :asset and u.status <> 'retired'
        and (cast(:type as uuid) is null or m.room_type_id = cast(:type as uuid))
    order by t.place, t.name, length(u.number), u.number
    """
)


def rooms_between(
    place: Asset,
    start: datetime,
    end: datetime,
    *,
    room_type_id: uuid.UUID | None = None,
    stay_id: uuid.UUID | None = None,
    guest_id: uuid.UUID | None = None,
    people: int = 1,
) -> list[Choice]:
    """Every room, or those of a type, for a time: one statement. The stay itself is not in its own way."""
    rows = db.session.execute(
        _ROOMS,
        {
            "asset": place.id,
            "zone": place.timezone,
            "start": start,
            "end": end,
            "type": room_type_id,
            "stay": stay_id,
            "guest": guest_id,
            "people": people,
        },
    )
    return [Choice(*row) for row in rows]


def rooms_for(
    place: Asset, stay: Stay, *, since: datetime | None = None, until: datetime | None = None, same_type: bool = False
) -> list[Choice]:
    """The rooms for a stay's own time, or from or until another moment."""
    settings = property_of(place)
    return rooms_between(
        place,
        since or starts_at(place, settings, stay),
        until or ends_at(place, settings, stay),
        room_type_id=stay.room_type_id if same_type else None,
        stay_id=stay.id,
        guest_id=stay.guest_id,
        people=stay.adults + stay.children,
    )


def best_first(choices: Sequence[Choice], room_type_id: uuid.UUID, *, soon: bool) -> list[Choice]:
    """The free rooms of a type, the one a good clerk would give first.

    The room of last time; made up, and inspected, when the guest comes today (`soon`); the fewest empty nights left
    between two stays; no warning; the lowest number.
    """
    free = [each for each in choices if each.free and each.room_type_id == room_type_id]
    clean = {"inspected": 0, "clean": 1, "cleaning": 2, "dirty": 3}

    def order(each: Choice) -> tuple[object, ...]:
        state = (clean[each.housekeeping] + 4 * each.occupied) if soon else 0
        return each.warning is not None, not each.last_time, state, each.gap

    return sorted(free, key=order)


def reason_for(chosen: Choice, others: Sequence[Choice], *, soon: bool) -> str:
    """Why it is this one, in a few words."""
    if chosen.last_time:
        return _("the room of last time")
    if soon and chosen.housekeeping == "inspected" and any(each.housekeeping != "inspected" for each in others):
        return _("inspected and ready")
    if soon and chosen.made_up and any(not each.made_up for each in others):
        return _("ready now")
    if any(each.gap > chosen.gap for each in others):
        return _("leaves the fewest empty nights")
    return _("the first free room")


def clash_sentence(choice: Choice, place: Asset) -> str:
    """Why a room cannot be had, as a sentence."""
    if choice.clash_words is None:
        return _("Room %(room)s: %(why)s.", room=choice.number, why=choice.why_not() or _("free"))
    until = day(choice.clash_until) if choice.clash_until else ""
    return _(
        "Room %(room)s is taken by %(who)s until %(until)s. Choose another room, or move that stay.",
        room=choice.number,
        who=choice.clash_words,
        until=until,
    )
