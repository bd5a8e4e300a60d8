"""What a unit's door, or engine, is told when access begins and ends."""

from __future__ import annotations

import uuid
from datetime import datetime

from portal.core.actor import Actor
from portal.shared.assets.models import Unit, UnitKind, UnitStatus
from portal.shared.devices.models import DeviceCommand
from portal.shared.devices.queries import last_commands
from portal.shared.devices.services import commands

WORDS = {UnitKind.ROOM: ("access", "unlock", "lock"), UnitKind.VEHICLE: ("ignition", "turn_on", "turn_off")}


def open_unit(unit: Unit, *, actor: Actor, idem_key: str, grant_id: uuid.UUID | None = None) -> DeviceCommand:
    """Let its holder in; the caller holds the unit's lock."""
    capability, action, _close = WORDS[UnitKind(unit.kind)]
    return commands.queue(
        unit=unit, capability=capability, action=action, actor=actor, idem_key=f"{idem_key}:open", grant_id=grant_id
    )


def renew_lease(unit: Unit, *, actor: Actor, idem_key: str, grant_id: uuid.UUID | None = None) -> DeviceCommand | None:
    """Access ends at another time than a lock was told, which would shut itself at the old one: tell it the new one.

    Only when opening is the last thing the unit was told, so that no door is opened that somebody shut by hand.
    The caller holds the unit's lock.
    """
    capability, action, _close = WORDS[UnitKind(unit.kind)]
    last = last_commands([unit.id]).get((unit.id, capability))
    if last is None or last.action != action or last.lease_until in (None, unit.expires_at):
        return None
    return open_unit(unit, actor=actor, idem_key=idem_key, grant_id=grant_id)


def close_unit(
    unit: Unit,
    *,
    actor: Actor,
    idem_key: str,
    grant_id: uuid.UUID | None = None,
    reason: str | None = None,
    not_after: datetime | None = None,
) -> DeviceCommand:
    """Access is over: the unit says so, and its door is told; the caller holds the unit's lock."""
    if unit.status == UnitStatus.SUSPENDED:
        unit.status_before = UnitStatus.EXPIRED
    else:
        unit.status = UnitStatus.EXPIRED
    capability, _open, action = WORDS[UnitKind(unit.kind)]
    return commands.queue(
        unit=unit,
        capability=capability,
        action=action,
        actor=actor,
        idem_key=f"{idem_key}:close",
        grant_id=grant_id,
        reason=reason,
        not_after=not_after,
    )
