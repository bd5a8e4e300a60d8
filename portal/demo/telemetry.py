"""What the demo's rooms and vehicles said during their month, and the last word of each."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from portal.demo import hardware, tracks
from portal.demo.common import DAYS, dice, insert, key_at
from portal.demo.history import Life, Stay
from portal.demo.places import DemoUnit
from portal.demo.simulator.rooms import Room
from portal.demo.simulator.things import Address
from portal.shared.devices.models import AssetEvent, DeviceBoot, DeviceState, LatestReading, ReadingNews
from portal.shared.devices.services import hours

#: So long the devices have numbered what they say; what is older came from their plain predecessors.
NUMBERED = timedelta(days=tracks.DENSE_DAYS)
MEASURED_EVERY = timedelta(minutes=45)


def load(lives: list[Life], now: datetime) -> None:
    """Write every unit's events, beside them the youngest of each kind, and the news of what is to be looked at."""
    chance, events = dice("telemetry"), []
    count = _Count(now)
    for life in lives:
        said = sorted((word for word in _said(life, chance, now) if word[0] <= now), key=itemgetter(0))
        events += [_row(life.unit, at, kind, value, chance, count) for at, kind, value in said]
    insert(AssetEvent, events)
    hours.mark_everything()
    count.write()
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
    _news(lives, now)


class _Count:
    """The numbers under which each device of the demo has said what it said."""

    def __init__(self, now: datetime) -> None:
        self.since = now - NUMBERED
        self.said: dict[uuid.UUID, list[datetime]] = {}

    def of(self, unit: DemoUnit, kind: str, at: datetime) -> dict[str, Any]:
        """Who said it, and as which of its words; a plain device has no numbers and is told the time by the server."""
        device = hardware.speaker(unit, kind)
        if device is None or at < self.since:
            return {"device_id": None, "boot": None, "seq": None, "quality": "s"}
        moments = self.said.setdefault(device.id, [])
        moments.append(at)
        return {"device_id": device.id, "boot": 1, "seq": len(moments), "quality": "d"}

    def write(self) -> None:
        """That nothing of it is missing."""
        insert(
            DeviceBoot,
            [
                {"device_id": device, "boot": 1, "received": f"{{[1,{len(said) + 1})}}", "first_at": said[0],
                 "last_at": said[-1]}
                for device, said in self.said.items()
            ],
        )  # fmt: skip
        insert(
            DeviceState,
            [
                {"device_id": device, "state": "online", "state_at": said[0], "boot": 1, "seen_at": said[-1],
                 "skew_ms": 40}
                for device, said in self.said.items()
            ],
        )  # fmt: skip


def _news(lives: list[Life], now: datetime) -> None:
    """Nobody has worked out trips, distances, stops, or who is in a room: the portal does at its first start."""
    insert(
        ReadingNews,
        [
            {"unit_id": life.unit.id, "asset_id": life.unit.place.id, "since": now - timedelta(days=DAYS + 1),
             "kinds": ["ignition", "location", "passenger_count"] if life.unit.kind == "vehicle"
             else ["electricity", "occupancy", "power"]}
            for life in lives
        ],
    )  # fmt: skip


def _row(
    unit: DemoUnit, at: datetime, kind: str, value: Any, chance: random.Random, count: _Count
) -> dict[str, Any]:  # fmt: skip
    numbers = count.of(unit, kind, at)
    return {
        "id": key_at(at, chance),
        "at": at,
        "asset_id": unit.place.id,
        "unit_id": unit.id,
        "kind": kind,
        "value": _written(value, numbered=numbers["seq"] is not None),
        "received_at": at + timedelta(milliseconds=chance.randint(20, 400)),
        **numbers,
    }


def _written(value: Any, *, numbered: bool) -> str:
    """A value as the portal keeps it; a plain tracker says nothing but where it is."""
    if not isinstance(value, dict):
        return str(value)
    return json.dumps(value, separators=(",", ":")) if numbered else f"{value['lat']:.6f},{value['lon']:.6f}"


def _said(life: Life, chance: random.Random, now: datetime) -> Iterator[tuple[datetime, str, Any]]:
    if life.unit.kind == "vehicle":
        yield from tracks.driven(life, chance, now)
        return
    yield now - timedelta(days=DAYS), "access", "locked"
    moves = [word for stay in life.stays for word in _guest_in_room(stay, chance)]
    yield from moves
    if hardware.speaker(life.unit, "temperature"):
        yield from _measured(life.unit, moves, now)


def _measured(
    unit: DemoUnit, moves: list[tuple[datetime, str, str]], now: datetime
) -> Iterator[tuple[datetime, str, Any]]:
    """What the newer sensors add: the door with each coming and going, and figures every so often."""
    room, since = Room(Address("rooms", unit.place.asset_number, unit.number), "history"), now - NUMBERED
    moves, turn = sorted(move for move in moves if since < move[0] <= now), 0
    at = since + timedelta(minutes=sum(map(ord, unit.number)) % 40)
    while at < now:
        while turn < len(moves) and moves[turn][0] <= at:
            moment, kind, value = moves[turn]
            room.says[kind] = value
            if kind == "occupancy":
                yield moment - timedelta(seconds=9), "door", "open"
                yield moment - timedelta(seconds=3), "door", "closed"
            turn += 1
        for word in (room.measured(kind) for kind in ("temperature", "humidity", "power")):
            yield at, *word
        at += MEASURED_EVERY


def _guest_in_room(stay: Stay, chance: random.Random) -> Iterator[tuple[datetime, str, str]]:
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
