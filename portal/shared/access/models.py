"""The right to use a unit for a time."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record


class AccessGrant(Record):
    """One stretch of access to one unit. Two that count never overlap: the database refuses it."""

    __tablename__ = "access_grant"
    __table_args__ = (
        CheckConstraint("not isempty(during)", "during_not_empty"),
        CheckConstraint("kind in ('paid', 'direct', 'stay')", "kind_known"),
        ExcludeConstraint(
            ("unit_id", "="),
            ("during", "&&"),
            using="gist",
            where=text("revoked_at is null"),
            name="ex_access_grant_no_overlap",
        ),
        Index("ix_access_grant_unit_id", "unit_id", "created_at"),
        Index(
            "ix_access_grant_running",
            text("upper(during)"),
            postgresql_where=text("ended_at is null and revoked_at is null"),
        ),
    )

    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    during: Mapped[Range[Any]] = mapped_column(TSTZRANGE)
    kind: Mapped[str]
    holder: Mapped[str]
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment.id"), unique=True)
    granted_by: Mapped[str]
    reason: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    @property
    def starts_at(self) -> datetime:
        """When the right begins."""
        return cast(datetime, self.during.lower)

    @property
    def ends_at(self) -> datetime:
        """When the right is over, itself not included."""
        return cast(datetime, self.during.upper)
