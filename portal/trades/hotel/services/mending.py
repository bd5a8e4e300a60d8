"""What is broken in rooms: reported, begun, mended; a room that cannot be let meanwhile is blocked."""

from __future__ import annotations

import uuid
from datetime import date

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import written
from portal.core.numbers import take_number
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.trades.hotel.errors import ReasonMissing, WrongStatus
from portal.trades.hotel.events import RoomChanged
from portal.trades.hotel.models import BlockKind, MaintenanceRequest
from portal.trades.hotel.queries.housekeeping import request_at
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.services import blocks


@transactional
def report(
    *,
    asset_id: uuid.UUID,
    room_id: uuid.UUID,
    what: str,
    actor: Actor,
    urgent: bool = False,
    until_on: date | None = None,
) -> MaintenanceRequest:
    """Write down what is broken; with `until_on` the room is out of order from today until then.

    Raises SoldOut or RoomTaken, as blocks.block, where guests need the room: then nothing is written down.
    """
    block = None
    if until_on is not None:
        today = business_date(asset_of(asset_id))
        block = blocks.block(
            asset_id=asset_id, room_id=room_id, kind=BlockKind.OUT_OF_ORDER, from_on=today, until_on=until_on,
            reason=what, actor=actor,
        )  # fmt: skip
    made = written(
        MaintenanceRequest(
            asset_id=asset_id,
            number=take_number(scope_id=asset_id, series="maintenance_request"),
            room_id=room_id,
            what=what.strip(),
            urgent=urgent,
            status="open",
            block_id=block.id if block else None,
            reported_by=actor.name,
        )
    )
    _tell("maintenance_request.reported", made, actor)
    return made


@transactional
def begin(*, asset_id: uuid.UUID, number: int, actor: Actor) -> MaintenanceRequest:
    """Somebody sees to it."""
    return _step(asset_id, number, "started", actor)


@transactional
def end(*, asset_id: uuid.UUID, number: int, outcome: str, actor: Actor, dropped: bool = False) -> MaintenanceRequest:
    """It is mended, or need not be: what was done. A room that was out of order for it can be let again."""
    if not outcome.strip():
        raise ReasonMissing(_("Say what was done."), field="outcome")
    block_id = request_at(asset_id, number).block_id
    if block_id is not None:
        blocks.end(asset_id=asset_id, block_id=block_id, actor=actor)
    return _step(asset_id, number, "dropped" if dropped else "done", actor, outcome.strip())


@transactional
def reopen(*, asset_id: uuid.UUID, number: int, actor: Actor) -> MaintenanceRequest:
    """It is broken still."""
    made = request_at(asset_id, number, locked=True)
    if made.status in ("done", "dropped"):
        made.status, made.done_at, made.done_by, made.outcome = "open", None, None, None
        _tell("maintenance_request.reopened", made, actor)
    return made


def _step(
    asset_id: uuid.UUID, number: int, status: str, actor: Actor, outcome: str | None = None
) -> MaintenanceRequest:
    made = request_at(asset_id, number, locked=True)
    if made.status in ("done", "dropped"):
        raise WrongStatus(_("Request %(number)s is over already.", number=number), status=made.status)
    made.status = status
    if status != "started":
        made.done_at, made.done_by, made.outcome = utcnow(), actor.name, outcome
    _tell(f"maintenance_request.{status}", made, actor, outcome)
    return made


def _tell(action: str, made: MaintenanceRequest, actor: Actor, reason: str | None = None) -> None:
    record(
        action, actor=actor, subject="maintenance_request", subject_id=made.id, asset_id=made.asset_id, reason=reason,
        after={"number": made.number, "what": made.what, "status": made.status, "room": made.room_id},
    )  # fmt: skip
    publish(RoomChanged(asset_id=made.asset_id, subject_id=made.room_id))
