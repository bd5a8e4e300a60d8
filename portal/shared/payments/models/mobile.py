"""Mobile money: asking a phone for its PIN, and money that somebody sent to the paybill by themselves."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record
from portal.core.money import Money


class PushStatus(StrEnum):
    """asking -> waiting -> paid | cancelled | failed | expired; any of them -> paid when success comes late."""

    ASKING = "asking"
    WAITING = "waiting"
    PAID = "paid"
    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"


class PhonePush(Record):
    """One request to a phone for one intent (Daraja's STK push). `token` is the secret part of its callback address."""

    __tablename__ = "phone_push"
    __table_args__ = (
        UniqueConstraint("provider", "checkout_request_id"),
        CheckConstraint("status in ('asking', 'waiting', 'paid', 'cancelled', 'failed', 'expired')", "status_known"),
        Index(
            "uq_phone_push_one_open",
            "intent_id",
            unique=True,
            postgresql_where=text("status in ('asking', 'waiting')"),
        ),
        Index("ix_phone_push_intent_id", "intent_id", "id"),
        Index("ix_phone_push_due", "next_query_at", postgresql_where=text("next_query_at is not null")),
    )

    intent_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_intent.id"))
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    provider: Mapped[str]
    phone: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)
    checkout_request_id: Mapped[str | None]
    merchant_request_id: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'asking'"))
    code: Mapped[str | None]
    said: Mapped[str | None]
    receipt: Mapped[str | None]
    asked_by: Mapped[str]
    next_query_at: Mapped[datetime | None]
    queries: Mapped[int] = mapped_column(server_default=text("0"))
    answered_at: Mapped[datetime | None]


class ReceiptStatus(StrEnum):
    """unverified -> unclaimed -> claimed; unclaimed -> returning -> returned, or back to unclaimed.

    What could not be verified is refused. While somebody has asked for its return an unclaimed one is not claimed.
    """

    UNVERIFIED = "unverified"
    UNCLAIMED = "unclaimed"
    CLAIMED = "claimed"
    RETURNING = "returning"
    RETURNED = "returned"
    REFUSED = "refused"


class MobileReceipt(Record):
    """Money a payer sent to the paybill on their own (Daraja's C2B): claimed once, for one bill or payment.

    The message is unsigned, so it is money only when the provider has confirmed it, or a person who saw it there.
    """

    __tablename__ = "mobile_receipt"
    __table_args__ = (
        UniqueConstraint("provider", "transaction_id"),
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint(
            "status in ('unverified', 'unclaimed', 'claimed', 'returning', 'returned', 'refused')", "status_known"
        ),
        CheckConstraint(
            "status not in ('returning', 'returned') or return_asked_by is not null", "returned_because_asked"
        ),
        CheckConstraint("(status = 'claimed') = (intent_id is not null)", "claimed_by_one"),
        Index("ix_mobile_receipt_asset_id", "asset_id", "paid_at", "id"),
        Index(
            "ix_mobile_receipt_to_do",
            "asset_id",
            postgresql_where=text("status in ('unverified', 'unclaimed', 'returning')"),
        ),
        Index("ix_mobile_receipt_due", "next_query_at", postgresql_where=text("next_query_at is not null")),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    gateway_account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("gateway_account.id"))
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("gateway_message.id"))
    provider: Mapped[str]
    transaction_id: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    account_reference: Mapped[str]
    payer_phone: Mapped[str | None]
    payer_name: Mapped[str | None]
    paid_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(server_default=text("'unverified'"))
    #: The secret part of the address the provider answers to when it is asked about this transaction.
    token: Mapped[str] = mapped_column(unique=True)
    next_query_at: Mapped[datetime | None]
    queries: Mapped[int] = mapped_column(server_default=text("0"))
    verified_by: Mapped[str | None]
    intent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_intent.id"), unique=True)
    claimed_by: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))
    said: Mapped[str | None]
    #: Who wants the money to go back, and why; somebody else sends it.
    return_asked_by: Mapped[str | None]
    return_reason: Mapped[str | None]

    @property
    def money(self) -> Money:
        """What was sent."""
        return Money(self.amount, self.currency)
