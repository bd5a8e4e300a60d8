"""Where the vehicles of a place are and how they fare: one question for the map, the list and the panel alike."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, cast, exists, func, select, text, true
from sqlalchemy.dialects.postgresql import JSONB

from portal.core.clock import utcnow
from portal.core.db import db
from portal.shared.assets.models import Unit, UnitKind, UnitStatus
from portal.shared.assets.queries import as_counted
from portal.shared.devices.models import AssetEvent, Device, DeviceState, DeviceStatus, LatestReading
from portal.trades.fleet import geo
from portal.trades.fleet.models import (
    Driver,
    DriverAssignment,
    Geofence,
    RejectedFix,
    Trip,
    Vehicle,
    VehicleDay,
    VehicleState,
)

#: Without a word for so long a vehicle is silent: where it stands now is a guess.
SILENT_AFTER = timedelta(minutes=10)
#: How far back the map draws the way a moving vehicle came, and with how many points at most.
TRAIL = timedelta(minutes=20)
TRAIL_POINTS = 60
TRAIL_VEHICLES = 300
_HORIZON = text(
    "select pg_snapshot_xmin(now)::text::bigint, pg_snapshot_xmax(now)::text::bigint from pg_current_snapshot() now"
)

#: Most vehicles are in no fence; nothing is quicker to read than an empty list.
_INSIDE = func.nullif(VehicleState.inside, cast(text("'[]'"), JSONB)).label("inside")


class Standing(StrEnum):
    """How a vehicle is: the first that fits of lost, never heard, silent, moving and standing."""

    MOVING = "moving"
    STANDING = "standing"
    SILENT = "silent"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Live:
    """One vehicle now."""

    number: str
    plate: str | None
    make: str
    latitude: float | None
    longitude: float | None
    state: Standing
    speed_kmh: int
    heading: int | None
    since: datetime | None
    heard_at: datetime | None
    driver: str | None
    place: str

    @property
    def where(self) -> str:
        """The coordinates as people copy them."""
        return f"{self.latitude:.5f}, {self.longitude:.5f}" if self.latitude is not None else ""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a vehicle's meters say, the counted part and the offset together, and its running day."""

    odometer_mm: int
    engine_seconds: int
    passengers: int | None
    today_mm: int
    fares: dict[str, Any]


def figures_of(unit_id: uuid.UUID, today: date) -> Figures:
    """The meters of one vehicle and what it did today."""
    row = db.session.execute(
        select(
            Vehicle.odometer_offset_m, Vehicle.engine_offset_s, VehicleState.counted_mm, VehicleState.engine_seconds,
            VehicleState.passengers, VehicleDay.distance_mm, VehicleDay.fares,
        )
        .select_from(Unit)
        .outerjoin(Vehicle, Vehicle.unit_id == Unit.id)
        .outerjoin(VehicleState, VehicleState.unit_id == Unit.id)
        .outerjoin(VehicleDay, (VehicleDay.unit_id == Unit.id) & (VehicleDay.day == today))
        .where(Unit.id == unit_id)
    ).one()  # fmt: skip
    return Figures(
        odometer_mm=(row.odometer_offset_m or 0) * 1000 + (row.counted_mm or 0),
        engine_seconds=(row.engine_offset_s or 0) + (row.engine_seconds or 0),
        passengers=row.passengers,
        today_mm=row.distance_mm or 0,
        fares=row.fares or {},
    )


def fences_of(asset_id: uuid.UUID) -> list[Geofence]:
    """The fences a place watches, by name."""
    return list(
        db.session.scalars(
            select(Geofence).where(Geofence.asset_id == asset_id, Geofence.active).order_by(Geofence.name, Geofence.id)
        )
    )


def papers_of(unit_id: uuid.UUID) -> Vehicle | None:
    """What is written of a vehicle by hand, once somebody has."""
    return db.session.get(Vehicle, unit_id)


def horizon() -> tuple[int, int]:
    """Below the first number every transaction is seen; none has yet come to the second."""
    row = db.session.execute(_HORIZON).one()
    return row[0], row[1]


def news(asset_id: uuid.UUID, fences: Collection[Geofence], since: int) -> tuple[list[Live], int]:
    """The vehicles that have changed since a version (0: all of them), and the version to ask with the next time.

    A version is the number of a transaction. One from the future is another database's, before it was restored: then
    everything is news.
    """
    upto, latest = horizon()
    return live(asset_id, fences, since=since if 0 < since <= latest else None), upto


def live(asset_id: uuid.UUID, fences: Collection[Geofence], *, since: int | None = None) -> list[Live]:
    """The vehicles in service as people count them; with `since` those that changed in or after that transaction."""
    question = _question().where(Unit.asset_id == asset_id, Unit.status != UnitStatus.RETIRED)
    if since is not None:
        question = question.where(VehicleState.version >= since)
    return _read(question.order_by(*as_counted()), fences)


def live_one(unit_id: uuid.UUID, fences: Collection[Geofence]) -> Live:
    """One vehicle now."""
    return _read(_question().where(Unit.id == unit_id), fences)[0]


def counts(vehicles: Collection[Live]) -> dict[str, int]:
    """How many vehicles each chip stands for; '' is all of them."""
    found = {"": len(vehicles), **{state.value: 0 for state in Standing}}
    for each in vehicles:
        found[each.state] += 1
    return found


def trails(asset_id: uuid.UUID) -> dict[str, list[tuple[float, float]]]:
    """The last stretch of every moving vehicle's way, oldest point first, without what nobody believes."""
    said = (
        select(AssetEvent.at, AssetEvent.value)
        .where(
            AssetEvent.unit_id == VehicleState.unit_id,
            AssetEvent.kind == "location",
            AssetEvent.at > utcnow() - TRAIL,
            AssetEvent.quality != "x",
            ~exists().where(RejectedFix.event_id == AssetEvent.id),
        )
        .order_by(AssetEvent.at.desc(), AssetEvent.id.desc())
        .limit(TRAIL_POINTS)
        .lateral("said")
    )
    moving = (
        select(VehicleState.unit_id)
        .where(VehicleState.asset_id == asset_id, VehicleState.moving, VehicleState.fix_at > utcnow() - TRAIL)
        .limit(TRAIL_VEHICLES)
    )
    question = (
        select(Unit.number, said.c.value)
        .select_from(VehicleState)
        .join(Unit, Unit.id == VehicleState.unit_id)
        .join(said, true())
        .where(VehicleState.unit_id.in_(moving))
        .order_by(Unit.number, said.c.at)
    )
    found: dict[str, list[tuple[float, float]]] = {}
    for number, value in db.session.execute(question):
        if (point := point_of(value)) is not None:
            found.setdefault(number, []).append(point)
    return found


def point_of(value: str) -> tuple[float, float] | None:
    """The position a location word speaks of, in degrees; None where it speaks of none."""
    said = geo.position(value)
    return None if isinstance(said, str) else (said.latitude / geo.E7, said.longitude / geo.E7)


def _question() -> Select[Any]:
    device = (
        select(DeviceState.state, DeviceState.state_at, DeviceState.seen_at)
        .join(Device, Device.id == DeviceState.device_id)
        .where(Device.unit_id == Unit.id, Device.status == DeviceStatus.ACTIVE)
        .order_by(DeviceState.seen_at.desc().nulls_last())
        .limit(1)
        .lateral("device")
    )
    heard = select(func.max(LatestReading.at)).where(LatestReading.unit_id == Unit.id).scalar_subquery()
    columns: list[Any] = [
        Unit.number, Unit.plate, Unit.room_type, Vehicle.make, Vehicle.model, VehicleState.latitude_e7,
        VehicleState.longitude_e7, VehicleState.speed_kmh_milli, VehicleState.heading, VehicleState.moving,
        VehicleState.standing_since, VehicleState.fix_at, _INSIDE,
        Trip.started_at, device.c.state.label("device"), device.c.state_at, device.c.seen_at, heard.label("heard"),
        Driver.name.label("driver"),
    ]  # fmt: skip
    return (
        select(*columns)
        .outerjoin(Vehicle, Vehicle.unit_id == Unit.id)
        .outerjoin(VehicleState, VehicleState.unit_id == Unit.id)
        .outerjoin(Trip, Trip.id == VehicleState.trip_id)
        .outerjoin(device, true())
        .outerjoin(
            DriverAssignment,
            (DriverAssignment.unit_id == Unit.id) & DriverAssignment.during.contains(func.clock_timestamp()),
        )
        .outerjoin(Driver, Driver.id == DriverAssignment.driver_id)
        .where(Unit.kind == UnitKind.VEHICLE)
    )


def _read(question: Select[Any], fences: Collection[Geofence]) -> list[Live]:
    now, names = utcnow(), {str(fence.id): fence.name for fence in fences}
    return [_live(row, now, names) for row in db.session.execute(question)]


def _live(row: Any, now: datetime, names: dict[str, str]) -> Live:
    heard = max((at for at in (row.heard, row.seen_at) if at), default=None)
    state, since = _standing(row, heard, now)
    return Live(
        number=row.number,
        plate=row.plate,
        make=" ".join(part for part in (row.make, row.model) if part) or row.room_type or "",
        latitude=row.latitude_e7 / 1e7 if row.latitude_e7 is not None else None,
        longitude=row.longitude_e7 / 1e7 if row.longitude_e7 is not None else None,
        state=state,
        speed_kmh=round((row.speed_kmh_milli or 0) / 1000) if state == Standing.MOVING else 0,
        heading=row.heading,
        since=since,
        heard_at=heard,
        driver=row.driver,
        place=", ".join(names[key] for key in row.inside or () if key in names),
    )


def _standing(row: Any, heard: datetime | None, now: datetime) -> tuple[Standing, datetime | None]:
    if row.device == "lost":
        return Standing.LOST, row.state_at
    if heard is None or row.latitude_e7 is None:
        return Standing.UNKNOWN, heard
    if heard < now - SILENT_AFTER:
        return Standing.SILENT, heard
    if row.moving:
        return Standing.MOVING, row.started_at or row.fix_at
    return Standing.STANDING, row.standing_since or row.fix_at
