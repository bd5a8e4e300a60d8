"""What cancelling would cost now, and what was charged for it."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import select

from portal.core.clock import utcnow
from portal.core.db import db
from portal.shared.assets.queries import asset_of
from portal.trades.hotel.models import Stay, StayStatus, StayStep
from portal.trades.hotel.pricing import cancellation_fee, no_show_fee
from portal.trades.hotel.queries.stays import nights_of_stays

#: Steps that may have cost a fee.
ENDED = ("cancel", "no_show")


def fees_now(stays: Collection[Stay], *, no_show: bool = False) -> dict[uuid.UUID, int]:
    """What each stay would cost if it were cancelled now, or did not come; what is only held costs nothing."""
    nights = nights_of_stays([stay.id for stay in stays])
    found: dict[uuid.UUID, int] = {}
    for stay in stays:
        agreed = [night.agreed for night in nights[stay.id]]
        if stay.status == StayStatus.HELD:
            found[stay.id] = 0
        elif no_show:
            found[stay.id] = no_show_fee(stay.policy, agreed)
        else:
            timezone = asset_of(stay.asset_id).timezone
            found[stay.id] = cancellation_fee(stay.policy, agreed, arrival=stay.arrival, at=utcnow(), timezone=timezone)
    return found


def fees_charged(stays: Collection[Stay]) -> dict[uuid.UUID, int]:
    """What the cancellation or absence of each stay cost; stays that come are left out."""
    gone = {stay.id for stay in stays if stay.status in (StayStatus.CANCELLED, StayStatus.NO_SHOW)}
    steps = select(StayStep).where(StayStep.stay_id.in_(gone), StayStep.verb.in_(ENDED)).order_by(StayStep.id)
    return {step.stay_id: int(step.after["fee"]) for step in db.session.scalars(steps)} if gone else {}
