"""The devices themselves: whose they are, what they are fixed to, how they sign in, how they fare."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, Record


class DeviceType(StrEnum):
    """What a device is; a gateway speaks for all plain things of a place."""

    LOCK = "lock"
    METER = "meter"
    SENSOR = "sensor"
    TRACKER = "tracker"
    GATEWAY = "gateway"


class Dialect(StrEnum):
    """How it speaks: numbered envelopes on topics of its own, or bare values on its unit's plain topics."""

    ENVELOPE = "envelope"
    PLAIN = "plain"


class DeviceStatus(StrEnum):
    """boxed -> active -> revoked or retired; a revoked one comes back with a new secret."""

    BOXED = "boxed"
    ACTIVE = "active"
    REVOKED = "revoked"
    RETIRED = "retired"


class Device(Record):
    """One piece of hardware. `name` is what it signs in as and what stands in its topics, `v1/<name>/...`.

    `capabilities` lists what it can be told. The secret is shown once and kept only as the broker's own hash;
    `claim_code` is printed on the box and binds it to a place once.
    """

    __tablename__ = "device"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z0-9][a-z0-9_-]{2,31}$'", "name_plain"),
        CheckConstraint("type in ('lock', 'meter', 'sensor', 'tracker', 'gateway')", "type_known"),
        CheckConstraint("dialect in ('envelope', 'plain')", "dialect_known"),
        CheckConstraint("status in ('boxed', 'active', 'revoked', 'retired')", "status_known"),
        CheckConstraint("(status = 'boxed') = (asset_id is null)", "boxed_is_nobodys"),
        CheckConstraint("unit_id is null or asset_id is not null", "unit_of_a_place"),
        ForeignKeyConstraint(["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], name="fk_device_unit_id_asset_id"),
        Index("ix_device_asset_id", "asset_id", "name"),
        Index("ix_device_unit_id", "unit_id"),
    )

    name: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    dialect: Mapped[str]
    status: Mapped[str]
    asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("asset.id"))
    unit_id: Mapped[uuid.UUID | None]
    capabilities: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    claim_code: Mapped[str | None] = mapped_column(unique=True)
    secret_hash: Mapped[str | None]
    secret_at: Mapped[datetime | None]
    note: Mapped[str | None]


class DeviceState(Model):
    """How a device fares: kept apart from the device, because it changes with every batch it sends.

    `state` is its own word or its last will (`online`, `lost`); `boot` is the start that word was about.
    `clock_wrong` counts its messages in a row whose time could not be believed.
    """

    __tablename__ = "device_state"
    __table_args__ = (CheckConstraint("state is null or state in ('online', 'lost')", "state_known"),)

    device_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("device.id"), primary_key=True)
    state: Mapped[str | None]
    state_at: Mapped[datetime | None]
    boot: Mapped[int | None]
    seen_at: Mapped[datetime | None]
    skew_ms: Mapped[int | None]
    clock_wrong: Mapped[int] = mapped_column(server_default=text("0"))


class DeviceBoot(Model):
    """Which numbers of one start of a device have come, as ranges: by it a repeat is known and a gap is seen.

    Numbers begin at 1 with each start. `lost` are those nobody waits for any more; they count as come.
    """

    __tablename__ = "device_boot"
    __table_args__ = (
        Index("ix_device_boot_gaps", "device_id", "last_at"),
        Index("ix_device_boot_open", "gap_since", postgresql_where=text("gap_since is not null")),
    )

    device_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("device.id"), primary_key=True)
    boot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    received: Mapped[Any] = mapped_column(INT8MULTIRANGE, server_default=text("'{}'"))
    lost: Mapped[Any] = mapped_column(INT8MULTIRANGE, server_default=text("'{}'"))
    repeated: Mapped[int] = mapped_column(server_default=text("0"))
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    #: Since when numbers are missing, counted from the last time that more had come without a hole.
    gap_since: Mapped[datetime | None]
