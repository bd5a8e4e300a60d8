"""The key of a stay: access to the room of now, from check-in until the guest leaves."""

from __future__ import annotations

from datetime import datetime

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.words import _
from portal.shared.access.models import AccessGrant
from portal.shared.access.services.stay_grants import Key, hand_out
from portal.shared.assets.queries import asset_of
from portal.shared.customers.models import Customer
from portal.trades.hotel.models import Stay, StayStatus
from portal.trades.hotel.queries.property import ends_at, property_of


def fit(*stays: Stay, actor: Actor) -> None:
    """Give locked stays the keys they should have as they stand now, and take back the others."""
    db.session.flush()
    guests = {stay.id: db.session.get_one(Customer, stay.guest_id) for stay in stays}
    keys = [
        Key(
            grant_id=stay.grant_id,
            unit_id=stay.room_id if stay.status == StayStatus.IN_HOUSE else None,
            until=_until(stay),
            holder=guests[stay.id].email or guests[stay.id].phone or guests[stay.id].name,
        )
        for stay in stays
    ]
    if any(key.grant_id or key.unit_id for key in keys):
        for stay, grant_id in zip(stays, hand_out(keys, actor=actor, reason=_("Stay")), strict=True):
            stay.grant_id = grant_id
        db.session.flush()


def _until(stay: Stay) -> datetime:
    place = asset_of(stay.asset_id)
    return ends_at(place, property_of(place), stay)


def key_of(stay: Stay) -> AccessGrant | None:
    """The grant a stay's guest opens the door with, if it counts now."""
    found: AccessGrant | None = db.session.get(AccessGrant, stay.grant_id) if stay.grant_id else None
    counts = found is not None and found.revoked_at is None and found.ends_at > utcnow()
    return found if counts else None
