"""The sandbox's own books, apart from the portal's: what was asked, what the payer chose, what was told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record


class SandboxTransaction(Record):
    """One transaction of the pretended provider, and how often its webhook was attempted."""

    __tablename__ = "sandbox_transaction"
    __table_args__ = (
        CheckConstraint("status in ('ongoing', 'success', 'failed', 'abandoned')", "status_known"),
        Index("ix_sandbox_transaction_webhook", "webhook_due_at", postgresql_where=text("webhook_due_at is not null")),
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
    callback_url: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'ongoing'"))
    outcome: Mapped[str | None]
    pays_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    webhook_due_at: Mapped[datetime | None]
    webhook_attempts: Mapped[int] = mapped_column(server_default=text("0"))
    webhook_status: Mapped[int | None]
    webhook_error: Mapped[str | None]
