"""The streets the simulated vehicles drive: loops through three cities, as GeoJSON lines beside this package."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "routes"
METRES_A_DEGREE = 111_320.0
#: Town speed on a straight street and round a sharp corner, metres a second.
STRAIGHT, CORNER = 15.0, 4.5

Point = tuple[float, float]


class Route:
    """One line, closed to a loop; a place on it is named by the metres driven along it."""

    def __init__(self, name: str, town: str, points: list[Point]) -> None:
        self.name, self.town = name, town
        self._points = points if points[0] == points[-1] else [*points, points[0]]
        legs = list(pairwise(self._points))
        self._lengths = [max(metres(*leg), 0.1) for leg in legs]
        self._headings = [heading(*leg) for leg in legs]
        self._starts = [0.0, *accumulate(self._lengths)]
        self.length = self._starts.pop()
        turns = [_turn(a, b) for a, b in pairwise([*self._headings, self._headings[0]])]
        self._allowed = [STRAIGHT - (STRAIGHT - CORNER) * min(turn / 60.0, 1.0) for turn in turns]

    def at(self, driven: float) -> tuple[float, float, float]:
        """Latitude, longitude and heading after so many metres."""
        leg, into = self._leg(driven)
        (south, west), (north, east) = self._points[leg], self._points[leg + 1]
        share = into / self._lengths[leg]
        return south + (north - south) * share, west + (east - west) * share, self._headings[leg]

    def pace(self, driven: float) -> float:
        """How fast one drives here: slower towards a corner."""
        leg, into = self._leg(driven)
        left = self._lengths[leg] - into
        return min(STRAIGHT, max(self._allowed[leg], math.sqrt(self._allowed[leg] ** 2 + 3.0 * left)))

    def nearest(self, point: Point) -> float:
        """The metres at which the route passes closest to a place."""
        return min(zip(self._starts, self._points, strict=False), key=lambda each: metres(each[1], point))[0]

    def _leg(self, driven: float) -> tuple[int, float]:
        driven %= self.length
        leg = bisect_right(self._starts, driven) - 1
        return leg, driven - self._starts[leg]


def metres(a: Point, b: Point) -> float:
    """How far two near places are apart."""
    north = (b[0] - a[0]) * METRES_A_DEGREE
    east = (b[1] - a[1]) * METRES_A_DEGREE * math.cos(math.radians(a[0]))
    return math.hypot(north, east)


def heading(a: Point, b: Point) -> float:
    """The way from one place to the next, in degrees from north."""
    east = (b[1] - a[1]) * math.cos(math.radians(a[0]))
    return math.degrees(math.atan2(east, b[0] - a[0])) % 360.0


def _turn(before: float, after: float) -> float:
    return abs((after - before + 180.0) % 360.0 - 180.0)


@cache
def all_routes() -> tuple[Route, ...]:
    """Every route that is shipped, by name."""
    return tuple(read(path) for path in sorted(FOLDER.glob("*.geojson")))


def in_town(town: str) -> tuple[Route, ...]:
    """The routes of one town, or all of them where the town has none."""
    return tuple(route for route in all_routes() if route.town == town) or all_routes()


def read(path: Path) -> Route:
    """One GeoJSON feature whose geometry is a line; ValueError says in a sentence what is wrong with it."""
    try:
        feature = json.loads(path.read_text())
        if feature.get("type") == "FeatureCollection":
            feature = feature["features"][0]
        if feature["geometry"]["type"] != "LineString":
            raise ValueError
        points = [(float(each[1]), float(each[0])) for each in feature["geometry"]["coordinates"]]
        if len(points) < 2 or not all(abs(south) <= 90 and abs(west) <= 180 for south, west in points):
            raise ValueError
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a GeoJSON feature with one LineString.") from error
    said = feature.get("properties") or {}
    return Route(str(said.get("name", path.stem)), str(said.get("town", "")), points)
