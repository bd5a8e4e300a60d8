"""What the clockwork did and who is alive: one row a job, one heartbeat a process, for the health page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, db
from portal.core.transaction import transactional


class JobRun(Model):
    """The last run of one job, how it ended and how long it took."""

    __tablename__ = "job_run"

    name: Mapped[str] = mapped_column(primary_key=True)
    runs: Mapped[int] = mapped_column(server_default=text("0"))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    started_at: Mapped[datetime]
    took_ms: Mapped[int]
    handled: Mapped[int]
    error: Mapped[str | None]
    failed_at: Mapped[datetime | None]


class Heartbeat(Model):
    """A long-running part saying "I am here", with what a person would ask it."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    details: Mapped[dict[str, Any]]


@transactional
def finished(*, name: str, started_at: datetime, took_ms: int, handled: int, error: str | None) -> None:
    """Keep how a job's run went; the error stays readable after the next good run began."""
    values = {"started_at": started_at, "took_ms": took_ms, "handled": handled, "error": error}
    failed = {"failed_at": started_at} if error else {}
    db.session.execute(
        insert(JobRun)
        .values(name=name, runs=1, failures=int(bool(error)), **values, **failed)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={
                **values,
                **failed,
                "runs": JobRun.runs + 1,
                "failures": JobRun.failures + int(bool(error)),
            },
        )
    )


@transactional
def beat(name: str, **details: Any) -> None:
    """Say that a part is alive, by the database's clock."""
    db.session.execute(
        insert(Heartbeat)
        .values(name=name, at=func.clock_timestamp(), details=details)
        .on_conflict_do_update(index_elements=["name"], set_={"at": func.clock_timestamp(), "details": details})
    )


@transactional
def forget(name: str) -> None:
    """A part is no more, and nobody waits for its next beat."""
    db.session.execute(delete(Heartbeat).where(Heartbeat.name == name))


def jobs() -> Sequence[JobRun]:
    """The last run of every job, by name."""
    return db.session.scalars(select(JobRun).order_by(JobRun.name)).all()


def heartbeats() -> dict[str, tuple[float, dict[str, Any]]]:
    """Seconds since each part was last heard, and what it said."""
    age = func.extract("epoch", func.clock_timestamp() - Heartbeat.at)
    rows = db.session.execute(select(Heartbeat.name, age, Heartbeat.details)).all()
    return {name: (float(seconds), details) for name, seconds, details in rows}
