"""How full a place is now, how much of its time was used, and what it brings when nothing changes."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Numeric, case, cast, func, select
from sqlalchemy.dialects.postgresql import TSTZRANGE

from portal.core.db import db
from portal.shared.access.models import AccessGrant
from portal.shared.assets.models import Unit, UnitStatus

OUT_OF_SERVICE = (UnitStatus.SUSPENDED, UnitStatus.RETIRED)
DAY_MINUTES = 1_440


@dataclass(frozen=True, slots=True)
class Standing:
    """The units of one place as they stand; yields are minor units a day, at today's prices."""

    units: int = 0
    in_service: int = 0
    in_use: int = 0
    expected_yield: int = 0
    full_yield: int = 0

    @property
    def share(self) -> float:
        """Occupancy or utilisation now: units in use of those in service."""
        return self.in_use / self.in_service if self.in_service else 0.0


def standing(asset_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Standing]:
    """How each place stands; retired units do not count."""
    a_day = cast(Unit.price * DAY_MINUTES, Numeric) / Unit.period_minutes
    active, serving = Unit.status == UnitStatus.ACTIVE, Unit.status.notin_(OUT_OF_SERVICE)
    rows = db.session.execute(
        select(
            Unit.asset_id,
            func.count(),
            func.count(case((serving, 1))),
            func.count(case((active, 1))),
            func.coalesce(func.round(func.sum(case((active, a_day)))), 0),
            func.coalesce(func.round(func.sum(case((serving, a_day)))), 0),
        )
        .where(Unit.asset_id.in_(asset_ids), Unit.status != UnitStatus.RETIRED)
        .group_by(Unit.asset_id)
    )
    found = {asset_id: Standing(*map(int, figures)) for asset_id, *figures in rows}
    return {asset_id: found.get(asset_id, Standing()) for asset_id in asset_ids}


def used_share(asset_id: uuid.UUID, since: datetime, until: datetime) -> float:
    """The share of the units' time between two moments for which somebody held access."""
    window = func.tstzrange(since, until, type_=TSTZRANGE)
    held = AccessGrant.during.op("*", return_type=TSTZRANGE())(window)
    ended = func.least(func.upper(held), func.coalesce(AccessGrant.revoked_at, func.upper(held)))
    seconds = func.extract("epoch", ended - func.lower(held))
    used = db.session.scalar(
        select(func.sum(func.greatest(seconds, 0))).where(
            AccessGrant.asset_id == asset_id, AccessGrant.during.op("&&")(window)
        )
    )
    units = db.session.scalar(select(func.count()).where(Unit.asset_id == asset_id, Unit.status != UnitStatus.RETIRED))
    return min(1.0, float(used or 0) / (units * (until - since).total_seconds())) if units else 0.0
