"""What people are told, each for themselves, and how they want to be told."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
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


class Webhook(Record):
    """Another system that is told of a place's facts: where, of which topics; its secret is sealed.

    Calls go out in their order; while one fails the others wait, until `quiet_until`.
    """

    __tablename__ = "webhook"
    __table_args__ = (Index("ix_webhook_asset_id", "asset_id"),)

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    url: Mapped[str]
    topics: Mapped[list[Any]]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    made_by: Mapped[str]
    paused_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    quiet_until: Mapped[datetime | None]


class WebhookCall(Record):
    """One fact on its way to one system: at least once, in order, given up after many hours."""

    __tablename__ = "webhook_call"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_key"),
        Index(
            "ix_webhook_call_waiting",
            "webhook_id",
            "id",
            postgresql_where=text("done_at is null and gave_up_at is null"),
        ),
    )

    webhook_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    #: The same for every telling of the same fact, so that nobody counts it twice.
    event_key: Mapped[uuid.UUID]
    topic: Mapped[str]
    body: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[int | None]
    error: Mapped[str | None]
    done_at: Mapped[datetime | None]
    gave_up_at: Mapped[datetime | None]
