"""The second person: agreeing to what somebody asked for, or refusing it."""

from __future__ import annotations

import uuid

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.queries import lock_unit
from portal.shared.audit.services import record
from portal.shared.devices import events
from portal.shared.devices.command_queries import lock_others
from portal.shared.devices.errors import CommandOver, OwnWish
from portal.shared.devices.models import CommandStatus, DeviceCommand, Held
from portal.shared.devices.queries import get_command
from portal.shared.devices.services.commands import check_decided_on
from portal.shared.devices.services.steps import announce, end, put_on_its_way


@transactional
def approve(
    *, asset_id: uuid.UUID, command_id: uuid.UUID, actor: Actor, decided_on: str | None = None
) -> DeviceCommand:
    """Agree to what another asked for: it takes the place of what is open, and goes on its way.

    `decided_on` is the unit's status on the page the person looked at.
    """
    unit = lock_unit(get_command(asset_id, command_id).unit_id)
    check_decided_on(unit, decided_on)
    command, older = _lock_wish(asset_id, command_id)
    if command.actor == actor.key:
        raise OwnWish(_("Another person has to agree: nobody cuts an engine alone."))
    command.approved_by, command.next_attempt_at = actor.key, utcnow()
    put_on_its_way(command, unit, older, None)
    announce(command, events.CommandWaits if command.held else events.CommandQueued)
    _note("command.approved", command, actor, command.reason)
    return command


@transactional
def refuse(*, asset_id: uuid.UUID, command_id: uuid.UUID, actor: Actor, reason: str | None = None) -> DeviceCommand:
    """Say no to what another asked for; the asker takes a wish back in the same way."""
    command, _older = _lock_wish(asset_id, command_id)
    own = command.actor == actor.key
    command.detail = _("Taken back.") if own else _("The second person said no.")
    end(command, CommandStatus.CANCELLED, events.CommandCancelled)
    _note("command.cancelled" if own else "command.refused", command, actor, reason)
    return command


def _lock_wish(asset_id: uuid.UUID, command_id: uuid.UUID) -> tuple[DeviceCommand, DeviceCommand | None]:
    """A wish that still stands, and what is open beside it, both locked."""
    known = get_command(asset_id, command_id)
    others = lock_others(known.unit_id, known.idem_key, known.capability)
    command = others.twin
    if command is None or command.status != CommandStatus.QUEUED or command.held != Held.APPROVAL:
        raise CommandOver(_("This has been decided already."), status=known.status)
    if command.not_after <= utcnow():
        raise CommandOver(_("Nobody agreed in time. Ask again, if it is still needed."), status=known.status)
    return command, others.open


def _note(action: str, command: DeviceCommand, actor: Actor, reason: str | None) -> None:
    record(
        action,
        actor=actor,
        subject="unit",
        subject_id=command.unit_id,
        asset_id=command.asset_id,
        reason=reason,
        after={
            "command": command.id,
            "capability": command.capability,
            "action": command.action,
            "asked_by": command.actor,
        },
    )
