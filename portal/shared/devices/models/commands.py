"""What units were told: commanded here, reported by the device, and the two are never mixed up."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record


class CommandStatus(StrEnum):
    """queued -> sent -> accepted -> done | failed | rejected; any open one -> expired, superseded, cancelled."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


class Held(StrEnum):
    """Why a queued command is not sent yet: a second person has to agree, or the vehicle has to stand still."""

    APPROVAL = "approval"
    MOVING = "moving"


OPEN = (CommandStatus.QUEUED, CommandStatus.SENT, CommandStatus.ACCEPTED)

#: What a unit of each kind can be told, by capability.
CAPABILITIES: dict[str, dict[str, tuple[str, ...]]] = {
    "room": {"access": ("unlock", "lock"), "electricity": ("turn_on", "turn_off")},
    "vehicle": {"ignition": ("turn_on", "turn_off")},
}

#: A device reports a state, never the command's own word: so an echo of a command cannot pass for its answer.
REPORTS = {
    ("access", "unlocked"): "unlock",
    ("access", "locked"): "lock",
    ("electricity", "on"): "turn_on",
    ("electricity", "off"): "turn_off",
    ("ignition", "on"): "turn_on",
    ("ignition", "off"): "turn_off",
}


class DeviceCommand(Record):
    """What a unit was told to do: commanded here, reported by the device, and the two are never mixed up."""

    __tablename__ = "device_command"
    __table_args__ = (
        UniqueConstraint("unit_id", "idem_key"),
        UniqueConstraint("unit_id", "seq"),
        CheckConstraint(
            "status in ('queued', 'sent', 'accepted', 'done', 'failed', 'rejected',"
            " 'expired', 'superseded', 'cancelled')",
            "status_known",
        ),
        Index(
            "uq_device_command_one_open",
            "unit_id",
            "capability",
            unique=True,
            # what waits for a second person has not taken anything's place yet
            postgresql_where=text("status in ('queued', 'sent', 'accepted') and held is distinct from 'approval'"),
        ),
        Index(
            "uq_device_command_one_asked",
            "unit_id",
            "capability",
            unique=True,
            postgresql_where=text("status = 'queued' and held = 'approval'"),
        ),
        Index(
            "ix_device_command_due",
            "next_attempt_at",
            postgresql_where=text("status in ('queued', 'sent', 'accepted')"),
        ),
        CheckConstraint("held is null or held in ('approval', 'moving') and status <> 'sent'", "held_known"),
        CheckConstraint("approved_by is null or approved_by <> actor", "two_persons"),
        Index("ix_device_command_asset_id", "asset_id", "id"),
        Index("ix_device_command_leased", "unit_id", "seq", postgresql_where=text("lease_until is not null")),
        Index("ix_device_command_device_id", "device_id", "seq", postgresql_where=text("device_id is not null")),
    )

    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    seq: Mapped[int]
    capability: Mapped[str]
    action: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'queued'"))
    idem_key: Mapped[str]
    not_after: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    sent_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    detail: Mapped[str | None]
    grant_id: Mapped[uuid.UUID | None]
    actor: Mapped[str]
    reason: Mapped[str | None]
    #: The device that is told, where one is registered; None for a plain device that shares its unit's topic.
    device_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("device.id"))
    #: Until when an opened door stays open by itself: the device locks then, even without a network.
    lease_until: Mapped[datetime | None]
    held: Mapped[str | None]
    approved_by: Mapped[str | None]
    accepted_at: Mapped[datetime | None]
