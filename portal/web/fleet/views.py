"""The fleet desk's first page: the live map beside the list, and what both are fed with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, g, jsonify, request, url_for

from portal.core.clock import local_date, utcnow
from portal.reporting import fleet
from portal.reporting.fleet import Live, Standing
from portal.web.fleet import sections, words
from portal.web.fleet.maps import tiles
from portal.web.guards import permission
from portal.web.htmx import page

blueprint = Blueprint("fleet", __name__, url_prefix="/fleet")
blueprint.context_processor(sections.context)


@blueprint.get("/<asset_number>/")
@permission("fleet.view")
def index(asset_number: str) -> Response:
    """Every vehicle of the place: where it is, how it is, since when."""
    vehicles = fleet.live(g.place.id, fleet.fences_of(g.place.id))
    state, asked = request.args.get("state", ""), request.args.get("q", "").strip()[:60].casefold()
    fitting = {
        each.number for each in vehicles if (not state or each.state == state) and (not asked or asked in _words(each))
    }
    return page(
        "fleet/map.html",
        vehicles=vehicles,
        shown=fitting,
        counts=fleet.counts(vehicles),
        states=[(value, words.state_words(value)) for value in ("", *Standing)],
        asked_state=state,
        since=words.since_within(local_date(g.place.timezone, utcnow())),
        path=paths(asset_number),
        tiles=tiles(),
        words=words,
    )


@blueprint.get("/<asset_number>/positions.json")
@permission("fleet.view")
def positions(asset_number: str) -> Response:
    """Where the vehicles are; `since` is the version of an earlier answer, and asks only for what has changed."""
    since = _number(request.args.get("since", ""))
    fences = fleet.fences_of(g.place.id)
    vehicles, version = fleet.news(g.place.id, fences, since)
    answer: dict[str, Any] = {"version": version, "vehicles": [_cells(each) for each in vehicles]}
    if not since:
        answer["counts"] = fleet.counts(vehicles)
        answer["fences"] = [{"name": each.name, "shape": each.shape, "colour": each.colour} for each in fences]
    return jsonify(answer)


@blueprint.get("/<asset_number>/trails.json")
@permission("fleet.view")
def trails(asset_number: str) -> Response:
    """The last stretch of the way of every vehicle that moves, by its number."""
    return jsonify(fleet.trails(g.place.id))


def paths(asset_number: str) -> Callable[[str], str]:
    """The address of a vehicle's page, made without asking the router for each of a thousand rows."""
    start = url_for("fleet.index", asset_number=asset_number)
    return lambda number: f"{start}vehicles/{quote(number, safe='')}"


def _cells(each: Live) -> list[object]:
    return [
        each.number, each.latitude, each.longitude, each.state, each.speed_kmh, each.heading,
        int(each.since.timestamp()) if each.since else None,
        int(each.heard_at.timestamp()) if each.heard_at else None,
        each.driver, each.place,
    ]  # fmt: skip


def _words(each: Live) -> str:
    """What the search looks through."""
    return " ".join(part for part in (each.number, each.plate, each.make, each.driver, each.place) if part).casefold()


def _number(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
