"""What devices said, what they were told, and what could not be understood."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, Record, uuid7


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


#: How much of a refused message a list shows.
SHOWN_BYTES = 120

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


class AssetEvent(Model):
    """One authentic message of one unit, for ever. Append-only, kept in monthly partitions by `at`."""

    __tablename__ = "asset_event"
    __table_args__ = (
        Index("ix_asset_event_unit_id", "unit_id", "at", "id"),
        Index("ix_asset_event_asset_id", "asset_id", "at", "id"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid7)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    asset_id: Mapped[uuid.UUID]
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str]
    value: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class LatestReading(Model):
    """The youngest word of a unit on one subject, kept beside the history so that a board never searches it."""

    __tablename__ = "latest_reading"

    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    at: Mapped[datetime]
    event_id: Mapped[uuid.UUID]


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
            postgresql_where=text("status in ('queued', 'sent', 'accepted')"),
        ),
        Index(
            "ix_device_command_due",
            "next_attempt_at",
            postgresql_where=text("status in ('queued', 'sent', 'accepted')"),
        ),
        Index("ix_device_command_asset_id", "asset_id", "id"),
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


class DeadLetter(Record):
    """A message nobody could understand: stored once with its reason, counted when it comes again.

    `reason` is a word a program can count by, `detail` the sentence for a person.
    """

    __tablename__ = "dead_letter"
    __table_args__ = (
        Index("ix_dead_letter_last_at", "last_at", "id"),
        Index("ix_dead_letter_asset_id", "asset_id", "last_at", "id"),
    )

    topic: Mapped[str]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str]
    detail: Mapped[str]
    sha: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    times: Mapped[int] = mapped_column(server_default=text("1"))
    asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("asset.id"))
    last_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    replayed_at: Mapped[datetime | None]

    @property
    def shown(self) -> str:
        """The payload as it can safely stand on a screen: short, every unprintable byte spelled out."""
        start = bytes(self.payload[:SHOWN_BYTES]).decode("utf-8", "backslashreplace")
        safe = "".join(each if each.isprintable() else repr(each)[1:-1] for each in start)
        return safe + ("…" if len(self.payload) > SHOWN_BYTES else "")


class ReplayPage(Model):
    """What one broker session delivered, in order, a page a batch: by it a redelivery is recognised.

    `entries` holds for each message its packet id (2 bytes) and the sha256 of topic and payload (32 bytes);
    `upto` counts the messages of the session up to the end of the page.
    """

    __tablename__ = "replay_page"

    session: Mapped[str] = mapped_column(primary_key=True)
    upto: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entries: Mapped[bytes] = mapped_column(LargeBinary)
