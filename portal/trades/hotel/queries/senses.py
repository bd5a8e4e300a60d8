"""How rooms stand: who is in, whether they are let, what is drawn, and which are ready to be cleaned."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.locks import taking
from portal.shared.assets.models import UnitStatus
from portal.trades.hotel.models import RoomSense, RoomWatch

#: Rooms in these states are let to nobody and could be: one out of use is somebody's work.
UNLET = (UnitStatus.INACTIVE, UnitStatus.EXPIRED)


@dataclass(frozen=True, slots=True)
class RoomStanding:
    """One room by its sensors and its stays, at this moment."""

    unit_id: uuid.UUID
    asset_id: uuid.UUID
    number: str
    status: str
    let: bool
    occupied: bool | None
    occupied_since: datetime | None
    occupied_at: datetime | None
    entered_at: datetime | None
    drawing: bool | None
    drawing_since: datetime | None
    power_at: datetime | None
    watts: int | None
    #: The last stay that is over: when it began and when it ended.
    stay_began: datetime | None
    stay_ended: datetime | None

    @property
    def vacant_since(self) -> datetime | None:
        """Since when nobody has been in."""
        return self.occupied_since if self.occupied is False else None

    @property
    def unlet_since(self) -> datetime | None:
        """Since when somebody has been in a room that is let to nobody."""
        if not self.occupied or self.let or self.status not in UNLET or self.occupied_since is None:
            return None
        return max(self.occupied_since, self.stay_ended or self.occupied_since)

    @property
    def wasting_since(self) -> datetime | None:
        """Since when power has been drawn while nobody is in."""
        if self.occupied is not False or not self.drawing or self.occupied_since is None or self.drawing_since is None:
            return None
        return max(self.occupied_since, self.drawing_since)

    @property
    def ready_to_clean(self) -> bool:
        """A guest has been in, the stay is over, everybody is out, and nobody has been in since."""
        if self.let or self.occupied is not False or self.status == UnitStatus.RETIRED:
            return False
        if not (self.stay_began and self.stay_ended and self.entered_at and self.occupied_since):
            return False
        return self.entered_at < self.stay_ended and self.occupied_since > self.stay_began


def room_standing(asset_id: uuid.UUID, *, now: datetime | None = None) -> list[RoomStanding]:
    """Every room of a place that has a sensor, in one question."""
    return _standing(asset_id=asset_id, now=now)


def find_standing(unit_id: uuid.UUID, *, now: datetime | None = None) -> RoomStanding | None:
    """How one room stands; None without a sensor."""
    return next(iter(_standing(unit_id=unit_id, now=now)), None)


def rooms_to_look_at() -> list[RoomStanding]:
    """Every room in service anywhere in which somebody is unaccounted for, or power is drawn with nobody in."""
    return [each for each in _standing() if each.unlet_since or each.wasting_since]


def watch_of(asset_id: uuid.UUID) -> RoomWatch:
    """When the place is told; what nobody has changed is as for every place."""
    found = db.session.get(RoomWatch, asset_id, populate_existing=True)
    return found or RoomWatch(
        asset_id=asset_id, unlet=True, unlet_after_seconds=120, power=True, power_after_minutes=15, power_watts=30
    )


def watches(asset_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, RoomWatch]:
    """The same for several places; a place that changed nothing is left out."""
    rows = db.session.scalars(select(RoomWatch).where(RoomWatch.asset_id.in_(asset_ids)))
    return {row.asset_id: row for row in rows}


def lock_senses(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, RoomSense]:
    """How these rooms stood when somebody last looked, locked in one order."""
    taking("room")
    rows: Sequence[RoomSense] = db.session.scalars(
        select(RoomSense)
        .where(RoomSense.unit_id.in_(unit_ids))
        .order_by(RoomSense.unit_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return {row.unit_id: row for row in rows}


def _standing(
    *, asset_id: uuid.UUID | None = None, unit_id: uuid.UUID | None = None, now: datetime | None = None
) -> list[RoomStanding]:
    rows = db.session.execute(_ROOMS, {"asset": asset_id, "unit": unit_id, "now": now or utcnow()})
    return [RoomStanding(*row) for row in rows]


_ROOMS = text(
    """
    select u.id, u.asset_id, u.number, u.status,
        exists (select from access_grant g where g.unit_id = u.id and g.revoked_at is null
            and g.during @> cast(:now as timestamptz)) as let,
        s.occupied, s.occupied_since, s.occupied_at, s.entered_at, s.drawing, s.drawing_since, s.power_at, s.watts,
        stay.began, stay.ended
    from room_sense s
    join unit u on u.id = s.unit_id and u.kind = 'room' and u.status <> 'retired'
    left join lateral (
        select lower(g.during) as began, least(upper(g.during), g.revoked_at, g.ended_at) as ended
        from access_grant g where g.unit_id = u.id
            and least(upper(g.during), g.revoked_at, g.ended_at) <= :now and lower(g.during) < :now
        order by g.created_at desc limit 1) stay on true
    where (cast(:asset as uuid) is null or s.asset_id = cast(:asset as uuid))
        and (cast(:unit as uuid) is null or s.unit_id = cast(:unit as uuid))
    """
)
