"""The fleet's papers: what each vehicle is, what stood on its odometer, and the fences it is watched by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from portal.demo.common import DAYS, insert, key
from portal.demo.places import DEPOT, FLEET, DemoPlace, DemoUnit, units
from portal.trades.fleet.models import Geofence, Vehicle

#: By the last word of what a vehicle is called: year, fuel, seats, and the limit it is held to, if any.
MODELS = {
    "Axio": (2016, "petrol", 5, 80), "Note": (2017, "petrol", 5, 80), "Demio": (2015, "petrol", 5, 80),
    "Noah": (2014, "petrol", 7, 80), "Hiace": (2018, "diesel", 14, 80), "Hilux": (2019, "diesel", 5, 80),
    "lorry": (2013, "diesel", 3, 50), "tanker": (2017, "diesel", 3, 50), "Canter": (2015, "diesel", 3, 50),
}  # fmt: skip
FENCES: tuple[tuple[DemoPlace, str, dict[str, Any], str, dict[str, Any]], ...] = (
    (FLEET, "Yard, Mombasa Road", {"kind": "circle", "latitude": -1.3152, "longitude": 36.848, "radius_m": 350},
     "#0f766e", {}),
    (FLEET, "City centre", {"kind": "polygon", "points": [
        [-1.2765, 36.8115], [-1.2745, 36.8205], [-1.2815, 36.8275], [-1.2905, 36.8290], [-1.2965, 36.8225],
        [-1.2935, 36.8130], [-1.2845, 36.8100]]}, "#2563eb", {"speed_limit_kmh": 55}),
    (FLEET, "Airport", {"kind": "circle", "latitude": -1.3212, "longitude": 36.9243, "radius_m": 900},
     "#7c3aed", {"dwell_minutes": 30}),
    (DEPOT, "Depot yard", {"kind": "circle", "latitude": -1.4563, "longitude": 36.9785, "radius_m": 400},
     "#0f766e", {}),
    (DEPOT, "Kitengela", {"kind": "polygon", "points": [
        [-1.4690, 36.9480], [-1.4690, 36.9660], [-1.4840, 36.9640], [-1.4830, 36.9460]]},
     "#b45309", {"on_enter": True}),
)  # fmt: skip


def vehicles() -> list[DemoUnit]:
    """Every vehicle of the demo."""
    return [unit for unit in units() if unit.kind == "vehicle"]


def odometer_m(unit: DemoUnit) -> int:
    """What stood on its odometer when its tracker was fitted."""
    return (38_000 + sum(map(ord, unit.number)) * 937 % 140_000) * 1_000


def fence_id(name: str) -> object:
    """The key of a fence by its name."""
    return key(f"fence {name}")


def load(now: datetime) -> None:
    """Write papers and fences as they were before the month of history began."""
    began = now - timedelta(days=DAYS + 2)
    insert(
        Vehicle,
        [
            {
                "unit_id": unit.id, "asset_id": unit.place.id, "make": str(unit.room_type).split()[0],
                "model": " ".join(str(unit.room_type).split()[1:]), "year": year, "fuel": fuel, "seats": seats,
                "speed_limit_kmh": limit, "vin": f"JT{sum(map(ord, unit.number)) * 7_919_131:015d}"[:17],
                "odometer_offset_m": odometer_m(unit), "engine_offset_s": odometer_m(unit) // 9,
            }
            for unit in vehicles()
            for year, fuel, seats, limit in [MODELS[str(unit.room_type).split()[-1]]]
        ],
    )  # fmt: skip
    insert(
        Geofence,
        [
            {
                "id": fence_id(name), "created_at": began, "applies_from": began, "asset_id": place.id, "name": name,
                "shape": shape, "colour": colour,
                **{"on_enter": False, "on_leave": False, "dwell_minutes": None, "speed_limit_kmh": None, **watched},
            }
            for place, name, shape, colour, watched in FENCES
        ],
    )  # fmt: skip
