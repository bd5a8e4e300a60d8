"""Maintenance: what has to be done to a vehicle again and again, and the orders it is done by."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record
from portal.core.money import Money


class OrderStatus(StrEnum):
    """open -> in_progress -> done; open or in_progress -> cancelled; done -> in_progress when it was said too soon."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CANCELLED = "cancelled"


class LineKind(StrEnum):
    """What a line of a work order is for."""

    PART = "part"
    LABOUR = "labour"
    OTHER = "other"


class MaintenancePlan(Record):
    """Work that comes round by distance, by engine hours or by days, whichever is first.

    Without a vehicle it is a template of the place, to be copied to vehicles. What was last done is kept as the
    odometer (metres), the engine's seconds and the day stood then.
    """

    __tablename__ = "maintenance_plan"
    __table_args__ = (
        UniqueConstraint("id", "asset_id"),
        Index("uq_maintenance_plan_of_vehicle", "unit_id", "name", unique=True,
              postgresql_where=text("active and unit_id is not null")),
        Index("uq_maintenance_plan_template", "asset_id", "name", unique=True,
              postgresql_where=text("active and unit_id is null")),
        CheckConstraint("coalesce(every_km, every_hours, every_days) is not null", "comes_round"),
        CheckConstraint("every_km > 0 and every_hours > 0 and every_days > 0", "intervals_positive"),
        CheckConstraint("soon_km >= 0 and soon_hours >= 0 and soon_days >= 0", "soon_not_negative"),
        CheckConstraint("told in ('soon', 'over')", "told_known"),
        ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name="fk_maintenance_plan_unit_id_asset_id"
        ),
        Index("ix_maintenance_plan_asset_id", "asset_id", "unit_id"),
    )  # fmt: skip

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    unit_id: Mapped[uuid.UUID | None]
    name: Mapped[str]
    every_km: Mapped[int | None]
    every_hours: Mapped[int | None]
    every_days: Mapped[int | None]
    soon_km: Mapped[int] = mapped_column(server_default=text("500"))
    soon_hours: Mapped[int] = mapped_column(server_default=text("25"))
    soon_days: Mapped[int] = mapped_column(server_default=text("14"))
    last_done_on: Mapped[date | None]
    last_done_m: Mapped[int | None]
    last_done_engine_s: Mapped[int | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    #: How near its end was when it was last told of, so that each is told once: nothing, `soon`, or `over`.
    told: Mapped[str | None]


class WorkOrder(Record):
    """One piece of work on one vehicle; `total` is the sum of its lines, in minor units."""

    __tablename__ = "work_order"
    __table_args__ = (
        UniqueConstraint("asset_id", "number"),
        UniqueConstraint("id", "asset_id"),
        CheckConstraint("status in ('open', 'in_progress', 'done', 'cancelled')", "status_known"),
        CheckConstraint("(status = 'done') = (done_at is not null)", "done_when"),
        CheckConstraint("(status = 'cancelled') = (cancelled_at is not null)", "cancelled_when"),
        CheckConstraint("total >= 0", "total_not_negative"),
        CheckConstraint("odometer_m >= 0", "odometer_not_negative"),
        ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name="fk_work_order_unit_id_asset_id"
        ),
        ForeignKeyConstraint(
            ["plan_id", "asset_id"],
            ["maintenance_plan.id", "maintenance_plan.asset_id"],
            name="fk_work_order_plan_id_asset_id",
        ),
        Index("ix_work_order_asset_id", "asset_id", "created_at", "id"),
        Index("ix_work_order_unit_id", "unit_id", "created_at"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    number: Mapped[int]
    unit_id: Mapped[uuid.UUID]
    plan_id: Mapped[uuid.UUID | None]
    title: Mapped[str]
    note: Mapped[str | None]
    supplier: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    currency: Mapped[str]
    total: Mapped[int] = mapped_column(server_default=text("0"))
    odometer_m: Mapped[int | None]
    opened_by: Mapped[str]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    #: The vehicle is not to be let while it is in the workshop, and whether this order took it out of use.
    out_of_use: Mapped[bool] = mapped_column(server_default=text("false"))
    suspended: Mapped[bool] = mapped_column(server_default=text("false"))
    #: What its end changed, to take it back: how the plan stood before and after, and whether a vehicle came back.
    put_back: Mapped[dict[str, Any] | None]

    @property
    def cost(self) -> Money:
        """What all its lines come to."""
        return Money(self.total, self.currency)


class WorkOrderLine(Record):
    """A part, an hour of work, or something else that was paid for; `quantity` is in thousandths."""

    __tablename__ = "work_order_line"
    __table_args__ = (
        CheckConstraint("kind in ('part', 'labour', 'other')", "kind_known"),
        CheckConstraint("quantity > 0", "quantity_positive"),
        CheckConstraint("unit_price >= 0 and amount >= 0", "amounts_not_negative"),
        ForeignKeyConstraint(
            ["order_id", "asset_id"],
            ["work_order.id", "work_order.asset_id"],
            name="fk_work_order_line_order_id_asset_id",
        ),
        Index("ix_work_order_line_order_id", "order_id", "id"),
    )

    asset_id: Mapped[uuid.UUID]
    order_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    description: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[int]
    amount: Mapped[int]
