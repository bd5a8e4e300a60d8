"""Comparing what a provider says with what we wrote down, and what became of each difference."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record


class Reconciliation(Record):
    """One comparison of a provider's list with our payments and the books, over a stretch of time."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        CheckConstraint("status in ('running', 'done', 'failed')", "status_known"),
        Index("ix_reconciliation_business_id", "business_id", "created_at"),
    )

    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"))
    provider: Mapped[str]
    gateway_account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("gateway_account.id"))
    since: Mapped[datetime]
    until: Mapped[datetime]
    status: Mapped[str] = mapped_column(server_default=text("'running'"))
    started_by: Mapped[str]
    #: How many were compared and agreed, and their sums in minor units by currency.
    counts: Mapped[dict[str, Any]]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]


class Difference(Record):
    """Something the two sides do not agree about; open until it is fixed or explained. Amounts in minor units."""

    __tablename__ = "reconciliation_difference"
    __table_args__ = (
        CheckConstraint("status in ('open', 'fixed', 'explained', 'gone')", "status_known"),
        Index(
            "uq_reconciliation_difference_open",
            "business_id",
            "provider",
            "kind",
            "name",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("ix_reconciliation_difference_reconciliation_id", "reconciliation_id"),
        Index("ix_reconciliation_difference_business_id", "business_id", "status", "created_at"),
    )

    reconciliation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reconciliation.id"))
    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"))
    asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("asset.id"))
    provider: Mapped[str]
    kind: Mapped[str]
    #: What it is about, by the name both sides know: a reference, a transaction or a settlement.
    name: Mapped[str]
    reference: Mapped[str | None]
    transaction_id: Mapped[str | None]
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment.id"))
    currency: Mapped[str]
    ours: Mapped[int | None]
    theirs: Mapped[int | None]
    details: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    resolved_by: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    note: Mapped[str | None]
