"""One vehicle: its panel beside the map, and its page with the way it went on a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Response, g, jsonify, request, url_for

from portal.core import parse
from portal.core.clock import local_date, utcnow
from portal.core.errors import DomainError
from portal.reporting import fleet, fleet_day
from portal.reporting.fleet_day import Day
from portal.shared.assets.models import Unit, UnitKind
from portal.shared.assets.queries import get_unit
from portal.web.assets.unit import standing
from portal.web.assets.words import said_words
from portal.web.download import csv_file
from portal.web.fleet import words
from portal.web.fleet.maps import tiles
from portal.web.fleet.views import blueprint
from portal.web.guards import permission
from portal.web.htmx import page

ONE = "/<asset_number>/vehicles/<number>"


@blueprint.get(ONE)
@permission("fleet.view")
def vehicle(asset_number: str, number: str) -> Response:
    """How it stands, and one day of it: the way, trips and stops, what happened, what it was told."""
    unit, today = vehicle_called(number), today_here()
    day = _day(today)
    return page(
        "fleet/vehicle.html",
        "now",
        **_now(unit),
        day=day,
        today=today,
        before=day.on - timedelta(days=1),
        after=day.on + timedelta(days=1) if day.on < today else None,
        sum=fleet_day.figures(unit.id, day.on),
        legs=fleet_day.legs(unit.id, day, utcnow()),
        happened=fleet_day.happenings(unit.id, day),
        told=fleet_day.commands(unit.id, day),
        tiles=tiles(),
    )


@blueprint.get(f"{ONE}/panel")
@permission("fleet.view")
def vehicle_panel(asset_number: str, number: str) -> Response:
    """The short form of its page, beside the map."""
    return page("fleet/panel.html", "panel", **_now(vehicle_called(number)))


@blueprint.get(f"{ONE}/track.json")
@permission("fleet.view")
def vehicle_track(asset_number: str, number: str) -> Response:
    """The way of a day for the replay, with the fences it may have crossed."""
    fences = [{"name": each.name, "shape": each.shape, "colour": each.colour} for each in fleet.fences_of(g.place.id)]
    points = fleet_day.track(vehicle_called(number).id, _day(today_here()))
    return jsonify({"points": points, "fences": fences})


@blueprint.get(f"{ONE}/fixes")
@permission("fleet.view")
def vehicle_fixes(asset_number: str, number: str) -> Response:
    """Every position it told, believed or not: the replay as a table, and its whole history."""
    unit = vehicle_called(number)
    day = _day(today_here()) if request.args.get("day") else None
    found = fleet_day.fixes(unit.id, day, cursor=request.args.get("cursor") or None)
    return page(
        "fleet/fixes.html",
        "rows",
        unit=unit,
        day=day,
        found=found,
        reasons=fleet_day.why_rejected([each.id for each in found.items]),
        here_it_is=url_for(".vehicle", asset_number=asset_number, number=number),
        say=words,
        said=said_words,
    )


@blueprint.get(f"{ONE}/fixes.csv")
@permission("fleet.view")
def vehicle_fixes_export(asset_number: str, number: str) -> Response:
    """The positions of one day as a file."""
    unit, day = vehicle_called(number), _day(today_here())
    heads = ["at", "received_at", "value", "latitude", "longitude", "believed", "reason", "late", "clock"]
    return csv_file(
        f"fixes-{unit.number}-{day.on}", heads, (_fix_cells(*each) for each in fleet_day.every_fix(unit.id, day))
    )


@blueprint.get(f"{ONE}/legs.csv")
@permission("fleet.view")
def vehicle_legs_export(asset_number: str, number: str) -> Response:
    """The trips and stops of one day as a file."""
    unit, day = vehicle_called(number), _day(today_here())
    heads = ["what", "started_at", "ended_at", "seconds", "distance_m", "top_speed_kmh", "driver", "latitude",
             "longitude", "idle_seconds"]  # fmt: skip
    rows = (
        (
            each.what, each.started_at, each.ended_at, each.seconds,
            None if each.distance_mm is None else each.distance_mm // 1000,
            None if each.top_speed_kmh_milli is None else each.top_speed_kmh_milli / 1000,
            each.driver, each.latitude, each.longitude, each.idle_seconds,
        )
        for each in fleet_day.legs(unit.id, day, utcnow())
    )  # fmt: skip
    return csv_file(f"trips-{unit.number}-{day.on}", heads, rows)


def vehicle_called(number: str) -> Unit:
    """The vehicle with this number at the place; raises NoSuchUnit."""
    return get_unit(g.place.id, number, UnitKind.VEHICLE)


def today_here() -> date:
    """The day by the clock of the place."""
    return local_date(g.place.timezone, utcnow())


def _now(unit: Unit) -> dict[str, Any]:
    return {
        **standing(unit, {}),
        "unit": unit,
        "live": fleet.live_one(unit.id, fleet.fences_of(g.place.id)),
        "figures": fleet.figures_of(unit.id, today_here()),
        "say": words,
        "here_it_is": url_for("fleet.vehicle", asset_number=g.place.asset_number, number=unit.number),
    }


def _day(today: date) -> Day:
    """The day of the address; one nobody can read, or that has not come yet, is today."""
    try:
        on = min(parse.day(request.args.get("day") or today.isoformat(), "day"), today)
    except DomainError:
        on = today
    return Day.of(on if on.year > 1970 else today, g.place.timezone)


def _fix_cells(each: Any, reason: str | None) -> list[object]:
    point = fleet.point_of(each.value) or (None, None)
    return [each.at, each.received_at, each.value, *point, not reason, reason, each.late, each.quality]
