"""Finding fences, and locking the one that is about to change."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from portal.core import locks
from portal.core.db import db
from portal.core.words import _
from portal.trades.fleet.errors import NoSuchFence
from portal.trades.fleet.models import Geofence


def get_fence(asset_id: uuid.UUID, fence_id: uuid.UUID) -> Geofence:
    """A fence of this place; raises NoSuchFence."""
    fence = db.session.scalar(select(Geofence).where(Geofence.id == fence_id, Geofence.asset_id == asset_id))
    if fence is None:
        raise _none()
    return fence


def fence_names(asset_id: uuid.UUID) -> dict[uuid.UUID, str]:
    """The fences in use at a place by id, each with its name."""
    rows = db.session.execute(select(Geofence.id, Geofence.name).where(Geofence.asset_id == asset_id, Geofence.active))
    return {fence_id: name for fence_id, name in rows}


def lock_fence(asset_id: uuid.UUID, fence_id: uuid.UUID) -> Geofence:
    """The same, locked and fresh until the transaction ends."""
    locks.taking("vehicle")
    fence = db.session.scalar(
        select(Geofence)
        .where(Geofence.id == fence_id, Geofence.asset_id == asset_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if fence is None:
        raise _none()
    return fence


def _none() -> NoSuchFence:
    return NoSuchFence(_("There is no such fence here."))
