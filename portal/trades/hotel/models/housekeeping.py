"""What is to be done in rooms, what was found there, and what is broken."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record


class TaskKind(StrEnum):
    """What is to be done in a room."""

    DEPARTURE = "departure"
    STAYOVER = "stayover"
    TOUCH_UP = "touch_up"
    INSPECT = "inspect"
    DEEP = "deep"


class TaskStatus(StrEnum):
    """open -> started -> done; or skipped with the reason."""

    OPEN = "open"
    STARTED = "started"
    DONE = "done"
    SKIPPED = "skipped"


class HousekeepingTask(Record):
    """One thing to do in one room on one day, for one person."""

    __tablename__ = "housekeeping_task"
    __table_args__ = (
        UniqueConstraint("room_id", "due_on", "kind"),
        CheckConstraint("kind in ('departure', 'stayover', 'touch_up', 'inspect', 'deep')", "kind_known"),
        CheckConstraint("status in ('open', 'started', 'done', 'skipped')", "status_known"),
        ForeignKeyConstraint(["room_id", "asset_id"], ["room.unit_id", "room.asset_id"]),
        Index("ix_housekeeping_task_asset_id", "asset_id", "due_on", "status"),
    )

    asset_id: Mapped[uuid.UUID]
    room_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    due_on: Mapped[date]
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    #: Higher comes first: somebody waits for the room.
    urgency: Mapped[int] = mapped_column(server_default=text("0"))
    assigned_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    note: Mapped[str | None]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]


class LostItem(Record):
    """Something a guest left behind."""

    __tablename__ = "lost_item"
    __table_args__ = (
        UniqueConstraint("asset_id", "number"),
        CheckConstraint("status in ('kept', 'returned', 'disposed')", "status_known"),
        ForeignKeyConstraint(["room_id", "asset_id"], ["room.unit_id", "room.asset_id"]),
        Index("ix_lost_item_asset_id", "asset_id", "status"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    number: Mapped[int]
    room_id: Mapped[uuid.UUID | None]
    stay_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stay.id"))
    what: Mapped[str]
    found_on: Mapped[date]
    found_by: Mapped[str]
    kept_at: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'kept'"))
    outcome: Mapped[str | None]


class MaintenanceRequest(Record):
    """Something in a room that has to be mended; it may take the room out of order until it is."""

    __tablename__ = "maintenance_request"
    __table_args__ = (
        UniqueConstraint("asset_id", "number"),
        CheckConstraint("status in ('open', 'started', 'done', 'dropped')", "status_known"),
        ForeignKeyConstraint(["room_id", "asset_id"], ["room.unit_id", "room.asset_id"]),
        ForeignKeyConstraint(["block_id", "asset_id"], ["room_block.id", "room_block.asset_id"]),
        Index("ix_maintenance_request_asset_id", "asset_id", "status"),
    )

    asset_id: Mapped[uuid.UUID]
    number: Mapped[int]
    room_id: Mapped[uuid.UUID]
    what: Mapped[str]
    urgent: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    block_id: Mapped[uuid.UUID | None]
    reported_by: Mapped[str]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    outcome: Mapped[str | None]
