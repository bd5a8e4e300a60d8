"""The pretended Flutterwave's books. One payment link may see several charges: a tx_ref repeats. Minor units."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Record


class SandboxFlutterwaveLink(Record):
    """What a merchant asked to be paid, and the page where it is."""

    __tablename__ = "sandbox_flutterwave_link"

    token: Mapped[str] = mapped_column(unique=True)
    tx_ref: Mapped[str] = mapped_column(index=True)
    amount: Mapped[int]
    currency: Mapped[str]
    redirect_url: Mapped[str]
    email: Mapped[str]
    name: Mapped[str]
    phone: Mapped[str | None]
    title: Mapped[str]
    meta: Mapped[dict[str, Any] | None]


class SandboxFlutterwaveCharge(Record):
    """One attempt to pay: good, bad, or still under way."""

    __tablename__ = "sandbox_flutterwave_charge"
    __table_args__ = (
        CheckConstraint("status in ('pending', 'successful', 'failed')", "status_known"),
        Index("ix_sandbox_flutterwave_charge_pays", "pays_at", postgresql_where=text("pays_at is not null")),
    )

    number: Mapped[int] = mapped_column(Identity(always=True, start=700_000_001), unique=True)
    link_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sandbox_flutterwave_link.id"), index=True)
    flw_ref: Mapped[str] = mapped_column(unique=True)
    amount: Mapped[int]
    charged: Mapped[int]
    fee: Mapped[int]
    currency: Mapped[str]
    status: Mapped[str]
    pays_at: Mapped[datetime | None]
    link: Mapped[SandboxFlutterwaveLink] = relationship(lazy="joined", innerjoin=True)


class SandboxFlutterwaveRefund(Record):
    """Money that went back to a payer."""

    __tablename__ = "sandbox_flutterwave_refund"
    __table_args__ = (
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint("status in ('completed', 'failed')", "status_known"),
    )

    number: Mapped[int] = mapped_column(Identity(always=True, start=800_001), unique=True)
    charge_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sandbox_flutterwave_charge.id"), index=True)
    amount: Mapped[int]
    comments: Mapped[str]
    status: Mapped[str]
    charge: Mapped[SandboxFlutterwaveCharge] = relationship(lazy="joined", innerjoin=True)
