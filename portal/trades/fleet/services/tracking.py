"""Following vehicles: each look takes the fold of every unit that spoke a step on, and the tables with it.

Words that come in order go on from the state that is kept. When one comes late, the fold starts again from the
checkpoint of its hour, and what was found since is found anew; when that is more than a day, a day at a time, while
what the vehicle says now goes on from the state as it is.
"""

from __future__ import annotations

import gc
import json
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from portal.core import locks
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.shared.devices.services.alerts import LATE_AFTER
from portal.shared.devices.services.watching import Spoke
from portal.trades.fleet.fences import NEVER, Fence, Place
from portal.trades.fleet.found import HOUR, SECOND, Day, DayFigures, Rules
from portal.trades.fleet.queries import words
from portal.trades.fleet.queries.words import Known
from portal.trades.fleet.services import findings, telling
from portal.trades.fleet.services.findings import Sheet
from portal.trades.fleet.track import Fold

#: What still goes on (the running day, the running trip) is written down so often, in the device's time.
WRITTEN_EVERY = 30 * SECOND
#: So much is found anew in one command; the rest waits its turn.
AT_ONCE = 24 * HOUR
#: Before any word, in microseconds.
BEFORE_ALL = -(10**15)
MOMENT_0 = datetime(1970, 1, 1, tzinfo=UTC)

_KEEP = text(
    """
    update vehicle_state s
    set latitude_e7 = r.latitude, longitude_e7 = r.longitude,
        fix_at = timestamptz 'epoch' + r.fix_at * interval '1 microsecond',
        speed_kmh_milli = r.speed, heading = r.heading, moving = r.moving,
        standing_since = timestamptz 'epoch' + r.standing_since * interval '1 microsecond',
        ignition = r.ignition, passengers = r.passengers, counted_mm = r.counted_mm,
        engine_seconds = r.engine_seconds, trip_id = r.trip_id, inside = r.inside, fold = r.fold,
        folded_to = timestamptz 'epoch' + r.folded_to * interval '1 microsecond',
        doubt = r.doubt, doubt_at = timestamptz 'epoch' + r.doubt_at * interval '1 microsecond',
        version = pg_current_xact_id()::text::bigint
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(unit_id uuid, latitude bigint, longitude bigint, fix_at bigint,
         speed bigint, heading bigint, moving bool, standing_since bigint, ignition text, passengers bigint,
         counted_mm bigint, engine_seconds bigint, trip_id uuid, inside jsonb, fold jsonb, folded_to bigint,
         doubt text, doubt_at bigint)
    where s.unit_id = r.unit_id
    """
)
_PUT_OFF = text(
    """
    update vehicle_state s set refold_from = least(s.refold_from, w.since)
    from unnest(cast(:units as uuid[]), cast(:since as timestamptz[])) as w(unit_id, since) where s.unit_id = w.unit_id
    """
)
_NEXT = text(
    """
    select unit_id, refold_from from vehicle_state
    where refold_from is not null and (cast(:units as uuid[]) is null or unit_id = any(cast(:units as uuid[])))
    order by refold_from, unit_id limit 1 for no key update skip locked
    """
)
_DONE_TO = text(
    "update vehicle_state set refold_from = timestamptz 'epoch' + cast(:until as bigint) * interval '1 microsecond'"
    " where unit_id = :unit"
)
_BEFORE = text(
    "select coalesce(sum(distance_mm), 0)::bigint, coalesce(sum(engine_seconds), 0)::bigint from vehicle_day"
    " where unit_id = :unit and (cast(:day as date) is null or day < cast(:day as date))"
)


class Following:
    """One vehicle in one look."""

    __slots__ = ("after", "anew", "fold", "known", "since_day", "until")

    def __init__(self, known: Known, rules: Rules, after: int, kept: dict[str, Any], anew: int | None = None,
                 until: int | None = None) -> None:  # fmt: skip
        self.known = known
        self.after = after
        self.anew = anew
        #: Where finding anew stops for now; None when it comes up to the youngest word.
        self.until = until
        self.fold = Fold(rules, kept)
        day = self.fold.day
        #: The figures of the running day as they were, for what is counted over all days.
        self.since_day = (day.distance_mm, day.engine // SECOND) if day else (0, 0)


def follow(news: Sequence[Spoke]) -> None:
    """Take in what these units said; part of the look at the news, and of its transaction."""
    known = words.lock_states([each.unit_id for each in news])
    since = {each.unit_id: each.since for each in news if each.unit_id in known}
    if since:
        with _uncollected():
            _go_on(known, since)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for circles among the many small values of one bite: there are none, and looking costs half."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def refold(*, unit_ids: Collection[uuid.UUID], since: datetime | None = None) -> int:
    """Find everything anew from the words that are kept, all or those since a moment; how many vehicles. For repair."""
    marked = _mark(unit_ids=unit_ids, since=since)
    while catch_up(unit_ids=unit_ids):
        pass
    return marked


@transactional
def _mark(*, unit_ids: Collection[uuid.UUID], since: datetime | None) -> int:
    oldest = words.oldest_words(words.lock_states(unit_ids))
    _put_off({unit_id: max(first, since or first) for unit_id, first in oldest.items()})
    return len(oldest)


@transactional
def catch_up(*, unit_ids: Collection[uuid.UUID] | None = None) -> int:
    """Find one more day of a vehicle anew that has words of long ago; 0 when there is nothing left of that."""
    locks.taking("vehicle")
    row = db.session.execute(_NEXT, {"units": None if unit_ids is None else list(unit_ids)}).first()
    if row is None:
        return 0
    known = words.lock_states([row.unit_id])
    with _uncollected():
        until = _go_on(known, {row.unit_id: row.refold_from}, anew=True)
    db.session.execute(_DONE_TO, {"unit": row.unit_id, "until": until.get(row.unit_id)})
    return 1


def _put_off(since: Mapping[uuid.UUID, datetime]) -> None:
    db.session.execute(_PUT_OFF, {"units": list(since), "since": list(since.values())})


def recount(*, unit_id: uuid.UUID) -> list[str]:
    """What the words that are kept come to, beside what is written: a line for each difference. Writes nothing."""
    known = words.state_of(unit_id)
    oldest = words.oldest_words([unit_id])
    if known is None or not oldest:
        return []
    since = oldest[unit_id]
    checkpoint = words.checkpoints_before(oldest).get(unit_id)
    hour, before = checkpoint or (_micros(since), {})
    fold = Fold(_rules([known])(known), before)
    for _unit, said, _last in words.words_after({unit_id: hour - 1}, everything=[unit_id]):
        fold.take([word for word in said if word.at <= (known.folded_to or BEFORE_ALL)])
    kept = _through_json({**fold.kept(), "written": None})
    differences = [
        f"{name} is written as {known.fold.get(name)} and comes to {value}"
        for name, value in kept.items()
        if name != "written" and known.fold.get(name) != value
    ]
    written = words.days_written(unit_id)
    for date, day in fold.found.days.items():
        if written.get(date) != (day.distance_mm, day.fixes, day.rejected):
            differences.append(f"{date} is written as {written.get(date)} and comes to {day.distance_mm} mm,"
                               f" {day.fixes} fixes, {day.rejected} rejected")  # fmt: skip
    total = sum(distance for date, (distance, *_rest) in written.items() if fold.day is None or date != fold.day.date)
    total += fold.day.distance_mm if fold.day else 0
    if total != known.counted_mm:
        differences.append(f"the odometer is written as {known.counted_mm} mm and comes to {total} mm")
    return differences


def _through_json(kept: dict[str, Any]) -> dict[str, Any]:
    """A state as it comes back from the database."""
    found: dict[str, Any] = json.loads(json.dumps(kept))
    return found


def _go_on(
    known: dict[uuid.UUID, Known], since: dict[uuid.UUID, datetime], *, anew: bool = False
) -> dict[uuid.UUID, int | None]:
    """Take the folds on; returns how far those came that are found anew, None for up to the youngest word."""
    rules = _rules(known.values())
    late = {
        unit_id: moment
        for unit_id, moment in since.items()
        if anew or _micros(moment) <= (known[unit_id].folded_to or BEFORE_ALL)
    }
    checkpoints = words.checkpoints_before(late) if late else {}
    following: dict[uuid.UUID, Following] = {}
    put_off: dict[uuid.UUID, datetime] = {}
    for unit_id, moment in since.items():
        state, rule = known[unit_id], rules(known[unit_id])
        if unit_id in late:
            # without a checkpoint nothing was known before it
            hour, before = checkpoints.get(unit_id, (_micros(moment), {}))
            until = _until(hour, state)
            if anew or until is None:
                following[unit_id] = Following(state, rule, hour - 1, before, hour, until)
                continue
            put_off[unit_id] = moment
        after = state.folded_to if state.folded_to is not None else BEFORE_ALL
        following[unit_id] = Following(state, rule, after, state.fold)
    if put_off:
        _put_off(put_off)
    spoke = set()
    untils = {unit_id: each.until for unit_id, each in following.items() if each.anew is not None}
    for unit_id, said, _last in words.words_after(
        {unit_id: each.after for unit_id, each in following.items()}, everything=untils, until=untils
    ):
        if said:
            spoke.add(unit_id)
            following[unit_id].fold.take(said)
    for each in following.values():
        if each.until is not None:
            _write_past(each, each.until)
    _write_down([each for unit_id, each in following.items() if unit_id in spoke and each.until is None])
    return untils


def _until(hour: int, state: Known) -> int | None:
    until = (hour + AT_ONCE) // HOUR * HOUR
    return until if state.folded_to is not None and until + HOUR < state.folded_to else None


def _write_past(each: Following, until: int) -> None:
    """What one day of the past came to; what lasts beyond it is found with the next, and the state stays as it is."""
    fold, known = each.fold, each.known
    fold.found.checkpoints[until] = fold.kept()
    fold.leave_out_what_lasts()
    sheet = Sheet(known.unit_id, known.asset_id, fold.found, list(fold.found.days.values()), each.anew, until)
    written = findings.write([sheet], historical_before=_micros(utcnow() - LATE_AFTER))
    inside = [key for key, memory in known.fold.get("fences", {}).items() if memory[0]]
    telling.tell([sheet], written, {known.unit_id: known}, {known.unit_id: inside})


def _write_down(following: Sequence[Following]) -> None:
    if not following:
        return
    now = utcnow()
    sheets = [_sheet(each) for each in following]
    written = findings.write(sheets, historical_before=_micros(now - LATE_AFTER))
    rows = [_state(each, written) for each in following]
    db.session.execute(_KEEP, {"rows": json.dumps(rows, default=str, separators=(",", ":"))})
    known = {each.known.unit_id: each.known for each in following}
    telling.tell(sheets, written, known, {each.known.unit_id: _inside(each.fold) for each in following})


def _sheet(each: Following) -> Sheet:
    """The findings; what goes on is among them when it is new, found anew, or was not written for a while."""
    fold, known = each.fold, each.known
    day = fold.day
    assert day is not None
    assert fold.upto is not None
    days: list[DayFigures] = list(fold.found.days.values())
    written = known.fold.get("written")
    trip = fold.journeys.trip
    nameless = trip is not None and known.trip_id is None and trip.start.t not in fold.found.trips
    if each.anew is not None or written is None or days or fold.upto - written >= WRITTEN_EVERY or nameless:
        fold.written = fold.upto
        if trip is not None or each.anew is not None:
            fold.running()
        days.append(day)
    else:
        fold.written = written
    return Sheet(known.unit_id, known.asset_id, fold.found, days, each.anew)


def _state(each: Following, written: findings.Written) -> dict[str, Any]:
    fold, known = each.fold, each.known
    here = fold.position() or Place(0, 0, 0)
    trip, standing = fold.journeys.trip, fold.journeys.standing
    trip_id = None
    if trip is not None:
        trip_id = written.trip_ids.get((known.unit_id, trip.start.t), known.trip_id)
    doubtful = fold.doubt[0].place if fold.doubt and fold.position() is fold.last else None
    counted_mm, engine_seconds = _counted(each)
    return {
        "unit_id": known.unit_id,
        "latitude": here.latitude if here.t else None,
        "longitude": here.longitude if here.t else None,
        "fix_at": here.t or None,
        "speed": fold.speed(),
        "heading": fold.heading,
        "moving": fold.journeys.moving,
        "standing_since": standing.since if standing is not None else None,
        "ignition": fold.engine,
        "passengers": fold.passengers,
        "counted_mm": counted_mm,
        "engine_seconds": engine_seconds,
        "trip_id": trip_id,
        "inside": _inside(fold),
        "fold": {**fold.kept(), "written": fold.written},
        "folded_to": fold.upto,
        "doubt": "jump" if doubtful else None,
        "doubt_at": doubtful.t if doubtful else None,
    }


def _inside(fold: Fold) -> list[str]:
    return [key for key, memory in fold.fences.items() if memory[0]]


def _counted(each: Following) -> tuple[int, int]:
    """What was driven and how long the engine ran, over all days."""
    fold, known = each.fold, each.known
    days = [*fold.found.days.values(), *([fold.day] if fold.day else [])]
    distance = sum(day.distance_mm for day in days)
    engine = sum(day.engine // SECOND for day in days)
    if each.anew is None:
        return (
            known.counted_mm + distance - each.since_day[0],
            known.engine_seconds + engine - each.since_day[1],
        )
    before = db.session.execute(_BEFORE, {"unit": known.unit_id, "day": days[0].date}).one()
    return before[0] + distance, before[1] + engine


def _rules(known: Iterable[Known]) -> Callable[[Known], Rules]:
    """What each vehicle is judged by; the fences of its place are read once."""
    fences: dict[uuid.UUID, list[Fence]] = {}
    for row in words.fence_rows({each.asset_id for each in known}):
        fences.setdefault(row.asset_id, []).append(
            _fence(str(row.id), row.shape, row.from_t, row.until_t, row.dwell_minutes, row.speed_limit_kmh)
        )

    def of(each: Known) -> Rules:
        return Rules(partial(day_at, each.timezone), each.speed_limit_kmh, fences.get(each.asset_id, ()), each.currency)

    return of


@lru_cache(maxsize=4_096)
def _fence(key: str, shape: str, from_t: int, until_t: int | None, dwell: int | None, limit: int | None) -> Fence:
    return Fence(
        key,
        json.loads(shape),
        from_t=from_t,
        until_t=NEVER if until_t is None else until_t,
        dwell_minutes=dwell,
        limit_kmh=limit,
    )


def day_at(timezone: str, t: int) -> Day:
    """The day at a place in which a moment lies, however long the clocks make it."""
    zone = ZoneInfo(timezone)
    date = (MOMENT_0 + timedelta(microseconds=t)).astimezone(zone).date()
    tomorrow = date + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)
    return Day(date.isoformat(), _micros(midnight))


def _micros(moment: datetime) -> int:
    return (moment - MOMENT_0) // timedelta(microseconds=1)
