"""The calendar checked against a recount, and mended where it differs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from portal.core import runs
from portal.core.actor import Actor, system
from portal.core.db import db
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset, AssetKind, UnitStatus
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.trades.hotel.models import Room, RoomType
from portal.trades.hotel.queries.inventory import lock_nights
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.recount import differences
from portal.trades.hotel.services import inventory

#: The name under which the last check of every hotel says how it went.
BEAT = "calendar"


@dataclass(frozen=True, slots=True)
class Drift:
    """A figure of one night that is not what a recount says."""

    place: str
    room_type: str
    night: date
    figure: str
    by: int

    def __str__(self) -> str:
        return f"{self.place} {self.room_type} {self.night}: {self.figure} has to change by {self.by:+d}."


@transactional
def check(*, asset_id: uuid.UUID) -> list[Drift]:
    """Every figure from the business date on that is not what rooms, blocks, stays and allotments come to."""
    place = asset_of(asset_id)
    codes = dict(db.session.execute(select(RoomType.id, RoomType.code).where(RoomType.asset_id == asset_id)).all())
    return [
        Drift(place.asset_number, codes[type_id], night, figure, by)
        for (type_id, night), figures in differences(asset_id, business_date(place)).items()
        for figure, by in figures.items()
    ]


@transactional
def repair(*, asset_id: uuid.UUID, actor: Actor) -> list[Drift]:
    """Mend what `check` finds; counted once more while the nights are locked, so that nobody sells meanwhile."""
    first = business_date(asset_of(asset_id))
    lock_nights(differences(asset_id, first))
    found = check(asset_id=asset_id)
    if found:
        inventory.correct(differences=differences(asset_id, first), reason=_("Counted again"), actor=actor)
        after = {"figures": len(found), "nights": sorted({each.night.isoformat() for each in found})}
        record("inventory.repaired", actor=actor, subject="asset", subject_id=asset_id, asset_id=asset_id, after=after)
    return found


def look() -> int:
    """Check every open hotel and say on the health page how that went; mends nothing."""
    found = [drift for each in hotels() for drift in check(asset_id=each)]
    runs.beat(BEAT, wrong=[str(each) for each in found[:20]], count=len(found))
    return 0


def after_retiring(body: Mapping[str, Any]) -> None:
    """A unit went out of service for good elsewhere: if it was a room, its hotel sells one less."""
    unit_id = uuid.UUID(body["subject_id"])
    if body["status"] == UnitStatus.RETIRED and db.session.get(Room, unit_id) is not None:
        repair(asset_id=uuid.UUID(body["asset_id"]), actor=system("hotel"))


def hotels() -> list[uuid.UUID]:
    """Every open hotel."""
    rows = db.session.scalars(select(Asset.id).where(Asset.kind == AssetKind.HOTEL, Asset.retired_at.is_(None)))
    return list(rows)
