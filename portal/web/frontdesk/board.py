"""The desk's first page: who comes, who is in, who goes, and what needs somebody."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Response, g, request

from portal.trades.hotel.queries.board import Line, board
from portal.trades.hotel.queries.inventory import room_types, rooms_at
from portal.trades.hotel.queries.property import business_date, property_of
from portal.trades.hotel.queries.troubles import troubles
from portal.web.frontdesk import words
from portal.web.frontdesk.views import blueprint
from portal.web.guards import may, permission
from portal.web.htmx import page

#: The columns of the board, each also a page of its own under ?only=.
COLUMNS = ("arrivals", "in_house", "departures")


@blueprint.get("/<asset_number>/")
@permission("hotel.view")
def index(asset_number: str) -> Response:
    """A day at the hotel, today's if none is named."""
    settings, today = property_of(g.place), business_date(g.place)
    types = room_types(g.place.id)
    rooms = rooms_at(g.place.id) if types else []
    if not rooms:
        return page("frontdesk/first.html", types=types, rooms=rooms)
    now = board(g.place, _day(today))
    return page(
        "frontdesk/today.html",
        "now",
        board=now,
        today=today,
        tomorrow=now.day + timedelta(days=1),
        yesterday=now.day - timedelta(days=1),
        figures=words.Figures.of(now, rooms),
        troubles=troubles(g.place, settings, now) if now.day == today else [],
        only=request.args.get("only") if request.args.get("only") in COLUMNS else None,
        lines={name: _asked(getattr(now, name)) for name in COLUMNS},
        money=may("payments.view"),
        may_book=may("hotel.book"),
        words=words,
    )


def _day(today: date) -> date:
    """The day of the address, within reason."""
    try:
        asked = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return today
    return asked if abs((asked - today).days) <= 730 else today


def _asked(lines: list[Line]) -> list[Line]:
    """Those that fit the search of the address."""
    asked = request.args.get("q", "").strip()[:60].casefold()
    found = [each for each in lines if asked in f"{each.guest} {each.number} {each.room or ''}".casefold()]
    return sorted(found, key=lambda each: each.status == "checked_out")
