"""What only time tells: a trip of which nothing more is heard is over, and old checkpoints are let go of."""

from __future__ import annotations

from sqlalchemy import text

from portal.core import locks
from portal.core.db import db
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.trades.fleet.events import TripEnded, VehicleMoved

#: Vehicles at a time.
BATCH = 500

# The fold itself is left as it is: words that fill the silence later take the trip up again.
_END = text(
    """
    with silent as (
        select s.unit_id, s.trip_id, s.folded_to from vehicle_state s
        where s.trip_id is not null and s.folded_to < clock_timestamp() - interval '15 minutes'
        order by s.unit_id limit :batch for no key update of s skip locked),
    over as (
        update vehicle_state s set trip_id = null, version = pg_current_xact_id()::text::bigint
        from silent where s.unit_id = silent.unit_id)
    update trip t
    set ended_at = greatest(t.started_at, silent.folded_to),
        distance_mm = coalesce((s.fold #>> '{journeys,1,1}')::bigint, t.distance_mm),
        end_latitude_e7 = coalesce(s.latitude_e7, t.end_latitude_e7),
        end_longitude_e7 = coalesce(s.longitude_e7, t.end_longitude_e7)
    from silent join vehicle_state s on s.unit_id = silent.unit_id
    where t.id = silent.trip_id and t.ended_at is null
    returning t.id, t.asset_id, t.unit_id, t.started_at, t.ended_at
    """
)
# Each day's first stays for ever: from there anything can be found anew.
_THIN = text(
    """
    delete from vehicle_checkpoint c using (
        select unit_id, hour from vehicle_checkpoint o
        where o.hour < clock_timestamp() - interval '7 days'
          and exists (select from vehicle_checkpoint e where e.unit_id = o.unit_id and e.hour < o.hour
                      and e.hour >= date_trunc('day', o.hour, 'UTC'))
        limit :batch) old
    where c.unit_id = old.unit_id and c.hour = old.hour
    """
)


@transactional
def end_silent_trips() -> int:
    """End the trips of vehicles that have said nothing for a quarter of an hour, where they were last heard."""
    locks.taking("vehicle")
    rows = db.session.execute(_END, {"batch": BATCH}).all()
    for row in rows:
        publish(
            TripEnded(
                asset_id=row.asset_id,
                subject_id=row.unit_id,
                trip_id=row.id,
                started_at=row.started_at.isoformat(),
                ended_at=row.ended_at.isoformat(),
            )
        )
    for asset_id in sorted({row.asset_id for row in rows}):
        publish(VehicleMoved(asset_id=asset_id))
    return len(rows)


@transactional
def thin_checkpoints() -> int:
    """Let go of the hourly checkpoints of days that are more than a week past, but for the first of each day."""
    gone = db.session.execute(_THIN, {"batch": 10_000})
    return int(gone.rowcount)  # type: ignore[attr-defined]
