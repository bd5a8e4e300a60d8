"""The steps a command takes, each with its announcement: shared by all who move one."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.outbox import publish
from portal.shared.assets.models import Unit, UnitStatus
from portal.shared.devices import events, interlocks
from portal.shared.devices.command_queries import Ear, ear_of
from portal.shared.devices.models import CommandStatus, DeviceCommand, Held

#: A lock that has not been reached by then must not open later by surprise.
VALID_FOR = timedelta(seconds=120)
#: A stop that waits for the vehicle to stand still is given up after so long.
PENDING_FOR = timedelta(hours=12)
#: What the device ends by itself when the access it was given for ends, with or without a network.
LEASED = frozenset({("access", "unlock")})


def next_seq(unit: Unit, ear: Ear | None) -> int:
    """The number of the unit's next command, higher than any that it or its device was told before.

    A device ignores what is not above the last number it obeyed, and it may have come from a unit with a longer past.
    The caller holds the unit's lock; a device that is moved meanwhile is told nothing by its former unit any more.
    """
    unit.command_seq = max(unit.command_seq, ear.top_seq if ear else 0) + 1
    return unit.command_seq


def lease_of(unit: Unit, ear: Ear | None, capability: str, action: str) -> datetime | None:
    """Until when the device is to leave it so by itself: to the end of what the unit is let for."""
    leased = ear is not None and (capability, action) in LEASED and unit.status == UnitStatus.ACTIVE
    return unit.expires_at if leased else None


def put_on_its_way(command: DeviceCommand, unit: Unit, older: DeviceCommand | None, not_after: datetime | None) -> None:
    """Give a command its number and its device, in the place of an older one; it may have to wait for a standstill."""
    if older is not None:
        end(older, CommandStatus.SUPERSEDED, events.CommandSuperseded)
        db.session.flush()
    command.held = None
    ear = ear_of(unit.id, command.capability)
    command.seq = next_seq(unit, ear)
    command.device_id = ear.device_id if ear else None
    command.lease_until = lease_of(unit, ear, command.capability, command.action)
    command.not_after = not_after or utcnow() + VALID_FOR
    if have_to_wait([command]):
        hold_until_standing(command)


def have_to_wait(commands: Sequence[DeviceCommand]) -> list[DeviceCommand]:
    """Those that may not be done now: one question for each action, however many commands there are."""
    units: dict[tuple[str, str], set[uuid.UUID]] = defaultdict(set)
    for command in commands:
        units[command.capability, command.action].add(command.unit_id)
    waiting = {asked: interlocks.has_to_wait(*asked, unit_ids) for asked, unit_ids in units.items()}
    return [each for each in commands if each.unit_id in waiting[each.capability, each.action]]


def hold_until_standing(command: DeviceCommand) -> None:
    """Make a command a pending one: it is not sent, and its time to be done begins when it is let go."""
    command.status = CommandStatus.QUEUED
    command.held = Held.MOVING
    command.not_after = (command.created_at or utcnow()) + PENDING_FOR


def end(command: DeviceCommand, status: CommandStatus, event: type[events.CommandEvent]) -> None:
    """Close a command."""
    command.status = status
    command.done_at = utcnow()
    announce(command, event)


def announce(command: DeviceCommand, event: type[events.CommandEvent]) -> None:
    """Say how far a command has come."""
    publish(
        event(
            asset_id=command.asset_id,
            subject_id=command.unit_id,
            command_id=command.id,
            capability=command.capability,
            action=command.action,
            status=str(command.status),
            grant_id=command.grant_id,
            detail=command.detail,
            held=command.held,
        )
    )
