"""Comparing what a provider says with what we wrote down, and what became of each difference."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, Record


class DifferenceKind(StrEnum):
    """What two sides may not agree about."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT_DIFFERS = "amount_differs"
    CURRENCY_DIFFERS = "currency_differs"
    FEE_DIFFERS = "fee_differs"
    STATUS_DIFFERS = "status_differs"
    NOT_IN_BOOKS = "not_in_books"
    BOOKS_DIFFER = "books_differ"
    SETTLEMENT_NOT_BOOKED = "settlement_not_booked"


class DifferenceStatus(StrEnum):
    """open -> fixed | explained | gone (a later comparison found it in order)."""

    OPEN = "open"
    FIXED = "fixed"
    EXPLAINED = "explained"
    GONE = "gone"


class Reconciliation(Record):
    """One comparison of a provider's list with our payments and the books, over a stretch of time.

    running -> done | failed; failed -> running when somebody tries again. One runs for a business and provider.
    """

    __tablename__ = "reconciliation"
    __table_args__ = (
        CheckConstraint("status in ('running', 'done', 'failed')", "status_known"),
        Index("ix_reconciliation_business_id", "business_id", "created_at"),
        Index(
            "uq_reconciliation_running",
            "business_id",
            "provider",
            unique=True,
            postgresql_where=text("status = 'running'"),
        ),
    )

    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"))
    provider: Mapped[str]
    gateway_account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("gateway_account.id"))
    since: Mapped[datetime]
    until: Mapped[datetime]
    status: Mapped[str] = mapped_column(server_default=text("'running'"))
    started_by: Mapped[str]
    #: How far it has come, how many were compared and agreed, and their sums in minor units by place and currency.
    counts: Mapped[dict[str, Any]]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]


class ReconciliationLine(Model):
    """One charge or settlement of the provider's list, in minor units, kept until the comparison is done.

    `asked` is one that was not listed but asked for by its reference; the status `unknown` is the provider's answer
    that there is none.
    """

    __tablename__ = "reconciliation_line"
    __table_args__ = (CheckConstraint("sort in ('charge', 'settlement')", "sort_known"),)

    reconciliation_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("reconciliation.id", ondelete="CASCADE"), primary_key=True
    )
    sort: Mapped[str] = mapped_column(primary_key=True)
    transaction_id: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str | None]
    status: Mapped[str]
    amount: Mapped[int]
    fee: Mapped[int]
    currency: Mapped[str]
    at: Mapped[datetime | None]
    asked: Mapped[bool] = mapped_column(server_default=text("false"))


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

    #: The comparison that saw it last.
    reconciliation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reconciliation.id"))
    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"))
    #: The place it belongs to; empty for what is the whole business's: a settlement, money nobody started here.
    asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("asset.id"))
    provider: Mapped[str]
    kind: Mapped[str]
    #: What it is about, by the name both sides know: a transaction or a settlement.
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
