"""What units last said, what they were told, and what nobody understood."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal.core import locks
from portal.core.db import db
from portal.shared.devices.errors import CommandNotFound
from portal.shared.devices.models import OPEN, CommandStatus, DeviceCommand


def find_command(unit_id: uuid.UUID, idem_key: str) -> DeviceCommand | None:
    """The command a unit was given under this key."""
    return db.session.scalar(
        select(DeviceCommand).where(DeviceCommand.unit_id == unit_id, DeviceCommand.idem_key == idem_key)
    )


def get_command(asset_id: uuid.UUID, command_id: uuid.UUID) -> DeviceCommand:
    """One command of a place."""
    found = db.session.scalar(
        select(DeviceCommand).where(DeviceCommand.id == command_id, DeviceCommand.asset_id == asset_id)
    )
    if found is None:
        raise CommandNotFound("There is no such command here.")
    return found


def open_commands(unit_ids: Collection[uuid.UUID]) -> Sequence[DeviceCommand]:
    """Commands still on their way, oldest first."""
    return db.session.scalars(
        select(DeviceCommand)
        .where(DeviceCommand.unit_id.in_(unit_ids), DeviceCommand.status.in_(OPEN))
        .order_by(DeviceCommand.id)
    ).all()


def last_commands(unit_ids: Collection[uuid.UUID]) -> dict[tuple[uuid.UUID, str], DeviceCommand]:
    """By (unit, capability): the youngest command, which is the commanded state beside the reported one."""
    rows = db.session.scalars(
        select(DeviceCommand)
        .where(DeviceCommand.unit_id.in_(unit_ids))
        .ext(distinct_on(DeviceCommand.unit_id, DeviceCommand.capability))
        .order_by(DeviceCommand.unit_id, DeviceCommand.capability, DeviceCommand.seq.desc())
    )
    return {(row.unit_id, row.capability): row for row in rows}


def commands_of(unit_id: uuid.UUID, limit: int = 50) -> Sequence[DeviceCommand]:
    """What one unit was told, youngest first."""
    return db.session.scalars(
        select(DeviceCommand).where(DeviceCommand.unit_id == unit_id).order_by(DeviceCommand.seq.desc()).limit(limit)
    ).all()


def lock_open_command(unit_id: uuid.UUID, capability: str) -> DeviceCommand | None:
    """The one open command of a capability, locked; the unit is locked before it."""
    locks.taking("device_command")
    return db.session.scalar(
        select(DeviceCommand)
        .where(
            DeviceCommand.unit_id == unit_id,
            DeviceCommand.capability == capability,
            DeviceCommand.status.in_(OPEN),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def lock_command(command_id: uuid.UUID) -> DeviceCommand:
    """One command, locked."""
    locks.taking("device_command")
    found = db.session.scalar(
        select(DeviceCommand)
        .where(DeviceCommand.id == command_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise CommandNotFound("There is no such command here.")
    return found


def lock_due_commands(limit: int) -> Sequence[DeviceCommand]:
    """Open commands whose turn it is and whose time has not passed, skipping those another process holds."""
    locks.taking("device_command")
    return db.session.scalars(
        select(DeviceCommand)
        .where(
            DeviceCommand.status.in_((CommandStatus.QUEUED, CommandStatus.SENT)),
            DeviceCommand.next_attempt_at <= func.clock_timestamp(),
            DeviceCommand.not_after > func.clock_timestamp(),
        )
        .order_by(DeviceCommand.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def lock_overdue_commands(now: datetime, limit: int) -> Sequence[DeviceCommand]:
    """Open commands whose time has passed, skipping those another process holds."""
    locks.taking("device_command")
    return db.session.scalars(
        select(DeviceCommand)
        .where(DeviceCommand.status.in_(OPEN), DeviceCommand.not_after <= now)
        .order_by(DeviceCommand.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
