"""Room types, rooms, and what can be sold of a type on each night: the rows every booking locks."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, Record


class HousekeepingStatus(StrEnum):
    """How clean a room is."""

    DIRTY = "dirty"
    CLEANING = "cleaning"
    CLEAN = "clean"
    INSPECTED = "inspected"


class RoomType(Record):
    """What is sold: rooms that a guest may be given one for another. `adults` are in the price."""

    __tablename__ = "room_type"
    __table_args__ = (
        UniqueConstraint("asset_id", "code"),
        UniqueConstraint("id", "asset_id"),
        CheckConstraint("capacity between 1 and 100 and adults between 1 and capacity", "people"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    code: Mapped[str]
    name: Mapped[str]
    capacity: Mapped[int]
    adults: Mapped[int]
    description: Mapped[str | None]
    place: Mapped[int] = mapped_column(server_default=text("0"))
    overbook_limit: Mapped[int] = mapped_column(server_default=text("0"))
    ical_token: Mapped[str | None] = mapped_column(unique=True)
    retired_at: Mapped[datetime | None]


class TypePart(Model):
    """What a suite is made of: one of the type takes `count` rooms (or beds) of the other with it."""

    __tablename__ = "room_type_part"
    __table_args__ = (
        CheckConstraint("count > 0 and room_type_id <> part_id", "parts_are_others"),
        ForeignKeyConstraint(["room_type_id", "asset_id"], ["room_type.id", "room_type.asset_id"]),
        ForeignKeyConstraint(["part_id", "asset_id"], ["room_type.id", "room_type.asset_id"]),
    )

    room_type_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    part_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    asset_id: Mapped[uuid.UUID]
    count: Mapped[int]


class Room(Model):
    """A room of the hotel: a unit seen from the desk. The beds or rooms of a suite have it as their parent."""

    __tablename__ = "room"
    __table_args__ = (
        UniqueConstraint("unit_id", "asset_id"),
        CheckConstraint("status in ('dirty', 'cleaning', 'clean', 'inspected')", "status_known"),
        CheckConstraint("parent_id <> unit_id", "not_its_own_part"),
        ForeignKeyConstraint(["unit_id", "asset_id"], ["unit.id", "unit.asset_id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["room_type_id", "asset_id"], ["room_type.id", "room_type.asset_id"]),
        ForeignKeyConstraint(["parent_id", "asset_id"], ["room.unit_id", "room.asset_id"]),
        Index("ix_room_asset_id", "asset_id", "room_type_id"),
    )

    unit_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    asset_id: Mapped[uuid.UUID]
    room_type_id: Mapped[uuid.UUID]
    parent_id: Mapped[uuid.UUID | None]
    floor: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'clean'"))
    status_at: Mapped[datetime | None]
    note: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class InventoryNight(Model):
    """What there is of a type on one night. `forced` is what was sold beyond it with somebody's leave."""

    __tablename__ = "inventory_calendar"
    __table_args__ = (
        CheckConstraint("total >= 0 and out_of_order >= 0 and booked >= 0 and held >= 0", "not_negative"),
        CheckConstraint("overbook_limit >= 0 and forced >= 0", "limits_not_negative"),
        CheckConstraint("booked + held <= total - out_of_order + overbook_limit + forced", "not_oversold"),
    )

    room_type_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("room_type.id", ondelete="CASCADE"), primary_key=True)
    night: Mapped[date] = mapped_column(primary_key=True)
    total: Mapped[int]
    out_of_order: Mapped[int] = mapped_column(server_default=text("0"))
    booked: Mapped[int] = mapped_column(server_default=text("0"))
    held: Mapped[int] = mapped_column(server_default=text("0"))
    overbook_limit: Mapped[int] = mapped_column(server_default=text("0"))
    forced: Mapped[int] = mapped_column(server_default=text("0"))

    @property
    def free(self) -> int:
        """Rooms left, below zero when more are sold than there are."""
        return self.total - self.out_of_order - self.booked - self.held

    @property
    def sellable(self) -> int:
        """How many more may be sold without anybody's leave."""
        return self.free + self.overbook_limit + self.forced


class InventoryEvent(Record):
    """Why a night's figures changed: append-only, and once for each cause."""

    __tablename__ = "inventory_event"
    __table_args__ = (
        UniqueConstraint("correlation_id", "room_type_id", "night", "kind"),
        CheckConstraint(
            "kind in ('booked', 'held', 'total', 'out_of_order', 'forced', 'overbook_limit')", "kind_known"
        ),
        Index("ix_inventory_event_room_type_id", "room_type_id", "night", "id"),
    )

    room_type_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("room_type.id"))
    night: Mapped[date]
    kind: Mapped[str]
    delta: Mapped[int]
    reason: Mapped[str]
    correlation_id: Mapped[uuid.UUID]
    actor: Mapped[str]


class BlockKind(StrEnum):
    """Out of order is not for sale; out of service only warns; house use is kept for the hotel itself."""

    OUT_OF_ORDER = "out_of_order"
    OUT_OF_SERVICE = "out_of_service"
    HOUSE_USE = "house_use"


class RoomBlock(Record):
    """A room that is not, or not quite, for guests from one day until another, itself not included."""

    __tablename__ = "room_block"
    __table_args__ = (
        UniqueConstraint("id", "asset_id"),
        CheckConstraint("kind in ('out_of_order', 'out_of_service', 'house_use')", "kind_known"),
        CheckConstraint("until_on > from_on", "dates_in_order"),
        ForeignKeyConstraint(["room_id", "asset_id"], ["room.unit_id", "room.asset_id"]),
        Index("ix_room_block_room_id", "room_id", "from_on"),
        Index("ix_room_block_asset_id", "asset_id", "until_on", postgresql_where=text("ended_at is null")),
    )

    asset_id: Mapped[uuid.UUID]
    room_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    from_on: Mapped[date]
    until_on: Mapped[date]
    reason: Mapped[str]
    made_by: Mapped[str]
    ended_at: Mapped[datetime | None]


class RoomOccupancy(Record):
    """A stretch of time in which a room belongs to a stay or a block. Two that count never overlap.

    `main` is the room the guest was given; the parts of a suite are taken with it and are not main.
    """

    __tablename__ = "room_occupancy"
    __table_args__ = (
        CheckConstraint("not isempty(during)", "during_not_empty"),
        CheckConstraint("(stay_id is null) <> (block_id is null)", "stay_or_block"),
        ForeignKeyConstraint(["room_id", "asset_id"], ["room.unit_id", "room.asset_id"]),
        ForeignKeyConstraint(["stay_id", "asset_id"], ["stay.id", "stay.asset_id"]),
        ForeignKeyConstraint(["block_id", "asset_id"], ["room_block.id", "room_block.asset_id"]),
        ExcludeConstraint(
            ("room_id", "="),
            ("during", "&&"),
            using="gist",
            where=text("active"),
            name="ex_room_occupancy_one_at_a_time",
            deferrable=True,
            initially="IMMEDIATE",
        ),
        ExcludeConstraint(
            ("stay_id", "="),
            ("during", "&&"),
            using="gist",
            where=text("active and main"),
            name="ex_room_occupancy_one_room",
            deferrable=True,
            initially="IMMEDIATE",
        ),
        Index("ix_room_occupancy_stay_id", "stay_id"),
        Index("ix_room_occupancy_during", "asset_id", "during", postgresql_using="gist"),
    )

    asset_id: Mapped[uuid.UUID]
    room_id: Mapped[uuid.UUID]
    stay_id: Mapped[uuid.UUID | None]
    block_id: Mapped[uuid.UUID | None]
    during: Mapped[Range[Any]] = mapped_column(TSTZRANGE)
    main: Mapped[bool] = mapped_column(server_default=text("true"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
