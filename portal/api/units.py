"""Rooms and vehicles: list, register, show with their live state, change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import g

from portal.api.assets import local
from portal.api.door import door, speaks
from portal.api.guards import current_actor, permission
from portal.api.schemas import (
    CommandedOut,
    Money,
    Page,
    Paging,
    ReadingOut,
    RoomChange,
    RoomIn,
    RoomOut,
    Taken,
    VehicleChange,
    VehicleIn,
    VehicleOut,
)
from portal.core import parse
from portal.shared.assets import queries
from portal.shared.assets.models import Unit, UnitKind
from portal.shared.assets.services import registry
from portal.shared.devices import queries as devices

#: What a device reports about what it can be told; the other readings say something else.
CAPABILITIES = ("access", "electricity", "ignition")


@door.get("/assets/<asset_number>/rooms/")
@permission("units.view")
@speaks("Rooms of a place", gives=Page[RoomOut], query=Paging)
def rooms(query: Paging) -> Page[RoomOut]:
    """The rooms, the latest registered first."""
    return _page(UnitKind.ROOM, query)


@door.get("/assets/<asset_number>/vehicles/")
@permission("units.view")
@speaks("Vehicles of a place", gives=Page[VehicleOut], query=Paging)
def vehicles(query: Paging) -> Page[VehicleOut]:
    """The vehicles, the latest registered first."""
    return _page(UnitKind.VEHICLE, query)


@door.post("/assets/<asset_number>/rooms/")
@permission("units.register")
@speaks("Register a room", takes=RoomIn, gives=RoomOut, status=201, idempotent=True)
def register_room(body: RoomIn) -> RoomOut:
    """Add a room to the place."""
    return _register(UnitKind.ROOM, body.room_number, body, room_type=body.room_type)


@door.post("/assets/<asset_number>/vehicles/")
@permission("units.register")
@speaks("Register a vehicle", takes=VehicleIn, gives=VehicleOut, status=201, idempotent=True)
def register_vehicle(body: VehicleIn) -> VehicleOut:
    """Add a vehicle to the place."""
    return _register(UnitKind.VEHICLE, body.vehicle_number, body, plate=body.plate)


@door.get("/assets/<asset_number>/rooms/<room_number>/")
@permission("units.view")
@speaks("One room and its live state", gives=RoomOut)
def room(room_number: str) -> RoomOut:
    """The room."""
    return shown([queries.get_unit(g.place.id, room_number, UnitKind.ROOM)])[0]


@door.get("/assets/<asset_number>/vehicles/<vehicle_number>/")
@permission("units.view")
@speaks("One vehicle and its live state", gives=VehicleOut)
def vehicle(vehicle_number: str) -> VehicleOut:
    """The vehicle."""
    return shown([queries.get_unit(g.place.id, vehicle_number, UnitKind.VEHICLE)])[0]


@door.patch("/assets/<asset_number>/rooms/<room_number>/")
@permission("units.amend")
@speaks("Change a room", takes=RoomChange, gives=RoomOut)
def amend_room(room_number: str, body: RoomChange) -> RoomOut:
    """Change what was sent."""
    return _amend(queries.get_unit(g.place.id, room_number, UnitKind.ROOM), body)


@door.patch("/assets/<asset_number>/vehicles/<vehicle_number>/")
@permission("units.amend")
@speaks("Change a vehicle", takes=VehicleChange, gives=VehicleOut)
def amend_vehicle(vehicle_number: str, body: VehicleChange) -> VehicleOut:
    """Change what was sent."""
    return _amend(queries.get_unit(g.place.id, vehicle_number, UnitKind.VEHICLE), body)


def shown(units: Sequence[Unit]) -> list[Any]:
    """Units of the place as the caller may see them, each with its live state, in two queries for all of them."""
    ids = [unit.id for unit in units]
    said, told = devices.latest_of(ids), devices.last_commands(ids)
    found = []
    for unit in units:
        readings = {
            kind: ReadingOut(value=reading.value, at=local(reading.at, g.place))
            for kind, reading in said.get(unit.id, {}).items()
        }
        commanded = {
            capability: CommandedOut(
                id=command.id,
                seq=command.seq,
                action=command.action,
                status=command.status,
                at=local(command.created_at, g.place),
            )
            for (unit_id, capability), command in told.items()
            if unit_id == unit.id
        }
        common: dict[str, Any] = {
            "id": unit.id,
            "asset_number": g.place.asset_number,
            "kind": unit.kind,
            "label": unit.label,
            "price": Money.of(unit.price_in(g.place.currency)) if "units.price" in g.permissions else None,
            "period_minutes": unit.period_minutes,
            "status": unit.status,
            "activated_at": local(unit.activated_at, g.place),
            "expires_at": local(unit.expires_at, g.place),
            "readings": readings,
            "commanded": commanded,
            "reported": {kind: each for kind, each in readings.items() if kind in CAPABILITIES},
        }
        if unit.kind == UnitKind.ROOM:
            found.append(RoomOut(**common, room_number=unit.number, room_type=unit.room_type))
        else:
            found.append(VehicleOut(**common, vehicle_number=unit.number, plate=unit.plate))
    return found


def _page(kind: UnitKind, query: Paging) -> Page[Any]:
    page = queries.page_of_units(g.place.id, kind, cursor=query.cursor, limit=query.limit)
    return Page(results=shown(page.items), next=page.next)


def _register(kind: UnitKind, number: str, body: RoomIn | VehicleIn, **described: str) -> Any:
    unit = registry.register_unit(
        asset_id=g.place.id,
        kind=kind,
        number=number,
        price=_price(body),
        period_minutes=body.period_minutes,
        **described,
        actor=current_actor(),
    )
    return shown([unit])[0]


def _amend(unit: Unit, body: Taken) -> Any:
    changes = body.sent("room_type", "plate", "period_minutes", "price")
    if "price" in changes:
        changes["price"] = _price(body)
    return shown([registry.amend_unit(unit_id=unit.id, **changes, actor=current_actor())])[0]


def _price(body: Any) -> int:
    if body.currency is not None:
        parse.currency(body.currency, must_be=g.place.currency)
    return parse.money(body.price, "price", currency=g.place.currency, minimum=1).minor
