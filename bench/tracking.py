"""A thousand vehicles at one fix a second: what following them costs, and what a replay costs."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from math import cos, radians

from sqlalchemy import text

from bench.ground import Ground
from portal.core.actor import system
from portal.core.db import db
from portal.shared.assets.services import registry
from portal.shared.devices.services import watching
from portal.trades.fleet.queries import history
from portal.trades.fleet.services import fences

VEHICLES, SECONDS, FENCES = 1_000, 20, 20
HISTORY = 1_000_000
BY = system("bench")
STORE = text(
    """
    with told as (
        insert into asset_event (id, at, asset_id, unit_id, kind, value, quality)
        select gen_random_uuid(), cast(:at as timestamptz), :asset, unit_id, kind, value, 'd'
        from jsonb_to_recordset(cast(:rows as jsonb)) as r(unit_id uuid, kind text, value text)
        returning unit_id, at, kind)
    insert into reading_news (unit_id, asset_id, since, kinds)
    select unit_id, :asset, min(at), jsonb_agg(distinct kind) from told group by unit_id
    """
)
LONG = text(
    """
    insert into asset_event (id, at, asset_id, unit_id, kind, value, quality)
    select gen_random_uuid(), cast(:since as timestamptz) + n * interval '1 second', :asset, :unit, 'location',
           round(6.5 + 0.05 * sin(n / 900.0)::numeric, 6) || ',' || round(3.4 + 0.05 * cos(n / 700.0)::numeric, 6), 'd'
    from generate_series(1, :count) n
    """
)


def run(ground: Ground) -> None:
    """Following in bites as the worker does, then the track of a long history."""
    with ground.app.app_context():
        place = registry.register_asset(kind="fleet", name="Bench", currency="NGN", timezone="Africa/Lagos", actor=BY)
        units = [
            registry.register_unit(asset_id=place.id, kind="vehicle", number=f"V{n:04d}", price=100, actor=BY).id
            for n in range(VEHICLES)
        ]
        for n in range(FENCES):
            shape = {"kind": "circle", "latitude": 6.4 + n * 0.01, "longitude": 3.4, "radius_m": 400}
            fences.draw(asset_id=place.id, name=f"Fence {n}", shape=shape, actor=BY, speed_limit_kmh=60)
        _following(place.id, units)
        _long_history(place.id, units[0])


def _following(place: object, units: list[object]) -> None:
    start = datetime.now(UTC) - timedelta(seconds=SECONDS + 5)
    spent = worked = 0.0
    for second in range(SECONDS):
        east = second * 15 / (111_195 * cos(radians(6.5)))
        rows = [
            {"unit_id": str(unit), "kind": kind, "value": value}
            for n, unit in enumerate(units)
            for kind, value in (("location", f"{6.4 + n * 0.0002:.6f},{3.38 + east:.6f}"), ("speed", "54"))
        ]
        moment = start + timedelta(seconds=second)
        db.session.execute(STORE, {"at": moment, "asset": place, "rows": json.dumps(rows)})
        db.session.commit()
        if second == 1:  # the first look begins every state
            spent = worked = 0.0
        wall, cpu = time.perf_counter(), time.process_time()
        while watching.look_at_news():
            pass
        spent, worked = spent + time.perf_counter() - wall, worked + time.process_time() - cpu
    fixes = VEHICLES * (SECONDS - 1)
    each, python = spent / fixes * 1e6, worked / fixes * 1e6
    print(f"  following {VEHICLES:,} vehicles with {FENCES} fences: {each:,.0f} us a fix and speed"
          f" ({python:,.0f} us of them in Python): {spent / (SECONDS - 1):.2f} s for each second")  # fmt: skip


def _long_history(place: object, unit: object) -> None:
    since = datetime.now(UTC) - timedelta(seconds=HISTORY + 3_600)
    db.session.execute(LONG, {"since": since, "asset": place, "unit": unit, "count": HISTORY})
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze asset_event"))
    for name, hours in (("all of it", HISTORY / 3_600 + 1), ("a day", 24), ("an hour", 1)):
        took = []
        for _round in range(5):
            wall = time.perf_counter()
            points = history.track_of(unit, since, since + timedelta(hours=hours))  # type: ignore[arg-type]
            took.append((time.perf_counter() - wall) * 1e3)
        print(f"  replay of {name} out of {HISTORY:,} fixes: {sorted(took)[2]:.0f} ms for {len(points):,} points")
