"""Drivers, and who had which vehicle when."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record


class DriverStatus(StrEnum):
    """active <-> away; either -> left, and back when somebody is taken on again."""

    ACTIVE = "active"
    AWAY = "away"
    LEFT = "left"


class Driver(Record):
    """Somebody who drives for a place; `user_id` is the account they sign in with, where they have one."""

    __tablename__ = "driver"
    __table_args__ = (
        UniqueConstraint("asset_id", "number"),
        UniqueConstraint("id", "asset_id"),
        CheckConstraint("status in ('active', 'away', 'left')", "status_known"),
        CheckConstraint("told_of_licence in ('soon', 'over')", "told_known"),
        Index(
            "uq_driver_licence", "asset_id", "licence_number", unique=True, postgresql_where=text("status <> 'left'")
        ),
        Index("uq_driver_account", "asset_id", "user_id", unique=True, postgresql_where=text("status <> 'left'")),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    number: Mapped[int]
    name: Mapped[str]
    phone: Mapped[str | None]
    licence_number: Mapped[str]
    licence_classes: Mapped[str]
    licence_expires_on: Mapped[date]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    status: Mapped[str] = mapped_column(server_default=text("'active'"))
    note: Mapped[str | None]
    #: What was last said about the licence's end, so that it is said once: nothing, `soon`, or `over`.
    told_of_licence: Mapped[str | None]


class DriverAssignment(Record):
    """One stretch of one driver with one vehicle; the database refuses two at once of either."""

    __tablename__ = "driver_assignment"
    __table_args__ = (
        CheckConstraint("not isempty(during)", "during_not_empty"),
        ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name="fk_driver_assignment_unit_id_asset_id"
        ),
        ForeignKeyConstraint(
            ["driver_id", "asset_id"], ["driver.id", "driver.asset_id"], name="fk_driver_assignment_driver_id_asset_id"
        ),
        ExcludeConstraint(("driver_id", "="), ("during", "&&"), using="gist", name="ex_driver_assignment_one_vehicle"),
        ExcludeConstraint(("unit_id", "="), ("during", "&&"), using="gist", name="ex_driver_assignment_one_driver"),
        Index("ix_driver_assignment_asset_id", "asset_id", text("lower(during)")),
    )

    asset_id: Mapped[uuid.UUID]
    driver_id: Mapped[uuid.UUID]
    unit_id: Mapped[uuid.UUID]
    #: From the first moment on, until the last one; without an end the driver simply has the vehicle.
    during: Mapped[Range[Any]] = mapped_column(TSTZRANGE)
    assigned_by: Mapped[str]
    ended_by: Mapped[str | None]
    #: A hand-over: whose stretch this one cut short, and how long that one was to last, to put it back.
    cut_short_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("driver_assignment.id"))
    was_to_end_at: Mapped[datetime | None]

    @property
    def starts_at(self) -> datetime:
        """From when on the driver has the vehicle."""
        return cast(datetime, self.during.lower)

    @property
    def ends_at(self) -> datetime | None:
        """Until when, itself not included; None while nobody has said."""
        return cast("datetime | None", self.during.upper)
