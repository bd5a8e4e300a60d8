"""Folios: what a stay, a group or a company owes, line by line, none of which is ever changed."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record


class FolioStatus(StrEnum):
    """open <-> closed."""

    OPEN = "open"
    CLOSED = "closed"


class Folio(Record):
    """One window of what is owed. A stay's window 1 is the guest's; others are for who else pays.

    `routes` are the kinds of charges that go to this window by themselves. While it is `waiting` its guest has not
    arrived, and the money on it is a deposit.
    """

    __tablename__ = "folio"
    __table_args__ = (
        UniqueConstraint("asset_id", "number"),
        UniqueConstraint("id", "asset_id"),
        UniqueConstraint("stay_id", "window"),
        CheckConstraint("status in ('open', 'closed')", "status_known"),
        CheckConstraint("(status = 'closed') = (closed_at is not null)", "closed_when"),
        CheckConstraint("stay_id is null or group_id is null", "of_one_thing"),
        ForeignKeyConstraint(["stay_id", "asset_id"], ["stay.id", "stay.asset_id"]),
        ForeignKeyConstraint(["group_id", "asset_id"], ["booking_group.id", "booking_group.asset_id"]),
        Index("ix_folio_payer_id", "payer_id"),
        Index("ix_folio_group_id", "group_id"),
        Index("uq_folio_group", "group_id", "window", unique=True, postgresql_where=text("group_id is not null")),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    number: Mapped[int] = mapped_column(Identity())
    stay_id: Mapped[uuid.UUID | None]
    group_id: Mapped[uuid.UUID | None]
    window: Mapped[int]
    name: Mapped[str]
    payer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customer.id"))
    currency: Mapped[str]
    routes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    waiting: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    closed_at: Mapped[datetime | None]
    #: Why it was closed with something still owed.
    close_reason: Mapped[str | None]


class LineKind(StrEnum):
    """What a line of a folio is."""

    CHARGE = "charge"
    TAX = "tax"
    FEE = "fee"
    PAYMENT = "payment"
    DEPOSIT = "deposit"
    REFUND = "refund"
    TRANSFER = "transfer"
    REVERSAL = "reversal"


class FolioLine(Record):
    """One line: what is owed is above zero, what was paid below; minor units. Never changed: the database refuses.

    `tax` is what of the amount is tax (inclusive, at `tax_ppm`). `posting_key` makes a charge come once,
    `night:<stay>:<date>`, and names its entry in the books; a line is reversed once; both sides of a transfer carry
    one `transfer_id` and name the line they move.
    """

    __tablename__ = "folio_line"
    __table_args__ = (
        UniqueConstraint("posting_key"),
        UniqueConstraint("reverses_id"),
        CheckConstraint(
            "kind in ('charge', 'tax', 'fee', 'payment', 'deposit', 'refund', 'transfer', 'reversal')", "kind_known"
        ),
        CheckConstraint("(kind = 'reversal') = (reverses_id is not null)", "reversal_of_something"),
        CheckConstraint("(kind = 'transfer') = (transfer_id is not null)", "transfer_has_a_pair"),
        CheckConstraint("(transfer_id is null) = (moves_id is null)", "transfer_moves_a_line"),
        ForeignKeyConstraint(["folio_id", "asset_id"], ["folio.id", "folio.asset_id"]),
        Index("ix_folio_line_folio_id", "folio_id", "id"),
        Index("ix_folio_line_day", "asset_id", "business_date"),
        Index("ix_folio_line_payment_id", "payment_id", postgresql_where=text("payment_id is not null")),
        Index("ix_folio_line_moves_id", "moves_id", postgresql_where=text("moves_id is not null")),
    )

    asset_id: Mapped[uuid.UUID]
    folio_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    #: What it was for, by name: room, city_tax, breakfast, minibar, cancellation, cash, card...
    code: Mapped[str]
    words: Mapped[str]
    night: Mapped[date | None]
    business_date: Mapped[date]
    amount: Mapped[int]
    tax: Mapped[int] = mapped_column(server_default=text("0"))
    tax_ppm: Mapped[int | None]
    posting_key: Mapped[str | None]
    reverses_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("folio_line.id"))
    transfer_id: Mapped[uuid.UUID | None]
    moves_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("folio_line.id"))
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment.id"))
    by: Mapped[str]


class ChargeCode(Record):
    """Something a hotel sells beside its rooms: what it costs, and the tax in its price or on top of it."""

    __tablename__ = "charge_code"
    __table_args__ = (
        UniqueConstraint("asset_id", "code"),
        CheckConstraint("coalesce(price, 0) >= 0", "price_not_negative"),
        CheckConstraint("tax_ppm between 0 and 1000000", "tax_share"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    code: Mapped[str]
    name: Mapped[str]
    #: Without a price it is said when it is charged.
    price: Mapped[int | None]
    tax_ppm: Mapped[int] = mapped_column(server_default=text("0"))
    inclusive: Mapped[bool] = mapped_column(server_default=text("true"))
    retired_at: Mapped[datetime | None]
