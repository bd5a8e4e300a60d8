"""Telling a unit what to do, and keeping track of how far that has come."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.core.actor import Actor, ActorKind
from portal.core.clock import utcnow
from portal.core.db import db, written
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset, Unit, UnitStatus
from portal.shared.assets.queries import lock_unit
from portal.shared.audit.services import record
from portal.shared.devices import events
from portal.shared.devices.errors import CommandOver, NotCapable, ReasonNeeded, UnitChanged, UnitNotInService
from portal.shared.devices.models import CAPABILITIES, OPEN, CommandStatus, DeviceCommand
from portal.shared.devices.queries import (
    lock_command,
    lock_due_commands,
    lock_overdue_commands,
    lock_twin_and_open,
)

#: A lock that has not been reached by then must not open later by surprise.
VALID_FOR = timedelta(seconds=120)
#: How long to wait before saying it again, by how often it was said.
BACKOFF = tuple(timedelta(seconds=n) for n in (2, 5, 15, 30))
#: Once the broker holds the command for the device, the next copy waits until this one has expired there.
BROKER_HOLDS = timedelta(seconds=30)
#: Cutting an engine or the power can hurt somebody: it is never done without a word why.
NEEDS_REASON = frozenset({("ignition", "turn_off"), ("electricity", "turn_off")})
REPORTED = {
    CommandStatus.ACCEPTED: events.CommandAccepted,
    CommandStatus.DONE: events.CommandDone,
    CommandStatus.FAILED: events.CommandFailed,
    CommandStatus.REJECTED: events.CommandFailed,
}


@dataclass(frozen=True, slots=True)
class Due:
    """One command to be published now, with everything its topic and its message need."""

    id: uuid.UUID
    asset_number: str
    unit_kind: str
    unit_number: str
    capability: str
    action: str
    seq: int
    attempt: int
    seconds_left: float
    retain: bool


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
) -> DeviceCommand:
    """Write down that a unit is to be told something; the caller holds the unit's lock.

    The same key gives the same command. An open command of the same capability is superseded, so that a
    late unlock can never come after the lock that was meant to undo it.
    """
    known, older = lock_twin_and_open(unit.id, idem_key, capability)
    if known is not None:
        return known
    if action not in CAPABILITIES.get(unit.kind, {}).get(capability, ()):
        raise NotCapable(_("This unit cannot do that."), capability=capability, action=action)
    if older is not None:
        _end(older, CommandStatus.SUPERSEDED, events.CommandSuperseded)
        db.session.flush()
    unit.command_seq += 1
    command = written(
        DeviceCommand(
            unit_id=unit.id,
            asset_id=unit.asset_id,
            seq=unit.command_seq,
            capability=capability,
            action=action,
            status=CommandStatus.QUEUED,
            attempts=0,
            idem_key=idem_key,
            not_after=not_after or utcnow() + VALID_FOR,
            grant_id=grant_id,
            actor=actor.key,
            reason=reason,
        )
    )
    _announce(command, events.CommandQueued)
    if actor.kind is ActorKind.USER:
        record(
            "command.queued",
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
    """A person tells a unit to do something, now; an engine is only stopped with a reason.

    `decided_on` is the unit's status by which the person was allowed to: when it is another by now, nothing is told.
    """
    unit = lock_unit(unit_id)
    if decided_on is not None and unit.status != decided_on:
        raise UnitChanged(_("%(number)s changed in the meantime. Look again, then decide.", number=unit.number))
    if unit.status == UnitStatus.RETIRED:
        raise UnitNotInService(_("%(number)s is retired and takes no commands.", number=unit.number))
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
    )


@transactional
def claim_due(*, limit: int = 100) -> Sequence[Due]:
    """Commands to publish now, each put off to its next attempt first, so that a crash repeats and never forgets."""
    commands = lock_due_commands(limit)
    if not commands:
        return []
    now = utcnow()
    for command in commands:
        command.next_attempt_at = now + BACKOFF[min(command.attempts, len(BACKOFF) - 1)]
        command.attempts += 1
    db.session.flush()
    rows = db.session.execute(
        select(Unit.id, Unit.kind, Unit.number, Asset.asset_number, Asset.retain_commands)
        .join(Asset, Asset.id == Unit.asset_id)
        .where(Unit.id.in_({command.unit_id for command in commands}))
    )
    where = {row.id: row for row in rows}
    return [
        Due(
            id=command.id,
            asset_number=where[command.unit_id].asset_number,
            unit_kind=where[command.unit_id].kind,
            unit_number=where[command.unit_id].number,
            capability=command.capability,
            action=command.action,
            seq=command.seq,
            attempt=command.attempts,
            seconds_left=(command.not_after - now).total_seconds(),
            retain=where[command.unit_id].retain_commands,
        )
        for command in commands
    ]


@transactional
def sent(*, command_id: uuid.UUID, held: bool) -> None:
    """The message left: `held` when the broker confirmed that it keeps it for the device."""
    command = lock_command(command_id)
    if command.status not in (CommandStatus.QUEUED, CommandStatus.SENT):
        return
    now = utcnow()
    if held:
        command.next_attempt_at = now + BROKER_HOLDS
    if command.status == CommandStatus.QUEUED:
        command.status = CommandStatus.SENT
        command.sent_at = now
        _announce(command, events.CommandSent)


@transactional
def finished(*, command_id: uuid.UUID, status: CommandStatus, detail: str | None = None) -> bool:
    """Take the device's own word for how it went; a second word about a closed command changes nothing."""
    command = lock_command(command_id)
    if command.status not in OPEN or command.status == status:
        return False
    command.status = status
    command.detail = detail
    if status is not CommandStatus.ACCEPTED:
        command.done_at = utcnow()
    _announce(command, REPORTED[status])
    return True


@transactional
def expire_overdue(*, limit: int = 500) -> int:
    """Close the commands whose time has passed without an answer; returns how many."""
    overdue = lock_overdue_commands(utcnow(), limit)
    for command in overdue:
        _end(command, CommandStatus.EXPIRED, events.CommandExpired)
    return len(overdue)


@transactional
def cancel(*, command_id: uuid.UUID, actor: Actor, reason: str | None = None) -> DeviceCommand:
    """Take a command back; what the device already got it may still do."""
    command = lock_command(command_id)
    if command.status not in OPEN:
        raise CommandOver(_("This command has already come to its end."), status=command.status)
    _end(command, CommandStatus.CANCELLED, events.CommandCancelled)
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


def _end(command: DeviceCommand, status: CommandStatus, event: type[events._CommandEvent]) -> None:
    command.status = status
    command.done_at = utcnow()
    _announce(command, event)


def _announce(command: DeviceCommand, event: type[events._CommandEvent]) -> None:
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
        )
    )
