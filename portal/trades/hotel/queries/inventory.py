"""Room types, rooms and the calendar: looked up, and locked in one order."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, DATE, UUID

from portal.core.db import db
from portal.core.locks import taking
from portal.core.words import _
from portal.shared.assets.models import Unit, UnitStatus
from portal.trades.hotel.errors import NoSuchRoom, NoSuchRoomType
from portal.trades.hotel.models import InventoryNight, Room, RoomType

#: A type and a night: what a calendar row is of.
Key = tuple[uuid.UUID, date]


def room_types(asset_id: uuid.UUID, *, retired: bool = False) -> Sequence[RoomType]:
    """The types of a hotel in the order it wants them."""
    return db.session.scalars(_TYPES if retired else _TYPES_IN_USE, {"place": asset_id}).all()


_TYPES = select(RoomType).where(RoomType.asset_id == bindparam("place")).order_by(RoomType.place, RoomType.name)
_TYPES_IN_USE = _TYPES.where(RoomType.retired_at.is_(None))


def room_type_at(asset_id: uuid.UUID, code: str) -> RoomType:
    """A type by its code, in any case, or by its key; raises NoSuchRoomType."""
    for each in room_types(asset_id, retired=True):
        if code.upper() == each.code.upper() or code.casefold() == each.name.casefold() or code == str(each.id):
            return each
    raise NoSuchRoomType(_("There is no room type “%(code)s” here.", code=code), field="room_type")


def get_room_type(asset_id: uuid.UUID, room_type_id: uuid.UUID) -> RoomType:
    """A type of this hotel by its key; raises NoSuchRoomType."""
    found: RoomType | None = db.session.get(RoomType, room_type_id)
    if found is None or found.asset_id != asset_id:
        raise NoSuchRoomType(_("There is no such room type here."), field="room_type")
    return found


def rooms_at(asset_id: uuid.UUID) -> list[tuple[Room, Unit]]:
    """Every room in service with its unit, in the order of types and numbers."""
    rows = db.session.execute(
        select(Room, Unit)
        .join(Unit, Unit.id == Room.unit_id)
        .join(RoomType, RoomType.id == Room.room_type_id)
        .where(Room.asset_id == asset_id, Unit.status != UnitStatus.RETIRED)
        .order_by(RoomType.place, RoomType.name, func.length(Unit.number), Unit.number)
    )
    return [(room, unit) for room, unit in rows]


def room_at(asset_id: uuid.UUID, number: str) -> Room:
    """A room by the number on its door; raises NoSuchRoom."""
    found: Room | None = db.session.scalar(
        select(Room)
        .join(Unit, Unit.id == Room.unit_id)
        .where(Room.asset_id == asset_id, Unit.number == number, Unit.status != UnitStatus.RETIRED)
    )
    if found is None:
        raise NoSuchRoom(_("There is no room %(number)s here.", number=number), field="room")
    return found


def lock_rooms(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Room]:
    """These rooms, locked in one order."""
    taking("room")
    rows = db.session.scalars(
        select(Room)
        .where(Room.unit_id.in_(unit_ids))
        .order_by(Room.unit_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.unit_id: row for row in rows}


_PARTS = text(
    "select room_type_id, part_id, count as rooms from room_type_part where room_type_id = any(:types)"
).bindparams(bindparam("types", type_=ARRAY(UUID)))


def parts_of(type_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Row[Any]]]:
    """What suites among these types are made of, as (type, part, how many); a plain type is left out."""
    found: dict[uuid.UUID, list[Row[Any]]] = {}
    for part in db.session.execute(_PARTS, {"types": list(type_ids)}):
        found.setdefault(part.room_type_id, []).append(part)
    return found


_LOCK = text(
    """
    select c.room_type_id, c.night, c.total, c.out_of_order, c.booked, c.held, c.overbook_limit, c.forced
    from inventory_calendar c
    join unnest(:types, :nights) as k (room_type_id, night)
        on k.room_type_id = c.room_type_id and k.night = c.night
    order by c.room_type_id, c.night for update of c
    """
).bindparams(bindparam("types", type_=ARRAY(UUID)), bindparam("nights", type_=ARRAY(DATE)))


def lock_nights(keys: Collection[Key]) -> dict[Key, Row[Any]]:
    """Calendar rows as they stand, locked by (type, night) in one question; nights not opened are missing."""
    taking("calendar")
    wanted = sorted(keys)
    rows = db.session.execute(_LOCK, {"types": [key[0] for key in wanted], "nights": [key[1] for key in wanted]})
    return {(row.room_type_id, row.night): row for row in rows}


def nights_of(type_ids: Collection[uuid.UUID], start: date, end: date) -> dict[Key, InventoryNight]:
    """The calendar of these types from `start` until `end`, itself not included."""
    rows = db.session.scalars(
        select(InventoryNight).where(
            InventoryNight.room_type_id.in_(type_ids), InventoryNight.night >= start, InventoryNight.night < end
        )
    )
    return {(row.room_type_id, row.night): row for row in rows}
