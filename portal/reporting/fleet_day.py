"""One vehicle on one day: the way it went, its trips and stops, and everything that happened meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select

from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.shared.devices.models import AssetEvent, DeviceCommand
from portal.trades.fleet.models import (
    Driver,
    DrivingEvent,
    FenceEvent,
    Geofence,
    RejectedFix,
    Trip,
    VehicleDay,
    VehicleStop,
)
from portal.trades.fleet.queries.history import track_of

#: So many points draw a day well; more of them would only make the page heavy.
POINTS = 3_000
#: So many of each kind of event are listed; a day that has more is told to look at the fixes.
EVENTS = 100


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day at a place, as the moments it begins and ends."""

    on: date
    begins: datetime
    ends: datetime

    @classmethod
    def of(cls, on: date, zone: str) -> Day:
        """The day by the place's own clock: 23 or 25 hours long when that is changed."""
        here = ZoneInfo(zone)
        midnight = datetime(on.year, on.month, on.day, tzinfo=here)
        after = on + timedelta(days=1)
        return cls(on, midnight, datetime(after.year, after.month, after.day, tzinfo=here))


@dataclass(frozen=True, slots=True)
class Leg:
    """A trip or a stop, as a line of the day."""

    what: str
    started_at: datetime
    ended_at: datetime | None
    distance_mm: int | None
    seconds: int
    top_speed_kmh_milli: int | None
    driver: str | None
    latitude: float
    longitude: float
    idle_seconds: int


@dataclass(frozen=True, slots=True)
class Happening:
    """Something of the day: at a fence, too fast, at the tracker, paid on board, or a fix that was not believed."""

    at: datetime
    what: str
    name: str | None
    ended_at: datetime | None = None
    figure: int | None = None
    limit: int | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class WantedTrips:
    """Which trips of a place to show: of a vehicle, of a driver, begun from a moment on and before another."""

    unit_id: uuid.UUID | None = None
    driver_id: uuid.UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


def page_of_trips(
    asset_id: uuid.UUID, wanted: WantedTrips, *, cursor: str | None = None, limit: int = 50
) -> Page[Trip]:
    """One page of the trips of a place, the latest first."""
    question = select(Trip).where(Trip.asset_id == asset_id)
    if wanted.unit_id:
        question = question.where(Trip.unit_id == wanted.unit_id)
    if wanted.driver_id:
        question = question.where(Trip.driver_id == wanted.driver_id)
    if wanted.since:
        question = question.where(Trip.started_at >= wanted.since)
    if wanted.until:
        question = question.where(Trip.started_at < wanted.until)
    return page_of(question, (Trip.started_at, Trip.id), cursor=cursor, limit=limit)


def figures(unit_id: uuid.UUID, on: date) -> VehicleDay | None:
    """What the fold has summed up for a day."""
    return db.session.get(VehicleDay, (unit_id, on))


def legs(unit_id: uuid.UUID, day: Day, now: datetime) -> list[Leg]:
    """Trips and stops that fall into a day, in their order."""
    trips = db.session.execute(
        select(Trip, Driver.name)
        .outerjoin(Driver, Driver.id == Trip.driver_id)
        .where(Trip.unit_id == unit_id, *_touches(Trip, day))
    )
    stops = db.session.scalars(select(VehicleStop).where(VehicleStop.unit_id == unit_id, *_touches(VehicleStop, day)))
    found = [
        Leg("trip", trip.started_at, trip.ended_at, trip.distance_mm, _seconds(trip, now), trip.top_speed_kmh_milli,
            name, trip.end_latitude_e7 / 1e7, trip.end_longitude_e7 / 1e7, 0)
        for trip, name in trips
    ] + [
        Leg("stop", stop.started_at, stop.ended_at, None, _seconds(stop, now), None, None,
            stop.latitude_e7 / 1e7, stop.longitude_e7 / 1e7, stop.idle_seconds)
        for stop in stops
    ]  # fmt: skip
    return sorted(found, key=lambda leg: leg.started_at)


def happenings(unit_id: uuid.UUID, day: Day) -> list[Happening]:
    """What happened on the day beside the driving, youngest first."""
    found = [*_at_fences(unit_id, day), *_driving(unit_id, day), *_paid(unit_id, day), *_rejected(unit_id, day)]
    return sorted(found, key=lambda each: each.at, reverse=True)


def commands(unit_id: uuid.UUID, day: Day) -> Sequence[DeviceCommand]:
    """What the vehicle was told on the day, youngest first."""
    return db.session.scalars(
        select(DeviceCommand)
        .where(DeviceCommand.unit_id == unit_id, *_within(DeviceCommand.created_at, day))
        .order_by(DeviceCommand.created_at.desc())
        .limit(EVENTS)
    ).all()


def track(unit_id: uuid.UUID, day: Day) -> list[tuple[int, float, float]]:
    """The way of a day as (seconds of the epoch, latitude, longitude), thinned evenly, without what nobody believes."""
    points = track_of(unit_id, day.begins, day.ends, most=POINTS)
    return [(point.ms // 1000, point.latitude, point.longitude) for point in points]


def fixes(unit_id: uuid.UUID, day: Day | None, *, cursor: str | None = None, limit: int = 100) -> Page[AssetEvent]:
    """The positions a vehicle told, of a day or of all time, youngest first."""
    question = select(AssetEvent).where(*_fixes(unit_id, day))
    return page_of(question, (AssetEvent.at, AssetEvent.id), cursor=cursor, limit=limit)


def why_rejected(event_ids: list[uuid.UUID]) -> dict[uuid.UUID, str]:
    """By fix: why it was not believed; those that were are not in it."""
    rows = db.session.execute(
        select(RejectedFix.event_id, RejectedFix.reason).where(RejectedFix.event_id.in_(event_ids))
    )
    return {event_id: reason for event_id, reason in rows}


def every_fix(unit_id: uuid.UUID, day: Day) -> Iterator[tuple[AssetEvent, str | None]]:
    """Every position of a day with the reason it was not believed, for a file."""
    cursor: str | None = None
    while True:
        found = fixes(unit_id, day, cursor=cursor, limit=200)
        reasons = why_rejected([each.id for each in found.items])
        yield from ((each, reasons.get(each.id)) for each in found.items)
        if (cursor := found.next) is None:
            return


def _fixes(unit_id: uuid.UUID, day: Day | None) -> list[Any]:
    found: list[Any] = [AssetEvent.unit_id == unit_id, AssetEvent.kind == "location"]
    return found + (_within(AssetEvent.at, day) if day else [])


def _within(column: Any, day: Day) -> list[Any]:
    return [column >= day.begins, column < day.ends]


def _touches(model: Any, day: Day) -> list[Any]:
    return [model.started_at < day.ends, or_(model.ended_at.is_(None), model.ended_at > day.begins)]


def _seconds(leg: Trip | VehicleStop, now: datetime) -> int:
    return max(0, int(((leg.ended_at or now) - leg.started_at).total_seconds()))


def _at_fences(unit_id: uuid.UUID, day: Day) -> Iterator[Happening]:
    question = (
        select(FenceEvent, Geofence.name)
        .join(Geofence, Geofence.id == FenceEvent.geofence_id)
        .where(FenceEvent.unit_id == unit_id, *_within(FenceEvent.at, day))
        .order_by(FenceEvent.at.desc())
        .limit(EVENTS)
    )
    for each, name in db.session.execute(question):
        yield Happening(each.at, each.what, name, late=each.historical)


def _driving(unit_id: uuid.UUID, day: Day) -> Iterator[Happening]:
    question = (
        select(DrivingEvent)
        .where(DrivingEvent.unit_id == unit_id, *_within(DrivingEvent.started_at, day))
        .order_by(DrivingEvent.started_at.desc())
        .limit(EVENTS)
    )
    for each in db.session.scalars(question):
        yield Happening(
            each.started_at, each.kind, each.detail, each.ended_at, each.top_speed_kmh_milli, each.limit_kmh
        )


def _paid(unit_id: uuid.UUID, day: Day) -> Iterator[Happening]:
    question = (
        select(AssetEvent.at, AssetEvent.value, AssetEvent.late)
        .where(AssetEvent.unit_id == unit_id, AssetEvent.kind == "payment", *_within(AssetEvent.at, day))
        .order_by(AssetEvent.at.desc())
        .limit(EVENTS)
    )
    for at, value, late in db.session.execute(question):
        yield Happening(at, "payment", value, late=late)


def _rejected(unit_id: uuid.UUID, day: Day) -> Iterator[Happening]:
    question = (
        select(RejectedFix.at, RejectedFix.reason)
        .where(and_(RejectedFix.unit_id == unit_id, *_within(RejectedFix.at, day)))
        .order_by(RejectedFix.at.desc())
        .limit(EVENTS)
    )
    for at, reason in db.session.execute(question):
        yield Happening(at, "rejected", reason)
