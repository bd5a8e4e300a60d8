"""Who buys: one row a person or company and business, whether or not they ever sign in."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record


class Customer(Record):
    """Somebody a business sells to. Told apart by e-mail address (lower case) or telephone number (E.164)."""

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("business_id", "email"),
        UniqueConstraint("business_id", "phone"),
        CheckConstraint("email = lower(email)", "email_lower"),
        CheckConstraint("kind in ('person', 'company', 'agent')", "kind_known"),
        CheckConstraint("merged_into_id <> id", "not_into_itself"),
    )

    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"))
    kind: Mapped[str] = mapped_column(server_default=text("'person'"))
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    #: Kept for what names it, and never offered again: it turned out to be the same customer as another.
    merged_into_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("customer.id"))
    #: When everything that says who it was went.
    anonymised_at: Mapped[datetime | None]
