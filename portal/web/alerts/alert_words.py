"""How alerts look and read on screens: a mark for each severity, a drawing for each kind, and their words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.core.words import _
from portal.shared.devices.alert_words import KINDS, headline, kind_words, sentence

__all__ = [
    "KINDS",
    "headline",
    "icon_of",
    "kind_words",
    "look_of",
    "notice_words",
    "sentence",
    "severity_words",
    "status_words",
]

_ICONS = {
    "device_lost": "wifi-off",
    "device_silent": "bell-off",
    "clock_wrong": "clock",
    "gap_open": "list-details",
    "sequence_reset": "list-details",
    "device_floods": "gauge",
    "two_devices": "copy",
    "command_failed": "lock-exclamation",
    "security_foreign_topic": "shield",
    "speeding": "gauge",
    "fence_entered": "map-pin",
    "fence_left": "map-pin",
    "fence_dwell": "map-pin",
    "tampering": "hand-stop",
    "maintenance_due": "tool",
    "licence_expiring": "id",
    "occupied_not_let": "user-x",
    "power_in_empty_room": "bolt",
    "rule": "adjustments",
}


def icon_of(kind: str) -> str:
    """The drawing of a kind of alert."""
    return _ICONS.get(kind, "alert-triangle")


def look_of(severity: str) -> tuple[str, str]:
    """Tone and drawing of a severity; its word stands beside it."""
    return {"critical": ("bad", "alert-circle"), "warning": ("warn", "alert-triangle")}.get(
        severity, ("info", "info-circle")
    )


def severity_words(severity: str) -> str:
    """How much it matters."""
    return {"critical": _("Critical"), "warning": _("Warning"), "info": _("For information")}.get(severity, severity)


def status_words(status: str) -> str:
    """What became of it."""
    return {"open": _("Open"), "acknowledged": _("Acknowledged"), "cleared": _("Cleared")}.get(status, status)


def notice_words(kind: str, facts: Mapping[str, Any]) -> str:
    """What a person is told about an alert, under the bell."""
    named = headline(str(facts.get("alert")), facts.get("facts") or {})
    about = f"{facts['unit']}: {named}" if facts.get("unit") else named
    if kind == "alert_assigned":
        return _("%(who)s asks you to look after it: %(about)s", who=facts.get("by"), about=about)
    return _("Not acknowledged for %(n)s min: %(about)s", n=facts.get("minutes"), about=about)
