"""Distances, bearings and what a tracker's word for a position means. Pure; coordinates in 1e-7 degrees."""

from __future__ import annotations

import json
from math import asin, atan2, cos, degrees, hypot, isfinite, radians, sin, sqrt
from typing import NamedTuple

E7 = 10_000_000
#: Metres to one 1e-7 degree of latitude, on a sphere of the earth's mean radius.
EARTH_M = 6_371_008.8
METRES_PER_E7 = radians(1) * EARTH_M / E7
_RAD_PER_E7 = radians(1) / E7
_HALF_TURN = 180 * E7
_TURN = 360 * E7

#: Faster than this (216 km/h) nothing with wheels goes from one fix to the next, but for the reach of the receiver.
FASTEST_M_S = 60.0
REACH_M = 30.0
#: Speeds a tracker may claim, in thousandths of a km/h.
FASTEST_SAID = 250_000


class Said(NamedTuple):
    """A position as a tracker gave it; what it did not say is None."""

    latitude: int
    longitude: int
    speed: int | None = None
    heading: int | None = None


def e7(degrees_: float) -> int:
    """Degrees as the whole number they are stored as."""
    return round(degrees_ * E7)


def position(value: str) -> Said | str:
    """What "lat,lon" or {"lat", "lon", "speed", "heading"} says, or the word for why it is no position."""
    try:
        if value[:1] == "{":
            return _from_object(json.loads(value))
        latitude, longitude = value.split(",")
        return _place(float(latitude), float(longitude))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return "unreadable"


def _from_object(said: dict[str, object]) -> Said | str:
    place = _place(_number(said["lat"]), _number(said["lon"]))
    if isinstance(place, str):
        return place
    speed, heading = said.get("speed"), said.get("heading")
    return Said(
        place.latitude,
        place.longitude,
        speed_said(_number(speed)) if speed is not None else None,
        round(_number(heading)) % 360 if heading is not None else None,
    )


def _number(value: object) -> float:
    number = float(value)  # type: ignore[arg-type]  # whatever is no number raises what the caller expects
    if isinstance(value, bool) or not isfinite(number):
        raise ValueError("not a number")
    return number


def _place(latitude: float, longitude: float) -> Said | str:
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):  # also what is not a number at all
        return "range"
    place = Said(round(latitude * E7), round(longitude * E7))
    # a receiver without a fix says 0,0, and some write it with noise in the last digits
    return "no_fix" if abs(place.latitude) < 1_000 and abs(place.longitude) < 1_000 else place


def speed_said(kmh: float) -> int | None:
    """A claimed speed in thousandths of a km/h, or None when no vehicle goes so fast."""
    milli = round(kmh * 1_000)
    return milli if 0 <= milli <= FASTEST_SAID else None


def metres(latitude: int, longitude: int, latitude2: int, longitude2: int) -> float:
    """The great circle between two places."""
    up = sin((latitude2 - latitude) * _RAD_PER_E7 / 2)
    along = sin((longitude2 - longitude) * _RAD_PER_E7 / 2)
    bow = up * up + cos(latitude * _RAD_PER_E7) * cos(latitude2 * _RAD_PER_E7) * along * along
    return 2 * EARTH_M * asin(sqrt(bow)) if bow < 1 else 2 * EARTH_M * asin(1)


def plausible(distance: float, microseconds: int) -> bool:
    """Whether a vehicle can have come so far in so long."""
    return distance <= FASTEST_M_S * microseconds / 1e6 + REACH_M


def bearing(latitude: int, longitude: int, latitude2: int, longitude2: int) -> int:
    """The direction from one place to another, in whole degrees clockwise from north."""
    up, up2 = latitude * _RAD_PER_E7, latitude2 * _RAD_PER_E7
    along = (longitude2 - longitude) * _RAD_PER_E7
    east = sin(along) * cos(up2)
    north = cos(up) * sin(up2) - sin(up) * cos(up2) * cos(along)
    return round(degrees(atan2(east, north))) % 360


def east_of(longitude: int, longitude0: int) -> int:
    """How far east of another a longitude is, the short way round."""
    return (longitude - longitude0 + _HALF_TURN) % _TURN - _HALF_TURN


class Plane:
    """Metres east and north of one place: flat, and good for as far as a fence reaches."""

    __slots__ = ("east_m", "latitude", "longitude")

    def __init__(self, latitude: int, longitude: int) -> None:
        self.latitude = latitude
        self.longitude = longitude
        self.east_m = METRES_PER_E7 * cos(latitude * _RAD_PER_E7)

    def at(self, latitude: int, longitude: int) -> tuple[float, float]:
        """A place as metres east and north."""
        return east_of(longitude, self.longitude) * self.east_m, (latitude - self.latitude) * METRES_PER_E7


def to_segment(x: float, y: float, ax: float, ay: float, bx: float, by: float) -> float:
    """How far a point is from a straight piece."""
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    along = max(0.0, min(1.0, ((x - ax) * dx + (y - ay) * dy) / length)) if length else 0.0
    return hypot(x - ax - along * dx, y - ay - along * dy)
