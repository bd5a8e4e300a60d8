"""What went wrong on the road, what was written about it afterwards, and what drivers found before they set out."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record


class IncidentKind(StrEnum):
    """What happened."""

    ACCIDENT = "accident"
    BREAKDOWN = "breakdown"
    THEFT = "theft"
    DAMAGE = "damage"
    COMPLAINT = "complaint"
    TAMPERING = "tampering"
    OTHER = "other"


class IncidentSeverity(StrEnum):
    """How bad it was."""

    MINOR = "minor"
    SERIOUS = "serious"
    SEVERE = "severe"


class IncidentStatus(StrEnum):
    """open <-> closed."""

    OPEN = "open"
    CLOSED = "closed"


class Incident(Record):
    """One thing that went wrong, with one vehicle of a place; costs are in minor units."""

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("asset_id", "number"),
        UniqueConstraint("id", "asset_id"),
        CheckConstraint(
            "kind in ('accident', 'breakdown', 'theft', 'damage', 'complaint', 'tampering', 'other')", "kind_known"
        ),
        CheckConstraint("severity in ('minor', 'serious', 'severe')", "severity_known"),
        CheckConstraint("status in ('open', 'closed')", "status_known"),
        CheckConstraint("(status = 'closed') = (closed_at is not null)", "closed_when"),
        CheckConstraint("(latitude_e7 is null) = (longitude_e7 is null)", "position_whole"),
        CheckConstraint("cost >= 0 and injured >= 0", "figures_not_negative"),
        ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name="fk_incident_unit_id_asset_id"
        ),
        ForeignKeyConstraint(
            ["driver_id", "asset_id"], ["driver.id", "driver.asset_id"], name="fk_incident_driver_id_asset_id"
        ),
        Index("ix_incident_asset_id", "asset_id", "happened_at", "id"),
        Index("ix_incident_unit_id", "unit_id", "happened_at"),
        Index("ix_incident_driver_id", "driver_id", "happened_at"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    number: Mapped[int]
    unit_id: Mapped[uuid.UUID]
    driver_id: Mapped[uuid.UUID | None]
    alert_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("alert.id"))
    kind: Mapped[str]
    severity: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    happened_at: Mapped[datetime]
    place: Mapped[str | None]
    latitude_e7: Mapped[int | None]
    longitude_e7: Mapped[int | None]
    description: Mapped[str]
    third_party: Mapped[str | None]
    injured: Mapped[int] = mapped_column(server_default=text("0"))
    police_reference: Mapped[str | None]
    cost: Mapped[int] = mapped_column(server_default=text("0"))
    currency: Mapped[str]
    reported_by: Mapped[str]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]


class IncidentNote(Record):
    """What somebody added later; never changed, never taken away: the database refuses both."""

    __tablename__ = "incident_note"
    __table_args__ = (
        ForeignKeyConstraint(
            ["incident_id", "asset_id"],
            ["incident.id", "incident.asset_id"],
            name="fk_incident_note_incident_id_asset_id",
        ),
        Index("ix_incident_note_incident_id", "incident_id", "id"),
    )

    asset_id: Mapped[uuid.UUID]
    incident_id: Mapped[uuid.UUID]
    author: Mapped[str]
    words: Mapped[str]


class VehicleCheck(Record):
    """A driver's look round the vehicle before setting out: each thing looked at, and whether it was in order."""

    __tablename__ = "vehicle_check"
    __table_args__ = (
        ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name="fk_vehicle_check_unit_id_asset_id"
        ),
        ForeignKeyConstraint(
            ["driver_id", "asset_id"], ["driver.id", "driver.asset_id"], name="fk_vehicle_check_driver_id_asset_id"
        ),
        ForeignKeyConstraint(
            ["incident_id", "asset_id"],
            ["incident.id", "incident.asset_id"],
            name="fk_vehicle_check_incident_id_asset_id",
        ),
        Index("ix_vehicle_check_unit_id", "unit_id", "created_at"),
    )

    asset_id: Mapped[uuid.UUID]
    unit_id: Mapped[uuid.UUID]
    driver_id: Mapped[uuid.UUID]
    #: The things looked at, each with `true` when it was in order.
    items: Mapped[dict[str, Any]]
    note: Mapped[str | None]
    incident_id: Mapped[uuid.UUID | None]
