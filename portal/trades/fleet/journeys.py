"""Trips and stops, moving and standing: what believed positions say of a vehicle's day. Pure.

A vehicle stands at a place until it has really left it, and is on a trip until it has stood for five minutes; so a
trip has gone somewhere, ends after it began, and overlaps no other.
"""

from __future__ import annotations

from typing import Any

from portal.trades.fleet.fences import Place
from portal.trades.fleet.found import MINUTE, SECOND, DayFigures, Found, StopFound, TripFound
from portal.trades.fleet.geo import metres

#: Within this of where it stood it has not left.
NEAR_M = 40.0
#: How far it must have come to have left: less when the engine runs, least when it says it is driving.
LEFT_M = 100.0
LEFT_RUNNING_M = 60.0
#: Five minutes within this is standing.
STANDING_M = 60.0
STANDING = 5 * MINUTE
#: After so long a silence nobody knows what it did; the place it is found at says whether it stayed.
SILENCE = 15 * MINUTE
SAME_PLACE_M = 100.0
#: Faster than this, in thousandths of a km/h, it is moving.
WALKING = 5_000
#: Pieces of the track by which moving is told from standing, where no speed is said.
PIECE_M = 25.0
PIECE_SHORT = 5 * SECOND
PIECE_LONG = 30 * SECOND
PIECE_MOVING_M_S = 1.0


class Standing:
    """Where a vehicle stands, since when, and when it was last surely there."""

    __slots__ = ("idle", "latitude", "left", "longitude", "mm", "since", "told")

    def __init__(self, at: Place) -> None:
        self.since = at.t
        self.latitude = at.latitude
        self.longitude = at.longitude
        self.left = at
        #: Counted on the odometer since it was last surely there.
        self.mm = 0
        self.idle = 0
        #: Whether the stop has been found yet.
        self.told = False


class Trip:
    """A trip that lasts."""

    __slots__ = ("arrived", "idle", "mm", "moving", "start", "top")

    def __init__(self, start: Place, mm: int, here: Place) -> None:
        self.start = start
        self.mm = mm
        self.moving = 0
        self.top = 0
        #: Where it would have ended if it stood still from now on, and the idling since.
        self.arrived = here
        self.idle = 0


class Journeys:
    """Standing or on a trip, never both; and the piece of the track that is neither yet."""

    __slots__ = ("found", "moving", "piece", "standing", "track_speed", "trip")

    def __init__(self, found: Found) -> None:
        self.found = found
        self.standing: Standing | None = None
        self.trip: Trip | None = None
        self.piece: Place | None = None
        self.moving = False
        #: Thousandths of a km/h, by the last piece of the track.
        self.track_speed: int | None = None

    def start(self, here: Place) -> None:
        """The first position ever, or the first after nobody knows what."""
        self.standing = Standing(here)
        self.piece = here
        self.moving = False
        self.track_speed = None

    def after_silence(self, before: Place, here: Place, leap: bool) -> None:
        """A position after a long silence, or so far off that the way there is unknown."""
        trip, standing = self.trip, self.standing
        if trip is not None:
            stayed = not leap and _apart(trip.arrived, here) <= SAME_PLACE_M
            end = trip.arrived if stayed else before
            self._end(trip, end)
            if stayed:
                self._stand(trip, here)
            else:
                self.standing = Standing(here)
        elif standing is not None:
            if leap or metres(standing.latitude, standing.longitude, here.latitude, here.longitude) > SAME_PLACE_M:
                self._leave(standing, before.t)
                self.standing = Standing(here)
            else:
                standing.left = here
                standing.mm = 0
                self._stop_once(standing, here.t)
        self.piece = here
        self.moving = False
        self.track_speed = None

    def go_on(self, before: Place, here: Place, step_mm: int, speed: int | None, engine: str | None,
              day: DayFigures) -> None:  # fmt: skip
        """One more position soon after the last; `step_mm` is what it added to the odometer, `speed` what was said."""
        if self.trip is None:
            self._standing_on(here, step_mm, speed, engine, day)
        else:
            self._driving_on(self.trip, here, step_mm)
        self._piece_on(here, speed, engine, day)
        if self.trip is not None:
            shown = speed if speed is not None else self.track_speed
            if shown is not None and shown > self.trip.top:
                self.trip.top = shown
                day.top = max(day.top, shown)

    def said_speed(self, speed: int) -> None:
        """A speed that was said without a position still tells whether it moves."""
        self.moving = speed > WALKING

    def _standing_on(self, here: Place, step_mm: int, speed: int | None, engine: str | None, day: DayFigures) -> None:
        standing = self.standing
        assert standing is not None
        standing.mm += step_mm
        off = metres(standing.latitude, standing.longitude, here.latitude, here.longitude)
        if off < NEAR_M:
            standing.left = here
            standing.mm = 0
        elif standing.mm and off >= self._enough(speed, engine):
            self._leave(standing, standing.left.t)
            self.standing = None
            self.trip = Trip(standing.left, standing.mm, here)
            day.trips += 1
            self.running(here)
            return
        elif here.t - standing.left.t >= STANDING:
            # shunted a little: the same stop, from here on at this spot
            standing.latitude, standing.longitude = here.latitude, here.longitude
            standing.left = here
            standing.mm = 0
        self._stop_once(standing, here.t)

    def _enough(self, speed: int | None, engine: str | None) -> float:
        if speed is not None and speed > WALKING:
            return NEAR_M
        return LEFT_RUNNING_M if engine == "on" else LEFT_M

    def _driving_on(self, trip: Trip, here: Place, step_mm: int) -> None:
        trip.mm += step_mm
        if _apart(trip.arrived, here) >= STANDING_M:
            trip.arrived = here
            trip.idle = 0
        elif here.t - trip.arrived.t >= STANDING:
            self._end(trip, trip.arrived)
            self._stand(trip, here)

    def _piece_on(self, here: Place, speed: int | None, engine: str | None, day: DayFigures) -> None:
        piece = self.piece
        assert piece is not None
        lasted = here.t - piece.t
        far = _apart(piece, here)
        if far >= PIECE_M and lasted >= PIECE_SHORT:
            pace = far * 1e6 / lasted
            self.track_speed = round(pace * 3_600)
            moving = pace > PIECE_MOVING_M_S
        elif lasted >= PIECE_LONG:
            self.track_speed = 0
            moving = False
        elif speed is None:
            return
        else:
            moving = False
        if speed is not None:
            moving = speed > WALKING
        self.piece = here
        self.moving = moving
        trip, standing = self.trip, self.standing
        if moving:
            day.moving += lasted
            if trip is not None:
                trip.moving = min(trip.moving + lasted, here.t - trip.start.t)
        elif engine == "on" or (engine is None and trip is not None):
            day.idle += lasted
            if trip is not None:
                trip.idle += lasted if engine == "on" else 0
            elif standing is not None:
                standing.idle += lasted
                if standing.told:
                    self._stop(standing, None)

    def _stand(self, trip: Trip, here: Place) -> None:
        standing = self.standing = Standing(trip.arrived)
        standing.left = here
        standing.idle = trip.idle
        self._stop_once(standing, here.t)

    def _stop_once(self, standing: Standing, now: int) -> None:
        if not standing.told and now - standing.since >= STANDING:
            standing.told = True
            self._stop(standing, None)

    def _leave(self, standing: Standing, when: int) -> None:
        if standing.told:
            self._stop(standing, when)

    def _stop(self, standing: Standing, ended: int | None) -> None:
        self.found.stops[standing.since] = StopFound(
            standing.since, ended, standing.latitude, standing.longitude, standing.idle // SECOND, self.found.now
        )

    def running(self, here: Place) -> None:
        """Tell how far the trip that lasts has come, or how long it has stood."""
        if self.trip is not None:
            self._trip(self.trip, None, here)
        elif self.standing is not None and self.standing.told:
            self._stop(self.standing, None)

    def _end(self, trip: Trip, end: Place) -> None:
        self._trip(trip, end.t, end)
        self.trip = None

    def _trip(self, trip: Trip, ended: int | None, end: Place) -> None:
        start = trip.start
        moving = trip.moving if ended is None else min(trip.moving, ended - start.t)
        self.found.trips[start.t] = TripFound(
            start.t, start.latitude, start.longitude, ended, end.latitude, end.longitude, trip.mm,
            moving // SECOND, trip.top, self.found.now,
        )  # fmt: skip

    def state(self) -> list[Any]:
        """As it is kept between two looks."""
        standing, trip = self.standing, self.trip
        return [
            standing and [standing.since, standing.latitude, standing.longitude, standing.left, standing.mm,
                          standing.idle, int(standing.told)],
            trip and [trip.start, trip.mm, trip.moving, trip.top, trip.arrived, trip.idle],
            self.piece,
            int(self.moving),
            self.track_speed,
        ]  # fmt: skip

    def restore(self, kept: list[Any]) -> None:
        """Go on from what was kept."""
        standing, trip, piece, moving, self.track_speed = kept
        if standing:
            since, latitude, longitude, left, mm, idle, told = standing
            self.standing = here = Standing(Place(since, latitude, longitude))
            here.left, here.mm, here.idle, here.told = Place(*left), mm, idle, bool(told)
        if trip:
            start, mm, moved, top, arrived, idle = trip
            self.trip = going = Trip(Place(*start), mm, Place(*arrived))
            going.moving, going.top, going.idle = moved, top, idle
        self.piece = Place(*piece) if piece else None
        self.moving = bool(moving)


def _apart(a: Place, b: Place) -> float:
    return metres(a.latitude, a.longitude, b.latitude, b.longitude)
