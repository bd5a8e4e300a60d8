"""What guests leave behind: written down, handed back, or disposed of."""

from __future__ import annotations

import uuid
from datetime import date

from portal.core.actor import Actor
from portal.core.db import written
from portal.core.numbers import take_number
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.trades.hotel.errors import ReasonMissing, WrongStatus
from portal.trades.hotel.models import LostItem
from portal.trades.hotel.queries.housekeeping import lost_item_at
from portal.trades.hotel.queries.property import business_date

OUTCOMES = ("returned", "disposed")


@transactional
def find(
    *,
    asset_id: uuid.UUID,
    what: str,
    actor: Actor,
    room_id: uuid.UUID | None = None,
    stay_id: uuid.UUID | None = None,
    kept_at: str | None = None,
    found_on: date | None = None,
) -> LostItem:
    """Write down something that was found; its number is written on the bag."""
    item = written(
        LostItem(
            asset_id=asset_id,
            number=take_number(scope_id=asset_id, series="lost_item"),
            room_id=room_id,
            stay_id=stay_id,
            what=what.strip(),
            found_on=found_on or business_date(asset_of(asset_id)),
            found_by=actor.name,
            kept_at=kept_at or None,
            status="kept",
        )
    )
    _tell("lost_item.found", item, actor)
    return item


@transactional
def settle(*, asset_id: uuid.UUID, number: int, status: str, outcome: str, actor: Actor) -> LostItem:
    """It went back to its owner or was disposed of: to whom, how, and why."""
    if not outcome.strip():
        raise ReasonMissing(_("Say who took it, or what became of it."), field="outcome")
    item = lost_item_at(asset_id, number, locked=True)
    if item.status != "kept":
        raise WrongStatus(_("This has left the house already."), status=item.status)
    item.status, item.outcome = status if status in OUTCOMES else "returned", outcome.strip()
    _tell(f"lost_item.{item.status}", item, actor, outcome.strip())
    return item


@transactional
def keep_again(*, asset_id: uuid.UUID, number: int, actor: Actor) -> LostItem:
    """It is here after all."""
    item = lost_item_at(asset_id, number, locked=True)
    if item.status != "kept":
        item.status, item.outcome = "kept", None
        _tell("lost_item.kept_again", item, actor)
    return item


def _tell(action: str, item: LostItem, actor: Actor, reason: str | None = None) -> None:
    record(
        action, actor=actor, subject="lost_item", subject_id=item.id, asset_id=item.asset_id, reason=reason,
        after={"number": item.number, "what": item.what, "status": item.status},
    )  # fmt: skip
