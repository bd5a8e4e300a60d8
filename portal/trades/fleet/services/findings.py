"""Writing down what the fold found, by what names it: the same finding written twice is one row."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import TextClause, text

from portal.core.db import db, uuid7
from portal.trades.fleet.found import SECOND, DayFigures, DrivingFound, Found, StopFound, TripFound
from portal.trades.fleet.services.assignments import stamp_trips

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_AT = "timestamptz 'epoch' + r.{0} * interval '1 microsecond'"


def _rows(columns: str) -> str:
    return f"from jsonb_to_recordset(cast(:rows as jsonb)) as r({columns})"


def _moment(name: str) -> str:
    return _AT.format(name)


_TRIPS = text(
    f"""
    insert into trip (id, unit_id, asset_id, started_at, ended_at, start_latitude_e7, start_longitude_e7,
                      end_latitude_e7, end_longitude_e7, distance_mm, moving_seconds, top_speed_kmh_milli, decided_at,
                      driver_id)
    select id, unit_id, asset_id, {_moment("started")}, {_moment("ended")}, latitude, longitude,
           end_latitude, end_longitude, distance_mm, moving_seconds, top, {_moment("decided")}, driver_id
    {
        _rows(
            "id uuid, unit_id uuid, asset_id uuid, started bigint, ended bigint, latitude bigint, longitude bigint,"
            " end_latitude bigint, end_longitude bigint, distance_mm bigint, moving_seconds bigint, top bigint,"
            " decided bigint, driver_id uuid"
        )
    }
    on conflict (unit_id, started_at) do update
        set ended_at = excluded.ended_at, start_latitude_e7 = excluded.start_latitude_e7,
            start_longitude_e7 = excluded.start_longitude_e7, end_latitude_e7 = excluded.end_latitude_e7,
            end_longitude_e7 = excluded.end_longitude_e7, distance_mm = excluded.distance_mm,
            moving_seconds = excluded.moving_seconds, top_speed_kmh_milli = excluded.top_speed_kmh_milli,
            decided_at = excluded.decided_at
    returning id, unit_id, (extract(epoch from started_at) * 1000000)::bigint as started, xmax = 0 as fresh
    """
)
_STOPS = text(
    f"""
    insert into vehicle_stop (id, unit_id, asset_id, started_at, ended_at, latitude_e7, longitude_e7, idle_seconds,
                              decided_at)
    select id, unit_id, asset_id, {_moment("started")}, {_moment("ended")}, latitude, longitude, idle_seconds,
           {_moment("decided")}
    {
        _rows(
            "id uuid, unit_id uuid, asset_id uuid, started bigint, ended bigint, latitude bigint, longitude bigint,"
            " idle_seconds bigint, decided bigint"
        )
    }
    on conflict (unit_id, started_at) do update
        set ended_at = excluded.ended_at, latitude_e7 = excluded.latitude_e7, longitude_e7 = excluded.longitude_e7,
            idle_seconds = excluded.idle_seconds, decided_at = excluded.decided_at
    """
)
_DRIVING = text(
    f"""
    insert into driving_event (id, unit_id, asset_id, kind, started_at, ended_at, top_speed_kmh_milli, limit_kmh,
                               latitude_e7, longitude_e7, geofence_id, detail, decided_at)
    select id, unit_id, asset_id, kind, {_moment("started")}, {_moment("ended")}, top, "limit", latitude, longitude,
           fence, detail, {_moment("decided")}
    {
        _rows(
            'id uuid, unit_id uuid, asset_id uuid, kind text, started bigint, ended bigint, top bigint, "limit" bigint,'
            " latitude bigint, longitude bigint, fence uuid, detail text, decided bigint"
        )
    }
    on conflict (unit_id, kind, started_at) do update
        set ended_at = excluded.ended_at, top_speed_kmh_milli = excluded.top_speed_kmh_milli,
            limit_kmh = excluded.limit_kmh, latitude_e7 = excluded.latitude_e7, longitude_e7 = excluded.longitude_e7,
            geofence_id = excluded.geofence_id, detail = excluded.detail, decided_at = excluded.decided_at
    returning unit_id, kind, (extract(epoch from started_at) * 1000000)::bigint as started, xmax = 0 as fresh
    """
)
_CROSSINGS = text(
    f"""
    insert into fence_event (id, unit_id, asset_id, geofence_id, what, at, historical, decided_at)
    select id, unit_id, asset_id, fence, what, {_moment("at")}, historical, {_moment("decided")}
    {_rows("id uuid, unit_id uuid, asset_id uuid, fence uuid, what text, at bigint, historical bool, decided bigint")}
    on conflict (unit_id, geofence_id, what, at) do update set decided_at = excluded.decided_at
    returning unit_id, geofence_id, what, (extract(epoch from at) * 1000000)::bigint as at, xmax = 0 as fresh
    """
)
_REJECTED = text(
    f"""
    insert into rejected_fix (event_id, unit_id, asset_id, at, reason, decided_at)
    select key, unit_id, asset_id, {_moment("at")}, reason, {_moment("decided")}
    {_rows("key uuid, unit_id uuid, asset_id uuid, at bigint, reason text, decided bigint")}
    on conflict (event_id) do update set reason = excluded.reason, decided_at = excluded.decided_at
    """
)
_DAYS = text(
    f"""
    insert into vehicle_day (unit_id, day, asset_id, distance_mm, moving_seconds, idle_seconds, engine_seconds, trips,
                             fixes, rejected, top_speed_kmh_milli, fares, passengers_most)
    select unit_id, day, asset_id, distance_mm, moving, idle, engine, trips, fixes, rejected, top, fares, passengers
    {
        _rows(
            "unit_id uuid, day date, asset_id uuid, distance_mm bigint, moving bigint, idle bigint, engine bigint,"
            " trips bigint, fixes bigint, rejected bigint, top bigint, fares jsonb, passengers bigint"
        )
    }
    on conflict (unit_id, day) do update
        set distance_mm = excluded.distance_mm, moving_seconds = excluded.moving_seconds,
            idle_seconds = excluded.idle_seconds, engine_seconds = excluded.engine_seconds, trips = excluded.trips,
            fixes = excluded.fixes, rejected = excluded.rejected, top_speed_kmh_milli = excluded.top_speed_kmh_milli,
            fares = excluded.fares, passengers_most = excluded.passengers_most
    """
)
_CHECKPOINTS = text(
    f"""
    insert into vehicle_checkpoint (unit_id, hour, before)
    select unit_id, {_moment("hour")}, before {_rows("unit_id uuid, hour bigint, before jsonb")}
    on conflict (unit_id, hour) do update set before = excluded.before
    """
)

_DECIDED = (
    "decided_at >= timestamptz 'epoch' + :since * interval '1 microsecond' and (cast(:until as bigint) is null"
    " or decided_at < timestamptz 'epoch' + cast(:until as bigint) * interval '1 microsecond')"
)
#: What a refold may find again or not, by what it is the same.
_EXISTING = {
    "trip": text(
        "select id, (extract(epoch from started_at) * 1000000)::bigint as at, '' as kind, driver_id,"
        " (extract(epoch from ended_at) * 1000000)::bigint as ended from trip"
        f" where unit_id = :unit and {_DECIDED}"
    ),
    "vehicle_stop": text(
        "select id, (extract(epoch from started_at) * 1000000)::bigint as at, '' as kind from vehicle_stop"
        f" where unit_id = :unit and {_DECIDED}"
    ),
    "driving_event": text(
        "select id, (extract(epoch from started_at) * 1000000)::bigint as at, kind from driving_event"
        f" where unit_id = :unit and {_DECIDED}"
    ),
    "fence_event": text(
        "select e.id, (extract(epoch from e.at) * 1000000)::bigint as at, e.geofence_id || ' ' || e.what as kind"
        " from fence_event e join geofence f on f.id = e.geofence_id where e.unit_id = :unit"
        f" and {_DECIDED} and e.decided_at >= f.applies_from"
    ),
    "rejected_fix": text(
        f"select event_id as id, 0 as at, event_id::text as kind from rejected_fix where unit_id = :unit and {_DECIDED}"
    ),
}
#: A finding that a refold moved by less than this is the one somebody was told of already.
MOVED = 15 * 60 * 1_000_000


@dataclass(slots=True)
class Sheet:
    """What was found about one vehicle, on its way to the tables."""

    unit_id: uuid.UUID
    asset_id: uuid.UUID
    found: Found
    #: Days to be written; the running one is among them now and then.
    days: Sequence[DayFigures]
    #: Since when everything was found anew; None when the words only went on.
    anew: int | None = None
    #: Before when; None when up to the youngest word.
    until: int | None = None


class Fresh(NamedTuple):
    """Something about a vehicle that nobody knew before."""

    sheet: Sheet
    finding: Any


@dataclass(slots=True)
class Written:
    """What was new, and what the trips are called."""

    trips: list[Fresh] = field(default_factory=list)
    driving: list[Fresh] = field(default_factory=list)
    crossings: list[Fresh] = field(default_factory=list)
    trip_ids: dict[tuple[uuid.UUID, int], uuid.UUID] = field(default_factory=dict)


def write(sheets: Sequence[Sheet], *, historical_before: int) -> Written:
    """Put findings into their tables, and take out those that a refold did not find again."""
    gone = {sheet.unit_id: _forget(sheet) for sheet in sheets if sheet.anew is not None}
    written = Written()
    _write_trips(sheets, gone, written)
    _save(_STOPS, [_row(sheet, each) for sheet in sheets for each in sheet.found.stops.values()])
    _write_driving(sheets, gone, written)
    _write_crossings(sheets, gone, written, historical_before)
    _save(
        _REJECTED,
        [{**_whose(sheet), **each._asdict()} for sheet in sheets for each in sheet.found.rejected],
    )
    _save(_DAYS, [_day(sheet, day) for sheet in sheets for day in sheet.days])
    _save(
        _CHECKPOINTS,
        [
            {"unit_id": sheet.unit_id, "hour": hour, "before": before}
            for sheet in sheets
            for hour, before in sheet.found.checkpoints.items()
        ],
    )
    return written


Gone = dict[uuid.UUID, dict[str, list[Any]]]


def _write_trips(sheets: Sequence[Sheet], gone: Gone, written: Written) -> None:
    found = {(sheet.unit_id, trip.started): (sheet, trip) for sheet in sheets for trip in sheet.found.trips.values()}
    rows = [
        {**_row(sheet, trip), "driver_id": _driver(gone.get(sheet.unit_id, {}).get("trip", ()), trip)}
        for sheet, trip in found.values()
    ]
    fresh = []
    for row in _save(_TRIPS, rows):
        written.trip_ids[row.unit_id, row.started] = row.id
        sheet, trip = found[row.unit_id, row.started]
        if row.fresh:
            fresh.append((sheet, trip))
        if row.fresh and not _moved(gone, sheet, "trip", "", trip.started):
            written.trips.append(Fresh(sheet, trip))
    if fresh:
        first = timedelta(microseconds=min(trip.started for _sheet, trip in fresh))
        stamp_trips(unit_ids={sheet.unit_id for sheet, _trip in fresh}, since=EPOCH + first)


def _write_driving(sheets: Sequence[Sheet], gone: Gone, written: Written) -> None:
    found = {
        (sheet.unit_id, each.kind, each.started): (sheet, each)
        for sheet in sheets
        for each in sheet.found.driving.values()
    }
    for row in _save(_DRIVING, [_row(sheet, each) for sheet, each in found.values()]):
        sheet, each = found[row.unit_id, row.kind, row.started]
        if row.fresh and not _moved(gone, sheet, "driving_event", each.kind, each.started):
            written.driving.append(Fresh(sheet, each))


def _write_crossings(sheets: Sequence[Sheet], gone: Gone, written: Written, historical_before: int) -> None:
    found = {
        (sheet.unit_id, uuid.UUID(each.fence), each.what, each.at): (sheet, each)
        for sheet in sheets
        for each in sheet.found.crossings
    }
    rows = [
        {"id": uuid7(), **_whose(sheet), **each._asdict(), "historical": each.at < historical_before}
        for sheet, each in found.values()
    ]
    for row in _save(_CROSSINGS, rows):
        sheet, each = found[row.unit_id, row.geofence_id, row.what, row.at]
        if row.fresh and not _moved(gone, sheet, "fence_event", f"{each.fence} {each.what}", each.at):
            written.crossings.append(Fresh(sheet, each))


def _forget(sheet: Sheet) -> dict[str, list[Any]]:
    """Take out the rows decided since the refold began that were not found again; returns them by table."""
    found, gone = sheet.found, {}
    again: dict[str, set[tuple[str, int]]] = {
        "trip": {("", at) for at in found.trips},
        "vehicle_stop": {("", at) for at in found.stops},
        "driving_event": set(found.driving),
        "fence_event": {(f"{each.fence} {each.what}", each.at) for each in found.crossings},
        "rejected_fix": {(each.key, 0) for each in found.rejected},
    }
    for table, question in _EXISTING.items():
        rows = db.session.execute(question, {"unit": sheet.unit_id, "since": sheet.anew, "until": sheet.until}).all()
        gone[table] = [row for row in rows if (row.kind, row.at) not in again[table]]
        if gone[table]:
            key = "event_id" if table == "rejected_fix" else "id"
            db.session.execute(
                text(f"delete from {table} where {key} = any(cast(:ids as uuid[]))"),
                {"ids": [row.id for row in gone[table]]},
            )
    return gone


def _moved(gone: Gone, sheet: Sheet, table: str, kind: str, at: int) -> bool:
    """Whether it is what was known already, a little earlier or later: nobody is told of it again."""
    left = gone.get(sheet.unit_id, {}).get(table, ())
    return any(row.kind == kind and abs(row.at - at) <= MOVED for row in left)


def _driver(gone: Iterable[Any], trip: TripFound) -> uuid.UUID | None:
    """Who drove the trip that this one takes the place of."""
    for row in gone:
        overlaps = (trip.ended is None or row.at < trip.ended) and (row.ended is None or row.ended > trip.started)
        if row.driver_id is not None and overlaps:
            driver: uuid.UUID = row.driver_id
            return driver
    return None


def _save(statement: TextClause, rows: Sequence[dict[str, Any]]) -> Sequence[Any]:
    if not rows:
        return ()
    result = db.session.execute(statement, {"rows": json.dumps(rows, default=str, separators=(",", ":"))})
    return result.all() if result.returns_rows else ()  # type: ignore[attr-defined]


def _whose(sheet: Sheet) -> dict[str, Any]:
    return {"unit_id": sheet.unit_id, "asset_id": sheet.asset_id}


def _row(sheet: Sheet, finding: TripFound | StopFound | DrivingFound) -> dict[str, Any]:
    return {"id": uuid7(), **_whose(sheet), **{name: getattr(finding, name) for name in finding.__slots__}}


def _day(sheet: Sheet, day: DayFigures) -> dict[str, Any]:
    return {
        **_whose(sheet),
        "day": day.date,
        "distance_mm": day.distance_mm,
        "moving": day.moving // SECOND,
        "idle": day.idle // SECOND,
        "engine": day.engine // SECOND,
        "trips": day.trips,
        "fixes": day.fixes,
        "rejected": day.rejected,
        "top": day.top,
        "fares": day.fares,
        "passengers": day.passengers_most,
    }
