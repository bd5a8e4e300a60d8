"""The pretended M-PESA's books: access tokens, prompts on phones, pay bill payments. Amounts are whole shillings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record


class SandboxDarajaToken(Record):
    """An access token that was given out, and until when it is good."""

    __tablename__ = "sandbox_daraja_token"

    token: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SandboxDarajaPush(Record):
    """One prompt on somebody's phone: waiting for a PIN, or answered."""

    __tablename__ = "sandbox_daraja_push"
    __table_args__ = (
        CheckConstraint("amount > 0", "amount_positive"),
        Index("ix_sandbox_daraja_push_waiting", "expires_at", postgresql_where=text("result_code is null")),
    )

    number: Mapped[int] = mapped_column(Identity(always=True), unique=True)
    merchant_request: Mapped[str] = mapped_column(unique=True)
    checkout_request: Mapped[str] = mapped_column(unique=True)
    shortcode: Mapped[str]
    party_b: Mapped[str]
    kind: Mapped[str]
    amount: Mapped[int]
    phone: Mapped[str]
    account: Mapped[str]
    description: Mapped[str]
    callback_url: Mapped[str]
    expires_at: Mapped[datetime]
    result_code: Mapped[int | None]
    result: Mapped[str | None]
    receipt: Mapped[str | None]
    answered_at: Mapped[datetime | None]


class SandboxDarajaUrls(Record):
    """Where a short code wants to be asked and told about pay bill payments."""

    __tablename__ = "sandbox_daraja_urls"

    shortcode: Mapped[str] = mapped_column(unique=True)
    response_type: Mapped[str]
    confirmation_url: Mapped[str]
    validation_url: Mapped[str]


class SandboxDarajaPayment(Record):
    """Money that was paid to a short code, by a prompt or by pay bill; pay bill may wait for the merchant's word."""

    __tablename__ = "sandbox_daraja_payment"
    __table_args__ = (
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint("status in ('asking', 'completed', 'refused', 'reversed')", "status_known"),
    )

    number: Mapped[int] = mapped_column(Identity(always=True), unique=True)
    receipt: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    shortcode: Mapped[str]
    amount: Mapped[int]
    phone: Mapped[str]
    account: Mapped[str]
    first_name: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str | None]
    originator: Mapped[str | None] = mapped_column(index=True)
