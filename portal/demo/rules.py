"""The rules two places wrote for themselves: a room too warm, an engine at night, long in town, a vehicle unheard."""

from __future__ import annotations

from typing import Any

from portal.core.actor import Actor, ActorKind
from portal.demo.common import key
from portal.demo.fleet import fence_id
from portal.demo.people import PEOPLE
from portal.demo.places import FLEET, HOTEL, DemoPlace, units
from portal.shared.devices.models import RuleKind, Severity
from portal.shared.devices.services import alert_rules
from portal.shared.identity.models import Role

#: A vehicle that is out of service: nobody should start it at night. Those that are let come and go as they like.
RESTING = "KD12"
#: Where, of what kind, named what, about which units, what it looks for, how grave, told to whom after how long.
RULES: tuple[tuple[DemoPlace, RuleKind, str, str, dict[str, Any], Severity, dict[str, Any]], ...] = (
    (HOTEL, RuleKind.THRESHOLD, "Room too warm", "room",
     {"subject": "temperature", "comparison": "above", "value": "30", "for_seconds": 900}, Severity.WARNING,
     {"escalate_after_minutes": 60, "escalate_to": Role.MANAGER}),
    (FLEET, RuleKind.SCHEDULE, "KD12 started at night", RESTING,
     {"subject": "ignition", "value": "on", "days": list(range(7)), "from": "23:30", "to": "04:30"}, Severity.WARNING,
     {"escalate_after_minutes": 15, "escalate_to": Role.MANAGER}),
    (FLEET, RuleKind.GEOFENCE, "Half a day in the city", "vehicle",
     {"geofence_id": str(fence_id("City centre")), "what": "inside_longer_than", "minutes": 720}, Severity.INFO, {}),
    (FLEET, RuleKind.ABSENCE, "Not heard for six hours", "vehicle", {"subject": None, "minutes": 360},
     Severity.WARNING, {}),
)  # fmt: skip


def load() -> None:
    """Write the rules as their places' managers would."""
    person = next(each for each in PEOPLE if each.role == Role.MANAGER)
    manager = Actor(ActorKind.USER, person.name, key(person.email))
    for place, kind, name, about, condition, severity, told in RULES:
        one = next((unit.id for unit in units() if (unit.place, unit.number) == (place, about)), None)
        draft = alert_rules.Draft(
            name=name, condition=condition, severity=severity, unit_id=one, unit_kind=None if one else about, **told
        )
        alert_rules.write(asset_id=place.id, kind=kind, draft=draft, actor=manager)
