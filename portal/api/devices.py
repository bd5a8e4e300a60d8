"""Telling units what to do, letting them without a payment, and what they said."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g

from portal.api.assets import local
from portal.api.door import door, speaks
from portal.api.guards import current_actor, permission, require
from portal.api.schemas import (
    CommandOut,
    CommandStateOut,
    ControlIn,
    DirectControlIn,
    EventOut,
    EventsQuery,
    GrantOut,
    Page,
)
from portal.shared.access.services import grants
from portal.shared.assets import queries as units
from portal.shared.assets.models import Unit, UnitKind, UnitStatus
from portal.shared.devices import queries
from portal.shared.devices.models import DeviceCommand
from portal.shared.devices.services import approvals, commands
from portal.shared.identity.permissions import reason_needed

#: Which kind of unit is meant by a number that a room and a vehicle share.
HAS = {"access": UnitKind.ROOM, "electricity": UnitKind.ROOM, "ignition": UnitKind.VEHICLE}


@door.post("/assets/<asset_number>/control/<unit_number>/")
@permission("units.control")
@speaks("Tell a unit what to do", takes=ControlIn, gives=CommandOut, status=202, idempotent=True)
def control(unit_number: str, body: ControlIn) -> CommandOut:
    """Queue a command; a unit that nobody has paid for needs the right to override, and a reason below an admin."""
    unit = _unit(unit_number, HAS[body.capability])
    right = "units.control" if unit.status == UnitStatus.ACTIVE else "units.override"
    require(right, asset_id=g.place.id)
    command = commands.control(
        unit_id=unit.id,
        capability=body.capability,
        action=body.action,
        reason=body.reason or None,
        actor=current_actor(),
        decided_on=unit.status,
        needs_reason=reason_needed(right, g.role),
    )
    return CommandOut(**_command(command))


@door.post("/assets/<asset_number>/direct_control/<unit_number>/")
@permission("units.grant")
@speaks("Let a unit without a payment", takes=DirectControlIn, gives=GrantOut, status=202, idempotent=True)
def direct_control(unit_number: str, body: DirectControlIn) -> GrantOut:
    """Grant access that expires like a paid one; always audited."""
    unit = _unit(unit_number, None)
    grant = grants.grant_direct(unit_id=unit.id, minutes=body.minutes, reason=body.reason, actor=current_actor())
    told = [each for each in queries.open_commands([unit.id]) if each.grant_id == grant.id]
    return GrantOut(
        id=grant.id,
        unit=unit.number,
        kind=grant.kind,
        starts_at=local(grant.starts_at, g.place),
        expires_at=local(grant.ends_at, g.place),
        command=CommandOut(**_command(told[-1])) if told else None,
    )


@door.get("/assets/<asset_number>/commands/<uuid:command_id>/")
@permission("units.view")
@speaks("How far a command has come", gives=CommandStateOut)
def command(command_id: UUID) -> CommandStateOut:
    """One command."""
    return _state(queries.get_command(g.place.id, command_id))


@door.post("/assets/<asset_number>/commands/<uuid:command_id>/approve/")
@permission("units.approve_stop")
@speaks("Agree to a command that waits for a second person", gives=CommandStateOut)
def approve_command(command_id: UUID) -> CommandStateOut:
    """Send what another person asked for; nobody agrees to their own wish."""
    return _state(approvals.approve(asset_id=g.place.id, command_id=command_id, actor=current_actor()))


@door.post("/assets/<asset_number>/commands/<uuid:command_id>/cancel/")
@permission("units.control")
@speaks("Take a command back", gives=CommandStateOut)
def cancel_command(command_id: UUID) -> CommandStateOut:
    """Close a command that is not done; what the device already got it may still do."""
    queries.get_command(g.place.id, command_id)
    return _state(commands.cancel(command_id=command_id, actor=current_actor()))


@door.get("/assets/<asset_number>/events/")
@permission("units.view")
@speaks("What the units of a place said", gives=Page[EventOut], query=EventsQuery)
def events(query: EventsQuery) -> Page[EventOut]:
    """The append-only history, youngest first; a room is meant before a vehicle of the same number."""
    page = queries.page_of_events(
        g.place.id,
        unit_id=_unit(query.unit, None).id if query.unit else None,
        kind=query.kind,
        since=query.since,
        until=query.until,
        cursor=query.cursor,
        limit=query.limit,
    )
    numbers = {key: unit.number for key, unit in units.units_by_id({event.unit_id for event in page.items}).items()}
    return Page(
        results=[
            EventOut(
                id=event.id,
                unit=numbers[event.unit_id],
                kind=event.kind,
                value=event.value,
                at=local(event.at, g.place),
            )
            for event in page.items
        ],
        next=page.next,
    )


def _unit(number: str, kind: UnitKind | None) -> Unit:
    return units.find_unit(g.place.id, number, kind) or units.get_unit(g.place.id, number)


def _state(found: DeviceCommand) -> CommandStateOut:
    return CommandStateOut(
        **_command(found),
        unit=units.unit_of(found.unit_id).number,
        created_at=local(found.created_at, g.place),
        held=found.held,
        lease_until=local(found.lease_until, g.place),
        sent_at=local(found.sent_at, g.place),
        accepted_at=local(found.accepted_at, g.place),
        done_at=local(found.done_at, g.place),
        detail=found.detail,
        reason=found.reason,
    )


def _command(command: DeviceCommand) -> dict[str, Any]:
    return {
        "id": command.id,
        "seq": command.seq,
        "capability": command.capability,
        "action": command.action,
        "status": command.status,
        "not_after": local(command.not_after, g.place),
    }
