"""Calendars of other channels that are read along, and what each says of a room type."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record


class IcalFeed(Record):
    """One channel's calendar of one room type, read from an address now and then, or uploaded by hand."""

    __tablename__ = "ical_feed"
    __table_args__ = (
        ForeignKeyConstraint(["room_type_id", "asset_id"], ["room_type.id", "room_type.asset_id"]),
        Index("ix_ical_feed_asset_id", "asset_id"),
        Index("ix_ical_feed_due", "next_read_at", postgresql_where=text("url is not null and removed_at is null")),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    room_type_id: Mapped[uuid.UUID]
    #: What the channel is called: it is the source of its reservations.
    name: Mapped[str]
    url: Mapped[str | None]
    next_read_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    error: Mapped[str | None]
    removed_at: Mapped[datetime | None]


class ItemState(StrEnum):
    """taken; or in the tray: conflict, exception; or over: gone, dismissed."""

    TAKEN = "taken"
    CONFLICT = "conflict"
    EXCEPTION = "exception"
    GONE = "gone"
    DISMISSED = "dismissed"


#: What waits for a person.
IN_TRAY = (ItemState.CONFLICT, ItemState.EXCEPTION)


class IcalItem(Record):
    """One event of a feed by its UID: a reservation of ours, or a block that holds a room from one day until another.

    A block's nights count as held while it is taken; a reservation's count as its own.
    """

    __tablename__ = "ical_item"
    __table_args__ = (
        UniqueConstraint("feed_id", "uid"),
        CheckConstraint("kind in ('booking', 'block')", "kind_known"),
        CheckConstraint("state in ('taken', 'conflict', 'exception', 'gone', 'dismissed')", "state_known"),
        CheckConstraint("departure > arrival", "dates_in_order"),
        Index("ix_ical_item_tray", "feed_id", postgresql_where=text("state in ('conflict', 'exception')")),
    )

    feed_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ical_feed.id", ondelete="CASCADE"))
    uid: Mapped[str]
    kind: Mapped[str]
    summary: Mapped[str]
    arrival: Mapped[date]
    departure: Mapped[date]
    state: Mapped[str]
    why: Mapped[str | None]
    reservation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("reservation.id"))
    #: The nights a block holds, as YYYY-MM-DD: those on sale that nobody else had.
    held: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
