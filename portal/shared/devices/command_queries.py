"""Commands on their way, locked for whoever takes them a step further, and the devices that are told."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, text, tuple_

from portal.core import locks
from portal.core.db import db
from portal.core.words import _
from portal.shared.devices.errors import CommandNotFound
from portal.shared.devices.models import OPEN, CommandStatus, Device, DeviceCommand, DeviceStatus, Held


class Ear(NamedTuple):
    """A device that can be told something, and the highest number it was ever told under."""

    device_id: uuid.UUID
    top_seq: int


_EAR = text(
    """
    select d.id, coalesce((select max(c.seq) from device_command c where c.device_id = d.id), 0)
    from device d left join device_state s on s.device_id = d.id
    where d.unit_id = :unit and d.status = 'active' and d.dialect = 'envelope' and d.capabilities ? :capability
    order by (s.state = 'online') desc nulls last, d.id desc limit 1
    """
)


def ear_of(unit_id: uuid.UUID, capability: str) -> Ear | None:
    """The registered device of a unit that is told this: of several the one online, else the youngest."""
    row = db.session.execute(_EAR, {"unit": unit_id, "capability": capability}).first()
    return Ear(*row) if row is not None else None


class Told(NamedTuple):
    """A device in service: the name it is reached by, and the unit it is fixed to now."""

    name: str
    unit_id: uuid.UUID | None


def devices_told(device_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Told]:
    """By key, those of the devices that are in service."""
    if not device_ids:
        return {}
    rows = db.session.execute(
        select(Device.id, Device.name, Device.unit_id).where(
            Device.id.in_(device_ids), Device.status == DeviceStatus.ACTIVE
        )
    )
    return {device_id: Told(name, unit_id) for device_id, name, unit_id in rows}


_TWIN_OR_OPEN = (
    select(DeviceCommand)
    .where(
        DeviceCommand.unit_id == bindparam("unit"),
        (DeviceCommand.idem_key == bindparam("key"))
        | (DeviceCommand.capability == bindparam("capability")) & DeviceCommand.status.in_(OPEN),
    )
    .with_for_update()
    .execution_options(populate_existing=True)
)


class Others(NamedTuple):
    """What there is beside a new command: its twin of the same key, the open one, and one that somebody asked for."""

    twin: DeviceCommand | None
    open: DeviceCommand | None
    asked: DeviceCommand | None


def lock_others(unit_id: uuid.UUID, idem_key: str, capability: str) -> Others:
    """The command that was given under this key, and the open ones of a capability; all locked."""
    locks.taking("device_command")
    found = db.session.scalars(_TWIN_OR_OPEN, {"unit": unit_id, "key": idem_key, "capability": capability}).all()
    still = [each for each in found if each.capability == capability and each.status in OPEN]
    return Others(
        next((each for each in found if each.idem_key == idem_key), None),
        next((each for each in still if each.held != Held.APPROVAL), None),
        next((each for each in still if each.held == Held.APPROVAL), None),
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
        raise CommandNotFound(_("There is no such command here."))
    return found


def lock_due_commands(limit: int) -> Sequence[DeviceCommand]:
    """Open commands whose turn it is and whose time has not passed, skipping those another process holds."""
    locks.taking("device_command")
    return db.session.scalars(
        select(DeviceCommand)
        .where(
            DeviceCommand.status.in_((CommandStatus.QUEUED, CommandStatus.SENT)),
            DeviceCommand.held.is_(None),
            DeviceCommand.next_attempt_at <= func.clock_timestamp(),
            DeviceCommand.not_after > func.clock_timestamp(),
        )
        .order_by(DeviceCommand.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def lock_pending_commands(now: datetime, limit: int) -> Sequence[DeviceCommand]:
    """Commands that wait for a vehicle to stand still, oldest first, skipping those another process holds."""
    locks.taking("device_command")
    return db.session.scalars(
        select(DeviceCommand)
        .where(
            DeviceCommand.status == CommandStatus.QUEUED,
            DeviceCommand.held == Held.MOVING,
            DeviceCommand.not_after > now,
        )
        .order_by(DeviceCommand.id)
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


def lock_commands_reported(reported: Collection[tuple[uuid.UUID, str, str]]) -> Sequence[DeviceCommand]:
    """Open commands that were sent at least once and ask for what (unit, capability, action) says is so; locked.

    Only those of plain devices: a registered device answers each command by its key, and what it reports may be old.
    """
    locks.taking("device_command")
    return db.session.scalars(
        select(DeviceCommand)
        .where(
            tuple_(DeviceCommand.unit_id, DeviceCommand.capability, DeviceCommand.action).in_(list(reported)),
            DeviceCommand.status.in_(OPEN),
            DeviceCommand.device_id.is_(None),
            DeviceCommand.attempts > 0,
        )
        .order_by(DeviceCommand.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
