"""Money on its way back to a payer."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Record
from portal.core.money import Money
from portal.shared.payments.models.intents import Payment


class RefundState(StrEnum):
    """requested -> approved -> submitting -> pending -> processing -> processed.

    From requested: declined. From submitting on: failed, or needs_attention (the provider wants bank details).
    """

    REQUESTED = "requested"
    APPROVED = "approved"
    SUBMITTING = "submitting"
    PENDING = "pending"
    PROCESSING = "processing"
    NEEDS_ATTENTION = "needs_attention"
    PROCESSED = "processed"
    FAILED = "failed"
    DECLINED = "declined"


REFUND_OPEN = "status in ('requested', 'approved', 'submitting', 'pending', 'processing', 'needs_attention')"


class Refund(Record):
    """Part or all of one payment going back, in minor units. Their sum never exceeds the payment: by trigger.

    One open refund a payment, because a provider's message names the payment and not the refund. Of the amount,
    `from_held` was never taken and `from_credit` lay on the customer's credit; the rest takes earnings back.
    """

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("payment_id", "idem_key"),
        UniqueConstraint("provider", "provider_refund_id"),
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint("approved_by is null or approved_by <> requested_by", "second_person"),
        CheckConstraint("from_held >= 0 and from_credit >= 0 and from_held + from_credit <= amount", "sources_within"),
        CheckConstraint(
            "status in ('requested', 'approved', 'submitting', 'pending', 'processing', 'needs_attention',"
            " 'processed', 'failed', 'declined')",
            "status_known",
        ),
        Index("uq_refund_one_open", "payment_id", unique=True, postgresql_where=text(REFUND_OPEN)),
        Index("ix_refund_asset_id", "asset_id", "created_at", "id"),
        Index("ix_refund_due", "next_check_at", postgresql_where=text("next_check_at is not null")),
    )

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"))
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    provider: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'requested'"))
    provider_refund_id: Mapped[str | None]
    idem_key: Mapped[str]
    reason: Mapped[str]
    requested_by: Mapped[str]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    decline_reason: Mapped[str | None]
    from_held: Mapped[int] = mapped_column(server_default=text("0"))
    from_credit: Mapped[int] = mapped_column(server_default=text("0"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))
    submitted_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    checks: Mapped[int] = mapped_column(server_default=text("0"))
    finished_at: Mapped[datetime | None]
    said: Mapped[str | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    #: A person hands it over; the provider is never asked.
    by_hand: Mapped[bool] = mapped_column(server_default=text("false"))
    handed_by: Mapped[str | None]

    payment: Mapped[Payment] = relationship(lazy="raise")

    @property
    def money(self) -> Money:
        """What goes back."""
        return Money(self.amount, self.currency)


class RefundRule(Record):
    """Up to which amount one person gives money back at a place, in minor units of its currency; above it, two do."""

    __tablename__ = "refund_rule"
    __table_args__ = (CheckConstraint("approval_above >= 0", "approval_above_not_negative"),)

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"), unique=True)
    approval_above: Mapped[int]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
