"""What a hotel has, changed later: types amended and retired, rooms added by the dozen, a room's floor and note."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Unit, UnitStatus
from portal.shared.assets.queries import lock_asset
from portal.shared.audit.services import record
from portal.trades.hotel.errors import NoSuchRoom, Stale, StillInUse, TooManyPeople
from portal.trades.hotel.events import RoomChanged
from portal.trades.hotel.models import InventoryNight, Room, RoomType, Stay, StayStatus
from portal.trades.hotel.queries.inventory import get_room_type, lock_rooms
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.services import inventory, properties


@transactional
def add_rooms(
    *, asset_id: uuid.UUID, numbers: Sequence[str], room_type_id: uuid.UUID, price: int, actor: Actor, floor: str = ""
) -> list[Room]:
    """New rooms of one type, all of them or none."""
    return [
        properties.add_room(
            asset_id=asset_id, number=number, room_type_id=room_type_id, price=price, floor=floor or None, actor=actor
        )
        for number in numbers
    ]


@transactional
def amend_type(*, asset_id: uuid.UUID, room_type_id: uuid.UUID, actor: Actor, **changes: Any) -> RoomType:
    """Change what a type is called, how many it sleeps, and how many may be sold beyond its rooms."""
    place = lock_asset(asset_id)
    room_type = get_room_type(asset_id, room_type_id)
    before = {name: getattr(room_type, name) for name in changes}
    capacity = changes.get("capacity", room_type.capacity)
    if not 1 <= changes.get("adults", room_type.adults) <= capacity <= 100:
        raise TooManyPeople(
            _("A room sleeps 1 to 100 people, and no more are in the price than sleep there."), field="adults"
        )
    limit = changes.get("overbook_limit", room_type.overbook_limit)
    if limit != room_type.overbook_limit:
        rows = db.session.execute(
            select(InventoryNight.night, InventoryNight.overbook_limit).where(
                InventoryNight.room_type_id == room_type_id, InventoryNight.night >= business_date(place)
            )
        )
        deltas = {(room_type_id, night): limit - now for night, now in rows if now != limit}
        inventory.move(
            changes={"overbook_limit": deltas}, reason=_("Limit changed"), correlation_id=uuid7(), actor=actor
        )
    for name, value in changes.items():
        setattr(room_type, name, value)
    _record("room_type.amended", room_type, actor, before, changes)
    return room_type


@transactional
def retire_type(*, asset_id: uuid.UUID, room_type_id: uuid.UUID, actor: Actor) -> RoomType:
    """Sell a type no more; refused while it has rooms or stays to come."""
    lock_asset(asset_id)
    room_type = get_room_type(asset_id, room_type_id)
    rooms = db.session.scalars(
        select(Unit.number)
        .join(Room, Room.unit_id == Unit.id)
        .where(Room.room_type_id == room_type_id, Unit.status != UnitStatus.RETIRED)
        .order_by(Unit.number)
    ).all()
    if rooms:
        listed = ", ".join(rooms[:6])
        raise StillInUse(_("%(rooms)s are sold as this type. Give them another first.", rooms=listed), rooms=[*rooms])
    coming = db.session.scalars(
        select(Stay.id).where(
            Stay.room_type_id == room_type_id,
            Stay.status.in_((StayStatus.HELD, StayStatus.CONFIRMED, StayStatus.IN_HOUSE)),
        )
    ).all()
    if coming:
        raise StillInUse(
            _("%(count)s stays of this type are to come. Move them first.", count=len(coming)),
            stays=[*map(str, coming)],
        )
    room_type.retired_at = utcnow()
    _record("room_type.retired", room_type, actor, None, {"code": room_type.code})
    return room_type


@transactional
def restore_type(*, asset_id: uuid.UUID, room_type_id: uuid.UUID, actor: Actor) -> RoomType:
    """Sell a retired type again."""
    lock_asset(asset_id)
    room_type = get_room_type(asset_id, room_type_id)
    room_type.retired_at = None
    _record("room_type.restored", room_type, actor, None, {"code": room_type.code})
    return room_type


@transactional
def amend_room(
    *,
    asset_id: uuid.UUID,
    room_id: uuid.UUID,
    room_type_id: uuid.UUID,
    floor: str | None,
    note: str | None,
    version: int,
    actor: Actor,
) -> Room:
    """Change what a room is sold as and what is written down about it; raises Stale when somebody was quicker."""
    room: Room | None = db.session.get(Room, room_id)
    if room is None or room.asset_id != asset_id:
        raise NoSuchRoom(_("There is no such room here."), field="room")
    if room.room_type_id != room_type_id:
        properties.change_type(room_id=room_id, room_type_id=room_type_id, actor=actor)
        version += 1
    room = lock_rooms([room_id])[room_id]
    if room.version != version:
        raise Stale(_("Somebody changed this room meanwhile. Look at it again, then change yours."))
    before = {"floor": room.floor, "note": room.note}
    room.floor, room.note, room.version = floor or None, note or None, room.version + 1
    record(
        "room.amended",
        actor=actor,
        subject="room",
        subject_id=room_id,
        asset_id=asset_id,
        before=before,
        after={"floor": room.floor, "note": room.note},
    )
    publish(RoomChanged(asset_id=asset_id, subject_id=room_id))
    return room


def _record(
    action: str, room_type: RoomType, actor: Actor, before: dict[str, Any] | None, after: dict[str, Any]
) -> None:
    record(
        action,
        actor=actor,
        subject="room_type",
        subject_id=room_type.id,
        asset_id=room_type.asset_id,
        before=before,
        after=after,
    )
