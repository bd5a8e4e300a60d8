"""Setting up a hotel: its times, its room types, and the rooms that are sold as each of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, select

from portal.core.actor import Actor, system
from portal.core.clock import utcnow
from portal.core.db import db, uuid7, written
from portal.core.errors import DomainError
from portal.core.outbox import publish
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.assets.models import Asset, AssetKind, Unit, UnitKind, UnitStatus
from portal.shared.assets.queries import asset_of, lock_asset, unit_of
from portal.shared.assets.services import registry
from portal.shared.audit.services import record
from portal.trades.hotel.errors import CodeTaken, Stale, StillInUse, TooManyPeople
from portal.trades.hotel.events import RoomChanged
from portal.trades.hotel.models import (
    BusinessDay,
    InventoryNight,
    Property,
    Reservation,
    Room,
    RoomOccupancy,
    RoomType,
    Stay,
    StayNight,
    StayStatus,
)
from portal.trades.hotel.queries.inventory import get_room_type, lock_rooms, room_types
from portal.trades.hotel.queries.property import business_date, property_of
from portal.trades.hotel.services import inventory


def _code_taken() -> DomainError:
    return CodeTaken(_("This hotel has a room type of that code already."), field="code")


rule("uq_room_type_asset_id_code", _code_taken)


@transactional
def open_hotel(*, asset_id: uuid.UUID, actor: Actor) -> Property:
    """Give a hotel its settings and its first business day, once; a hotel that has them is left as it is."""
    place = asset_of(asset_id)
    settings = property_of(place)
    if db.session.get(Property, asset_id) is not None:
        return settings
    place = lock_asset(asset_id)
    found: Property | None = db.session.get(Property, asset_id, populate_existing=True)
    if found is not None:
        return found
    place.business_date = business_date(place)
    db.session.add(settings)
    db.session.flush()
    if db.session.scalar(select(BusinessDay.id).where(BusinessDay.asset_id == asset_id)) is None:
        written(BusinessDay(asset_id=asset_id, day=place.business_date, state="open"))
    record(
        "hotel.opened",
        actor=actor,
        subject="asset",
        subject_id=asset_id,
        asset_id=asset_id,
        after={"business_date": place.business_date},
    )
    return settings


@transactional
def amend(*, asset_id: uuid.UUID, actor: Actor, version: int | None = None, **changes: Any) -> Property:
    """Change a hotel's settings, named as its columns; raises Stale when somebody was quicker."""
    open_hotel(asset_id=asset_id, actor=actor)
    lock_asset(asset_id)
    settings = db.session.get_one(Property, asset_id, populate_existing=True)
    if version is not None and settings.version != version:
        raise Stale(_("Somebody changed these settings meanwhile. Look at them again, then change yours."))
    before = {name: getattr(settings, name) for name in changes}
    for name, value in changes.items():
        setattr(settings, name, value)
    settings.version += 1
    record(
        "hotel.amended",
        actor=actor,
        subject="asset",
        subject_id=asset_id,
        asset_id=asset_id,
        before=before,
        after=changes,
    )
    return settings


@transactional
def add_type(
    *,
    asset_id: uuid.UUID,
    code: str,
    name: str,
    capacity: int,
    actor: Actor,
    adults: int | None = None,
    description: str | None = None,
    overbook_limit: int = 0,
) -> RoomType:
    """A new type of room; `adults` of its `capacity` are in the price, both by default."""
    open_hotel(asset_id=asset_id, actor=actor)
    adults = adults or min(capacity, 2)
    if not 1 <= adults <= capacity <= 100:
        raise TooManyPeople(
            _("A room sleeps 1 to 100 people, and no more are in the price than sleep there."), field="capacity"
        )
    made = written(
        RoomType(
            asset_id=asset_id,
            code=code.strip().upper(),
            name=name.strip(),
            capacity=capacity,
            adults=adults,
            description=description or None,
            place=len(room_types(asset_id, retired=True)) + 1,
            overbook_limit=overbook_limit,
        )
    )
    record(
        "room_type.added",
        actor=actor,
        subject="room_type",
        subject_id=made.id,
        asset_id=asset_id,
        after={"code": made.code, "name": made.name, "capacity": capacity},
    )
    first, last = _opened(asset_id)
    if last is not None:
        inventory.open_nights(asset_id=asset_id, start=first, end=last, room_type_id=made.id, actor=actor)
    return made


@transactional
def add_room(
    *,
    asset_id: uuid.UUID,
    number: str,
    room_type_id: uuid.UUID,
    price: int,
    actor: Actor,
    floor: str | None = None,
    parent_id: uuid.UUID | None = None,
) -> Room:
    """A new room with its unit; it is for sale at once, on every night that is."""
    room_type = get_room_type(asset_id, room_type_id)
    unit = registry.register_unit(
        asset_id=asset_id, kind=UnitKind.ROOM, number=number, price=price, room_type=room_type.name, actor=actor
    )
    return _join(unit, room_type, floor=floor, parent_id=parent_id, actor=actor)


@transactional
def take_in(*, unit_id: uuid.UUID, actor: Actor) -> Room | None:
    """A room registered elsewhere becomes one the hotel sells: as the type of its words, which is made if need be."""
    unit = unit_of(unit_id)
    if unit.kind != UnitKind.ROOM or unit.status == UnitStatus.RETIRED or db.session.get(Room, unit_id) is not None:
        return None
    if asset_of(unit.asset_id).kind != AssetKind.HOTEL:
        return None
    open_hotel(asset_id=unit.asset_id, actor=actor)
    lock_asset(unit.asset_id)
    if db.session.get(Room, unit_id, populate_existing=True):
        return None
    name = (unit.room_type or "").strip() or _("Room")
    types = room_types(unit.asset_id, retired=True)
    found = next((each for each in types if each.name.casefold() == name.casefold()), None)
    room_type = found or add_type(asset_id=unit.asset_id, code=f"T{len(types) + 1}", name=name, capacity=2, actor=actor)
    return _join(unit, room_type, actor=actor)


def take_in_registered(body: Mapping[str, Any]) -> None:
    """A unit was registered: if it is a room of a hotel, the hotel sells it."""
    take_in(unit_id=uuid.UUID(body["subject_id"]), actor=system("hotel"))


def open_registered(body: Mapping[str, Any]) -> None:
    """A place was opened: if it is a hotel, it gets its settings and its first day."""
    asset_id = uuid.UUID(body["subject_id"])
    if asset_of(asset_id).kind == AssetKind.HOTEL:
        open_hotel(asset_id=asset_id, actor=system("hotel"))


@transactional
def change_type(*, room_id: uuid.UUID, room_type_id: uuid.UUID, actor: Actor) -> Room:
    """Sell a room as another type from now on; refused while stays are to come in it, with their list."""
    _nobody_to_come(room_id)
    room = _room(room_id)
    before = get_room_type(room.asset_id, room.room_type_id)
    after = get_room_type(room.asset_id, room_type_id)
    if before.id != after.id:
        first, _last = _opened(room.asset_id)
        nights = _nights(before.id, first), _nights(after.id, first)
        deltas = {**dict.fromkeys(nights[0], -1), **dict.fromkeys(nights[1], 1)}
        inventory.move(changes={"total": deltas}, reason=_("Room changes type"), correlation_id=uuid7(), actor=actor)
        room = lock_rooms([room_id])[room_id]
        room.room_type_id, room.version = after.id, room.version + 1
        _tell(room, "room.type_changed", actor, {"type": before.code}, {"type": after.code})
    return room


@transactional
def close_room(*, room_id: uuid.UUID, reason: str, actor: Actor) -> None:
    """Take a room out of the hotel for good; refused while stays are to come in it, with their list."""
    _nobody_to_come(room_id)
    room = _room(room_id)
    first, _last = _opened(room.asset_id)
    inventory.move(
        changes={"total": dict.fromkeys(_nights(room.room_type_id, first), -1)},
        reason=_("Room closed"),
        correlation_id=uuid7(),
        actor=actor,
    )
    registry.retire(unit_id=room_id, reason=reason, actor=actor)
    _tell(room, "room.closed", actor, {"type": room.room_type_id}, {"reason": reason})


def _join(
    unit: Unit, room_type: RoomType, *, actor: Actor, floor: str | None = None, parent_id: uuid.UUID | None = None
) -> Room:
    first, _last = _opened(unit.asset_id)
    nights = _nights(room_type.id, first)
    if nights:
        inventory.move(
            changes={"total": dict.fromkeys(nights, 1)}, reason=_("New room"), correlation_id=uuid7(), actor=actor
        )
    room = Room(
        unit_id=unit.id,
        asset_id=unit.asset_id,
        room_type_id=room_type.id,
        parent_id=parent_id,
        floor=floor or None,
        status="clean",
        version=1,
    )
    db.session.add(room)
    db.session.flush()
    _tell(room, "room.added", actor, None, {"number": unit.number, "type": room_type.code})
    return room


def _tell(room: Room, action: str, actor: Actor, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
    record(
        action, actor=actor, subject="room", subject_id=room.unit_id, asset_id=room.asset_id, before=before, after=after
    )
    publish(RoomChanged(asset_id=room.asset_id, subject_id=room.unit_id))


def _room(room_id: uuid.UUID) -> Room:
    return db.session.get_one(Room, room_id)


def _opened(asset_id: uuid.UUID) -> tuple[date, date | None]:
    """The business date, and the first day that is not on sale yet; None while nothing is."""
    last: date | None = db.session.scalar(
        select(func.max(InventoryNight.night)).join(RoomType).where(RoomType.asset_id == asset_id)
    )
    place: Asset = asset_of(asset_id)
    return business_date(place), None if last is None else date.fromordinal(last.toordinal() + 1)


def _nights(room_type_id: uuid.UUID, first: date) -> list[tuple[uuid.UUID, date]]:
    rows = db.session.scalars(
        select(InventoryNight.night).where(InventoryNight.room_type_id == room_type_id, InventoryNight.night >= first)
    )
    return [(room_type_id, night) for night in rows]


def _nobody_to_come(room_id: uuid.UUID) -> None:
    """Raise StillInUse with the stays that need this room: planned in it, or on nights its type is sold out."""
    room = _room(room_id)
    first, _last = _opened(room.asset_id)
    planned = select(RoomOccupancy.stay_id).where(
        RoomOccupancy.room_id == room_id, RoomOccupancy.active, func.upper(RoomOccupancy.during) > utcnow()
    )
    full = select(InventoryNight.night).where(
        InventoryNight.room_type_id == room.room_type_id,
        InventoryNight.night >= first,
        InventoryNight.booked + InventoryNight.held >= InventoryNight.total - InventoryNight.out_of_order,
        InventoryNight.booked + InventoryNight.held > 0,
    )
    needing = select(StayNight.stay_id).where(
        StayNight.room_type_id == room.room_type_id, ~StayNight.released, StayNight.night.in_(full)
    )
    coming = db.session.execute(
        select(Stay, Reservation.number)
        .join(Reservation, Reservation.id == Stay.reservation_id)
        .where(
            (Stay.room_id == room_id) | Stay.id.in_(planned) | Stay.id.in_(needing),
            Stay.status.in_((StayStatus.HELD, StayStatus.CONFIRMED, StayStatus.IN_HOUSE)),
        )
        .order_by(Stay.arrival, Stay.id)
    ).all()
    if coming:
        raise StillInUse(
            _("%(count)s stays to come need this room. Move or cancel them first.", count=len(coming)),
            stays=[
                {"id": str(stay.id), "number": number, "arrival": stay.arrival.isoformat()} for stay, number in coming
            ],
        )
