"""Where a vehicle is now, its papers, and whether it may be switched off."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from portal.core import locks
from portal.core.db import db
from portal.shared.devices.models import LatestReading
from portal.trades.fleet.geo import position, speed_said
from portal.trades.fleet.journeys import WALKING
from portal.trades.fleet.models import Vehicle, VehicleState


def find_state(unit_id: uuid.UUID) -> VehicleState | None:
    """Where a vehicle is and how it fares, or None when it never spoke."""
    return db.session.get(VehicleState, unit_id)


def lock_vehicle(unit_id: uuid.UUID, asset_id: uuid.UUID) -> Vehicle:
    """The papers of a vehicle, locked and fresh until the transaction ends; blank ones are begun."""
    locks.taking("vehicle")
    db.session.execute(
        insert(Vehicle).values(unit_id=unit_id, asset_id=asset_id).on_conflict_do_nothing(index_elements=["unit_id"])
    )
    return db.session.scalars(
        select(Vehicle).where(Vehicle.unit_id == unit_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def hold_track(unit_id: uuid.UUID) -> None:
    """Let no trip of a vehicle be found until the transaction ends; one that is being found is waited for."""
    locks.taking("vehicle")
    db.session.execute(
        select(VehicleState.unit_id).where(VehicleState.unit_id == unit_id).with_for_update(key_share=True)
    )


def counted(unit_id: uuid.UUID) -> tuple[int, int]:
    """What a vehicle was heard to drive, in millimetres, and its engine to run, in seconds."""
    found = db.session.execute(
        select(VehicleState.counted_mm, VehicleState.engine_seconds).where(VehicleState.unit_id == unit_id)
    ).first()
    return (found[0], found[1]) if found else (0, 0)


def moving(unit_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the vehicles that move, by their track or by the last speed they said.

    One that was last seen moving and has been silent since may still be: it counts until it says that it stands.
    """
    ids = list(unit_ids)
    found = set(
        db.session.scalars(select(VehicleState.unit_id).where(VehicleState.unit_id.in_(ids), VehicleState.moving))
    )
    said = db.session.execute(
        select(LatestReading.unit_id, LatestReading.kind, LatestReading.value)
        .join(VehicleState, VehicleState.unit_id == LatestReading.unit_id, isouter=True)
        .where(
            LatestReading.unit_id.in_(ids),
            LatestReading.kind.in_(("speed", "location")),
            # what the fold has taken in already it has judged together with the track
            (VehicleState.folded_to.is_(None)) | (VehicleState.folded_to < LatestReading.at),
        )
    )
    for unit_id, kind, value in said:
        speed = _said(value) if kind == "speed" else _said_with(value)
        if speed is not None and speed > WALKING:
            found.add(unit_id)
    return found


def _said(value: str) -> int | None:
    try:
        return speed_said(float(value))
    except (ValueError, OverflowError):
        return None


def _said_with(location: str) -> int | None:
    said = position(location)
    return None if isinstance(said, str) else said.speed
