"""What a driver's page and the hand-over board show beside the drivers themselves."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal.core.db import db
from portal.trades.fleet.models import Driver, DriverAssignment, DrivingEvent, DrivingKind, Incident, Trip


@dataclass(frozen=True, slots=True)
class DriverFigures:
    """What a driver did in a while."""

    trips: int
    distance_mm: int
    moving_seconds: int
    speeding: int
    incidents: int


def trips_of_driver(driver_id: uuid.UUID, *, limit: int = 20) -> Sequence[Trip]:
    """A driver's latest trips."""
    return db.session.scalars(
        select(Trip).where(Trip.driver_id == driver_id).order_by(Trip.started_at.desc()).limit(limit)
    ).all()


def driver_figures(driver_id: uuid.UUID, *, since: datetime) -> DriverFigures:
    """Trips, distance, time at the wheel, speeding on those trips and incidents since a moment."""
    row = db.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(Trip.distance_mm), 0),
            func.coalesce(func.sum(Trip.moving_seconds), 0),
        ).where(Trip.driver_id == driver_id, Trip.started_at >= since)
    ).one()
    speeding = db.session.scalar(
        select(func.count())
        .select_from(DrivingEvent)
        .join(DriverAssignment, DriverAssignment.unit_id == DrivingEvent.unit_id)
        .where(
            DriverAssignment.driver_id == driver_id,
            DriverAssignment.during.op("@>")(DrivingEvent.started_at),
            DrivingEvent.kind == DrivingKind.SPEEDING,
            DrivingEvent.started_at >= since,
        )
    )
    incidents = db.session.scalar(
        select(func.count()).select_from(Incident).where(Incident.driver_id == driver_id, Incident.happened_at >= since)
    )
    return DriverFigures(int(row[0]), int(row[1]), int(row[2]), int(speeding or 0), int(incidents or 0))


def next_drivers(unit_ids: Collection[uuid.UUID], now: datetime) -> dict[uuid.UUID, tuple[DriverAssignment, Driver]]:
    """Who has which of these vehicles next, by vehicle."""
    begins = func.lower(DriverAssignment.during)
    rows = db.session.execute(
        select(DriverAssignment, Driver)
        .ext(distinct_on(DriverAssignment.unit_id))
        .join(Driver, Driver.id == DriverAssignment.driver_id)
        .where(DriverAssignment.unit_id.in_(unit_ids), begins > now)
        .order_by(DriverAssignment.unit_id, begins)
    )
    return {assignment.unit_id: (assignment, driver) for assignment, driver in rows}
