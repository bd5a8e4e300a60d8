"""What could not be understood, and what one broker session delivered."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, Record

#: How much of a refused message a list shows.
SHOWN_BYTES = 120


class DeadLetter(Record):
    """A message nobody could understand: stored once with its reason, counted when it comes again.

    `reason` is a word a program can count by, `detail` the sentence for a person.
    """

    __tablename__ = "dead_letter"
    __table_args__ = (
        Index("ix_dead_letter_last_at", "last_at", "id"),
        Index("ix_dead_letter_asset_id", "asset_id", "last_at", "id"),
    )

    topic: Mapped[str]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str]
    detail: Mapped[str]
    sha: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    times: Mapped[int] = mapped_column(server_default=text("1"))
    asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("asset.id"))
    last_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    replayed_at: Mapped[datetime | None]

    @property
    def shown(self) -> str:
        """The payload as it can safely stand on a screen: short, every unprintable byte spelled out."""
        start = bytes(self.payload[:SHOWN_BYTES]).decode("utf-8", "backslashreplace")
        safe = "".join(each if each.isprintable() else repr(each)[1:-1] for each in start)
        return safe + ("…" if len(self.payload) > SHOWN_BYTES else "")


class ReplayPage(Model):
    """What one broker session delivered, in order, a page a batch: by it a redelivery is recognised.

    `entries` holds for each message its packet id (2 bytes) and the sha256 of topic and payload (32 bytes);
    `upto` counts the messages of the session up to the end of the page.
    """

    __tablename__ = "replay_page"

    session: Mapped[str] = mapped_column(primary_key=True)
    upto: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entries: Mapped[bytes] = mapped_column(LargeBinary)
