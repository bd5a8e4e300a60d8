"""How the portal itself is: each part it leans on, in words a person understands."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from portal.core import outbox, runs
from portal.core.db import db
from portal.core.words import _
from portal.reporting import books_check
from portal.shared.devices.models import OPEN, DeadLetter, DeviceCommand
from portal.shared.payments.models import IntentStatus, PaymentIntent
from portal.trades.hotel.services import recount

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"
#: The scheduler beats every 5 seconds, the MQTT worker as often.
SILENT_AFTER = 20.0
OUTBOX_LATE, OUTBOX_STUCK = 5.0, 60.0
LAG_LATE = 5_000
#: The books are looked at once a day.
BOOKS_LATE = 2 * 86_400


Beats = dict[str, tuple[float, dict[str, Any]]]


class State(StrEnum):
    """How a part is: `off` means that it is not set up here, and not needed."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name for machines, its title and how it is for people, and the figure behind it."""

    name: str
    title: str
    state: State
    words: str
    figure: float | None = None


def parts(*, redis_url: str) -> list[Part]:
    """Every part; when the database is away the others cannot be judged and are left out."""
    database = _database()
    if database.state == State.DOWN:
        return [database, _redis(redis_url)]
    beats = runs.heartbeats()
    return [
        database,
        _migrations(),
        _scheduler(beats),
        *_broker(beats),
        _redis(redis_url),
        _outbox(),
        _books(beats),
        *_calendars(beats),
    ]


def ready(found: list[Part]) -> bool:
    """Whether requests can be served: without the broker, Redis or the clockwork they can, only later or less."""
    needed = {part.name: part.state for part in found}
    return needed["database"] == State.OK and needed.get("migrations") == State.OK


def figures() -> dict[str, float]:
    """Counts worth a graph, by metric name."""
    session = db.session
    waiting = select(func.count()).select_from(DeviceCommand).where(DeviceCommand.status.in_(OPEN))
    held = select(func.count()).select_from(PaymentIntent).where(PaymentIntent.status == IntentStatus.REVIEW)
    dead = select(func.count()).select_from(DeadLetter).where(DeadLetter.replayed_at.is_(None))
    return {
        "commands_open": float(session.scalar(waiting) or 0),
        "payments_in_review": float(session.scalar(held) or 0),
        "dead_letters": float(session.scalar(dead) or 0),
        "outbox_age_seconds": outbox.oldest_waiting_seconds(),
    }


def _database() -> Part:
    began = time.monotonic()
    title = _("Database")
    try:
        version = str(db.session.scalar(text("show server_version"))).split()[0]
    except SQLAlchemyError:
        db.session.rollback()
        return Part("database", title, State.DOWN, _("It does not answer. Pages say so and recover by themselves."))
    took = (time.monotonic() - began) * 1000
    said = _("PostgreSQL %(version)s answers in %(took)s ms.", version=version, took=round(took, 1))
    return Part("database", title, State.OK, said, took)


def _migrations() -> Part:
    at, wanted = db.session.scalar(text("select max(version_num) from alembic_version")), newest_migration()
    if at == wanted:
        said = _("At version %(version)s, as this program expects.", version=at)
        return Part("migrations", _("Tables"), State.OK, said)
    said = _("At version %(at)s; this program expects %(wanted)s. Run flask db upgrade.", at=at or "–", wanted=wanted)
    return Part("migrations", _("Tables"), State.DOWN, said)


def _scheduler(beats: Beats) -> Part:
    title = _("Clockwork")
    if "scheduler" not in beats:
        return Part("scheduler", title, State.DOWN, _("No worker has ever run. Start one: python run.py worker."))
    age = beats["scheduler"][0]
    if age <= SILENT_AFTER:
        return Part("scheduler", title, State.OK, _("Heard %(seconds)s s ago.", seconds=round(age)), age)
    said = _("Silent for %(seconds)s s: access does not end by itself. Start a worker.", seconds=round(age))
    return Part("scheduler", title, State.DOWN, said, age)


def _broker(beats: Beats) -> list[Part]:
    title = _("Device broker")
    age, told = beats.get("mqtt", (None, {}))
    if age is None:
        return [Part("broker", title, State.OFF, _("No MQTT worker has run. Devices are not heard."))]
    if age > SILENT_AFTER:
        said = _("The MQTT worker is silent for %(seconds)s s. Start it again.", seconds=round(age))
        return [Part("broker", title, State.DOWN, said, age)]
    if not told.get("connected"):
        said = _("Not connected (%(why)s). Messages wait at the devices.", why=told.get("fault") or _("no answer"))
        return [Part("broker", title, State.DOWN, said)]
    return [
        Part("broker", title, State.OK, _("Connected; heard %(seconds)s s ago.", seconds=round(age)), age),
        _readings("ingest", _("Readings"), told),
        *(_sharer(beats, n) for n in range(2, int(told.get("of", 1)) + 1)),
    ]


def _readings(name: str, title: str, told: dict[str, Any]) -> Part:
    lag, stored = float(told.get("lag_ms", 0)), f"{told.get('stored', 0):,}"
    state = State.DEGRADED if lag > LAG_LATE else State.OK
    said = _("%(lag)s ms from broker to table; %(stored)s stored since the start.", lag=round(lag), stored=stored)
    return Part(name, title, state, said, lag)


def _sharer(beats: Beats, number: int) -> Part:
    """One more ingester: the broker gives it its share even while it is away."""
    name, title = f"ingest-{number}", _("Readings, ingester %(n)s", n=number)
    age, told = beats.get(f"mqtt-{number}", (None, {}))
    if age is None or age > SILENT_AFTER or not told.get("connected"):
        said = _("It is not there, and its share of the messages waits for it. Start it again, or set INGESTERS lower.")
        return Part(name, title, State.DOWN, said, age)
    return _readings(name, title, told)


def _redis(url: str) -> Part:
    title = _("Redis")
    if not url:
        return Part("redis", title, State.OFF, _("Not set up. Each process remembers for itself; nothing is lost."))
    try:
        _client(url).ping()
    except redis.RedisError:
        return Part("redis", title, State.DEGRADED, _("It does not answer. Limits and the cache use memory meanwhile."))
    return Part("redis", title, State.OK, _("It answers."))


def _outbox() -> Part:
    age = outbox.oldest_waiting_seconds()
    state = State.DOWN if age > OUTBOX_STUCK else State.DEGRADED if age > OUTBOX_LATE else State.OK
    said = _("Nothing waits.") if age == 0 else _("The oldest has waited %(seconds)s s.", seconds=round(age, 1))
    return Part("outbox", _("Announcements"), state, said, age)


def _books(beats: Beats) -> Part:
    title = _("Books")
    if books_check.BEAT not in beats:
        return Part("books", title, State.OFF, _("Not looked at yet. A worker does so at its start, and once a day."))
    age, found = beats[books_check.BEAT]
    wrong = found.get("wrong") or []
    if wrong:  # what exactly is for the people who run the installation: this page is read by others too
        said = _("They do not add up. Run flask ledger verify: it names what is off (%(n)s).", n=len(wrong))
        return Part("books", title, State.DOWN, said, float(len(wrong)))
    entries, hours = f"{found.get('entries', 0):,}", round(age / 3600)
    said = _("%(n)s entries add up; looked at %(hours)s h ago.", n=entries, hours=hours)
    return Part("books", title, State.DEGRADED if age > BOOKS_LATE else State.OK, said, 0.0)


def _calendars(beats: Beats) -> list[Part]:
    """Of hotels; where there is none, nothing is said."""
    title = _("Hotel calendars")
    if recount.BEAT not in beats:
        return []
    age, found = beats[recount.BEAT]
    if wrong := int(found["count"]):
        said = _("%(n)s figures are not what was sold. Run flask hotel check: it names and mends them.", n=wrong)
        return [Part("calendars", title, State.DEGRADED, said, float(wrong))]
    said = _("They are what was sold; counted again %(hours)s h ago.", hours=round(age / 3600))
    return [Part("calendars", title, State.OK, said, 0.0)]


@cache
def newest_migration() -> str:
    """The version of the tables this program was written for."""
    return max(path.name[:4] for path in VERSIONS.glob("[0-9]*.py"))


@cache
def _client(url: str) -> redis.Redis:
    patience: dict[str, Any] = {"socket_connect_timeout": 0.3, "socket_timeout": 0.3}
    make: Callable[..., redis.Redis] = redis.Redis.from_url
    return make(url, retry=Retry(NoBackoff(), 0), **patience)
