"""What the fold found in a vehicle's track. Every row can be found again from the words themselves.

`decided_at` is the device's time of the word that decided a row: when words come late, the rows decided since then
are found anew.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, Record


def _of_a_unit() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["unit_id", "asset_id"], ["unit.id", "unit.asset_id"])


class VehicleDay(Model):
    """One vehicle's figures of one day at its place. The running day lags half a minute behind the state."""

    __tablename__ = "vehicle_day"
    __table_args__ = (_of_a_unit(), Index("ix_vehicle_day_asset_id", "asset_id", "day"))

    unit_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    asset_id: Mapped[uuid.UUID]
    distance_mm: Mapped[int] = mapped_column(server_default=text("0"))
    moving_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    #: Standing with the engine on; or, where the engine is never spoken of, standing within a trip.
    idle_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    engine_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    #: Trips that began on the day.
    trips: Mapped[int] = mapped_column(server_default=text("0"))
    fixes: Mapped[int] = mapped_column(server_default=text("0"))
    rejected: Mapped[int] = mapped_column(server_default=text("0"))
    top_speed_kmh_milli: Mapped[int] = mapped_column(server_default=text("0"))
    #: What was paid on board: {"times": 3, "sums": {"NGN": "1500.00"}}.
    fares: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    passengers_most: Mapped[int] = mapped_column(server_default=text("0"))


class VehicleCheckpoint(Model):
    """The state of the fold before the first word of an hour: from here a late word is folded in."""

    __tablename__ = "vehicle_checkpoint"

    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    before: Mapped[dict[str, Any]]


class Trip(Record):
    """From leaving a place to standing at another for five minutes; `ended_at` is None while it lasts."""

    __tablename__ = "trip"
    __table_args__ = (
        _of_a_unit(),
        ForeignKeyConstraint(["driver_id", "asset_id"], ["driver.id", "driver.asset_id"]),
        UniqueConstraint("unit_id", "started_at"),
        UniqueConstraint("id", "asset_id"),
        CheckConstraint("ended_at is null or ended_at >= started_at", "ends_after_it_starts"),
        CheckConstraint("distance_mm > 0", "goes_somewhere"),
        Index("ix_trip_asset_id", "asset_id", "started_at"),
        Index("ix_trip_driver_id", "driver_id", "started_at"),
        Index("ix_trip_decided_at", "unit_id", "decided_at"),
    )

    unit_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    start_latitude_e7: Mapped[int]
    start_longitude_e7: Mapped[int]
    #: Where it ended, or how far it has come.
    end_latitude_e7: Mapped[int]
    end_longitude_e7: Mapped[int]
    distance_mm: Mapped[int]
    moving_seconds: Mapped[int]
    top_speed_kmh_milli: Mapped[int]
    driver_id: Mapped[uuid.UUID | None]
    decided_at: Mapped[datetime]


class VehicleStop(Record):
    """Five minutes or more at one place; `ended_at` is None while it stands there."""

    __tablename__ = "vehicle_stop"
    __table_args__ = (
        _of_a_unit(),
        UniqueConstraint("unit_id", "started_at"),
        CheckConstraint("ended_at is null or ended_at >= started_at", "ends_after_it_starts"),
        Index("ix_vehicle_stop_asset_id", "asset_id", "started_at"),
        Index("ix_vehicle_stop_decided_at", "unit_id", "decided_at"),
    )

    unit_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    latitude_e7: Mapped[int]
    longitude_e7: Mapped[int]
    idle_seconds: Mapped[int]
    decided_at: Mapped[datetime]


class RejectedFix(Model):
    """A position that was not believed, and why; the word itself stays in the history."""

    __tablename__ = "rejected_fix"
    __table_args__ = (_of_a_unit(), Index("ix_rejected_fix_unit_id", "unit_id", "at"))

    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID]
    at: Mapped[datetime]
    #: no_fix, range, unreadable, clock, duplicate, same_moment or jump.
    reason: Mapped[str]
    decided_at: Mapped[datetime]


class DrivingKind(StrEnum):
    """What a driver is asked about afterwards."""

    SPEEDING = "speeding"
    TAMPERING = "tampering"


class DrivingEvent(Record):
    """Faster than allowed for ten seconds or more, or somebody at the tracker; `ended_at` is None while it lasts."""

    __tablename__ = "driving_event"
    __table_args__ = (
        _of_a_unit(),
        ForeignKeyConstraint(["geofence_id", "asset_id"], ["geofence.id", "geofence.asset_id"]),
        UniqueConstraint("unit_id", "kind", "started_at"),
        CheckConstraint("kind in ('speeding', 'tampering')", "kind_known"),
        CheckConstraint("ended_at is null or ended_at >= started_at", "ends_after_it_starts"),
        CheckConstraint("kind <> 'speeding' or limit_kmh is not null", "faster_than_something"),
        Index("ix_driving_event_asset_id", "asset_id", "started_at"),
        Index("ix_driving_event_decided_at", "unit_id", "decided_at"),
    )

    unit_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    top_speed_kmh_milli: Mapped[int | None]
    limit_kmh: Mapped[int | None]
    latitude_e7: Mapped[int | None]
    longitude_e7: Mapped[int | None]
    geofence_id: Mapped[uuid.UUID | None]
    #: What the tracker said of the tampering.
    detail: Mapped[str | None]
    decided_at: Mapped[datetime]
