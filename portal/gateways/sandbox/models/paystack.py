"""The pretended Paystack's books: transactions, refunds, recipients, transfers, settlements. Amounts in minor units."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Record


class SandboxSettlement(Record):
    """What one day's charges in one currency came to, paid out to the merchant's bank."""

    __tablename__ = "sandbox_settlement"

    number: Mapped[int] = mapped_column(Identity(always=True, start=3_000_001), unique=True)
    currency: Mapped[str]
    processed: Mapped[int]
    fees: Mapped[int]
    settled_at: Mapped[datetime]


class SandboxTransaction(Record):
    """One transaction of the pretended provider."""

    __tablename__ = "sandbox_transaction"
    __table_args__ = (
        CheckConstraint("status in ('ongoing', 'success', 'failed', 'abandoned', 'reversed')", "status_known"),
        Index(
            "ix_sandbox_transaction_unsettled",
            "paid_at",
            postgresql_where=text("settlement_id is null and paid_at is not null"),
        ),
    )

    number: Mapped[int] = mapped_column(Identity(always=True, start=4_000_000_001), unique=True)
    reference: Mapped[str] = mapped_column(unique=True)
    access_code: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    requested_amount: Mapped[int]
    requested_currency: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    fees: Mapped[int] = mapped_column(server_default=text("0"))
    description: Mapped[str]
    meta: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    callback_url: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'ongoing'"))
    outcome: Mapped[str | None]
    pays_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    settlement_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("sandbox_settlement.id"), index=True)


class SandboxRefund(Record):
    """Money on its way back to a payer; `ends` is how it will end, `moves_at` when it takes its next step."""

    __tablename__ = "sandbox_refund"
    __table_args__ = (
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint(
            "status in ('pending', 'processing', 'processed', 'needs-attention', 'failed')", "status_known"
        ),
        Index("ix_sandbox_refund_moves", "moves_at", postgresql_where=text("moves_at is not null")),
    )

    number: Mapped[int] = mapped_column(Identity(always=True, start=2_000_001), unique=True)
    transaction_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sandbox_transaction.id"), index=True)
    amount: Mapped[int]
    currency: Mapped[str]
    customer_note: Mapped[str]
    merchant_note: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    ends: Mapped[str] = mapped_column(server_default=text("'processed'"))
    moves_at: Mapped[datetime | None]
    bank_reference: Mapped[str | None]
    account_number: Mapped[str | None]
    bank_id: Mapped[str | None]
    refunded_at: Mapped[datetime | None]
    transaction: Mapped[SandboxTransaction] = relationship(lazy="joined", innerjoin=True)


class SandboxRecipient(Record):
    """Somebody money may be sent to: the same account is the same recipient."""

    __tablename__ = "sandbox_recipient"

    number: Mapped[int] = mapped_column(Identity(always=True, start=10_000_001), unique=True)
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str]
    description: Mapped[str]
    account_number: Mapped[str]
    bank_code: Mapped[str]
    bank_name: Mapped[str]
    currency: Mapped[str]


class SandboxTransfer(Record):
    """Money on its way out, and the one-time password it may be waiting for."""

    __tablename__ = "sandbox_transfer"
    __table_args__ = (
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint("status in ('otp', 'pending', 'success', 'failed', 'reversed', 'abandoned')", "status_known"),
        Index("ix_sandbox_transfer_moves", "moves_at", postgresql_where=text("moves_at is not null")),
    )

    number: Mapped[int] = mapped_column(Identity(always=True, start=50_000_001), unique=True)
    code: Mapped[str] = mapped_column(unique=True)
    reference: Mapped[str] = mapped_column(unique=True)
    recipient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sandbox_recipient.id"), index=True)
    amount: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str]
    status: Mapped[str]
    ends: Mapped[str] = mapped_column(server_default=text("'success'"))
    otp: Mapped[str | None]
    wrong_otps: Mapped[int] = mapped_column(server_default=text("0"))
    fee: Mapped[int] = mapped_column(server_default=text("0"))
    failure: Mapped[str | None]
    #: The next step; of one that waits for its password, when it is given up.
    moves_at: Mapped[datetime | None]
    transferred_at: Mapped[datetime | None]
    recipient: Mapped[SandboxRecipient] = relationship(lazy="joined", innerjoin=True)
