"""Fences on the map, and who crossed them when."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record


class Geofence(Record):
    """A circle or a polygon that vehicles of one place are watched by, from `applies_from` until `retired_at`.

    `shape` is {"kind": "circle", "latitude", "longitude", "radius_m"} or {"kind": "polygon", "points": [[lat, lon]]}.
    """

    __tablename__ = "geofence"
    __table_args__ = (
        UniqueConstraint("id", "asset_id"),
        Index("uq_geofence_name", "asset_id", "name", unique=True, postgresql_where=text("active")),
        CheckConstraint("active = (retired_at is null)", "active_until_retired"),
        CheckConstraint("dwell_minutes is null or dwell_minutes between 1 and 10080", "dwell_plausible"),
        CheckConstraint("speed_limit_kmh is null or speed_limit_kmh between 5 and 250", "limit_plausible"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    name: Mapped[str]
    shape: Mapped[dict[str, Any]]
    colour: Mapped[str] = mapped_column(server_default=text("'#2563eb'"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    #: Whether coming, going, or staying so many minutes is worth an alert.
    on_enter: Mapped[bool] = mapped_column(server_default=text("false"))
    on_leave: Mapped[bool] = mapped_column(server_default=text("false"))
    dwell_minutes: Mapped[int | None]
    speed_limit_kmh: Mapped[int | None]
    #: A new shape counts from when it was drawn: what happened before is left as it was judged.
    applies_from: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    retired_at: Mapped[datetime | None]


class Crossing(StrEnum):
    """What a vehicle did at a fence."""

    ENTER = "enter"
    LEAVE = "leave"
    DWELL = "dwell"


class FenceEvent(Record):
    """A vehicle came, went, or stayed as long as the fence asks; `at` is the moment of the crossing itself."""

    __tablename__ = "fence_event"
    __table_args__ = (
        ForeignKeyConstraint(["unit_id", "asset_id"], ["unit.id", "unit.asset_id"]),
        ForeignKeyConstraint(["geofence_id", "asset_id"], ["geofence.id", "geofence.asset_id"]),
        UniqueConstraint("unit_id", "geofence_id", "what", "at"),
        CheckConstraint("what in ('enter', 'leave', 'dwell')", "what_known"),
        Index("ix_fence_event_asset_id", "asset_id", "at"),
        Index("ix_fence_event_decided_at", "unit_id", "decided_at"),
    )

    unit_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID]
    geofence_id: Mapped[uuid.UUID]
    what: Mapped[str]
    at: Mapped[datetime]
    #: Known more than ten minutes after it happened: nobody was told.
    historical: Mapped[bool] = mapped_column(server_default=text("false"))
    decided_at: Mapped[datetime]
