"""Limits that hold with Redis down and with any number of processes, because PostgreSQL does the counting."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, db
from portal.core.errors import DomainError
from portal.core.transaction import transactional
from portal.core.words import _


class TooMany(DomainError):
    """A limit was reached; `retry_after` in the details is in seconds."""

    status: ClassVar[int] = 429


class ThrottleWindow(Model):
    """How often one thing was done by one key since the window opened."""

    __tablename__ = "throttle_window"

    name: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    hits: Mapped[int]


def refuse_over(name: str, key: str, *, limit: int, per: timedelta) -> None:
    """Raise TooMany when the window of this key is full; counts nothing itself."""
    row = db.session.execute(
        select(
            ThrottleWindow.hits,
            func.extract("epoch", ThrottleWindow.opened_at + bindparam("per", per) - func.clock_timestamp()),
        ).where(ThrottleWindow.name == name, ThrottleWindow.key == key)
    ).first()
    if row is not None and row[0] >= limit and row[1] > 0:
        minutes = max(1, round(float(row[1]) / 60))
        raise TooMany(
            _("Too many tries. Wait %(minutes)s minutes and try again.", minutes=minutes),
            retry_after=int(row[1]) + 1,
        )


@transactional
def count(name: str, key: str, *, per: timedelta) -> int:
    """Count one hit, opening a new window when the old one is over; returns the hits so far."""
    return int(
        db.session.execute(
            text(
                "insert into throttle_window as w (name, key, opened_at, hits)"
                " values (:name, :key, clock_timestamp(), 1) on conflict (name, key) do update set"
                " hits = case when w.opened_at + :per <= clock_timestamp() then 1 else w.hits + 1 end,"
                " opened_at = case when w.opened_at + :per <= clock_timestamp() then clock_timestamp()"
                " else w.opened_at end returning hits"
            ),
            {"name": name, "key": key, "per": per},
        ).scalar_one()
    )


@transactional
def forget_old() -> int:
    """Drop windows that closed more than a day ago; returns how many."""
    gone = db.session.execute(
        delete(ThrottleWindow).where(
            ThrottleWindow.opened_at < func.clock_timestamp() - bindparam("old", timedelta(days=2))
        )
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
