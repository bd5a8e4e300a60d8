"""Every trip of the place: who went when, how far, how fast."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Response, g, request

from portal.core import parse
from portal.core.errors import DomainError
from portal.reporting.fleet_day import Day, WantedTrips, page_of_trips
from portal.shared.assets.models import Unit, UnitKind
from portal.shared.assets.queries import units_of
from portal.trades.fleet.driver_queries import WantedDrivers, all_drivers_of, drivers_by_id
from portal.web.download import csv_file
from portal.web.fleet import words
from portal.web.fleet.views import blueprint, paths
from portal.web.guards import permission
from portal.web.htmx import page


@blueprint.get("/<asset_number>/trips", endpoint="trips")
@permission("fleet.view")
def trips(asset_number: str) -> Response:
    """Trips, the latest first."""
    vehicles, drivers = _vehicles(), list(all_drivers_of(g.place.id, WantedDrivers()))
    found = page_of_trips(g.place.id, _wanted(vehicles, drivers), cursor=request.args.get("cursor") or None)
    return page(
        "fleet/trips.html",
        "rows",
        found=found,
        vehicles={unit.id: unit for unit in vehicles},
        drivers={driver.id: driver for driver in drivers},
        path=paths(asset_number),
        say=words,
    )


@blueprint.get("/<asset_number>/trips.csv")
@permission("fleet.view")
def trips_export(asset_number: str) -> Response:
    """The same list, all of it, for a spreadsheet."""
    vehicles = _vehicles()
    wanted = _wanted(vehicles, list(all_drivers_of(g.place.id, WantedDrivers())))
    heads = ["vehicle", "driver", "started_at", "ended_at", "distance_m", "moving_seconds", "top_speed_kmh",
             "start_latitude", "start_longitude", "end_latitude", "end_longitude"]  # fmt: skip
    numbers = {unit.id: unit.number for unit in vehicles}
    return csv_file(f"trips-{g.place.asset_number}", heads, _rows(wanted, numbers))


def _rows(wanted: WantedTrips, numbers: dict[uuid.UUID, str]) -> Iterator[tuple[object, ...]]:
    cursor: str | None = None
    while True:
        found = page_of_trips(g.place.id, wanted, cursor=cursor, limit=200)
        drivers = drivers_by_id({trip.driver_id for trip in found.items})
        for trip in found.items:
            driver = drivers.get(trip.driver_id) if trip.driver_id else None
            yield (
                numbers.get(trip.unit_id), driver.name if driver else None, trip.started_at, trip.ended_at,
                trip.distance_mm // 1000, trip.moving_seconds, trip.top_speed_kmh_milli / 1000,
                trip.start_latitude_e7 / 1e7, trip.start_longitude_e7 / 1e7,
                trip.end_latitude_e7 / 1e7, trip.end_longitude_e7 / 1e7,
            )  # fmt: skip
        if (cursor := found.next) is None:
            return


def _vehicles() -> list[Unit]:
    return [unit for unit in units_of(g.place.id) if unit.kind == UnitKind.VEHICLE]


def _wanted(vehicles: list[Unit], drivers: Any) -> WantedTrips:
    asked = request.args
    unit = next((each for each in vehicles if each.number == asked.get("vehicle")), None)
    driver = next((each for each in drivers if str(each.number) == asked.get("driver")), None)
    first, last = _day(asked.get("from")), _day(asked.get("to"))
    return WantedTrips(
        unit.id if unit else None,
        driver.id if driver else None,
        Day.of(first, g.place.timezone).begins if first else None,
        Day.of(last, g.place.timezone).ends if last else None,
    )


def _day(given: str | None) -> date | None:
    try:
        day = parse.day(given, "day") if given else None
    except DomainError:
        return None
    return day if day and 1970 < day.year < 9999 else None
