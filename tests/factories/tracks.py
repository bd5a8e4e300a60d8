"""Vehicles that have been somewhere: what the fold of their words would have found, written at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text

from portal.core.clock import utcnow
from portal.core.db import db
from portal.shared.assets.models import Asset, Unit
from portal.trades.fleet.models import Geofence, Trip, VehicleState, VehicleStop
from tests.factories import assets

NAIROBI = (-1.2921, 36.8219)


def e7(degrees: float) -> int:
    """Degrees as they are kept."""
    return round(degrees * 10_000_000)


def fence(asset: Asset, name: str = "Yard", **changes: object) -> Geofence:
    """A circle of half a kilometre around the middle of Nairobi."""
    shape = {"kind": "circle", "latitude": NAIROBI[0], "longitude": NAIROBI[1], "radius_m": 500}
    made = Geofence(**{"asset_id": asset.id, "name": name, "shape": shape, **changes})
    db.session.add(made)
    db.session.commit()
    return made


def seen(unit: Unit, *, at: datetime | None = None, moving: bool = False, **changes: object) -> VehicleState:
    """Where a vehicle is, and the word it said that in."""
    at = at or utcnow()
    latitude, longitude = changes.pop("where", NAIROBI)  # type: ignore[misc]
    fields = {
        "unit_id": unit.id, "asset_id": unit.asset_id, "latitude_e7": e7(latitude), "longitude_e7": e7(longitude),
        "fix_at": at, "speed_kmh_milli": 42_000 if moving else 0, "heading": 90, "moving": moving,
        "standing_since": None if moving else at - timedelta(minutes=20), "counted_mm": 12_345_678,
        "folded_to": at, **changes,
    }  # fmt: skip
    state = VehicleState(**fields)
    db.session.add(state)
    said(unit, "location", f"{latitude},{longitude}", at=at)
    db.session.execute(text("update vehicle_state set version = pg_current_xact_id()::text::bigint where unit_id = :u"),
                       {"u": unit.id})  # fmt: skip
    db.session.commit()
    return state


def said(unit: Unit, kind: str, value: str, *, at: datetime) -> None:
    """One word of its tracker, in the history and as the youngest of its kind."""
    db.session.flush()
    db.session.execute(
        text(
            "with word as (insert into asset_event (id, at, asset_id, unit_id, kind, value, quality)"
            " values (gen_random_uuid(), :at, :place, :unit, :kind, :value, 'd') returning id)"
            " insert into latest_reading (unit_id, kind, value, at, event_id)"
            " select :unit, :kind, :value, :at, id from word on conflict (unit_id, kind) do update"
            " set value = excluded.value, at = excluded.at, event_id = excluded.event_id"
            " where latest_reading.at < excluded.at"
        ),
        {"at": at, "place": unit.asset_id, "unit": unit.id, "kind": kind, "value": value},
    )


def trip(unit: Unit, *, at: datetime | None = None, minutes: int = 30, **changes: object) -> Trip:
    """A finished trip of ten kilometres and the stop after it, with a fix each minute."""
    at = at or utcnow() - timedelta(hours=2)
    end = at + timedelta(minutes=minutes)
    fields = {
        "unit_id": unit.id, "asset_id": unit.asset_id, "started_at": at, "ended_at": end,
        "start_latitude_e7": e7(NAIROBI[0]), "start_longitude_e7": e7(NAIROBI[1]),
        "end_latitude_e7": e7(NAIROBI[0] - 0.05), "end_longitude_e7": e7(NAIROBI[1] + 0.06),
        "distance_mm": 10_000_000, "moving_seconds": minutes * 55, "top_speed_kmh_milli": 68_500,
        "decided_at": end, **changes,
    }  # fmt: skip
    made = Trip(**fields)
    stop = VehicleStop(
        unit_id=unit.id, asset_id=unit.asset_id, started_at=end, ended_at=end + timedelta(minutes=15),
        latitude_e7=e7(NAIROBI[0] - 0.05), longitude_e7=e7(NAIROBI[1] + 0.06), idle_seconds=60,
        decided_at=end + timedelta(minutes=5),
    )  # fmt: skip
    db.session.add_all([made, stop])
    for minute in range(minutes + 1):
        share = minute / minutes
        where = f"{NAIROBI[0] - 0.05 * share:.6f},{NAIROBI[1] + 0.06 * share:.6f}"
        said(unit, "location", where, at=at + timedelta(minutes=minute))
    db.session.commit()
    return made


def many(asset: Asset, number: int) -> None:
    """So many vehicles spread over a town, a third of them moving, each heard a moment ago."""
    template = assets.vehicle(asset, number="T0000")
    db.session.execute(
        text(
            "insert into unit (id, asset_id, kind, number, plate, label, price, period_minutes, status, command_seq)"
            " select gen_random_uuid(), asset_id, 'vehicle', 'T' || lpad(n::text, 4, '0'),"
            " 'KDA ' || lpad(n::text, 3, '0') || 'X', left(label, 3) || lpad(n::text, 6, '0'), price, period_minutes,"
            " 'inactive', 0 from unit, generate_series(1, :n - 1) n where id = :like"
        ),
        {"n": number, "like": template.id},
    )
    db.session.execute(
        text(
            "insert into vehicle_state (unit_id, asset_id, latitude_e7, longitude_e7, fix_at, speed_kmh_milli, heading,"
            " moving, standing_since, version)"
            " select id, asset_id, -12921000 + (random() - 0.5) * 2000000, 368219000 + (random() - 0.5) * 2000000,"
            " clock_timestamp(), random() * 80000, random() * 359, random() < 0.33,"
            " clock_timestamp() - random() * interval '5 hours', pg_current_xact_id()::text::bigint"
            " from unit where asset_id = :place and kind = 'vehicle'"
        ),
        {"place": asset.id},
    )
    db.session.execute(
        text(
            "insert into latest_reading (unit_id, kind, value, at, event_id) select unit_id, 'location',"
            " (latitude_e7 / 1e7)::text || ',' || (longitude_e7 / 1e7)::text, fix_at, gen_random_uuid()"
            " from vehicle_state where asset_id = :place"
        ),
        {"place": asset.id},
    )
    db.session.commit()
