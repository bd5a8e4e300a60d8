"""What is known of a vehicle by hand, and where it is and how it fares by its own word."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model


class Vehicle(Model):
    """The papers of a vehicle unit, written the first time somebody amends them; none means all defaults.

    The odometer people read is `odometer_offset_m` and what was counted since; likewise the engine's hours.
    """

    __tablename__ = "vehicle"
    __table_args__ = (
        ForeignKeyConstraint(["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], ondelete="CASCADE"),
        CheckConstraint("year is null or year between 1900 and 2200", "year_plausible"),
        CheckConstraint("seats is null or seats between 1 and 1000", "seats_plausible"),
        CheckConstraint("speed_limit_kmh is null or speed_limit_kmh between 5 and 250", "limit_plausible"),
    )

    unit_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    asset_id: Mapped[uuid.UUID]
    make: Mapped[str | None]
    model: Mapped[str | None]
    year: Mapped[int | None]
    vin: Mapped[str | None]
    fuel: Mapped[str | None]
    seats: Mapped[int | None]
    speed_limit_kmh: Mapped[int | None]
    odometer_offset_m: Mapped[int] = mapped_column(server_default=text("0"))
    engine_offset_s: Mapped[int] = mapped_column(server_default=text("0"))
    note: Mapped[str | None]


class VehicleState(Model):
    """Where a vehicle is now, and the state of the fold from which its next words go on.

    Coordinates are in 1e-7 degrees, distances in millimetres, speeds in thousandths of a km/h. `version` is the
    number of the transaction that wrote the row, so that a reader who remembers up to where every transaction had
    ended can ask what has changed since and miss nothing. No index holds what changes at every word.
    """

    __tablename__ = "vehicle_state"
    __table_args__ = (
        ForeignKeyConstraint(["unit_id", "asset_id"], ["unit.id", "unit.asset_id"]),
        Index("ix_vehicle_state_asset_id", "asset_id"),
        Index("ix_vehicle_state_refold", "refold_from", postgresql_where=text("refold_from is not null")),
    )

    unit_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    asset_id: Mapped[uuid.UUID]
    latitude_e7: Mapped[int | None]
    longitude_e7: Mapped[int | None]
    fix_at: Mapped[datetime | None]
    speed_kmh_milli: Mapped[int | None]
    heading: Mapped[int | None]
    moving: Mapped[bool] = mapped_column(server_default=text("false"))
    standing_since: Mapped[datetime | None]
    #: `on` or `off`, as last heard; None when it never spoke of it.
    ignition: Mapped[str | None]
    passengers: Mapped[int | None]
    counted_mm: Mapped[int] = mapped_column(server_default=text("0"))
    engine_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    trip_id: Mapped[uuid.UUID | None]
    #: The keys of the fences it is in.
    inside: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    fold: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    #: The youngest word the fold has taken in, in the device's time.
    folded_to: Mapped[datetime | None]
    #: From where on everything is to be found anew, a day at a time, because of words that came very late.
    refold_from: Mapped[datetime | None]
    #: Why the newest position is not believed yet, and since when.
    doubt: Mapped[str | None]
    doubt_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("0"))
