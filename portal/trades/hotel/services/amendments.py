"""Reservations and stays changed in everything that takes no nights and changes no price."""

from __future__ import annotations

import uuid
from typing import Any

from portal.core.actor import Actor
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.audit.services import record
from portal.trades.hotel.errors import Stale
from portal.trades.hotel.models import Reservation, Stay
from portal.trades.hotel.queries.inventory import get_room_type
from portal.trades.hotel.services import steps
from portal.trades.hotel.services.reservations import change, locked, people_fit, tell


@transactional
def amend(*, reservation_id: uuid.UUID, version: int, actor: Actor, **changes: Any) -> Reservation:
    """Change the note, the source, who can be reached, or for which company or agent it is; named as the columns."""
    reservation, _stays = locked(reservation_id)
    if reservation.version != version:
        raise Stale(
            _("Somebody changed this meanwhile. Look at it again, then change it."), version=reservation.version
        )
    before = {name: getattr(reservation, name) for name in changes}
    for name, value in changes.items():
        setattr(reservation, name, value)
    reservation.version += 1
    tell("reservation.amended", reservation, actor, before=before, after=changes)
    return reservation


@transactional
def amend_stay(*, asset_id: uuid.UUID, stay_id: uuid.UUID, version: int, actor: Actor, **changes: Any) -> Stay:
    """Change who sleeps in a room, how many, when they come, or the note; the agreed price stays.

    Raises Stale when somebody was quicker, naming them, and TooManyPeople.
    """
    (stay,) = steps.locked(asset_id, {stay_id: version})
    before = {name: getattr(stay, name) for name in changes}
    for name, value in changes.items():
        setattr(stay, name, value)
    people_fit(get_room_type(asset_id, stay.room_type_id), stay.adults, stay.children)
    change(stay, stay.status, "amended")
    record(
        "stay.amended",
        actor=actor,
        subject="stay",
        subject_id=stay.id,
        asset_id=asset_id,
        before=before,
        after=changes,
    )
    return stay
