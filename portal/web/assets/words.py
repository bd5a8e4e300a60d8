"""How units, what they say and what they were told are written for people."""

from __future__ import annotations

import json
from functools import cache

from portal.core.words import _, language
from portal.reporting.board import ENDING
from portal.shared.assets.models import UnitKind, UnitStatus
from portal.shared.assets.services.registry import called
from portal.shared.devices.models import Held

__all__ = [
    "CAPABILITIES",
    "LIVE",
    "LIVE_COMMANDS",
    "LIVE_UNIT",
    "action_words",
    "called",
    "change_words",
    "held_words",
    "kind_words",
    "on_words",
    "reason_words",
    "said_words",
    "sense_words",
    "status_words",
    "subject_words",
    "told_words",
]

_HEARD = {
    "access.grant": ("given", "expired", "revoked"),
    "devices.command": ("queued", "waits", "sent", "accepted", "done", "failed", "expired", "cancelled"),
    "assets.unit": ("registered", "amended"),
    "payments.payment": ("settled",),
}
#: Whatever changes a unit's row; the block that shows it looks again when one of them is heard. The delay makes a
#: burst of names one question. A whole board does not follow each reading: it looks again by itself.
_NAMES = [f"{noun}.{what} from:body delay:200ms" for noun, verbs in _HEARD.items() for what in verbs]
#: The same for what only shows how far a command has come.
LIVE_COMMANDS = ", ".join(name for name in _NAMES if name.startswith("devices.command."))
LIVE = ", ".join([*_NAMES, "every 15s"])
_ABOUT_ONE = ("devices.reading.taken", "devices.alert.raised", "devices.alert.changed", "devices.alert.cleared")
LIVE_UNIT = ", ".join([*_NAMES, *(f"{name} from:body delay:200ms" for name in _ABOUT_ONE), "every 30s"])

#: What each kind of unit can be told: capability -> its actions, each with the icon of its button.
CAPABILITIES: dict[str, dict[str, dict[str, str]]] = {
    UnitKind.ROOM: {
        "access": {"unlock": "lock-open", "lock": "lock"},
        "electricity": {"turn_on": "bolt", "turn_off": "bolt-off"},
    },
    UnitKind.VEHICLE: {"ignition": {"turn_on": "player-play", "turn_off": "player-stop"}},
}

#: What the figures of a subject count.
MEASURED_IN = {
    "temperature": "°C", "humidity": "%", "battery": "%", "fuel": "%", "speed": "km/h", "odometer": "km",
    "engine_hours": "h", "power": "W",
}  # fmt: skip


def action_words(capability: str, action: str) -> str:
    """A command as a button says it."""
    return _actions(language()).get((capability, action), action)


def told_words(held: str | None, *, unit: str, command: str) -> str:
    """What becomes of a command that somebody has just given."""
    if held == Held.APPROVAL:
        return _("%(unit)s: “%(command)s” waits for a second person to agree.", unit=unit, command=command)
    if held == Held.MOVING:
        return _("%(unit)s: “%(command)s” waits until it stands still.", unit=unit, command=command)
    return _("%(unit)s: “%(command)s” is on its way.", unit=unit, command=command)


def on_words(kind: str) -> str:
    """What a switch of this subject is while it is on."""
    return {"access": _("Unlocked"), "door": _("Open"), "occupancy": _("Somebody in")}.get(kind, _("On"))


def held_words(held: str) -> str:
    """What a command waits for."""
    return _("Waits for a second person") if held == Held.APPROVAL else _("Waits until it stands still")


def subject_words(kind: str) -> str:
    """What a reading is about."""
    return _subjects(language()).get(kind) or kind.replace("_", " ").capitalize()


def said_words(kind: str, value: str) -> str:
    """A reading's value as people say it."""
    if kind == "location":
        if value.startswith("{"):
            fix = json.loads(value)
            value = f"{fix['lat']},{fix['lon']}"
        return value.replace(",", ", ")
    known = _said(language()).get((kind, value))
    return known or (f"{value} {MEASURED_IN[kind]}" if kind in MEASURED_IN else value)


def sense_words(sense: str) -> str:
    """What the sensors of a room may be asked for."""
    return {
        "occupied": _("Occupied"),
        "empty": _("Empty"),
        "unlet": _("Occupied, not let"),
        "wasting": _("Power on, empty"),
        "clean": _("Ready to clean"),
    }[sense]


def status_words(status: str) -> str:
    """A unit's status as the board says it; `ending` is active with less than an hour to go."""
    return _statuses(language()).get(status, status)


def change_words(action: str) -> str:
    """What somebody did to a unit, from the trail."""
    return {
        "unit.registered": _("Registered"),
        "unit.amended": _("Price or description changed"),
        "unit.suspended": _("Taken out of use"),
        "unit.resumed": _("Put back in use"),
        "unit.retired": _("Retired"),
    }.get(action, action)


def kind_words(kind: str) -> str:
    """What a unit is, with a capital."""
    return _("Room") if kind == UnitKind.ROOM else _("Vehicle")


def reason_words(reason: str) -> str:
    """Why money waits for a decision."""
    return {
        "amount_below_intent": _("Less than was asked for"),
        "wrong_currency": _("In another currency"),
    }.get(reason, reason.replace("_", " ").capitalize())


# A board says these words thousands of times, so each language's are looked up once.


@cache
def _actions(_language: str) -> dict[tuple[str, str], str]:
    return {
        ("access", "unlock"): _("Unlock"),
        ("access", "lock"): _("Lock"),
        ("electricity", "turn_on"): _("Power on"),
        ("electricity", "turn_off"): _("Power off"),
        ("ignition", "turn_on"): _("Ignition on"),
        ("ignition", "turn_off"): _("Ignition off"),
    }


@cache
def _subjects(_language: str) -> dict[str, str]:
    return {
        "access": _("Door"),
        "electricity": _("Power"),
        "occupancy": _("Occupancy"),
        "fuel": _("Fuel"),
        "humidity": _("Humidity"),
        "temperature": _("Temperature"),
        "ignition": _("Ignition"),
        "location": _("Location"),
        "speed": _("Speed"),
        "passenger_count": _("Passengers"),
        "tampering": _("Tampering"),
        "payment": _("Payment"),
        "door": _("Door leaf"),
        "battery": _("Battery"),
        "power": _("Consumption"),
        "odometer": _("Odometer"),
        "engine_hours": _("Engine"),
    }


@cache
def _said(_language: str) -> dict[tuple[str, str], str]:
    return {
        ("occupancy", "1"): _("Somebody in"),
        ("occupancy", "0"): _("Empty"),
        ("access", "locked"): _("Locked"),
        ("access", "unlocked"): _("Unlocked"),
        ("electricity", "on"): _("On"),
        ("electricity", "off"): _("Off"),
        ("ignition", "on"): _("On"),
        ("ignition", "off"): _("Off"),
        ("door", "open"): _("Open"),
        ("door", "closed"): _("Closed"),
        ("tampering", "1"): _("Tampering"),
        ("tampering", "0"): _("None"),
    }


@cache
def _statuses(_language: str) -> dict[str, str]:
    return {
        "": _("All"),
        ENDING: _("Ending soon"),
        UnitStatus.ACTIVE: _("In use"),
        UnitStatus.EXPIRED: _("Free"),
        UnitStatus.INACTIVE: _("Never let"),
        UnitStatus.SUSPENDED: _("Out of use"),
        UnitStatus.RETIRED: _("Retired"),
    }
