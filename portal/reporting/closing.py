"""What still hangs in the air when a month is about to be closed: it warns, and somebody decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from portal.core.db import db
from portal.shared.assets.models import Asset
from portal.shared.ledger.queries.periods import month_after
from portal.shared.payments.models import (
    IntentStatus,
    MobileReceipt,
    Payment,
    PaymentIntent,
    Payout,
    PayoutStatus,
    ReceiptStatus,
    Refund,
    RefundState,
)

HELD, UNCLAIMED, PAYOUTS, REFUNDS = "held", "unclaimed", "payouts", "refunds"
PAYOUTS_OPEN = (
    PayoutStatus.APPROVED,
    PayoutStatus.SUBMITTING,
    PayoutStatus.OTP,
    PayoutStatus.PENDING,
    PayoutStatus.RECEIVED,
)
REFUNDS_OPEN = (
    RefundState.APPROVED,
    RefundState.SUBMITTING,
    RefundState.PENDING,
    RefundState.PROCESSING,
    RefundState.NEEDS_ATTENTION,
)


@dataclass(frozen=True, slots=True)
class Hanging:
    """So many things of one kind whose end is not known, and what they come to in minor units of one currency."""

    kind: str
    count: int
    minor: int
    currency: str


def hanging(place: Asset, month: date) -> list[Hanging]:
    """What began at a place before the end of a month and is not finished now, by kind and currency."""
    ends = datetime.combine(month_after(month.replace(day=1)), time(), ZoneInfo(place.timezone)).astimezone(UTC)
    held = (
        _counted(HELD, Payment.amount, Payment.currency)
        .join(PaymentIntent, PaymentIntent.id == Payment.intent_id)
        .where(PaymentIntent.asset_id == place.id, PaymentIntent.status == IntentStatus.REVIEW, Payment.paid_at < ends)
    )
    unclaimed = _counted(UNCLAIMED, MobileReceipt.amount, MobileReceipt.currency).where(
        MobileReceipt.asset_id == place.id,
        MobileReceipt.status.in_((ReceiptStatus.UNVERIFIED, ReceiptStatus.UNCLAIMED, ReceiptStatus.RETURNING)),
        MobileReceipt.paid_at < ends,
    )
    payouts = _counted(PAYOUTS, Payout.amount, Payout.currency).where(
        Payout.asset_id == place.id, Payout.status.in_(PAYOUTS_OPEN), Payout.created_at < ends
    )
    refunds = _counted(REFUNDS, Refund.amount, Refund.currency).where(
        Refund.asset_id == place.id, Refund.status.in_(REFUNDS_OPEN), Refund.created_at < ends
    )
    rows = db.session.execute(union_all(held, unclaimed, payouts, refunds)).all()
    return [Hanging(kind, count, int(minor), currency) for kind, count, minor, currency in rows]


def _counted(
    kind: str, amount: InstrumentedAttribute[int], currency: InstrumentedAttribute[str]
) -> Select[str, int, int, str]:
    name: ColumnElement[str] = literal(kind)
    return select(name, func.count(), func.sum(amount), currency).group_by(currency)
