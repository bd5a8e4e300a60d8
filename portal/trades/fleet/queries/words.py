"""What the fold reads: the states it goes on from, the words since, checkpoints, and the rules in force."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import select, text

from portal.core import locks
from portal.core.db import db
from portal.trades.fleet.found import Word
from portal.trades.fleet.models import VehicleDay
from portal.trades.fleet.track import KINDS

#: Words read of one unit at a time: a refold of days is done in pieces.
AT_ONCE = 5_000

_STATES = """
    select s.unit_id, s.asset_id, s.fold, (extract(epoch from s.folded_to) * 1000000)::bigint as folded_to, s.trip_id,
           s.counted_mm, s.engine_seconds, v.speed_limit_kmh, a.timezone, a.currency, u.status = 'retired' as retired
    from vehicle_state s join unit u on u.id = s.unit_id join asset a on a.id = s.asset_id
         left join vehicle v on v.unit_id = s.unit_id
    where s.unit_id = any(cast(:units as uuid[])) order by s.unit_id
    """
_LOCK = text(f"{_STATES} for no key update of s")
_BEGIN = text(
    """
    insert into vehicle_state (unit_id, asset_id)
    select id, asset_id from unit where id = any(cast(:units as uuid[])) and kind = 'vehicle' order by id
    on conflict (unit_id) do nothing
    """
)
# What another look has yet to see is left to it, so that its words are not taken for late ones.
_READ = text(
    """
    select w.unit_id, e.at, e.kind, e.value, e.id, e.clock_wrong
    from unnest(cast(:units as uuid[]), cast(:after as bigint[]), cast(:all as bool[]), cast(:until as bigint[]))
         as w(unit_id, after, everything, until)
    cross join lateral (
        select (extract(epoch from e.at) * 1000000)::bigint as at, e.kind, e.value, e.id::text, e.quality = 'x'
        from asset_event e
        where e.unit_id = w.unit_id and e.at > timestamptz 'epoch' + w.after * interval '1 microsecond'
          and e.at < least(clock_timestamp() + interval '10 minutes', case when w.everything then 'infinity' else
              (select min(n.since) from reading_news n where n.unit_id = w.unit_id) end)
          and (w.until is null or e.at < timestamptz 'epoch' + w.until * interval '1 microsecond')
          and e.kind = any(:kinds)
        order by e.at, e.id limit :most) as e(at, kind, value, id, clock_wrong)
    """
)
_CHECKPOINTS = text(
    """
    select w.unit_id, (extract(epoch from c.hour) * 1000000)::bigint as hour, c.before
    from unnest(cast(:units as uuid[]), cast(:since as timestamptz[])) as w(unit_id, since)
    cross join lateral (select hour, before from vehicle_checkpoint c
                        where c.unit_id = w.unit_id and c.hour <= w.since order by c.hour desc limit 1) c
    """
)
_FENCES = text(
    """
    select id, asset_id, name, shape::text as shape, (extract(epoch from applies_from) * 1000000)::bigint as from_t,
           (extract(epoch from retired_at) * 1000000)::bigint as until_t, dwell_minutes, speed_limit_kmh,
           on_enter, on_leave
    from geofence where asset_id = any(cast(:assets as uuid[])) order by id
    """
)

_OLDEST = text(
    """
    select w.unit_id, e.at from unnest(cast(:units as uuid[])) as w(unit_id)
    cross join lateral (select at from asset_event e where e.unit_id = w.unit_id and e.kind = any(:kinds)
                        order by e.at limit 1) e
    """
)


class Known(NamedTuple):
    """A vehicle as the fold left it, locked, and what it is judged by."""

    unit_id: uuid.UUID
    asset_id: uuid.UUID
    fold: dict[str, Any]
    folded_to: int | None
    trip_id: uuid.UUID | None
    counted_mm: int
    engine_seconds: int
    speed_limit_kmh: int | None
    timezone: str
    currency: str
    retired: bool


def lock_states(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Known]:
    """The states of these vehicles, locked until the transaction ends; begun for those that never spoke before."""
    locks.taking("vehicle")
    found = _locked(unit_ids)
    missing = [unit_id for unit_id in unit_ids if unit_id not in found]
    if missing:
        db.session.execute(_BEGIN, {"units": missing})
        found |= _locked(missing)
    return found


def _locked(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Known]:
    rows = db.session.execute(_LOCK, {"units": list(unit_ids)})
    return {row.unit_id: Known(*row) for row in rows}


def state_of(unit_id: uuid.UUID) -> Known | None:
    """The state of one vehicle, only to be looked at; None when it never spoke."""
    row = db.session.execute(text(_STATES), {"units": [unit_id]}).first()
    return None if row is None else Known(*row)


def days_written(unit_id: uuid.UUID) -> dict[str, tuple[int, int, int]]:
    """What is written of each day of a vehicle: millimetres, fixes, positions that were not believed."""
    rows = db.session.execute(
        select(VehicleDay.day, VehicleDay.distance_mm, VehicleDay.fixes, VehicleDay.rejected).where(
            VehicleDay.unit_id == unit_id
        )
    )
    return {day.isoformat(): (distance, fixes, rejected) for day, distance, fixes, rejected in rows}


def words_after(
    after: dict[uuid.UUID, int],
    *,
    everything: Collection[uuid.UUID] = (),
    until: Mapping[uuid.UUID, int | None] | None = None,
    most: int = AT_ONCE,
) -> Iterator[tuple[uuid.UUID, list[Word], bool]]:
    """The words of each unit that are younger than a moment, sorted, a piece at a time; True with the last piece.

    Words whose news nobody has looked at yet are left out, but for the units of `everything`; `until` names units
    of which only the words before a moment are wanted.
    """
    whole, ends = set(everything), until or {}
    while after:
        units = list(after)
        rows = db.session.execute(
            _READ,
            {
                "units": units,
                "after": [after[unit_id] for unit_id in units],
                "all": [unit_id in whole for unit_id in units],
                "until": [ends.get(unit_id) for unit_id in units],
                "kinds": list(KINDS),
                "most": most,
            },
        ).all()
        again: dict[uuid.UUID, int] = {}
        silent = set(units)
        for unit_id, mine in groupby(rows, key=lambda row: row[0]):
            silent.discard(unit_id)
            words = [Word(*row[1:]) for row in mine]
            last = len(words) < most
            if not last:
                words = _whole_moments(words)
                again[unit_id] = words[-1].at
            words.sort()
            yield unit_id, words, last
        for unit_id in silent:
            yield unit_id, [], True
        after = again


def _whole_moments(words: list[Word]) -> list[Word]:
    """Without the last moment, of which there may be more to come; unless there is nothing else."""
    end = words[-1].at
    return [word for word in words if word.at < end] or words


def checkpoints_before(since: dict[uuid.UUID, datetime]) -> dict[uuid.UUID, tuple[int, dict[str, Any]]]:
    """The youngest checkpoint of each unit that is not younger than a moment: its hour, and the state before it."""
    rows = db.session.execute(_CHECKPOINTS, {"units": list(since), "since": list(since.values())})
    return {row.unit_id: (row.hour, row.before) for row in rows}


def oldest_words(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """The moment of the oldest word that is still kept of each unit."""
    rows = db.session.execute(_OLDEST, {"units": list(unit_ids), "kinds": list(KINDS)})
    return {row.unit_id: row.at for row in rows}


def fence_rows(asset_ids: Collection[uuid.UUID]) -> Sequence[Any]:
    """The fences of places, those of the past too: late words are judged by what was watched then."""
    return db.session.execute(_FENCES, {"assets": list(asset_ids)}).all()
