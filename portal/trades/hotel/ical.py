"""Calendars as other channels write and read them: pure functions between bytes and events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar

from portal.core.errors import Invalid
from portal.core.words import _

MOST_BYTES = 2 * 1024 * 1024
MOST_EVENTS = 5_000
#: Words by which channels say that nobody booked: the dates are only closed.
CLOSED = ("not available", "unavailable", "blocked", "closed")


class NotACalendar(Invalid):
    """What was read is no calendar."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: whose dates, half-open as a stay's, and whether somebody booked them or they are only closed."""

    uid: str
    arrival: date
    departure: date
    summary: str
    block: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a calendar says: its events, and the UIDs of those whose dates cannot be read."""

    events: list[Event]
    unread: set[str]


def read(content: bytes, timezone: str) -> Said:
    """The events of a calendar by their UID; those that are cancelled are left out."""
    if len(content) > MOST_BYTES:
        raise NotACalendar(_("The calendar is too large."), field="file")
    try:
        calendar = icalendar.Calendar.from_ical(content)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        raise NotACalendar(_("That is not a calendar. Choose a file that ends in .ics."), field="file") from None
    if not isinstance(calendar, icalendar.Calendar):
        raise NotACalendar(_("That is not a calendar. Choose a file that ends in .ics."), field="file")
    found: dict[str, Event] = {}
    unread: set[str] = set()
    for each in calendar.walk("VEVENT")[:MOST_EVENTS]:
        uid = str(each.get("uid", "")).strip()[:300]
        if not uid or str(each.get("status", "")).upper() == "CANCELLED":
            continue
        event = _event(uid, each, ZoneInfo(timezone))
        if event is None:
            unread.add(uid)
        else:
            found[uid] = event
    return Said(list(found.values()), unread)


def written(name: str, stretches: Iterable[tuple[str, date, date]], at: datetime) -> bytes:
    """A calendar of stretches (uid, first night, day after) in which nothing is to be had; it names nobody."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Portal//Rooms//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    for uid, start, end in stretches:
        event = icalendar.Event()
        event.add("uid", uid)
        event.add("dtstamp", at.astimezone(UTC))
        event.add("dtstart", start)
        event.add("dtend", end)
        event.add("summary", "Not available")
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _event(uid: str, each: icalendar.cal.Component, zone: ZoneInfo) -> Event | None:
    begins, ends = _day(each, "dtstart", zone), _day(each, "dtend", zone)
    if begins is None or "rrule" in each:
        return None
    departure = ends or begins + timedelta(days=1)
    if departure <= begins:
        return None
    summary = " ".join("".join(c for c in str(each.get("summary", "")) if c.isprintable()).split())[:100]
    return Event(uid, begins, departure, summary, any(word in summary.casefold() for word in CLOSED))


def _day(each: icalendar.cal.Component, name: str, zone: ZoneInfo) -> date | None:
    try:
        value = each.decoded(name)
    except (KeyError, ValueError):
        return None
    if isinstance(value, datetime):
        return (value.astimezone(zone) if value.tzinfo else value).date()
    return value if isinstance(value, date) else None
