"""Telling a unit what to do, and keeping track of how far that has come."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.core.actor import Actor, ActorKind
from portal.core.clock import utcnow
from portal.core.db import db, written
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset, Unit, UnitStatus
from portal.shared.assets.queries import lock_unit
from portal.shared.audit.services import record
from portal.shared.devices import events, interlocks
from portal.shared.devices.command_queries import (
    Told,
    devices_told,
    lock_command,
    lock_due_commands,
    lock_others,
    lock_overdue_commands,
)
from portal.shared.devices.errors import (
    AskedAlready,
    CommandNotFound,
    CommandOver,
    NotCapable,
    ReasonNeeded,
    UnitChanged,
    UnitNotInService,
)
from portal.shared.devices.models import CAPABILITIES, OPEN, CommandStatus, DeviceCommand, Held
from portal.shared.devices.services.steps import (
    VALID_FOR,
    announce,
    end,
    have_to_wait,
    hold_until_standing,
    next_seq,
    put_on_its_way,
)

__all__ = ["VALID_FOR"]
#: How long to wait before saying it again, by how often it was said.
BACKOFF = tuple(timedelta(seconds=n) for n in (2, 5, 15, 30))
#: Once the broker holds the command for the device, the next copy waits until this one has expired there.
BROKER_HOLDS = timedelta(seconds=30)
#: What must not be done while something else is so is never left at the broker: it is asked again before each copy.
GUARDED_HOLDS = timedelta(seconds=2)
#: Nor is a copy that was stuck in a network obeyed much later: past this the device says no to it.
GUARDED_WITHIN = timedelta(seconds=30)
#: Cutting an engine or the power can hurt somebody: it is never done without a word why.
NEEDS_REASON = frozenset({("ignition", "turn_off"), ("electricity", "turn_off")})
#: Cutting an engine by hand takes two: one who asks, and another who agrees while the wish stands.
NEEDS_SECOND = frozenset({("ignition", "turn_off")})
WISH_STANDS_FOR = timedelta(minutes=15)
REPORTED = {
    CommandStatus.ACCEPTED: events.CommandAccepted,
    CommandStatus.DONE: events.CommandDone,
    CommandStatus.FAILED: events.CommandFailed,
    CommandStatus.REJECTED: events.CommandFailed,
}


@dataclass(frozen=True, slots=True)
class Due:
    """One command to be published now, with everything its topic and its message need.

    `device` is what a registered device is reached by; a plain one shares its unit's topic. The broker may keep the
    message for it for `broker_holds` seconds, and no longer.
    """

    id: uuid.UUID
    asset_number: str
    unit_kind: str
    unit_number: str
    capability: str
    action: str
    seq: int
    attempt: int
    seconds_left: float
    broker_holds: float
    retain: bool
    not_after: datetime
    device: str | None = None
    lease_until: datetime | None = None


@transactional
def queue(
    *,
    unit: Unit,
    capability: str,
    action: str,
    actor: Actor,
    idem_key: str,
    reason: str | None = None,
    grant_id: uuid.UUID | None = None,
    not_after: datetime | None = None,
    asks_for_second: bool = False,
) -> DeviceCommand:
    """Write down that a unit is to be told something; the caller holds the unit's lock.

    The same key gives the same command. An open command of the same capability is superseded, so that a
    late unlock can never come after the lock that was meant to undo it. With `asks_for_second` nothing is
    superseded or sent before a second person has agreed.
    """
    others = lock_others(unit.id, idem_key, capability)
    if others.twin is not None:
        return others.twin
    if action not in CAPABILITIES.get(unit.kind, {}).get(capability, ()):
        raise NotCapable(_("This unit cannot do that."), capability=capability, action=action)
    command = DeviceCommand(
        unit_id=unit.id,
        asset_id=unit.asset_id,
        capability=capability,
        action=action,
        status=CommandStatus.QUEUED,
        attempts=0,
        idem_key=idem_key,
        grant_id=grant_id,
        actor=actor.key,
        reason=reason,
    )
    if asks_for_second:
        if others.asked is not None:
            raise AskedAlready(_("Somebody has asked for this already; another person has to agree to it."))
        command.held, command.not_after = Held.APPROVAL, utcnow() + WISH_STANDS_FOR
        command.seq = next_seq(unit, None)
    else:
        put_on_its_way(command, unit, others.open, not_after)
    command = written(command)
    announce(command, events.CommandWaits if command.held else events.CommandQueued)
    if actor.kind is ActorKind.USER:
        record(
            "command.asked" if asks_for_second else "command.queued",
            actor=actor,
            subject="unit",
            subject_id=unit.id,
            asset_id=unit.asset_id,
            reason=reason,
            after={"command": command.id, "capability": capability, "action": action},
        )
    return command


@transactional
def control(
    *,
    unit_id: uuid.UUID,
    capability: str,
    action: str,
    reason: str | None,
    actor: Actor,
    idem_key: str | None = None,
    decided_on: str | None = None,
    needs_reason: bool = False,
) -> DeviceCommand:
    """A person tells a unit to do something, now; an engine is only stopped with a reason, and by two.

    `decided_on` is the unit's status by which the person was allowed to: when it is another by now, nothing is told.
    """
    unit = lock_unit(unit_id)
    check_decided_on(unit, decided_on)
    reason = (reason or "").strip() or None
    if reason is None and (needs_reason or (capability, action) in NEEDS_REASON):
        raise ReasonNeeded(_("Say why: the reason is kept with the command."), field="reason")
    return queue(
        unit=unit,
        capability=capability,
        action=action,
        actor=actor,
        idem_key=idem_key or f"control:{uuid.uuid4()}",
        reason=reason,
        asks_for_second=actor.kind is ActorKind.USER and (capability, action) in NEEDS_SECOND,
    )


def takes_two(unit_kind: str) -> bool:
    """Whether such a unit can be told anything that a second person has to agree to."""
    told = {(capability, action) for capability, actions in CAPABILITIES[unit_kind].items() for action in actions}
    return bool(told & NEEDS_SECOND)


def check_decided_on(unit: Unit, status: str | None) -> None:
    """Refuse what somebody decided about a unit that is not what it was, or not there any more."""
    if status is not None and unit.status != status:
        raise UnitChanged(_("%(number)s changed in the meantime. Look again, then decide.", number=unit.number))
    if unit.status == UnitStatus.RETIRED:
        raise UnitNotInService(_("%(number)s is retired and takes no commands.", number=unit.number))


@transactional
def claim_due(*, limit: int = 100) -> Sequence[Due]:
    """Commands to publish now, each put off to its next attempt first, so that a crash repeats and never forgets.

    What may not be done now becomes pending instead, and what was meant for a device that is elsewhere by now fails.
    """
    commands = lock_due_commands(limit)
    if not commands:
        return []
    now = utcnow()
    names = devices_told({each.device_id for each in commands if each.device_id is not None})
    leaving = []
    for command in _may_leave(commands):
        if _elsewhere(command, names):
            command.detail = _("The device is not at this unit any more.")
            end(command, CommandStatus.FAILED, events.CommandFailed)
            continue
        command.next_attempt_at = now + BACKOFF[min(command.attempts, len(BACKOFF) - 1)]
        command.attempts += 1
        leaving.append(command)
    db.session.flush()
    rows = db.session.execute(
        select(Unit.id, Unit.kind, Unit.number, Asset.asset_number, Asset.retain_commands)
        .join(Asset, Asset.id == Unit.asset_id)
        .where(Unit.id.in_({command.unit_id for command in leaving}))
    )
    where = {row.id: row for row in rows}
    return [_due(command, where[command.unit_id], names, now) for command in leaving]


def _may_leave(commands: Sequence[DeviceCommand]) -> list[DeviceCommand]:
    """Those that may be done now; the others become pending."""
    waiting = have_to_wait(commands)
    for command in waiting:
        hold_until_standing(command)
        announce(command, events.CommandWaits)
    return [each for each in commands if each not in waiting]


def _elsewhere(command: DeviceCommand, names: Mapping[uuid.UUID, Told]) -> bool:
    told = names.get(command.device_id) if command.device_id is not None else None
    return command.device_id is not None and (told is None or told.unit_id != command.unit_id)


def _due(command: DeviceCommand, where: Any, names: Mapping[uuid.UUID, Told], now: datetime) -> Due:
    guarded = interlocks.guards(command.capability, command.action)
    not_after = min(command.not_after, now + GUARDED_WITHIN) if guarded else command.not_after
    seconds_left = (not_after - now).total_seconds()
    holds = GUARDED_HOLDS if guarded else BROKER_HOLDS
    return Due(
        id=command.id,
        asset_number=where.asset_number,
        unit_kind=where.kind,
        unit_number=where.number,
        capability=command.capability,
        action=command.action,
        seq=command.seq,
        attempt=command.attempts,
        seconds_left=seconds_left,
        broker_holds=min(seconds_left, holds.total_seconds()),
        retain=where.retain_commands and command.device_id is None and not guarded,
        not_after=not_after,
        device=names[command.device_id].name if command.device_id is not None else None,
        lease_until=command.lease_until,
    )


@transactional
def sent(*, command_id: uuid.UUID, held: bool, listening: bool = True) -> None:
    """The message left: `held` when the broker confirmed that it keeps it for the device.

    When nobody was listening the broker has dropped it: it stays queued, and is soon said again.
    """
    command = lock_command(command_id)
    if command.status not in (CommandStatus.QUEUED, CommandStatus.SENT) or command.held is not None:
        return
    now = utcnow()
    if not listening:
        known, command.detail = command.detail, _("The device is not listening.")
        command.sent_at = command.sent_at or now
        if command.detail != known:
            announce(command, events.CommandWaits)
        return
    if held and not interlocks.guards(command.capability, command.action):
        command.next_attempt_at = now + BROKER_HOLDS
    if command.status == CommandStatus.QUEUED:
        command.status = CommandStatus.SENT
        command.sent_at, command.detail = command.sent_at or now, None
        announce(command, events.CommandSent)


@transactional
def finished(
    *, command_id: uuid.UUID, status: CommandStatus, detail: str | None = None, device_id: uuid.UUID | None = None
) -> bool:
    """Take the device's own word for how it went; a second word about a closed command changes nothing.

    A word that comes with `device_id` counts only when that device was told.
    """
    command = lock_command(command_id)
    if device_id is not None and command.device_id != device_id:
        raise CommandNotFound(_("There is no such command here."))
    if command.status not in OPEN or command.status == status:
        return False
    now = utcnow()
    if command.held is not None:
        # It may have been on its way already when it was made to wait; that an earlier copy failed ends nothing.
        if not command.attempts or status not in (CommandStatus.ACCEPTED, CommandStatus.DONE):
            return False
        command.held, command.not_after = None, now + VALID_FOR
    command.status = status
    command.detail = detail
    if status is CommandStatus.ACCEPTED:
        command.accepted_at = now
    else:
        command.done_at = now
    announce(command, REPORTED[status])
    return True


@transactional
def expire_overdue(*, limit: int = 500) -> int:
    """Close the commands whose time has passed without an answer; returns how many."""
    overdue = lock_overdue_commands(utcnow(), limit)
    for command in overdue:
        if command.held is not None:
            command.detail = _lapsed_words(command.held)
        end(command, CommandStatus.EXPIRED, events.CommandExpired)
    return len(overdue)


def _lapsed_words(held: str) -> str:
    if held == Held.APPROVAL:
        return _("Nobody else agreed in time.")
    return _("The vehicle did not stand still in time.")


@transactional
def cancel(*, command_id: uuid.UUID, actor: Actor, reason: str | None = None) -> DeviceCommand:
    """Take a command back; what the device already got it may still do."""
    command = lock_command(command_id)
    if command.status not in OPEN:
        raise CommandOver(_("This command has already come to its end."), status=command.status)
    end(command, CommandStatus.CANCELLED, events.CommandCancelled)
    record(
        "command.cancelled",
        actor=actor,
        subject="unit",
        subject_id=command.unit_id,
        asset_id=command.asset_id,
        reason=reason,
        before={"command": command.id, "capability": command.capability, "action": command.action},
    )
    return command
