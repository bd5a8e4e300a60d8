"""The audit trail: entries nobody can rewrite, and the chain that shows it when somebody did."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model
from portal.core.outbox import Xid8


class AuditEntry(Model):
    """Who did what to which thing, why, and how the thing looked before and after. Append-only by trigger."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_asset", "asset_id", "id"),
        Index("ix_audit_entry_subject", "subject_type", "subject_id", "id"),
        Index("ix_audit_entry_xact", "xact", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    xact: Mapped[int] = mapped_column(Xid8(), server_default=text("pg_current_xact_id()"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    actor_kind: Mapped[str]
    actor_id: Mapped[uuid.UUID | None]
    actor_name: Mapped[str]
    on_behalf_of: Mapped[str | None]
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[str | None]
    asset_id: Mapped[uuid.UUID | None]
    reason: Mapped[str | None]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    address: Mapped[str | None]
    request_id: Mapped[str | None]


class AuditLink(Model):
    """One entry's place in the chain: its hash covers the entry and the link before it."""

    __tablename__ = "audit_link"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id"), unique=True)
    chain: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
