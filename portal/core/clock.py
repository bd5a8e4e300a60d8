"""What time it is: the database's word, so that every process agrees; tests and simulations can set it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

from portal.core.db import db

_set_to: datetime | None = None


def utcnow() -> datetime:
    """This moment by the database's clock, in UTC; not the start of the transaction.

    A command asks the database once and counts on from its answer by a clock that nobody can set, so that its
    moments follow one another and cost one question.
    """
    if _set_to is not None:
        return _set_to
    known: tuple[datetime, float] | None = db.session().info.get("clock")
    if known is not None:
        moment, then = known
        return moment.astimezone(UTC) + timedelta(seconds=perf_counter() - then)
    asked: datetime = db.session.connection().exec_driver_sql("select clock_timestamp()").scalar_one()
    return asked.astimezone(UTC)


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
