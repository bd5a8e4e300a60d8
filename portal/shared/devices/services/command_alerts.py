"""Somebody has to know when a door or an engine that was to be shut was not."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import exists

from portal.core.db import db
from portal.core.transaction import transactional
from portal.shared.assets.queries import units_by_id
from portal.shared.devices.models import CommandStatus, DeviceCommand, Held, Severity
from portal.shared.devices.services.alerts import clear_by_itself, raise_alert

KIND = "command_failed"
SHUTS = frozenset({("access", "lock"), ("ignition", "turn_off")})
CAME_TO_NOTHING = frozenset({CommandStatus.FAILED, CommandStatus.REJECTED, CommandStatus.EXPIRED})


@transactional
def follow(body: dict[str, Any]) -> None:
    """A command has come to its end: raise the alert, or clear it when a later one of its kind was done."""
    command = db.session.get(DeviceCommand, uuid.UUID(body["command_id"]), populate_existing=True)
    if command is None or command.held == Held.APPROVAL:
        return
    key = f"{KIND}:{command.unit_id}:{command.capability}"
    if command.status == CommandStatus.DONE:
        clear_by_itself(asset_id=command.asset_id, key=key)
    elif command.status in CAME_TO_NOTHING and (command.capability, command.action) in SHUTS:
        unit = units_by_id({command.unit_id}).get(command.unit_id)
        if unit is None or _done_since(command):
            return
        raise_alert(
            asset_id=command.asset_id,
            unit_id=command.unit_id,
            device_id=command.device_id,
            kind=KIND,
            key=key,
            severity=Severity.WARNING,
            facts={
                "kind": unit.kind,
                "number": unit.number,
                "capability": command.capability,
                "action": command.action,
                "status": command.status,
                "detail": command.detail,
            },
            happened_at=command.done_at,
        )


def _done_since(command: DeviceCommand) -> bool:
    """Whether a younger command of the same capability was done: announcements may be told out of order."""
    younger = exists().where(
        DeviceCommand.unit_id == command.unit_id,
        DeviceCommand.capability == command.capability,
        DeviceCommand.seq > command.seq,
        DeviceCommand.status == CommandStatus.DONE,
    )
    return bool(db.session.query(younger).scalar())
