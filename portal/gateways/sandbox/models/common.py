"""What all stand-ins share: the faults that are switched on, and the messages that are to be delivered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record


class SandboxFault(Record):
    """Something that goes wrong with the next calls or messages of one kind."""

    __tablename__ = "sandbox_fault"
    __table_args__ = (
        CheckConstraint("times > 0", "times_left"),
        Index("ix_sandbox_fault_operation", "provider", "operation"),
    )

    number: Mapped[int] = mapped_column(Identity(always=True), unique=True)
    provider: Mapped[str]
    operation: Mapped[str]
    kind: Mapped[str]
    times: Mapped[int]
    seconds: Mapped[int] = mapped_column(server_default=text("0"))


class SandboxWebhook(Record):
    """A message to the merchant: its very bytes, when it is due, and how the attempts went."""

    __tablename__ = "sandbox_webhook"
    __table_args__ = (
        Index("ix_sandbox_webhook_due", "due_at", postgresql_where=text("due_at is not null")),
        Index("ix_sandbox_webhook_subject", "provider", "subject"),
    )

    number: Mapped[int] = mapped_column(Identity(always=True), unique=True)
    provider: Mapped[str]
    event: Mapped[str]
    subject: Mapped[str]
    url: Mapped[str]
    body: Mapped[str]
    #: None once it was heard, given up, or kept back by a switch.
    due_at: Mapped[datetime | None]
    #: Waiting for the next message of its provider to overtake it.
    held: Mapped[bool] = mapped_column(server_default=text("false"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[int | None]
    error: Mapped[str | None]
