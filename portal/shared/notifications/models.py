"""What people are told, each for themselves, and how they want to be told."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, Record


class Notice(Record):
    """One thing one person is told under the bell; `kind` is a word the screens have a sentence for.

    The same is told to the same person once: `subject` names the thing it is about, as in `alert:<id>`.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("user_id", "kind", "subject"),
        Index("ix_notice_unread", "user_id", "asset_id", "created_at", postgresql_where=text("read_at is null")),
        Index("ix_notice_subject", "subject"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    kind: Mapped[str]
    subject: Mapped[str]
    facts: Mapped[dict[str, Any]]
    read_at: Mapped[datetime | None]


class ByMail(StrEnum):
    """Which alerts a person wants by mail: what cannot wait and what nobody looked at, only the latter, or none."""

    CRITICAL = "critical"
    ESCALATIONS = "escalations"
    NEVER = "never"


class NoticePreference(Model):
    """How one person wants to be told; whoever never chose gets what cannot wait by mail."""

    __tablename__ = "notice_preference"
    __table_args__ = (
        CheckConstraint("alerts_by_mail in ('critical', 'escalations', 'never')", "alerts_by_mail_known"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    alerts_by_mail: Mapped[str]
