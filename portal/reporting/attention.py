"""What waits for a person: held money, stops to agree to, books that differ, locks not reached, odd messages."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal.core.clock import utcnow
from portal.core.db import db
from portal.reporting import wishes
from portal.reporting.wishes import Wish
from portal.shared.assets.models import Unit, UnitStatus
from portal.shared.devices.alert_queries import open_counts
from portal.shared.devices.models import CommandStatus, DeadLetter, DeviceCommand
from portal.shared.devices.queries import TOLD
from portal.shared.payments.models import IntentStatus, Payment, PaymentIntent
from portal.shared.payments.reconciliation_queries import count_open
from portal.trades.fleet.driver_queries import licences_told_of
from portal.trades.fleet.maintenance_queries import count_over

UNREACHED = (CommandStatus.EXPIRED, CommandStatus.FAILED, CommandStatus.REJECTED)
LOOK_BACK = timedelta(days=2)
SOON = timedelta(hours=1)
DEAD_LETTERS_OF = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Held:
    """Money that did not match and waits for a decision."""

    reference: str
    amount: int
    currency: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Unreached:
    """A unit that did not do what it was last told."""

    unit_id: uuid.UUID
    kind: str
    number: str
    capability: str
    action: str
    status: str
    detail: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Ending:
    """A unit whose time is nearly up."""

    kind: str
    number: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Attention:
    """All of it for one place; what is counted is a number, the rest are the things themselves.

    `alerts` are those nobody has acknowledged: all, and those that cannot wait.
    """

    held: Sequence[Held]
    asked: Sequence[Wish]
    unreached: Sequence[Unreached]
    ending: Sequence[Ending]
    dead_letters: int
    differences: int
    alerts: tuple[int, int] = (0, 0)
    #: Maintenance that is over, and licences that run out or have: each has an alert of its own, which is counted.
    overdue: int = 0
    licences: int = 0

    @property
    def total(self) -> int:
        """How many things wait; a time that runs out as agreed is no trouble."""
        listed = len(self.held) + len(self.asked) + len(self.unreached)
        return listed + self.dead_letters + self.differences + self.alerts[0]


def at(asset_id: uuid.UUID) -> Attention:
    """What waits at one place, the oldest trouble first."""
    now = utcnow()
    dead = dead_letters([asset_id], now)
    differ = count_open([asset_id])
    return Attention(
        held=_held(asset_id),
        asked=wishes.at_place(asset_id),
        unreached=unreached(asset_id, now),
        ending=_ending(asset_id, now),
        dead_letters=dead.get(asset_id, 0),
        differences=differ.get(asset_id, 0),
        alerts=open_counts([asset_id]).get(asset_id, (0, 0)),
        overdue=count_over([asset_id]).get(asset_id, 0),
        licences=licences_told_of(asset_id),
    )


def counts(asset_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many things wait for a person at each place, for the cards of several places."""
    now = utcnow()
    found = {asset_id: number for asset_id, number in dead_letters(asset_ids, now).items()}
    held = db.session.execute(
        select(PaymentIntent.asset_id, func.count())
        .where(PaymentIntent.asset_id.in_(asset_ids), PaymentIntent.status == IntentStatus.REVIEW)
        .group_by(PaymentIntent.asset_id)
    )
    last = _last_commands(now).where(DeviceCommand.asset_id.in_(asset_ids)).subquery()
    unreached = db.session.execute(
        select(last.c.asset_id, func.count()).where(last.c.status.in_(UNREACHED)).group_by(last.c.asset_id)
    )
    alerts = {asset_id: number for asset_id, (number, _critical) in open_counts(asset_ids).items()}
    more = (count_open(asset_ids), wishes.counts(asset_ids), alerts)
    for asset_id, number in (*held, *unreached, *(pair for each in more for pair in each.items())):
        found[asset_id] = found.get(asset_id, 0) + number
    return {asset_id: found.get(asset_id, 0) for asset_id in asset_ids}


def dead_letters(asset_ids: Collection[uuid.UUID], now: datetime) -> dict[uuid.UUID, int]:
    """Different messages of the last week that were not understood and not replayed yet, by place."""
    rows = db.session.execute(
        select(DeadLetter.asset_id, func.count())
        .where(
            DeadLetter.asset_id.in_(asset_ids),
            DeadLetter.replayed_at.is_(None),
            DeadLetter.last_at > now - DEAD_LETTERS_OF,
        )
        .group_by(DeadLetter.asset_id)
    )
    return {asset_id: number for asset_id, number in rows if asset_id is not None}


def _held(asset_id: uuid.UUID) -> list[Held]:
    rows = db.session.execute(
        select(PaymentIntent.reference, Payment.amount, Payment.currency, PaymentIntent.review_reason, Payment.paid_at)
        .join(Payment, Payment.intent_id == PaymentIntent.id)
        .where(PaymentIntent.asset_id == asset_id, PaymentIntent.status == IntentStatus.REVIEW)
        .order_by(Payment.paid_at)
    )
    return [Held(reference, amount, currency, reason or "", paid) for reference, amount, currency, reason, paid in rows]


def unreached(asset_id: uuid.UUID, now: datetime) -> list[Unreached]:
    """Units whose last command of the last two days came to nothing, the oldest first."""
    last = _last_commands(now).where(DeviceCommand.asset_id == asset_id).subquery()
    rows = db.session.execute(
        select(Unit.id, Unit.kind, Unit.number, last.c.capability, last.c.action, last.c.status, last.c.detail,
               last.c.created_at)
        .join(Unit, Unit.id == last.c.unit_id)
        .where(last.c.status.in_(UNREACHED), Unit.status != UnitStatus.RETIRED)
        .order_by(last.c.created_at)
    )  # fmt: skip
    return [Unreached(*row) for row in rows]


def _ending(asset_id: uuid.UUID, now: datetime) -> list[Ending]:
    rows = db.session.execute(
        select(Unit.kind, Unit.number, Unit.expires_at)
        .where(Unit.asset_id == asset_id, Unit.status == UnitStatus.ACTIVE, Unit.expires_at < now + SOON)
        .order_by(Unit.expires_at)
    )
    return [Ending(kind, number, expires_at) for kind, number, expires_at in rows if expires_at is not None]


def _last_commands(now: datetime):  # type: ignore[no-untyped-def]
    return (
        select(DeviceCommand)
        .where(DeviceCommand.created_at > now - LOOK_BACK, TOLD)
        .ext(distinct_on(DeviceCommand.unit_id, DeviceCommand.capability))
        .order_by(DeviceCommand.unit_id, DeviceCommand.capability, DeviceCommand.seq.desc())
    )
