"""Rooms by their sensors: words are folded as they come, and what should not be so is told of in time."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portal.core import parse
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import UnitKind
from portal.shared.assets.queries import units_by_id
from portal.shared.audit.services import record
from portal.shared.devices.alert_queries import standing_of_kinds, told_since, words_since
from portal.shared.devices.models import Severity
from portal.shared.devices.rule_conditions import figure, said
from portal.shared.devices.services import alerts
from portal.shared.devices.services.alerts import LATE_AFTER
from portal.shared.devices.services.watching import Spoke
from portal.trades.hotel.models import RoomSense, RoomWatch
from portal.trades.hotel.queries.senses import RoomStanding, lock_senses, rooms_to_look_at, watch_of, watches

KINDS = ("occupancy", "electricity", "power")
OCCUPIED, WASTING = "occupied_not_let", "power_in_empty_room"
#: Words older than that come too late to say how a room stands.
OLDEST = timedelta(days=7)
#: Less than this is drawn by what is always plugged in; a place may choose another figure for its alerts.
IDLE_WATTS = 30
MOST_SECONDS, MOST_MINUTES, MOST_WATTS = 86_400, 1_440, 100_000
_SETTINGS = ("unlet", "unlet_after_seconds", "power", "power_after_minutes", "power_watts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """When a place wants to be told of its rooms."""

    unlet: bool
    unlet_after_seconds: int
    power: bool
    power_after_minutes: int
    power_watts: int


def look(spoke: Sequence[Spoke]) -> None:
    """Fold what rooms said since somebody last looked; the same words twice change nothing."""
    units = units_by_id({each.unit_id for each in spoke})
    rooms = [each for each in spoke if units[each.unit_id].kind == UnitKind.ROOM]
    if not rooms:
        return
    senses = lock_senses([each.unit_id for each in rooms])
    limits = watches({each.asset_id for each in rooms})
    words = _words(rooms)
    for each in rooms:
        heard = words.get(each.unit_id)
        if not heard:
            continue
        sense = senses.get(each.unit_id)
        if sense is None:
            sense = RoomSense(unit_id=each.unit_id, asset_id=each.asset_id)
            db.session.add(sense)
        limit = limits[each.asset_id].power_watts if each.asset_id in limits else IDLE_WATTS
        for kind, at, value in heard:
            if kind == "occupancy":
                _occupancy(sense, at, value)
            else:
                _power(sense, kind, at, value, limit)
    db.session.flush()


@transactional
def work_due() -> int:
    """Tell of rooms that are occupied and not let, and of power in empty ones; end what is over."""
    now, told = utcnow(), 0
    rooms = rooms_to_look_at()
    limits = watches({room.asset_id for room in rooms})
    so: dict[str, datetime] = {}
    due: list[tuple[RoomStanding, str, datetime, datetime]] = []
    for room in rooms:
        watch = limits.get(room.asset_id) or watch_of(room.asset_id)
        for kind, since, after in (
            (OCCUPIED, room.unlet_since if watch.unlet else None, timedelta(seconds=watch.unlet_after_seconds)),
            (WASTING, room.wasting_since if watch.power else None, timedelta(minutes=watch.power_after_minutes)),
        ):
            if since is not None:
                so[key_of(kind, room.unit_id)] = since
                if since + after <= now:
                    due.append((room, kind, since, since + after))
    over: dict[uuid.UUID, list[str]] = defaultdict(list)
    standing = standing_of_kinds((OCCUPIED, WASTING))
    for asset_id, key in standing:
        if key not in so:
            over[asset_id].append(key)
    for asset_id, keys in over.items():
        told += alerts.clear_all(asset_id=asset_id, keys=keys)
    stands = {key for _asset_id, key in standing}
    fresh = [each for each in due if key_of(each[1], each[0].unit_id) not in stands]
    known = told_since({(each[0].unit_id, key_of(each[1], each[0].unit_id)): each[2] for each in fresh})
    for room, kind, since, due_at in fresh:
        if key_of(kind, room.unit_id) not in known:
            _raise(room, kind, since, late=now - max(due_at, _heard(room, kind)) > LATE_AFTER)
            told += 1
    return told


@transactional
def choose(*, asset_id: uuid.UUID, chosen: Chosen, actor: Actor) -> None:
    """Change when a place is told of its rooms; what stands is looked at anew by itself."""
    before = watch_of(asset_id)
    after = {
        "unlet": chosen.unlet,
        "unlet_after_seconds": parse.whole(
            chosen.unlet_after_seconds, "unlet_after_seconds", label=_("seconds"), maximum=MOST_SECONDS
        ),
        "power": chosen.power,
        "power_after_minutes": parse.whole(
            chosen.power_after_minutes, "power_after_minutes", label=_("minutes"), minimum=1, maximum=MOST_MINUTES
        ),
        "power_watts": parse.whole(chosen.power_watts, "power_watts", label=_("watts"), minimum=1, maximum=MOST_WATTS),
    }
    was = {name: getattr(before, name) for name in _SETTINGS}
    if was == after:
        return
    db.session.merge(RoomWatch(asset_id=asset_id, **after))
    record(
        "room_watch.amended", actor=actor, subject="asset", subject_id=asset_id, asset_id=asset_id,
        before=was, after=after,
    )  # fmt: skip
    db.session.flush()


def key_of(kind: str, unit_id: uuid.UUID) -> str:
    """What makes alerts of a kind about one room the same."""
    return f"{kind}:{unit_id}"


def _raise(room: RoomStanding, kind: str, since: datetime, *, late: bool) -> None:
    facts: dict[str, Any] = {"minutes": int((utcnow() - since).total_seconds() // 60)}
    if kind == WASTING and room.watts is not None:
        facts["watts"] = room.watts
    alerts.raise_alert(
        asset_id=room.asset_id, kind=kind, key=key_of(kind, room.unit_id), facts=facts, happened_at=since,
        severity=Severity.WARNING if kind == OCCUPIED else Severity.INFO, unit_id=room.unit_id, late=late,
    )  # fmt: skip


def _heard(room: RoomStanding, kind: str) -> datetime:
    """The youngest word of it."""
    words = [room.occupied_at, room.power_at if kind == WASTING else None]
    return max(word for word in words if word is not None)


def _occupancy(sense: RoomSense, at: datetime, value: str) -> None:
    if sense.occupied_at is not None and at <= sense.occupied_at:
        return
    occupied = value == "1"
    if sense.occupied is not occupied:
        sense.occupied, sense.occupied_since = occupied, at
        if occupied:
            sense.entered_at = at
    sense.occupied_at = at


def _power(sense: RoomSense, kind: str, at: datetime, value: str, limit: int) -> None:
    """Where power is measured the measure counts, and the switch only where it is not."""
    if sense.power_at is not None and at < sense.power_at:
        return
    if kind == "power":
        measured = figure(value)
        sense.watts = sense.watts if measured is None else round(measured)
    else:
        sense.switched_on = {"on": True, "off": False}.get(said(value), sense.switched_on)
    drawing = sense.switched_on if sense.watts is None else sense.watts > limit
    if sense.drawing is not drawing:
        sense.drawing, sense.drawing_since = drawing, at
    sense.power_at = at


def _words(rooms: Iterable[Spoke]) -> dict[uuid.UUID, list[tuple[str, datetime, str]]]:
    """What these rooms said since somebody last looked, in the order of its time."""
    rows = words_since({each.unit_id: each.since for each in rooms}, KINDS, utcnow() - OLDEST)
    found: dict[uuid.UUID, list[tuple[str, datetime, str]]] = defaultdict(list)
    for unit_id, kind, at, value in rows:
        found[unit_id].append((kind, at, value))
    return found
