"""What a customer is asked to pay at a desk or by a link: the bill every way of paying can settle."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record
from portal.core.money import Money


class BillKind(StrEnum):
    """What the money is: earned now, earned later, owed since it was raised, the customer's own credit, or for a folio.

    Of a folio's bill the folio says where its money goes: it is `subject_id`.
    """

    SALE = "sale"
    DEPOSIT = "deposit"
    INVOICE = "invoice"
    TOP_UP = "top_up"
    FOLIO = "folio"


class BillStatus(StrEnum):
    """open -> part_paid -> paid; open or part_paid -> cancelled."""

    OPEN = "open"
    PART_PAID = "part_paid"
    PAID = "paid"
    CANCELLED = "cancelled"


class Bill(Record):
    """One sum a customer is asked for, in minor units, and how much of it has come. `token` opens its public page."""

    __tablename__ = "bill"
    __table_args__ = (
        UniqueConstraint("asset_id", "number"),
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint("paid between 0 and amount", "paid_within"),
        CheckConstraint("kind in ('sale', 'deposit', 'invoice', 'top_up', 'folio')", "kind_known"),
        CheckConstraint("(kind = 'folio') = (subject_id is not null)", "folio_named"),
        CheckConstraint("status in ('open', 'part_paid', 'paid', 'cancelled')", "status_known"),
        CheckConstraint("(status = 'paid') = (paid = amount)", "paid_when_paid"),
        Index("ix_bill_asset_id", "asset_id", "created_at", "id"),
        Index("ix_bill_customer_id", "customer_id", "id"),
        Index("ix_bill_subject_id", "subject_id", postgresql_where=text("subject_id is not null")),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    number: Mapped[int]
    token: Mapped[str] = mapped_column(unique=True)
    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[str]
    subject_id: Mapped[uuid.UUID | None]
    description: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    paid: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    due_on: Mapped[date | None]
    raised_by: Mapped[str]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]

    @property
    def due(self) -> Money:
        """What is still to be paid."""
        return Money(self.amount - self.paid, self.currency)
