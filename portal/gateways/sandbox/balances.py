"""What the merchant has at the pretended Paystack, and the daily settlements that take it to the bank."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Select, func, select, update

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import NotFound
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.sandbox.models import SandboxRefund, SandboxSettlement, SandboxTransaction, SandboxTransfer

#: Every pretended merchant begins with this much in each currency, so that money can go out before any came in.
OPENING = 1_000_000_000
CURRENCIES = ("NGN", "GHS", "KES", "ZAR", "USD")
#: Transfers that have left the balance, or are about to.
GOING_OUT = ("otp", "pending", "success")


class NoSuchSettlement(NotFound):
    """The provider made no such settlement."""

    code = "settlement_not_found"


def available(currency: str) -> int:
    """What can be sent out: the opening, charges not yet settled, less refunds and transfers. Minor units."""
    charges = _sum(
        select(func.sum(SandboxTransaction.amount - SandboxTransaction.fees)).where(
            SandboxTransaction.paid_at.is_not(None),
            SandboxTransaction.settlement_id.is_(None),
            SandboxTransaction.currency == currency,
        )
    )
    refunds = _sum(
        select(func.sum(SandboxRefund.amount)).where(
            SandboxRefund.status != "failed", SandboxRefund.currency == currency
        )
    )
    transfers = _sum(
        select(func.sum(SandboxTransfer.amount + SandboxTransfer.fee)).where(
            SandboxTransfer.status.in_(GOING_OUT), SandboxTransfer.currency == currency
        )
    )
    return OPENING + charges - refunds - transfers


@transactional
def settle(*, before: datetime | None = None) -> int:
    """Pay out the charges made before a moment, one settlement a currency; by default those of earlier days."""
    until = before or datetime.combine(utcnow().date(), time(), UTC)
    unsettled = (
        SandboxTransaction.settlement_id.is_(None),
        SandboxTransaction.paid_at.is_not(None),
        SandboxTransaction.paid_at < until,
    )
    if db.session.scalar(select(SandboxTransaction.id).where(*unsettled).limit(1)) is None:
        return 0
    rows = db.session.scalars(
        select(SandboxTransaction)
        .where(*unsettled)
        .order_by(SandboxTransaction.number)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    made = 0
    for currency in sorted({each.currency for each in rows}):
        batch = [each for each in rows if each.currency == currency]
        settlement = SandboxSettlement(
            currency=currency,
            processed=sum(each.amount for each in batch),
            fees=sum(each.fees for each in batch),
            settled_at=utcnow(),
        )
        db.session.add(settlement)
        db.session.flush()
        db.session.execute(
            update(SandboxTransaction)
            .where(SandboxTransaction.id.in_([each.id for each in batch]))
            .values(settlement_id=settlement.id)
        )
        made += 1
    return made


def settlements(*, page: int, per_page: int) -> tuple[Sequence[SandboxSettlement], int]:
    """One page of settlements, newest first, and how many there are."""
    total = db.session.scalar(select(func.count()).select_from(SandboxSettlement)) or 0
    rows = db.session.scalars(
        select(SandboxSettlement)
        .order_by(SandboxSettlement.number.desc())
        .limit(per_page)
        .offset((page - 1) * per_page)
    ).all()
    return rows, total


def in_settlement(number: int) -> Sequence[SandboxTransaction]:
    """The charges a settlement paid out."""
    made = db.session.scalar(select(SandboxSettlement).where(SandboxSettlement.number == number))
    if made is None:
        raise NoSuchSettlement(_("Settlement not found"))
    return db.session.scalars(
        select(SandboxTransaction)
        .where(SandboxTransaction.settlement_id == made.id)
        .order_by(SandboxTransaction.number.desc())
    ).all()


def _sum(question: Select[Any]) -> int:
    return int(db.session.scalar(question) or 0)
