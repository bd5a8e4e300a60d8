"""What time it is: the database's word, so that every process agrees; tests and simulations can set it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text

from portal.core.db import db

_set_to: datetime | None = None


def utcnow() -> datetime:
    """This moment by the database's clock, in UTC; not the start of the transaction."""
    if _set_to is not None:
        return _set_to
    moment: datetime = db.session.execute(text("select clock_timestamp()")).scalar_one()
    return moment.astimezone(UTC)


def local_date(timezone: str, moment: datetime | None = None) -> date:
    """The calendar date at a place, which is the business date of places that close no day."""
    return (moment or utcnow()).astimezone(ZoneInfo(timezone)).date()


@contextmanager
def clock_set_to(moment: datetime) -> Iterator[None]:
    """For tests and simulations only: every rule reads this moment until the block ends."""
    global _set_to
    before, _set_to = _set_to, moment
    try:
        yield
    finally:
        _set_to = before
