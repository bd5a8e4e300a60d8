"""Where a vehicle is now, its papers, and whether it may be switched off."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from portal.core import locks
from portal.core.clock import utcnow
from portal.core.db import db
from portal.shared.devices.models import LatestReading
from portal.trades.fleet.geo import Said, metres, position, speed_said
from portal.trades.fleet.journeys import NEAR_M, WALKING
from portal.trades.fleet.models import Vehicle, VehicleState

#: What a vehicle said longer ago does not tell whether it stands now.
BELIEVED_FOR = timedelta(minutes=5)
#: The watcher looks every second; when it is so far behind, nobody knows what the words it has not seen come to.
WATCHED_WITHIN = timedelta(seconds=30)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def find_state(unit_id: uuid.UUID) -> VehicleState | None:
    """Where a vehicle is and how it fares, or None when it never spoke."""
    return db.session.get(VehicleState, unit_id)


def lock_vehicle(unit_id: uuid.UUID, asset_id: uuid.UUID) -> Vehicle:
    """The papers of a vehicle, locked and fresh until the transaction ends; blank ones are begun."""
    locks.taking("vehicle")
    db.session.execute(
        insert(Vehicle).values(unit_id=unit_id, asset_id=asset_id).on_conflict_do_nothing(index_elements=["unit_id"])
    )
    return db.session.scalars(
        select(Vehicle).where(Vehicle.unit_id == unit_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def hold_track(unit_id: uuid.UUID) -> None:
    """Let no trip of a vehicle be found until the transaction ends; one that is being found is waited for."""
    locks.taking("vehicle")
    db.session.execute(
        select(VehicleState.unit_id).where(VehicleState.unit_id == unit_id).with_for_update(key_share=True)
    )


def counted(unit_id: uuid.UUID) -> tuple[int, int]:
    """What a vehicle was heard to drive, in millimetres, and its engine to run, in seconds."""
    found = db.session.execute(
        select(VehicleState.counted_mm, VehicleState.engine_seconds).where(VehicleState.unit_id == unit_id)
    ).first()
    return (found[0], found[1]) if found else (0, 0)


def may_be_moving(unit_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the vehicles that are not known to stand still now; one that nothing can see is not among them.

    Standing has to be proved: by a speed that was said, or by two positions in a row. What was heard long ago proves
    nothing, nor does a word that the watcher should have looked at and has not.
    """
    ids = list(unit_ids)
    fresh = select(VehicleState).where(VehicleState.unit_id.in_(ids)).execution_options(populate_existing=True)
    states = {each.unit_id: each for each in db.session.scalars(fresh)}
    said: dict[uuid.UUID, list[Word]] = defaultdict(list)
    for unit_id, kind, value, at in db.session.execute(
        select(LatestReading.unit_id, LatestReading.kind, LatestReading.value, LatestReading.at).where(
            LatestReading.unit_id.in_(ids), LatestReading.kind.in_(("speed", "location"))
        )
    ):
        said[unit_id].append(_word(kind, value, at))
    now = utcnow()
    seen = {*said, *(unit_id for unit_id, state in states.items() if state.moving or state.fix_at)}
    return {unit_id for unit_id in seen if not _stands(states.get(unit_id), said[unit_id], now)}


class Word(NamedTuple):
    """The last a vehicle said of where it is or how fast it goes, as far as that could be read."""

    at: datetime
    where: Said | None
    speed: int | None


def _stands(state: VehicleState | None, words: Sequence[Word], now: datetime) -> bool:
    if state is None or state.folded_to is None or state.moving or (state.fold or {}).get("doubt"):
        return False
    heard = [each.at for each in words if each.where or each.speed is not None] + [state.fix_at or _NEVER]
    if now - max(heard) > BELIEVED_FOR or max(heard) - state.folded_to > WATCHED_WITHIN:
        return False
    # what the fold has taken in already it has judged together with the track
    unseen = [each for each in words if each.at > state.folded_to]
    said = [each.speed for each in (unseen if state.fix_at else words) if each.speed is not None]
    fastest = max(said) if said else state.speed_kmh_milli
    return (
        fastest is not None
        and fastest <= WALKING
        and all(each.speed is not None or each.where is None or _is_there(state, each.where) for each in unseen)
    )


def _is_there(state: VehicleState, where: Said) -> bool:
    if state.latitude_e7 is None or state.longitude_e7 is None:
        return False
    return metres(state.latitude_e7, state.longitude_e7, where.latitude, where.longitude) < NEAR_M


def _word(kind: str, value: str, at: datetime) -> Word:
    if kind == "location":
        said = position(value)
        return Word(at, None, None) if isinstance(said, str) else Word(at, said, said.speed)
    try:
        return Word(at, None, speed_said(float(value)))
    except (ValueError, OverflowError):
        return Word(at, None, None)
