"""The desk's words: states, sources, what needs somebody, and the figures of the board."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_date
from flask import current_app, g, url_for

from portal.core.money import decimals_of
from portal.core.words import LazyText, _, gettext, language, lazy_, ngettext
from portal.shared.assets.models import Unit
from portal.trades.hotel.models import Room
from portal.trades.hotel.queries.board import Board, Line
from portal.trades.hotel.queries.troubles import Trouble
from portal.web.filters import ago, clock, day, money
from portal.web.frontdesk.house_words import cleanliness

#: What the board listens to.
LIVE = (
    "hotel.stay.changed from:body throttle:1s, hotel.room.changed from:body throttle:1s,"
    " hotel.folio.changed from:body throttle:2s, hotel.day.closed from:body,"
    " pms.inventory.updated from:body throttle:2s"
)
#: How a stay stands: words, tone and icon.
STATES: dict[str, tuple[LazyText, str, str]] = {
    "held": (lazy_("Held"), "info", "clock"),
    "confirmed": (lazy_("Confirmed"), "info", "calendar"),
    "in_house": (lazy_("In house"), "good", "bed"),
    "checked_out": (lazy_("Checked out"), "idle", "logout"),
    "cancelled": (lazy_("Cancelled"), "idle", "ban"),
    "no_show": (lazy_("No-show"), "bad", "user-x"),
    "expired": (lazy_("Lapsed"), "idle", "clock"),
}
SOURCES: dict[str, LazyText] = {
    "desk": lazy_("Desk"),
    "phone": lazy_("Telephone"),
    "web": lazy_("Website"),
    "walk_in": lazy_("Walk-in"),
    "company": lazy_("Company"),
    "door": lazy_("Door"),
    "api": lazy_("Interface"),
    "group": lazy_("Group"),
    "waitlist": lazy_("Waitlist"),
}


def state(status: str) -> tuple[str, str, str]:
    """Words, tone and icon of a stay's state."""
    words, tone, icon = STATES[status]
    return str(words), tone, icon


clean = cleanliness


def source(name: str) -> str:
    """Where a booking came from; a channel is called what it calls itself."""
    return str(SOURCES[name]) if name in SOURCES else gettext(name.capitalize())


def weekday(value: date) -> str:
    """The day of the week in a few letters."""
    return str(format_date(value, "EEE", locale=language()))


def month(value: date) -> str:
    """The month in a few letters."""
    return str(format_date(value, "MMM", locale=language()))


def short(amount: int) -> str:
    """An amount for a narrow cell: 42k, 118.5k, 95."""
    major = amount / 10 ** decimals_of(g.place.currency)
    if major >= 10_000:
        return f"{major / 1000:.1f}".removesuffix(".0") + "k"
    return f"{major:.0f}"


def whole(amount: int) -> str:
    """An amount on a narrow line: without decimals where there are none."""
    said = money(amount)
    return re.sub(r"[.,]0+(?=\D*$)", "", said) if amount % 10 ** decimals_of(g.place.currency) == 0 else said


def nights(line: Line) -> str:
    """How long: "2 nights", or for the day."""
    return _("day use") if line.day_use else ngettext("%(num)s night", "%(num)s nights", line.nights)


def people(line: Line) -> str:
    """Who sleeps there: "2 + 1 child"."""
    grown = ngettext("%(num)s person", "%(num)s people", line.adults)
    return grown if not line.children else f"{grown} + {ngettext('%(num)s child', '%(num)s children', line.children)}"


def minute(value: int | None) -> str:
    """Minutes after midnight as a time."""
    return "" if value is None else f"{value // 60:02}:{value % 60:02}"


def due(line: Line) -> int:
    """What is owed now: before the arrival that is what was agreed and not yet paid."""
    return line.agreed + line.balance if line.status in ("held", "confirmed") else line.balance


@dataclass(frozen=True, slots=True)
class Figures:
    """The number strip of a day."""

    arrived: int
    arrivals: int
    left: int
    departures: int
    in_house: int
    free: int
    free_by_type: str
    dirty_needed: int

    @classmethod
    def of(cls, board: Board, rooms: Sequence[tuple[Room, Unit]]) -> Figures:
        """Counted from the board."""
        free = [(each.code, night.free) for each, night in board.tonight if night is not None]
        needed = {line.room_id for line in board.arrivals if line.status == "confirmed"}
        return cls(
            sum(line.status != "confirmed" for line in board.arrivals),
            len(board.arrivals),
            sum(line.status == "checked_out" for line in board.departures),
            len(board.departures),
            len(board.in_house),
            sum(count for _code, count in free),
            ", ".join(f"{code} {count}" for code, count in free),
            sum(room.unit_id in needed and room.status in ("dirty", "cleaning") for room, _unit in rooms),
        )


def trouble(each: Trouble) -> dict[str, Any]:
    """A sentence, where it leads, and how grave it is."""
    line = each.line
    there = url_for("frontdesk.stay", asset_number=g.place.asset_number, stay=line.stay_id) if line else ""
    grave = each.kind in ("oversold", "clash", "do_not_rent", "overdue", "paid_over", "channel")
    return {"words": _sentence(each), "url": there, "tone": "bad" if grave else "warn"}


def _sentence(each: Trouble) -> str:
    line, said = each.line, each.words
    who = ", ".join(filter(None, (line.guest, line.room))) if line else ""
    match each.kind:
        case "day_open":
            return _("The business day of %(day)s is still open.", day=day(each.night, near=False))
        case "oversold":
            return _("%(type)s is oversold by %(count)s on %(day)s.", type=said, count=each.count, day=day(each.night))
        case "overdue":
            return _("%(who)s should have left %(when)s.", who=who, when=clock(each.at, inside=True))
        case "paid_over":
            return _("%(who)s paid until %(when)s and has not left.", who=who, when=clock(each.at, inside=True))
        case "too_early":
            when = clock(each.at, inside=True)
            return _("%(who)s comes %(when)s, before %(other)s has to leave.", who=who, when=when, other=said)
        case "channel":
            return _("%(channel)s has a booking for %(day)s that does not fit.", channel=said, day=day(each.night))
        case "has_to_move":
            return _("%(who)s has to move to %(room)s.", who=who, room=said)
        case "owes":
            return _("%(who)s owes %(amount)s.", who=who, amount=money(each.count))
        case "do_not_rent":
            return _("%(who)s is not to be let a room: %(why)s", who=who, why=said)
        case "paid_without_room":
            return _("%(who)s has paid %(amount)s and has no room.", who=who, amount=money(each.count))
        case "clash":
            return _("%(who)s comes, and %(other)s is still in the room.", who=who, other=said)
        case "not_ready":
            return _("%(who)s comes soon, and the room is not ready.", who=who)
        case "hold":
            return _("%(what)s: the hold lapses %(when)s.", what=said, when=ago(each.at))
    if each.count:
        return _("The lock of %(room)s refused.", room=said)
    return _("The lock of %(room)s has not answered.", room=said)


def audit_url() -> str:
    """Where the business day is closed, once there is such a page."""
    there = "frontdesk.audit" if "frontdesk.audit" in current_app.view_functions else "frontdesk.index"
    return url_for(there, asset_number=g.place.asset_number)


def exists(endpoint: str) -> bool:
    """Whether there is such a page."""
    return endpoint in current_app.view_functions
