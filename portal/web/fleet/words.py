"""How the fleet's states and measures are written for people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.words import _
from portal.reporting.fleet import Standing
from portal.reporting.fleet_day import Happening
from portal.trades.fleet.models import Geofence
from portal.web.filters import day, duration, money, number, timezone

#: Tone and icon of each state; the map's marks have the same colours.
BADGES = {
    Standing.MOVING: ("good", "arrow-up-right"),
    Standing.STANDING: ("info", "player-stop"),
    Standing.SILENT: ("warn", "clock"),
    Standing.LOST: ("bad", "wifi-off"),
    Standing.UNKNOWN: ("idle", "circle-dashed"),
}


def state_words(state: str) -> str:
    """A state as the list says it; '' is the chip of all."""
    return {
        "": _("All"),
        Standing.MOVING: _("Moving"),
        Standing.STANDING: _("Standing"),
        Standing.SILENT: _("Silent"),
        Standing.LOST: _("Lost"),
        Standing.UNKNOWN: _("Never heard"),
    }.get(state, state)


def since_within(today: date) -> Callable[[datetime | None], str]:
    """Since when, as short as a list wants it: the time today, else the day; the zone is looked up once for all."""
    zone = timezone()

    def said(at: datetime | None) -> str:
        if at is None:
            return ""
        there = at.astimezone(zone)
        return f"{there:%H:%M}" if there.date() == today else day(there, near=False)

    return said


def distance(millimetres: int | None) -> str:
    """A way in kilometres; short ones in metres."""
    if millimetres is None:
        return "–"
    metres = round(millimetres / 1000)
    if metres < 1000:
        return _("%(n)s m", n=number(metres))
    return _("%(n)s km", n=number(round(metres / 1000, 1 if metres < 1_000_000 else 0)))


def speed(kmh_milli: int | None) -> str:
    """A speed in whole kilometres an hour."""
    return "–" if kmh_milli is None else _("%(n)s km/h", n=number(round(kmh_milli / 1000)))


def hours(seconds: int | None) -> str:
    """Engine hours, with one decimal as the meter in the cab has it."""
    return "–" if seconds is None else _("%(n)s h", n=number(round(seconds / 3600, 1)))


def span(seconds: int | None) -> str:
    """How long something took: seconds only while it is short."""
    if seconds is None:
        return "–"
    return duration(round(seconds / 60)) if seconds >= 60 else _("%(n)s s", n=seconds)


def takings(fares: dict[str, Any]) -> str:
    """What was paid on board, each currency by itself."""
    sums = fares.get("sums") or {}
    return ", ".join(_taken(amount, currency) for currency, amount in sorted(sums.items()))


def _taken(amount: str, currency: str) -> str:
    """A sum as trackers wrote it: finer than the currency's coins, it is shown as it is."""
    try:
        return money(Money.from_major(amount, currency))
    except DomainError:
        return f"{amount} {currency}"


def exact(at: datetime) -> str:
    """A moment to the second, as a table of fixes wants it."""
    there = at.astimezone(timezone())
    return f"{day(there)} {there:%H:%M:%S}"


def time_on(at: datetime, on: date) -> str:
    """A time within the day a page is about; of another day, with that day."""
    there = at.astimezone(timezone())
    return f"{there:%H:%M}" if there.date() == on else f"{day(there, near=False)} {there:%H:%M}"


def happening(each: Happening) -> str:
    """What happened, in a few words."""
    return {
        "enter": _("Came to %(fence)s", fence=each.name),
        "leave": _("Left %(fence)s", fence=each.name),
        "dwell": _("Stayed at %(fence)s", fence=each.name),
        "speeding": _("%(speed)s where %(limit)s is allowed", speed=speed(each.figure), limit=each.limit),
        "tampering": _("Somebody at the tracker"),
        "payment": _("Paid on board"),
        "rejected": _("A position was not believed"),
    }[each.what]


def happening_detail(each: Happening) -> str | None:
    """What there is to say beside it."""
    parts = []
    if each.what == "rejected":
        parts.append(reason(each.name or ""))
    elif each.what in ("payment", "tampering") and each.name:
        parts.append(each.name)
    if each.what == "speeding" and each.ended_at:
        parts.append(_("for %(span)s", span=span(int((each.ended_at - each.at).total_seconds()))))
    if each.late:
        parts.append(_("heard late"))
    return " · ".join(parts) or None


def happening_look(each: Happening) -> tuple[str, str]:
    """Icon and tone."""
    return {
        "enter": ("login", "info"),
        "leave": ("logout", "info"),
        "dwell": ("clock", "info"),
        "speeding": ("gauge", "bad"),
        "tampering": ("hand-stop", "bad"),
        "payment": ("coins", "good"),
        "rejected": ("map-pin", "warn"),
    }[each.what]


def reason(why: str) -> str:
    """Why a position was not believed."""
    return {
        "no_fix": _("The tracker had no fix"),
        "range": _("Not a place on earth"),
        "unreadable": _("Could not be read"),
        "clock": _("The tracker's clock was wrong"),
        "duplicate": _("Told twice"),
        "same_moment": _("Another place at the same moment"),
        "jump": _("Too far for the time"),
    }.get(why, why.replace("_", " ").capitalize())


def local_day(at: datetime) -> date:
    """The day a moment falls into, by the place's own clock."""
    return at.astimezone(timezone()).date()


def shape(drawn: dict[str, Any]) -> str:
    """What a fence is, in a few words."""
    if drawn["kind"] == "circle":
        return _("Circle, %(radius)s", radius=distance(round(drawn["radius_m"] * 1000)))
    return _("Polygon, %(n)s corners", n=len(drawn["points"]))


def told_of(fence: Geofence) -> str:
    """What at a fence is worth an alert."""
    parts = [_("coming")] if fence.on_enter else []
    parts += [_("leaving")] if fence.on_leave else []
    parts += [_("staying %(span)s", span=duration(fence.dwell_minutes))] if fence.dwell_minutes else []
    return ", ".join(parts).capitalize()
