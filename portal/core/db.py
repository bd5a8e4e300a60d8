"""The base of every table: typed columns, UUIDv7 keys, and constraint names that errors can be told by."""

from __future__ import annotations

import os
import time
import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Date, DateTime, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, make_transient_to_detached, mapped_column, registry

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Text, bigint, timestamptz and jsonb are the only shapes the portal stores."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={
            str: Text(),
            int: BigInteger(),
            datetime: DateTime(timezone=True),
            date: Date(),
            uuid.UUID: UUID(as_uuid=True),
            dict[str, Any]: JSONB(),
            list[Any]: JSONB(),
        },
    )


# Objects stay readable after the commit of their command: doors show what was done without asking again.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def uuid7() -> uuid.UUID:
    """A key that sorts by the time it was made (RFC 9562, version 7), so that new rows stay neighbours."""
    milliseconds = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (noise >> 62 & 0xFFF) << 64 | 0b10 << 62
    return uuid.UUID(int=value | noise & (1 << 62) - 1)


class Record(Model):
    """A row with its own key and the moment it was written."""

    __abstract__ = True

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid7)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    def __init__(self, **values: Any) -> None:
        """A new row knows its key before it is written, so that others can name it in the same breath."""
        super().__init__(**{"id": uuid7(), **values})


R = TypeVar("R", bound=Record)


def written(row: R) -> R:
    """Write a new row at once, alone, and keep it in the session: for rows that others of the same command name.

    The unit of work orders rows by relationships; rows that only know each other's keys are written in the order
    of these calls. What the database fills in by itself is read when somebody asks for it.
    """
    for column in row.__table__.c:
        if column.server_default is None and column.key not in row.__dict__:
            setattr(row, column.key, None)
    values = {name: value for name, value in row.__dict__.items() if name in row.__table__.c}
    db.session.connection().execute(row.__table__.insert(), values)  # type: ignore[attr-defined]
    make_transient_to_detached(row)
    db.session.add(row)
    return row
