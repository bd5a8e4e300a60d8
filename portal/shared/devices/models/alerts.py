"""Alerts: what somebody should look at, and the rules that places write themselves."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, Record


class Severity(StrEnum):
    """How much it matters: an information, a warning, or something that cannot wait."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class AlertStatus(StrEnum):
    """open -> acknowledged -> cleared, or cleared by itself when what it told of is over."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


class RuleKind(StrEnum):
    """A figure past a limit, a silence, a fence crossed, a word at the wrong hour."""

    THRESHOLD = "threshold"
    ABSENCE = "absence"
    GEOFENCE = "geofence"
    SCHEDULE = "schedule"


class AlertRule(Record):
    """One rule of a place, as data; `condition` has the fields of its kind, checked when it is written."""

    __tablename__ = "alert_rule"
    __table_args__ = (
        UniqueConstraint("id", "asset_id"),
        UniqueConstraint("asset_id", "name"),
        CheckConstraint("kind in ('threshold', 'absence', 'geofence', 'schedule')", "kind_known"),
        CheckConstraint("severity in ('info', 'warning', 'critical')", "severity_known"),
        CheckConstraint("unit_kind is null or unit_kind in ('room', 'vehicle')", "unit_kind_known"),
        CheckConstraint("escalate_after_minutes is null or escalate_after_minutes > 0", "escalates_later"),
        ForeignKeyConstraint(
            ["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name="fk_alert_rule_unit_id_asset_id"
        ),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    name: Mapped[str]
    kind: Mapped[str]
    #: Whom it is about: one unit, every unit of a kind, or every unit of the place.
    unit_kind: Mapped[str | None]
    unit_id: Mapped[uuid.UUID | None]
    condition: Mapped[dict[str, Any]]
    severity: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    #: Unacknowledged for so long, it is told to people of this role.
    escalate_after_minutes: Mapped[int | None]
    escalate_to: Mapped[str | None]


class RuleStanding(Model):
    """For one unit it is so what a rule looks for: since when, and when somebody is to be told.

    The row goes when it is no longer so. It stays when a hand clears the alert, so that the same is told once.
    """

    __tablename__ = "rule_standing"
    __table_args__ = (
        Index("ix_rule_standing_unit_id", "unit_id"),
        Index("ix_rule_standing_due", "due_at", postgresql_where=text("raised_at is null")),
    )

    rule_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("alert_rule.id", ondelete="CASCADE"), primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"), primary_key=True)
    asset_id: Mapped[uuid.UUID]
    since: Mapped[datetime]
    #: The youngest word that said so, and when that was.
    value: Mapped[str | None]
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    raised_at: Mapped[datetime | None]


class Alert(Record):
    """One thing somebody should look at. What is still so is one alert, however often it is noticed (`times`).

    `kind` is a word the screens have a sentence for, `facts` what stands in it, `key` what makes it the same one.
    """

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint("severity in ('info', 'warning', 'critical')", "severity_known"),
        CheckConstraint("status in ('open', 'acknowledged', 'cleared')", "status_known"),
        CheckConstraint("(status = 'cleared') = (cleared_at is not null)", "cleared_when"),
        ForeignKeyConstraint(["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name="fk_alert_unit_id_asset_id"),
        ForeignKeyConstraint(
            ["rule_id", "asset_id"], ["alert_rule.id", "alert_rule.asset_id"], name="fk_alert_rule_id_asset_id"
        ),
        Index("uq_alert_one_standing", "asset_id", "key", unique=True, postgresql_where=text("status <> 'cleared'")),
        Index("ix_alert_asset_id", "asset_id", "happened_at", "id"),
        Index("ix_alert_unit_id", "unit_id", "happened_at"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    unit_id: Mapped[uuid.UUID | None]
    device_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("device.id"))
    rule_id: Mapped[uuid.UUID | None]
    kind: Mapped[str]
    key: Mapped[str]
    severity: Mapped[str]
    facts: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    times: Mapped[int] = mapped_column(server_default=text("1"))
    happened_at: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    assigned_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    note: Mapped[str | None]
    cleared_at: Mapped[datetime | None]
    #: None when it ended by itself.
    cleared_by: Mapped[str | None]
    escalated_at: Mapped[datetime | None]
    #: Known long after it happened: kept, and nobody is told.
    late: Mapped[bool] = mapped_column(server_default=text("false"))
