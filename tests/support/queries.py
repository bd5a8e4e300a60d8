"""Counting what a screen asks of the database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

SILENT = ("savepoint", "release savepoint", "rollback to savepoint", "set local")


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements this thread sends inside the block, without the bookkeeping of transactions."""
    sent: list[str] = []
    me = threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() == me and not statement.lower().startswith(SILENT):
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)
