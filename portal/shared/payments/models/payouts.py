"""Money we send: made by one person, approved by another, reserved in the books until its end is known."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record
from portal.core.money import Money


class PayoutStatus(StrEnum):
    """draft -> approved -> submitting -> otp | pending | received -> an end; draft or approved -> cancelled.

    Ends: success, failed, reversed (may follow success), abandoned, blocked, rejected. Before an end is known the
    same reference is asked about again and never a second one sent (Paystack's rule for transfers).
    """

    DRAFT = "draft"
    APPROVED = "approved"
    SUBMITTING = "submitting"
    OTP = "otp"
    PENDING = "pending"
    RECEIVED = "received"
    SUCCESS = "success"
    FAILED = "failed"
    REVERSED = "reversed"
    ABANDONED = "abandoned"
    BLOCKED = "blocked"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Payout(Record):
    """One transfer to a bank account or a telephone, in minor units; `reference` is its idempotency key.

    What was drafted never changes afterwards (by trigger): it is approved as it stands, or cancelled. `fee` is the
    charge that was reserved with the amount, and once the payout arrived, the charge it came to.
    """

    __tablename__ = "payout"
    __table_args__ = (
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint("fee >= 0", "fee_not_negative"),
        CheckConstraint("reference ~ '^[a-z0-9_-]{16,50}$'", "reference_form"),
        CheckConstraint("approved_by is null or approved_by <> requested_by", "second_person"),
        CheckConstraint(
            "status in ('draft', 'approved', 'submitting', 'otp', 'pending', 'received', 'success', 'failed',"
            " 'reversed', 'abandoned', 'blocked', 'rejected', 'cancelled')",
            "status_known",
        ),
        CheckConstraint(
            "status in ('draft', 'cancelled') or (approved_by is not null and reserve_entry_id is not null)",
            "approved_and_reserved",
        ),
        Index("ix_payout_asset_id", "asset_id", "created_at", "id"),
        Index("ix_payout_due", "next_check_at", postgresql_where=text("next_check_at is not null")),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    reference: Mapped[str] = mapped_column(unique=True)
    provider: Mapped[str]
    gateway_account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("gateway_account.id"))
    #: Which account of the chart it pays: our bank, a supplier, costs.
    counter: Mapped[str]
    description: Mapped[str]
    recipient_name: Mapped[str]
    #: What sort of account it is, in the provider's words: nuban, ghipss, mobile_money...
    recipient_kind: Mapped[str] = mapped_column(server_default=text("'nuban'"))
    account_number: Mapped[str]
    bank_code: Mapped[str]
    bank_name: Mapped[str]
    recipient_code: Mapped[str | None]
    amount: Mapped[int]
    fee: Mapped[int] = mapped_column(server_default=text("0"))
    currency: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'draft'"))
    transfer_code: Mapped[str | None] = mapped_column(unique=True)
    otp_deadline: Mapped[datetime | None]
    otp_tries: Mapped[int] = mapped_column(server_default=text("0"))
    requested_by: Mapped[str]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    checks: Mapped[int] = mapped_column(server_default=text("0"))
    finished_at: Mapped[datetime | None]
    said: Mapped[str | None]
    reserve_entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))
    close_entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))

    @property
    def money(self) -> Money:
        """What the recipient gets."""
        return Money(self.amount, self.currency)
