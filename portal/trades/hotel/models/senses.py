"""What the sensors of a room say, folded: whether somebody is in, since when, and whether power is drawn."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model


class RoomSense(Model):
    """How a room stands by the words of its sensors, in their own time; None where it has no such sensor.

    `occupied_at` and `power_at` are the youngest words that are in it: older ones that come late change nothing.
    """

    __tablename__ = "room_sense"
    __table_args__ = (Index("ix_room_sense_asset_id", "asset_id"),)

    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"), primary_key=True)
    asset_id: Mapped[uuid.UUID]
    occupied: Mapped[bool | None]
    #: Since when it has been so.
    occupied_since: Mapped[datetime | None]
    occupied_at: Mapped[datetime | None]
    #: When somebody came in the last time.
    entered_at: Mapped[datetime | None]
    switched_on: Mapped[bool | None]
    watts: Mapped[int | None]
    #: Since when power has been drawn, or not.
    drawing: Mapped[bool | None]
    drawing_since: Mapped[datetime | None]
    power_at: Mapped[datetime | None]


class RoomWatch(Model):
    """When a place is told of rooms that are occupied and not let, and of power drawn in empty ones."""

    __tablename__ = "room_watch"
    __table_args__ = (
        CheckConstraint("unlet_after_seconds >= 0", "unlet_later"),
        CheckConstraint("power_after_minutes > 0", "power_later"),
        CheckConstraint("power_watts > 0", "watts_positive"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"), primary_key=True)
    unlet: Mapped[bool] = mapped_column(server_default=text("true"))
    unlet_after_seconds: Mapped[int] = mapped_column(server_default=text("120"))
    power: Mapped[bool] = mapped_column(server_default=text("true"))
    power_after_minutes: Mapped[int] = mapped_column(server_default=text("15"))
    power_watts: Mapped[int] = mapped_column(server_default=text("30"))
