"""Which room is whose from when until when: written only here, with the rooms locked, the parts of suites included."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, cast

from sqlalchemy import bindparam, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP, UUID, Range

from portal.core.db import db, uuid7
from portal.core.locks import taking
from portal.core.words import _
from portal.core.written import day
from portal.shared.assets.models import Asset
from portal.trades.hotel.errors import NoSuchRoom, RoomTaken
from portal.trades.hotel.models import Room, RoomOccupancy, Stay, StayNight
from portal.trades.hotel.queries.property import ends_at, property_of, starts_at
from portal.trades.hotel.queries.stays import occupancy_of
from portal.trades.hotel.times import moment


class Stretch(NamedTuple):
    """A room from one moment until another, itself not included."""

    room_id: uuid.UUID
    start: datetime
    end: datetime


def stretches_of(stay: Stay) -> list[Stretch]:
    """A stay's rooms in time, in order."""
    return [
        Stretch(row.room_id, cast(datetime, row.during.lower), cast(datetime, row.during.upper))
        for row in occupancy_of(stay.id)
    ]


def whole(place: Asset, stay: Stay, room_id: uuid.UUID) -> list[Stretch]:
    """One room for all of a stay."""
    settings = property_of(place)
    return [Stretch(room_id, starts_at(place, settings, stay), ends_at(place, settings, stay))]


def from_then(
    place: Asset, stay: Stay, since: datetime, room_id: uuid.UUID | None, *, until: datetime | None = None
) -> list[Stretch]:
    """As it is until a moment, and one room, or none, from then on; the old one may be left before, at `until`."""
    left = until or since
    past = [each._replace(end=min(each.end, left)) for each in stretches_of(stay) if each.start < left]
    if room_id is None:
        return past
    end = ends_at(place, property_of(place), stay)
    if past and past[-1].room_id == room_id and past[-1].end == left:
        return [*past[:-1], past[-1]._replace(end=end)]
    return [*past, Stretch(room_id, since, end)]


def room_then(stretches: Sequence[Stretch], at: datetime) -> uuid.UUID | None:
    """The room of a moment, or else the next one, or the last."""
    for each in stretches:
        if at < each.end:
            return each.room_id
    return stretches[-1].room_id if stretches else None


def changeover(place: Asset, on: date) -> tuple[datetime, datetime]:
    """When one leaves a room on a day, and from when one has another."""
    settings = property_of(place)
    return (
        moment(place.timezone, on, settings.checkout_minute),
        moment(place.timezone, on, settings.checkin_minute),
    )


def lock_with_parts(room_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Room]:
    """Rooms and the parts of suites among them, locked in one order."""
    taking("room")
    rows = db.session.scalars(
        select(Room)
        .where(or_(Room.unit_id.in_(room_ids), Room.parent_id.in_(room_ids)))
        .order_by(Room.unit_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.unit_id: row for row in rows}


def arrange(plans: Mapping[Stay, Sequence[Stretch]]) -> dict[uuid.UUID, Room]:
    """Make these the rooms of locked stays, all at once or not at all; returns the rooms, locked.

    Raises RoomTaken naming who is in the way; what the database thinks of it is asked as well.
    """
    stay_ids = [stay.id for stay in plans]
    held = db.session.execute(
        select(
            RoomOccupancy.id, RoomOccupancy.stay_id, RoomOccupancy.room_id, RoomOccupancy.during, RoomOccupancy.main
        ).where(RoomOccupancy.stay_id.in_(stay_ids), RoomOccupancy.active)
    ).all()
    named = {each.room_id for stretches in plans.values() for each in stretches}
    rooms = lock_with_parts([*named, *{row.room_id for row in held}])
    if named - rooms.keys():
        raise NoSuchRoom(_("There is no such room here."), field="room")
    wanted: dict[tuple[uuid.UUID, uuid.UUID, datetime, datetime, bool], uuid.UUID] = {}
    for stay, stretches in plans.items():
        for room_id, start, end in stretches:
            if end <= start:
                continue
            parts = [part.unit_id for part in rooms.values() if part.parent_id == room_id]
            for each in (room_id, *parts):
                wanted[stay.id, each, start, end, each == room_id] = stay.asset_id
    kept = set()
    gone = []
    for row in held:
        key = (row.stay_id, row.room_id, row.during.lower, row.during.upper, row.main)
        if key in wanted:
            kept.add(key)
        else:
            gone.append(row.id)
    if gone:
        db.session.execute(
            RoomOccupancy.__table__.update()  # type: ignore[attr-defined]
            .where(RoomOccupancy.id.in_(gone))
            .values(active=False)
        )
    _nobody_in_the_way([key for key in wanted if key not in kept])
    fresh = [
        {
            "id": uuid7(),
            "asset_id": asset_id,
            "room_id": key[1],
            "stay_id": key[0],
            "during": Range(key[2], key[3], bounds="[)"),
            "main": key[4],
            "active": True,
        }
        for key, asset_id in wanted.items()
        if key not in kept
    ]
    if fresh:
        db.session.execute(RoomOccupancy.__table__.insert(), fresh)  # type: ignore[attr-defined]
    return rooms


_IN_THE_WAY = text(
    """
    select u.number, coalesce(c.name, b.reason), (upper(o.during) at time zone a.timezone)::date, o.stay_id, o.block_id
    from unnest(:rooms, :starts, :ends) as w (room_id, start, finish)
        join room_occupancy o on o.room_id = w.room_id and o.active and o.during && tstzrange(w.start, w.finish)
        join unit u on u.id = o.room_id join asset a on a.id = o.asset_id
        left join stay s on s.id = o.stay_id left join customer c on c.id = s.guest_id
        left join room_block b on b.id = o.block_id
    order by o.during limit 1
    """
).bindparams(
    bindparam("rooms", type_=ARRAY(UUID)),
    bindparam("starts", type_=ARRAY(TIMESTAMP(timezone=True))),
    bindparam("ends", type_=ARRAY(TIMESTAMP(timezone=True))),
)


def _nobody_in_the_way(keys: Sequence[tuple[uuid.UUID, uuid.UUID, datetime, datetime, bool]]) -> None:
    if not keys:
        return
    found = db.session.execute(
        _IN_THE_WAY,
        {
            "rooms": [key[1] for key in keys],
            "starts": [key[2] for key in keys],
            "ends": [key[3] for key in keys],
        },
    ).first()
    if found is not None:
        number, who, until, stay_id, block_id = found
        raise RoomTaken(
            _(
                "Room %(room)s is taken by %(who)s until %(until)s. Choose another room, or move that stay.",
                room=number,
                who=who,
                until=day(until),
            ),
            room=number,
            stay=str(stay_id) if stay_id else None,
            block=str(block_id) if block_id else None,
        )


def retype(stay: Stay, since: date, room_type_id: uuid.UUID) -> dict[tuple[uuid.UUID, date], int]:
    """The nights from a day on are taken from another type's calendar; what was agreed for them stays.

    Returns what that changes in the calendar, which the caller moves before any room is locked.
    """
    deltas: dict[tuple[uuid.UUID, date], int] = {}
    nights = db.session.scalars(
        select(StayNight).where(StayNight.stay_id == stay.id, StayNight.night >= since, StayNight.released.is_(False))
    )
    for night in nights:
        if night.room_type_id != room_type_id:
            deltas[night.room_type_id, night.night] = -1
            deltas[room_type_id, night.night] = 1
            night.room_type_id = room_type_id
    return deltas
