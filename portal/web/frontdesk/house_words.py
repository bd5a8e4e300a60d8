"""Rooms, tasks and repairs in the words of the people who keep the house."""

from __future__ import annotations

from portal.core.words import _
from portal.trades.hotel.queries.housekeeping import RoomToClean

LIVE = "hotel.room.changed from:body, hotel.stay.changed from:body, every 60s"


def cleanliness(status: str) -> tuple[str, str, str]:
    """A room's state: words, tone, icon."""
    return {
        "dirty": (_("Dirty"), "warn", "spray"),
        "cleaning": (_("Being cleaned"), "info", "refresh"),
        "clean": (_("Clean"), "good", "check"),
        "inspected": (_("Inspected"), "good", "circle-check"),
    }[status]


def task_kind(kind: str) -> str:
    """What is to be done."""
    return {
        "departure": _("Departure clean"),
        "stayover": _("Stayover"),
        "touch_up": _("Touch up"),
        "inspect": _("Inspect"),
        "deep": _("Deep clean"),
    }[kind]


def guest(room: RoomToClean) -> str:
    """Who is in the room, who goes, who comes; without rates, and without names for those who need none."""
    said = {
        "due_out": _("Guest leaves today"),
        "stays": _("Guest stays"),
        "arrives": _("Guest arrives"),
        "vacant": _("Vacant"),
    }[room.guest]
    if room.guest == "due_out" and room.arrives:
        return _("Guest leaves, another arrives")
    return said


def block(kind: str) -> str:
    """Why the room is not for guests."""
    return {
        "out_of_order": _("Out of order"),
        "out_of_service": _("Out of service"),
        "house_use": _("House use"),
    }[kind]


def discrepancy(kind: str) -> str:
    """How the sensor and the desk disagree."""
    return {
        "sleeps": _("Somebody is in, but nobody is checked in"),
        "skipped": _("Nobody is in; the guest may have left"),
    }[kind]


def sensor(occupied: bool | None) -> str:
    """What the sensor says, where there is one."""
    return "" if occupied is None else _("in the room") if occupied else _("nobody in")


def lost(status: str) -> tuple[str, str]:
    """A thing's state: words and tone."""
    return {
        "kept": (_("Kept here"), "info"),
        "returned": (_("Handed back"), "good"),
        "disposed": (_("Disposed of"), "idle"),
    }[status]


def mending(status: str) -> tuple[str, str]:
    """A request's state: words and tone."""
    return {
        "open": (_("To do"), "warn"),
        "started": (_("Under way"), "info"),
        "done": (_("Done"), "good"),
        "dropped": (_("Dropped"), "idle"),
    }[status]
