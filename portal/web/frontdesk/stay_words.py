"""What happened to a stay, in the words of the desk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portal.core.words import _
from portal.shared.audit.models import AuditEntry
from portal.trades.hotel.services.steps import what_was_done

LOOKS = {
    "checked_in": ("login", "good"), "checked_out": ("logout", "idle"), "moved": ("arrows-exchange", "info"),
    "swapped": ("arrows-exchange", "info"), "undone": ("arrow-back-up", "warn"), "cancelled": ("ban", "bad"),
    "extended": ("calendar-event", "info"), "shortened": ("calendar-event", "info"), "assigned": ("key", "info"),
}  # fmt: skip


def life_of(entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
    """The entries of the trail as moments, youngest first."""
    return [_moment(each) for each in entries]


def _moment(entry: AuditEntry) -> dict[str, Any]:
    verb = entry.action.partition(".")[2]
    icon, tone = LOOKS.get(verb, ("circle-dot", "idle"))
    said = what_was_done(verb, entry.actor_name or _("Somebody"), entry.after or {})
    return {"words": said, "at": entry.at, "icon": icon, "tone": tone, "detail": entry.reason, "by": None}
