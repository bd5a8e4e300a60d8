"""The books: accounts, entries that balance, postings nobody can change, and the months that are closed."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Model, Record
from portal.core.outbox import Xid8


class AccountKind(StrEnum):
    """The five kinds of account. Assets and expenses grow by debits, the others by credits."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


DEBIT_NORMAL = (AccountKind.ASSET, AccountKind.EXPENSE)


class Account(Model):
    """One account of a place, or of a whole business where `asset_id` is empty (a customer's credit).

    A bounded account (`floor` is set) keeps a locked balance that cannot fall below the floor, counted in minor
    units on the account's normal side; an unbounded one is the sum of its postings and keeps no hot row.
    """

    __tablename__ = "ledger_account"
    __table_args__ = (
        UniqueConstraint(
            "business_id",
            "asset_id",
            "code",
            "currency",
            "owner",
            name="uq_ledger_account_natural",
            postgresql_nulls_not_distinct=True,
        ),
        UniqueConstraint("id", "currency"),
        CheckConstraint("kind in ('asset', 'liability', 'equity', 'income', 'expense')", "kind_known"),
        CheckConstraint("code ~ '^[0-9]{4}$'", "code_form"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", "currency_iso"),
        Index("ix_ledger_account_asset_id", "asset_id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"))
    asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("asset.id"))
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    currency: Mapped[str]
    #: Whose it is, where an account has one for each: a provider's name, a customer's or a drawer's id.
    owner: Mapped[str] = mapped_column(server_default=text("''"))
    floor: Mapped[int | None]
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    @property
    def sign(self) -> int:
        """What a balance is multiplied by to read as a person expects it: positive on the normal side."""
        return 1 if self.kind in DEBIT_NORMAL else -1


class Balance(Model):
    """The balance of a bounded account, debits positive. Only the posting trigger writes it."""

    __tablename__ = "ledger_balance"

    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"), primary_key=True, autoincrement=False)
    balance: Mapped[int] = mapped_column(server_default=text("0"))


class Entry(Model):
    """One business fact in the books: its postings sum to zero in one currency, at one place, for ever.

    `key` names the fact, so that it is posted once. `booked_on` is the day of the books it belongs to.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("id", "currency"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", "currency_iso"),
        Index("ix_ledger_entry_asset_id", "asset_id", "booked_on", "id"),
        Index("ix_ledger_entry_subject", "subject", "subject_id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    fact: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    currency: Mapped[str]
    booked_on: Mapped[date]
    occurred_at: Mapped[datetime]
    posted_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    subject: Mapped[str]
    subject_id: Mapped[uuid.UUID | None]
    reverses: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"), unique=True)
    actor: Mapped[str]
    memo: Mapped[str | None]
    #: Postings are accepted from the same transaction only; safe inside savepoints, where xmin is not.
    xact: Mapped[int] = mapped_column(Xid8(), server_default=text("pg_current_xact_id()"))

    postings: Mapped[list[Posting]] = relationship(lazy="raise", order_by="Posting.id", back_populates="entry")


class Posting(Model):
    """One leg of an entry: debit positive, credit negative, minor units. Place and day are copied by trigger."""

    __tablename__ = "ledger_posting"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "currency"], ["ledger_account.id", "ledger_account.currency"]),
        ForeignKeyConstraint(["entry_id", "currency"], ["ledger_entry.id", "ledger_entry.currency"]),
        CheckConstraint("amount <> 0", "amount_not_zero"),
        Index("ix_ledger_posting_entry_id", "entry_id"),
        Index("ix_ledger_posting_account_id", "account_id", "booked_on", "id"),
        Index("ix_ledger_posting_asset_id", "asset_id", "booked_on"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    entry_id: Mapped[int]
    account_id: Mapped[int]
    asset_id: Mapped[uuid.UUID]
    booked_on: Mapped[date]
    currency: Mapped[str]
    amount: Mapped[int]
    #: Of a bounded account: its balance when this leg was written, debits positive.
    balance_after: Mapped[int | None]

    entry: Mapped[Entry] = relationship(lazy="raise", back_populates="postings")
    account: Mapped[Account] = relationship(lazy="raise", viewonly=True)


class Period(Record):
    """A month of a place's books. Closed, nothing is booked into it any more until it is reopened for a reason."""

    __tablename__ = "ledger_period"
    __table_args__ = (
        UniqueConstraint("asset_id", "starts_on"),
        CheckConstraint("starts_on = date_trunc('month', starts_on)::date", "whole_months"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    starts_on: Mapped[date]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    reopened_at: Mapped[datetime | None]
    reopened_by: Mapped[str | None]
    reason: Mapped[str | None]
