"""What somebody wants done that a second person has to agree to: cutting an engine, so far."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from portal.core.db import db
from portal.reporting.timeline import name_of, person_of
from portal.shared.assets.models import Unit
from portal.shared.devices.models import CommandStatus, DeviceCommand, Held
from portal.shared.identity.models import User

STANDING = (
    DeviceCommand.status == CommandStatus.QUEUED,
    DeviceCommand.held == Held.APPROVAL,
    DeviceCommand.not_after > func.clock_timestamp(),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """Who asked for what and why, and until when somebody may agree; `asker` is who the audit trail knows."""

    id: uuid.UUID
    unit_id: uuid.UUID
    kind: str
    number: str
    unit_status: str
    capability: str
    action: str
    reason: str | None
    asker: str
    asked_by: str
    at: datetime
    lapses_at: datetime


def at_place(asset_id: uuid.UUID) -> Sequence[Wish]:
    """The wishes that stand at a place, the oldest first."""
    return _wishes(DeviceCommand.asset_id == asset_id)


def of_unit(unit_id: uuid.UUID) -> Sequence[Wish]:
    """The wishes that stand for one unit."""
    return _wishes(DeviceCommand.unit_id == unit_id)


def counts(asset_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many stand at each place."""
    rows = db.session.execute(
        select(DeviceCommand.asset_id, func.count())
        .where(DeviceCommand.asset_id.in_(asset_ids), *STANDING)
        .group_by(DeviceCommand.asset_id)
    )
    return {asset_id: number for asset_id, number in rows}


def _wishes(whose: ColumnElement[bool]) -> Sequence[Wish]:
    asked = DeviceCommand
    rows = db.session.execute(
        select(asked.id, asked.unit_id, Unit.kind, Unit.number, Unit.status, asked.capability, asked.action,
               asked.reason, asked.actor, name_of(asked.actor), asked.created_at, asked.not_after)
        .join(Unit, Unit.id == asked.unit_id)
        .outerjoin(User, User.id == person_of(asked.actor))
        .where(whose, *STANDING)
        .order_by(asked.id)
    )  # fmt: skip
    return [Wish(*row) for row in rows]
