"""What the fold is told, what it goes by, and what it found: plain values, moments in microseconds since 1970. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from portal.trades.fleet.fences import Fence

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


class Word(NamedTuple):
    """One thing a vehicle said. Sorted as they are, words tell the same story however they came in."""

    at: int
    kind: str
    value: str
    #: The key of the event.
    key: str
    #: The device's clock was wrong: `at` is when the word came, so a position proves nothing.
    clock_wrong: bool = False


class Day(NamedTuple):
    """A date at the place, and the moment at which the next one begins."""

    date: str
    until: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What a vehicle is judged by."""

    day_of: Callable[[int], Day]
    limit_kmh: int | None = None
    fences: Sequence[Fence] = ()
    currency: str = ""


@dataclass(slots=True)
class TripFound:
    """From leaving a place to standing at another; `ended` is None while it lasts."""

    started: int
    latitude: int
    longitude: int
    ended: int | None
    end_latitude: int
    end_longitude: int
    distance_mm: int
    moving_seconds: int
    top: int
    decided: int


@dataclass(slots=True)
class StopFound:
    """Standing at one place; `ended` is None while it lasts."""

    started: int
    ended: int | None
    latitude: int
    longitude: int
    idle_seconds: int
    decided: int


@dataclass(slots=True)
class DrivingFound:
    """Too fast, or tampered with; `ended` is None while it lasts."""

    kind: str
    started: int
    ended: int | None
    decided: int
    top: int | None = None
    limit: int | None = None
    latitude: int | None = None
    longitude: int | None = None
    fence: str | None = None
    detail: str | None = None


class CrossingFound(NamedTuple):
    """A fence was crossed, or stayed in as long as it asks."""

    fence: str
    what: str
    at: int
    decided: int


class RejectedFound(NamedTuple):
    """A position that is not believed."""

    key: str
    at: int
    reason: str
    decided: int


@dataclass(slots=True)
class DayFigures:
    """A vehicle's figures of one day; times in microseconds until they are written."""

    date: str
    until: int
    distance_mm: int = 0
    moving: int = 0
    idle: int = 0
    engine: int = 0
    trips: int = 0
    fixes: int = 0
    rejected: int = 0
    top: int = 0
    passengers_most: int = 0
    fares: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Found:
    """Everything one run of the fold has decided, each thing once, by what names it."""

    #: The moment of the word that is being taken in: what is found now was decided by it.
    now: int = 0
    trips: dict[int, TripFound] = field(default_factory=dict)
    stops: dict[int, StopFound] = field(default_factory=dict)
    driving: dict[tuple[str, int], DrivingFound] = field(default_factory=dict)
    crossings: list[CrossingFound] = field(default_factory=list)
    rejected: list[RejectedFound] = field(default_factory=list)
    #: Days that are over; the running one is in the state.
    days: dict[str, DayFigures] = field(default_factory=dict)
    #: The state before the first word of each hour.
    checkpoints: dict[int, dict[str, Any]] = field(default_factory=dict)
