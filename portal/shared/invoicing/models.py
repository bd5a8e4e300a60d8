"""Invoices and credit notes: numbered without a gap, frozen as they were issued, never changed."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record
from portal.core.money import Money


class Invoice(Record):
    """One tax invoice, or the credit note that takes it back; amounts in minor units, a credit note's below zero.

    `snapshot` is what the paper says: supplier, customer, lines, taxes. The database refuses every change.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("asset_id", "series", "number"),
        UniqueConstraint("id", "asset_id"),
        UniqueConstraint("credit_of"),
        CheckConstraint("series in ('invoice', 'credit_note')", "series_known"),
        CheckConstraint("(series = 'credit_note') = (credit_of is not null)", "credit_of_something"),
        CheckConstraint("length(sha256) = 64", "sha256_form"),
        ForeignKeyConstraint(["credit_of", "asset_id"], ["invoice.id", "invoice.asset_id"]),
        Index("ix_invoice_subject", "subject", "subject_id"),
        Index("ix_invoice_customer_id", "customer_id", "id"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    series: Mapped[str]
    number: Mapped[int]
    #: Opens the paper without signing in.
    token: Mapped[str] = mapped_column(unique=True)
    credit_of: Mapped[uuid.UUID | None]
    subject: Mapped[str]
    subject_id: Mapped[uuid.UUID]
    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customer.id"))
    issued_on: Mapped[date]
    issued_by: Mapped[str]
    currency: Mapped[str]
    total: Mapped[int]
    tax: Mapped[int] = mapped_column(server_default=text("0"))
    snapshot: Mapped[dict[str, Any]]
    pdf: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str]

    @property
    def money(self) -> Money:
        """What it comes to."""
        return Money(self.total, self.currency)
