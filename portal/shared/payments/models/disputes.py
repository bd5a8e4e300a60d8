"""Money a payer's bank wants back, or has taken back: what came, until when it is to be answered, and what was done."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Record
from portal.core.money import Money
from portal.shared.payments.models.intents import Payment


class DisputeStatus(StrEnum):
    """open -> handled by a person -> resolved by the bank; either may come first."""

    OPEN = "open"
    HANDLED = "handled"
    RESOLVED = "resolved"


class Dispute(Record):
    """One dispute of a payment, or one charge its provider took back by itself. Amounts in minor units.

    `reason` is the provider's category, `said` its own word for how it stands; `note` is what somebody here did.
    """

    __tablename__ = "dispute"
    __table_args__ = (
        UniqueConstraint("provider", "provider_dispute_id"),
        CheckConstraint("kind in ('dispute', 'reversal')", "kind_known"),
        CheckConstraint("status in ('open', 'handled', 'resolved')", "status_known"),
        CheckConstraint("amount > 0", "amount_positive"),
        Index("ix_dispute_asset_id", "asset_id", "created_at", "id"),
        Index("ix_dispute_payment_id", "payment_id"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"))
    provider: Mapped[str]
    provider_dispute_id: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str | None]
    said: Mapped[str | None]
    due_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    note: Mapped[str | None]
    handled_by: Mapped[str | None]
    handled_at: Mapped[datetime | None]

    payment: Mapped[Payment] = relationship(lazy="raise")

    @property
    def money(self) -> Money:
        """What is disputed, or was taken back."""
        return Money(self.amount, self.currency)
