"""Keyset paging: a long list, newest first, whose pages neither repeat nor skip a row while rows are added."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from portal.core import parse
from portal.core.db import db
from portal.core.errors import Invalid
from portal.core.words import _

T = TypeVar("T")
Column = ColumnElement[Any] | InstrumentedAttribute[Any]

MOST = 200
_MAX_BIGINT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, and the cursor that asks for the rows after them (None: these were the last)."""

    items: list[T]
    next: str | None


class BadCursor(Invalid):
    """A cursor that no page of this list has given."""


def page_of(statement: Select[T], order: Sequence[Column], *, cursor: str | None = None, limit: object = 50) -> Page[T]:
    """One page of a select of one entity, descending by columns that are never null and end in a unique one."""
    most = parse.whole(limit, "limit", minimum=1, maximum=MOST)
    if cursor is not None:
        statement = statement.where(tuple_(*order) < tuple_(*_read_cursor(cursor, order)))
    statement = statement.order_by(None).order_by(*(column.desc() for column in order)).limit(most + 1)
    rows = db.session.execute(statement.add_columns(*order)).all()
    more = len(rows) > most
    return Page([row[0] for row in rows[:most]], _cursor(rows[most - 1][1:]) if more else None)


def every(ask: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """Every row of a list that is asked for page by page, so that an export holds little at a time."""
    cursor: str | None = None
    while True:
        found = ask(cursor)
        yield from found.items
        if found.next is None:
            return
        cursor = found.next


def _cursor(values: Sequence[Any]) -> str:
    plain = [value if type(value) in (int, str) else _as_text(value) for value in values]
    document = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _read_cursor(cursor: str, order: Sequence[Column]) -> list[Any]:
    """The values a cursor stands for, read as strictly as anything else that comes from outside."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values = parse.json_value(raw, max_bytes=2_000)
        if not isinstance(values, list) or len(values) != len(order):
            raise ValueError("a cursor holds one value for each column of the order")
        return [_read_value(value, column) for value, column in zip(values, order, strict=True)]
    except (Invalid, binascii.Error, ValueError):
        raise BadCursor(_("This page marker is not valid. Start again from the first page."), field="cursor") from None


def _read_value(value: Any, column: Column) -> Any:
    kind = column.type.python_type
    if kind is int:
        return parse.whole(value, "cursor", minimum=-_MAX_BIGINT, maximum=_MAX_BIGINT, typed=True)
    if kind is uuid.UUID:
        return parse.uuid(value, "cursor")
    if kind is datetime:
        return parse.timestamp(value, "cursor")
    if kind is date:
        return parse.day(value, "cursor")
    if kind is str and isinstance(value, str):
        return value
    raise ValueError("this column cannot be paged by")
