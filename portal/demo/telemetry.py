"""What the demo's rooms and vehicles said during their month, and the last word of each."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from typing import Any

from portal.demo.common import DAYS, dice, insert, key_at
from portal.demo.history import Life, Stay
from portal.demo.places import DEPOT
from portal.shared.devices.models import AssetEvent, LatestReading

Word = tuple[datetime, str, str]
START = {"fleet": (-1.3152, 36.8480), "depot": (-1.4563, 36.9785)}


def load(lives: list[Life], now: datetime) -> None:
    """Write every unit's events, and beside them the youngest of each kind."""
    chance, events = dice("telemetry"), []
    for life in lives:
        said = sorted(_said(life, chance, now))
        events += [_row(life, at, kind, value, chance) for at, kind, value in said if at <= now]
    insert(AssetEvent, events)
    latest: dict[tuple[uuid.UUID, str], dict[str, Any]] = {}
    for event in events:
        latest[event["unit_id"], event["kind"]] = event
    insert(
        LatestReading,
        [
            {"unit_id": unit, "kind": kind, "value": event["value"], "at": event["at"], "event_id": event["id"]}
            for (unit, kind), event in latest.items()
        ],
    )


def _row(life: Life, at: datetime, kind: str, value: str, chance: random.Random) -> dict[str, Any]:
    return {
        "id": key_at(at, chance),
        "at": at,
        "asset_id": life.unit.place.id,
        "unit_id": life.unit.id,
        "kind": kind,
        "value": value,
        "received_at": at + timedelta(milliseconds=chance.randint(20, 400)),
    }


def _said(life: Life, chance: random.Random, now: datetime) -> Iterator[Word]:
    if life.unit.kind == "room":
        yield now - timedelta(days=DAYS), "access", "locked"
        for stay in life.stays:
            yield from _guest_in_room(stay, chance)
        return
    fleet = "depot" if life.unit.place is DEPOT else "fleet"
    place = START[fleet]
    yield now - timedelta(days=DAYS), "ignition", "off"
    yield now - timedelta(days=DAYS), "location", _written(place)
    for stay in life.stays:
        place = yield from _driven(stay, fleet, place, min(now, stay.ends), chance)


def _guest_in_room(stay: Stay, chance: random.Random) -> Iterator[Word]:
    """In and out a few times a day, the power with them."""
    yield stay.begins + timedelta(seconds=2), "access", "unlocked"
    at = stay.begins + timedelta(minutes=chance.randint(4, 40))
    while at < stay.ends - timedelta(minutes=30):
        leaves = min(at + timedelta(minutes=chance.randint(50, 620)), stay.ends - timedelta(minutes=4))
        yield at, "occupancy", "1"
        yield at + timedelta(seconds=40), "electricity", "on"
        yield leaves, "occupancy", "0"
        yield leaves + timedelta(minutes=3), "electricity", "off"
        at = leaves + timedelta(minutes=chance.randint(30, 400))
    yield stay.ends + timedelta(seconds=4), "access", "locked"


def _driven(
    stay: Stay, fleet: str, place: tuple[float, float], until: datetime, chance: random.Random
) -> Generator[Word, None, tuple[float, float]]:
    """Drives of an hour or so, a position every few minutes, and long rests between."""
    at, home = stay.begins + timedelta(seconds=3), START[fleet]
    yield at, "ignition", "on"
    while at < until:
        heading, passengers = chance.uniform(0, 2 * math.pi), chance.choice((0, 1, 1, 2, 3))
        yield at, "passenger_count", str(passengers)
        for _leg in range(chance.randint(3, 9)):
            at += timedelta(minutes=chance.randint(4, 12))
            heading = _turned(heading, place, home, chance)
            place = place[0] + 0.012 * math.cos(heading), place[1] + 0.012 * math.sin(heading)
            yield at, "location", _written(place)
        at += timedelta(minutes=chance.randint(60, 420))
    if stay.ends <= until:
        yield stay.ends + timedelta(seconds=5), "ignition", "off"
    return place


def _turned(heading: float, place: tuple[float, float], home: tuple[float, float], chance: random.Random) -> float:
    """On around the town; whoever has strayed a few kilometres turns back."""
    north, east = home[0] - place[0], home[1] - place[1]
    if math.hypot(north, east) > 0.08:
        return math.atan2(east, north) + chance.uniform(-0.4, 0.4)
    return heading + chance.uniform(-0.7, 0.7)


def _written(place: tuple[float, float]) -> str:
    return f"{place[0]:.5f},{place[1]:.5f}"
