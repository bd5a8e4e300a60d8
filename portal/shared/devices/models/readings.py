"""What devices said: the history, the youngest word, the sums of each hour, and what nobody has looked at yet."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, uuid7


class AssetEvent(Model):
    """One authentic message of one unit, for ever. Append-only, kept in monthly partitions by `at`."""

    __tablename__ = "asset_event"
    __table_args__ = (
        Index("ix_asset_event_unit_id", "unit_id", "at", "id"),
        Index("ix_asset_event_asset_id", "asset_id", "at", "id"),
        CheckConstraint("quality in ('d', 's', 'x')", "quality_known"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid7)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    asset_id: Mapped[uuid.UUID]
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str]
    value: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    #: Which device said it, and which of its words since it started that was; None for a plain device.
    device_id: Mapped[uuid.UUID | None]
    boot: Mapped[int | None]
    seq: Mapped[int | None]
    #: Whose clock `at` is: `d` the device's, `s` the server's for want of another, `x` the server's because the
    #: device's is wrong; then `said_at` is what the device believed.
    quality: Mapped[str] = mapped_column(server_default=text("'s'"))
    said_at: Mapped[datetime | None]
    #: Told long after it was so: kept in its place in time, but nobody is alarmed by it.
    late: Mapped[bool] = mapped_column(server_default=text("false"))


class LatestReading(Model):
    """The youngest word of a unit on one subject, kept beside the history so that a board never searches it."""

    __tablename__ = "latest_reading"

    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    at: Mapped[datetime]
    event_id: Mapped[uuid.UUID]


class ReadingNews(Model):
    """A unit has said something that nobody has looked at yet; `since` is the oldest of it in the device's time.

    Only ever added to and taken away, so that whoever looks never holds up the ingester.
    """

    __tablename__ = "reading_news"
    __table_args__ = (Index("ix_reading_news_unit_id", "unit_id", "id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    unit_id: Mapped[uuid.UUID]
    asset_id: Mapped[uuid.UUID]
    since: Mapped[datetime]
    kinds: Mapped[list[Any]]
    due_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    attempts: Mapped[int] = mapped_column(server_default=text("0"))


class ReadingHour(Model):
    """What a unit said of one subject in one hour, in sum: kept when the single words are let go of.

    Figures are in thousandths of the unit spoken in; they are None where the words were no figures.
    `seconds_on` is how long the subject was on, open, unlocked or occupied, and `ends_on` whether it was when the hour
    ended: so it stays for every later hour that has no row, because nothing was said.
    """

    __tablename__ = "reading_hour"

    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    said: Mapped[int]
    lowest: Mapped[int | None]
    highest: Mapped[int | None]
    total: Mapped[int | None]
    first_value: Mapped[str]
    last_value: Mapped[str]
    seconds_on: Mapped[int] = mapped_column(server_default=text("0"))
    ends_on: Mapped[bool | None]


class ReadingHourDue(Model):
    """An hour of a unit whose sums are to be made, or made again because something more was said of it."""

    __tablename__ = "reading_hour_due"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
