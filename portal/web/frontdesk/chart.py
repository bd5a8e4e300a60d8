"""The tape chart: every room over some days, its parts fetched again when something in them changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from flask import Response, g, jsonify, request, url_for

from portal.trades.hotel.models import RoomType
from portal.trades.hotel.queries.chart import Chart
from portal.trades.hotel.queries.chart import chart as chart_of
from portal.trades.hotel.queries.finding import rooms_touched, stay_at
from portal.trades.hotel.queries.inventory import Key, room_at, room_types
from portal.trades.hotel.queries.property import business_date, ends_at, property_of, starts_at
from portal.trades.hotel.queries.quotes import lowest_prices
from portal.trades.hotel.queries.rooms_free import rooms_between
from portal.trades.hotel.services import housekeeping
from portal.web.frontdesk import words
from portal.web.frontdesk.chart_cells import Pencil, groups, weekend
from portal.web.frontdesk.stay_forms import shift_of
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, may, permission
from portal.web.htmx import go, page, toast

LENGTHS = (7, 14, 31)


@blueprint.get("/<asset_number>/chart")
@permission("hotel.view")
def chart(asset_number: str) -> Response:
    """Rooms by days."""
    property_of(g.place)
    types = room_types(g.place.id)
    start, days = asked_start(), asked_days()
    drawn = chart_of(g.place, start, days)
    if not drawn.rows:
        return page("frontdesk/first.html", types=types, rooms=[])
    pencil = Pencil(drawn, g.place.timezone, money=may("payments.view"))
    return page(
        "frontdesk/chart.html",
        "tape",
        chart=drawn,
        groups=groups(drawn, pencil, _prices(types, drawn)),
        parked=pencil.lanes(drawn.parked),
        lengths=LENGTHS,
        weekend=weekend,
        before=start - timedelta(days=days if days < 14 else 7),
        after=start + timedelta(days=days if days < 14 else 7),
        may_book=may("hotel.book"),
        words=words,
    )


def _prices(types: Sequence[RoomType], drawn: Chart) -> Mapping[Key, int]:
    """The lowest price of each type and night, for those who may see prices."""
    if not may("units.price"):
        return {}
    return lowest_prices(g.place, types, drawn.start, drawn.start + timedelta(days=len(drawn.days)))


def asked_days() -> int:
    """How many days the address asks for."""
    said = request.args.get("days", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 4 and int(said) in LENGTHS else 14


def asked_start() -> date:
    """The first day of the address, else yesterday."""
    today = business_date(g.place)
    try:
        asked = date.fromisoformat(request.args.get("start", ""))
    except ValueError:
        return today - timedelta(days=1)
    return asked if abs((asked - today).days) <= 900 else today - timedelta(days=1)


def _named(name: str) -> list[str]:
    """What the address names, separated by commas."""
    return [said for said in request.args.get(name, "").split(",")[:60] if 0 < len(said) <= 40]


@blueprint.get("/<asset_number>/chart/rows")
@permission("hotel.view")
def chart_rows(asset_number: str) -> Response:
    """The rows in which something changed: those of the stays and rooms of the address, and what is said of types."""
    types = room_types(g.place.id)
    touched = rooms_touched(g.place.id, stays=_named("stays"), rooms=_named("rooms"), types=_named("types"))
    drawn = chart_of(g.place, asked_start(), asked_days(), room_ids=touched)
    pencil = Pencil(drawn, g.place.timezone, money=may("payments.view"))
    return page(
        "frontdesk/chart_rows.html",
        "rows",
        groups=groups(drawn, pencil, _prices(types, drawn)),
        parked=pencil.lanes(drawn.parked),
        words=words,
    )


@blueprint.get("/<asset_number>/chart/free")
@permission("hotel.view")
def chart_free(asset_number: str) -> Response:
    """Which rooms a stay could be put in, moved by so many days: null, or why not."""
    found = stay_at(g.place.id, request.args.get("stay", "")[:50])
    settings, moved = property_of(g.place), timedelta(days=shift_of(request.args.get("shift", "")) or 0)
    choices = rooms_between(
        g.place,
        starts_at(g.place, settings, found) + moved,
        ends_at(g.place, settings, found) + moved,
        stay_id=found.id,
        people=found.adults + found.children,
    )
    return jsonify({each.number: each.why_not() for each in choices})


@blueprint.post("/<asset_number>/chart/rooms/<room>/clean")
@permission("hotel.housekeeping")
def chart_clean(asset_number: str, room: str) -> Response:
    """Dirty, clean, inspected, and from the beginning."""
    found = room_at(g.place.id, room)
    made = housekeeping.set_status(
        asset_id=g.place.id, room_id=found.unit_id, status=housekeeping.NEXT[found.status], actor=current_actor()
    )
    toast(f"{room}: {words.clean(made.status)[0]}")
    return go(url_for(".chart", asset_number=asset_number))


@blueprint.get("/<asset_number>/chart/open")
@permission("hotel.view")
def chart_open(asset_number: str) -> Response:
    """A bar that was pressed without JavaScript: it carries the name of its stay."""
    called = request.args.get("stay", "")[:50]
    there = (
        url_for(".stay", asset_number=asset_number, stay=called)
        if called
        else url_for(".chart", asset_number=asset_number)
    )
    return go(there)
