"""The registration card: who sleeps here, signed; filled in at the desk, or by the guest before they arrive."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.access.services.signals import open_unit
from portal.shared.assets.queries import asset_of, lock_unit
from portal.shared.devices.models import DeviceCommand
from portal.trades.hotel.errors import CardIncomplete, StayOver, WrongStatus
from portal.trades.hotel.models import GuestProfile, Stay, StayStatus
from portal.trades.hotel.queries.property import property_of
from portal.trades.hotel.queries.readiness import CARD
from portal.trades.hotel.services.keys import key_of
from portal.trades.hotel.services.steps import locked, tell

#: A line drawn by a finger, as the path of a picture; or a picture of it.
_DRAWN = re.compile(r"(?:M[MLQC0-9 .,-]{8,40000}|data:image/png;base64,[A-Za-z0-9+/]{40,200000}={0,2})")
MAY_SIGN = (StayStatus.HELD, StayStatus.CONFIRMED, StayStatus.IN_HOUSE)


@transactional
def fill(
    *,
    asset_id: uuid.UUID,
    stay_id: uuid.UUID,
    actor: Actor,
    fields: Mapping[str, Any],
    signature: str | None = None,
    version: int | None = None,
) -> Stay:
    """Write what a guest says of themselves on their card, and their signature; raises CardIncomplete for what lacks.

    What is written is the guest's own: the trail says which fields were, and not what stands in them.
    """
    (stay,) = locked(asset_id, {stay_id: version})
    if stay.status not in MAY_SIGN:
        raise WrongStatus(_("This stay is over, or will not come."), status=stay.status)
    signature = (signature or "").strip() or None
    if signature is not None and not _DRAWN.fullmatch(signature):
        raise CardIncomplete(_("The signature cannot be read. Sign again."), field="signature")
    profile = db.session.get(GuestProfile, stay.guest_id) or GuestProfile(customer_id=stay.guest_id, vip=False)
    for name, value in fields.items():
        assert CARD[name] == "profile", name
        setattr(profile, name, value or None)
    wanted = [name for name in property_of(asset_of(asset_id)).card_fields if CARD.get(name) == "profile"]
    missing = [name for name in wanted if not getattr(profile, name)]
    if missing:
        raise CardIncomplete(_("Fill in every field of the card."), field=missing[0], fields=missing)
    db.session.add(profile)
    if signature is not None:
        stay.signature, stay.signed_at = signature, utcnow()
    stay.version += 1
    db.session.flush()
    tell("card_filled", stay, actor, after={"fields": sorted(fields), "signed": signature is not None})
    return stay


@transactional
def open_door(*, asset_id: uuid.UUID, stay_id: uuid.UUID, actor: Actor) -> DeviceCommand:
    """Unlock the room of a guest in house, for the guest's own telephone; raises StayOver without a key that counts."""
    (stay,) = locked(asset_id, {stay_id: None})
    grant = key_of(stay)
    if stay.status != StayStatus.IN_HOUSE or stay.room_id is None or grant is None:
        raise StayOver(_("There is no room that this opens now. Ask at the desk."))
    unit = lock_unit(stay.room_id)
    tell("door_opened", stay, actor, after={"room": unit.number})
    return open_unit(unit, actor=actor, idem_key=f"guest:{uuid7()}", grant_id=grant.id)
