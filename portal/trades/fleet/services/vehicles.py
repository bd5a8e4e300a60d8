"""The papers of vehicles: what they are, what their odometer shows, how fast they may go."""

from __future__ import annotations

import uuid
from typing import Any

from portal.core import parse
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.errors import UnitRetired
from portal.shared.assets.models import UnitKind, UnitStatus
from portal.shared.assets.queries import lock_unit
from portal.shared.assets.services.units import called, need_reason
from portal.shared.audit.services import record
from portal.trades.fleet import errors
from portal.trades.fleet.events import VehicleAmended
from portal.trades.fleet.models import Vehicle
from portal.trades.fleet.queries.live import counted, lock_vehicle
from portal.trades.fleet.services.fences import limit

#: No vehicle has gone further, nor has an engine run longer.
MOST_KM = 5_000_000
MOST_ENGINE_HOURS = 500_000
DETAILS = ("make", "model", "year", "vin", "fuel", "seats", "speed_limit_kmh", "note")


@transactional
def amend(
    *,
    unit_id: uuid.UUID,
    actor: Actor,
    make: str | None = None,
    model: str | None = None,
    year: int | None = None,
    vin: str | None = None,
    fuel: str | None = None,
    seats: int | None = None,
    speed_limit_kmh: int | None = None,
    note: str | None = None,
) -> Vehicle:
    """Write down what a vehicle is, all of it: what is left out is cleared. A speed limit counts from its next word."""
    vehicle = _locked(unit_id)
    before = _facts(vehicle)
    if year is not None and not 1900 <= year <= utcnow().year + 1:
        raise errors.DetailNotPlausible(_("Write the year it was built with four digits."), field="year")
    if seats is not None and not 1 <= seats <= 1_000:
        raise errors.DetailNotPlausible(_("A vehicle has from 1 to 1000 seats."), field="seats")
    vehicle.make, vehicle.model = _words(make, "make"), _words(model, "model")
    vehicle.year, vehicle.seats = year, seats
    vehicle.vin, vehicle.fuel = (_words(vin, "vin", 30) or "").upper() or None, _words(fuel, "fuel")
    vehicle.speed_limit_kmh = limit(speed_limit_kmh)
    vehicle.note = _words(note, "note", 2_000, multiline=True)
    _tell("vehicle.amended", vehicle, actor, before)
    return vehicle


@transactional
def set_odometer(
    *, unit_id: uuid.UUID, kilometres: int, reason: str, actor: Actor, engine_hours: int | None = None
) -> Vehicle:
    """Make the odometer (and the engine's hours) show what the dashboard shows; counting goes on from there."""
    need_reason(reason)
    if not 0 <= kilometres <= MOST_KM:
        raise errors.OdometerNotPlausible(_("An odometer shows from 0 to 5,000,000 km."), field="kilometres")
    if engine_hours is not None and not 0 <= engine_hours <= MOST_ENGINE_HOURS:
        raise errors.OdometerNotPlausible(_("An engine has run from 0 to 500,000 hours."), field="engine_hours")
    vehicle = _locked(unit_id)
    counted_mm, engine_seconds = counted(unit_id)
    before = {"odometer_m": counted_mm // 1_000 + vehicle.odometer_offset_m,
              "engine_s": engine_seconds + vehicle.engine_offset_s}  # fmt: skip
    vehicle.odometer_offset_m = kilometres * 1_000 - counted_mm // 1_000
    if engine_hours is not None:
        vehicle.engine_offset_s = engine_hours * 3_600 - engine_seconds
    after = {"odometer_m": kilometres * 1_000, "engine_s": engine_seconds + vehicle.engine_offset_s}
    _tell("vehicle.odometer_set", vehicle, actor, before, after, reason)
    return vehicle


def _locked(unit_id: uuid.UUID) -> Vehicle:
    unit = lock_unit(unit_id)
    if unit.kind != UnitKind.VEHICLE:
        raise errors.NotAVehicle(_("%(unit)s is no vehicle.", unit=called(unit)))
    if unit.status == UnitStatus.RETIRED:
        raise UnitRetired(_("%(unit)s has left service for good.", unit=called(unit)))
    return lock_vehicle(unit.id, unit.asset_id)


def _words(value: str | None, field: str, most: int = 60, *, multiline: bool = False) -> str | None:
    return parse.text(value or "", field, min_length=0, max_length=most, multiline=multiline) or None


def _facts(vehicle: Vehicle) -> dict[str, Any]:
    return {name: getattr(vehicle, name) for name in DETAILS}


def _tell(
    action: str,
    vehicle: Vehicle,
    actor: Actor,
    before: dict[str, Any],
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    db.session.flush()
    record(
        action,
        actor=actor,
        subject="unit",
        subject_id=vehicle.unit_id,
        asset_id=vehicle.asset_id,
        reason=reason,
        before=before,
        after=after or _facts(vehicle),
    )
    publish(VehicleAmended(asset_id=vehicle.asset_id, subject_id=vehicle.unit_id))
