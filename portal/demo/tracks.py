"""Where the demo's vehicles were: drives along the shipped routes, close together in the last days, sparser before."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from portal.demo.common import DAYS
from portal.demo.history import Life, Stay
from portal.demo.places import DEPOT, DemoPlace, DemoUnit
from portal.demo.simulator.routes import Route, in_town
from portal.demo.simulator.things import Address
from portal.demo.simulator.vehicles import Vehicle

Word = tuple[datetime, str, Any]
#: So many days back a tracker's every fix is kept; before that, one of a few minutes is.
DENSE_DAYS = 7
DENSE, SPARSE = (30.0, 60.0), (200.0, 320.0)
#: How finely the drive in between is worked out.
STEPS = {DENSE: 8.0, SPARSE: 20.0}
DRIVE = (25, 95)
REST = (40, 260)
#: Nobody sets out at night, Nairobi's hour.
DAY_BEGINS, DAY_ENDS, EAST = 6, 20, timedelta(hours=3)


def town_of(place: DemoPlace) -> str:
    """Whose streets the vehicles of a place know."""
    return "Athi River" if place is DEPOT else "Nairobi"


def route_of(unit: DemoUnit) -> Route:
    """The loop a vehicle drives, always the same."""
    known = in_town(town_of(unit.place))
    return known[sum(map(ord, unit.number)) % len(known)]


def driven(life: Life, chance: random.Random, now: datetime) -> Iterator[Word]:
    """All that one vehicle's tracker said in its month; whoever has it now is on the road."""
    unit = life.unit
    car = Vehicle(Address("vehicles", unit.place.asset_number, unit.number), "history", route_of(unit))
    began = now - timedelta(days=DAYS)
    yield began, "ignition", "off"
    yield began, "location", car.fix()
    for stay in life.stays:
        yield from _stay(stay, car, chance, now)


def _stay(stay: Stay, car: Vehicle, chance: random.Random, now: datetime) -> Iterator[Word]:
    until = min(now, stay.ends)
    at = stay.begins + timedelta(seconds=3)
    yield at, "ignition", "on"
    running = stay.ends > now
    last = now - timedelta(minutes=chance.randint(8, 30))
    while at < until:
        ends = min(at + timedelta(minutes=chance.randint(*DRIVE)), until)
        if running and ends + timedelta(minutes=REST[0]) > last:
            ends = until
        yield from _drive(at, ends, car, chance, now)
        if ends >= until:
            break
        yield ends, "ignition", "off"
        at = _next_start(ends + timedelta(minutes=chance.randint(*REST)), chance)
        if running and at > last:
            at = max(last, ends + timedelta(minutes=5))
        if at < until:
            yield at, "ignition", "on"
    if not running:
        yield stay.ends + timedelta(seconds=5), "ignition", "off"


def _drive(at: datetime, ends: datetime, car: Vehicle, chance: random.Random, now: datetime) -> Iterator[Word]:
    yield at, "passenger_count", chance.choice((0, 1, 1, 2, 3))
    while True:
        pause = DENSE if at > now - timedelta(days=DENSE_DAYS) else SPARSE
        seconds = chance.uniform(*pause)
        at += timedelta(seconds=seconds)
        if at > ends:
            return
        car.advance(seconds, STEPS[pause])
        yield at, "location", car.fix()


def _next_start(at: datetime, chance: random.Random) -> datetime:
    """Then, or on the morning after."""
    local = at + EAST
    if DAY_BEGINS <= local.hour < DAY_ENDS:
        return at
    days = 1 if local.hour >= DAY_ENDS else 0
    morning = local.replace(hour=DAY_BEGINS, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return morning - EAST + timedelta(minutes=chance.randint(15, 150))
