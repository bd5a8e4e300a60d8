"""Money on its way: what was asked for, what arrived, and what the gateways said."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Record
from portal.core.money import Money


class IntentStatus(StrEnum):
    """created -> pending -> succeeded | processing | failed | abandoned | expired | review.

    Late money moves expired, abandoned and failed on to succeeded or review: it is never dropped.
    """

    CREATED = "created"
    PENDING = "pending"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABANDONED = "abandoned"
    EXPIRED = "expired"
    REVIEW = "review"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"


class PaymentIntent(Record):
    """What somebody set out to pay, for what, and how far it has come. Amounts in minor units."""

    __tablename__ = "payment_intent"
    __table_args__ = (
        UniqueConstraint("idem_actor", "idem_key"),
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint("surcharge >= 0", "surcharge_not_negative"),
        CheckConstraint("reference ~ '^[A-Za-z0-9.=-]{6,64}$'", "reference_form"),
        Index("ix_payment_intent_asset_id", "asset_id", "created_at", "id"),
        Index("ix_payment_intent_subject_id", "subject_id", "id"),
        Index("ix_payment_intent_payer_email", "payer_email", "id"),
        Index("ix_payment_intent_review", "asset_id", postgresql_where=text("status = 'review'")),
        Index("ix_payment_intent_poll", "next_poll_at", postgresql_where=text("next_poll_at is not null")),
    )

    reference: Mapped[str] = mapped_column(unique=True)
    provider: Mapped[str]
    purpose: Mapped[str]
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    subject_id: Mapped[uuid.UUID]
    payer_email: Mapped[str]
    payer_phone: Mapped[str | None]
    amount: Mapped[int]
    currency: Mapped[str]
    price: Mapped[int | None]
    period_minutes: Mapped[int | None]
    status: Mapped[str] = mapped_column(server_default=text("'created'"))
    review_reason: Mapped[str | None]
    checkout_url: Mapped[str | None]
    return_url: Mapped[str | None]
    provider_ref: Mapped[str | None]
    opened_by: Mapped[str]
    idem_actor: Mapped[str | None]
    idem_key: Mapped[str | None]
    idem_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    customer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("customer.id"))
    gateway_account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("gateway_account.id"))
    #: What the payer is asked for on top of `amount`, where they bear the provider's charge.
    surcharge: Mapped[int] = mapped_column(server_default=text("0"))
    next_poll_at: Mapped[datetime | None]
    polls: Mapped[int] = mapped_column(server_default=text("0"))

    payment: Mapped[Payment | None] = relationship(lazy="raise", back_populates="intent")

    @property
    def money(self) -> Money:
        """What is being paid for; a charge the payer bears comes on top."""
        return Money(self.amount, self.currency)

    @property
    def asked(self) -> int:
        """What the payer is asked for, in minor units."""
        return self.amount + self.surcharge


class Payment(Record):
    """Money that arrived, once per intent and once per provider transaction.

    `charged` is what the payer was charged; `amount` is what of it pays for something: the difference is charges
    the payer bore on top. `fee` is what the provider keeps. The remainder is the payer's credit; what is not `counted`
    waits for a person and is nobody's revenue.
    """

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("provider", "provider_txn_id"),
        UniqueConstraint("provider", "receipt"),
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint("fee >= 0", "fee_not_negative"),
        CheckConstraint("charged >= amount", "charged_at_least_amount"),
        CheckConstraint("remainder between 0 and amount", "remainder_within"),
        CheckConstraint("refunded >= 0 and remainder + refunded <= amount", "refunded_within"),
        Index("ix_payment_asset_id", "asset_id", "paid_at"),
    )

    intent_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_intent.id"), unique=True)
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    provider: Mapped[str]
    provider_txn_id: Mapped[str]
    amount: Mapped[int]
    charged: Mapped[int]
    fee: Mapped[int] = mapped_column(server_default=text("0"))
    currency: Mapped[str]
    remainder: Mapped[int] = mapped_column(server_default=text("0"))
    #: What has gone back or is decided to go back; what was taken back by the provider counts too.
    refunded: Mapped[int] = mapped_column(server_default=text("0"))
    counted: Mapped[bool] = mapped_column(server_default=text("true"))
    channel: Mapped[str | None]
    paid_at: Mapped[datetime]
    settled_via: Mapped[str]
    #: The provider's own slip: an M-Pesa receipt, a card machine's slip number.
    receipt: Mapped[str | None]
    #: Who pressed the button, for money taken at a desk.
    taken_by: Mapped[str | None]
    refund_marked_at: Mapped[datetime | None]

    intent: Mapped[PaymentIntent] = relationship(lazy="raise", back_populates="payment")

    @property
    def money(self) -> Money:
        """What arrived."""
        return Money(self.amount, self.currency)


class GatewayMessage(Record):
    """A webhook as it came: exact bytes, signature already checked, counted when it comes again."""

    __tablename__ = "gateway_message"
    __table_args__ = (
        UniqueConstraint("provider", "dedupe_key"),
        CheckConstraint("status in ('new', 'done', 'ignored', 'unmatched', 'dead')", "status_known"),
        Index("ix_gateway_message_due", "next_attempt_at", postgresql_where=text("status = 'new'")),
        Index("ix_gateway_message_reference", "reference"),
    )

    provider: Mapped[str]
    dedupe_key: Mapped[str]
    kind: Mapped[str]
    gateway_account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("gateway_account.id"))
    reference: Mapped[str | None]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    address: Mapped[str | None]
    deliveries: Mapped[int] = mapped_column(server_default=text("1"))
    status: Mapped[str] = mapped_column(server_default=text("'new'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    last_delivery_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    error: Mapped[str | None]
