"""Facts announced in the transaction that made them true, and relayed afterwards in order, none overtaken."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Identity, Index, bindparam, func, select, text, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from portal.core.db import Model, db
from portal.core.locks import try_lock_in_transaction
from portal.core.transaction import last_words, transactional

CHANNEL = "portal_live"
BATCH = 500
#: A handler that keeps failing is tried for about a day, then left for a person on the jobs page.
RETRY_AFTER = (2, 5, 15, 60, 300, 900, 3600)
GIVE_UP_AFTER = 30
KEPT = timedelta(days=30)


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction number; it never wraps."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return "xid8"


class OutboxEvent(Model):
    """One fact, written with the change it tells of. `position` is given by the relay, in order, without gaps."""

    __tablename__ = "outbox_event"
    __table_args__ = (
        Index("ix_outbox_event_to_relay", "xact", "id", postgresql_where=text("position is null")),
        Index("ix_outbox_event_position", "position", unique=True),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    xact: Mapped[int] = mapped_column(Xid8(), server_default=text("pg_current_xact_id()"))
    topic: Mapped[str]
    asset_id: Mapped[uuid.UUID | None]
    subject_id: Mapped[uuid.UUID | None]
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    position: Mapped[int | None]


class OutboxDelivery(Model):
    """One handler's duty towards one fact: at least once, retried, and visible while it is not done."""

    __tablename__ = "outbox_delivery"
    __table_args__ = (
        Index("ix_outbox_delivery_due", "next_attempt_at", postgresql_where=text("delivered_at is null")),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("outbox_event.id", ondelete="CASCADE"), primary_key=True)
    handler: Mapped[str] = mapped_column(primary_key=True)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    delivered_at: Mapped[datetime | None]
    error: Mapped[str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A past-tense fact. Subclasses set `topic` (`domain.noun.past_verb`) and their own fields."""

    topic: ClassVar[str] = ""
    asset_id: uuid.UUID | None = None
    subject_id: uuid.UUID | None = None


Handler = Callable[[dict[str, Any]], None]
_handlers: dict[str, dict[str, Handler]] = {}


def on(topic: str, name: str, handler: Handler) -> None:
    """Register what happens after commit when a topic is announced; `name` identifies the duty for ever."""
    _handlers.setdefault(topic, {})[name] = handler


def publish(event: Event) -> None:
    """Announce a fact inside the running transaction; it leaves only if that transaction commits.

    A command's facts are written together at its end, in the order they were announced.
    """
    body = {each.name: _plain(getattr(event, each.name)) for each in fields(event)}
    row = {"topic": event.topic, "asset_id": event.asset_id, "subject_id": event.subject_id, "body": body}
    info = db.session().info
    info.setdefault("outbox", []).append(row)
    if not info.get("in_command"):
        _write()


@last_words
def _write() -> None:
    rows = db.session().info.pop("outbox", None)
    if rows:
        db.session.connection().execute(_INSERT, rows)


_INSERT = OutboxEvent.__table__.insert()  # type: ignore[attr-defined]


def _plain(value: object) -> object:
    """A field as JSON has it."""
    return value if value is None or isinstance(value, str | int | float | bool | list | dict) else str(value)


@transactional
def relay() -> int:
    """Number the committed facts in order and wake the listeners once; rows of an open transaction hold back
    the younger ones, so that no reader who remembers a position can miss one. Returns how many were relayed."""
    if not try_lock_in_transaction("outbox relay"):
        return 0
    rows = db.session.execute(
        text(
            "select id, topic from outbox_event where position is null"
            " and xact < pg_snapshot_xmin(pg_current_snapshot()) order by xact, id limit :n"
        ),
        {"n": BATCH},
    ).all()
    if not rows:
        return 0
    ids = [row.id for row in rows]
    last = db.session.execute(
        text(
            "with told as (select id, n from unnest(cast(:ids as bigint[])) with ordinality as t(id, n)),"
            " base as (select coalesce(max(position), 0) as top from outbox_event),"
            " done as (update outbox_event e set position = base.top + told.n from told, base"
            " where e.id = told.id returning e.position) select max(position) from done"
        ),
        {"ids": ids},
    ).scalar_one()
    duties = [{"event_id": row.id, "handler": name} for row in rows for name in _handlers.get(row.topic, {})]
    if duties:
        db.session.execute(OutboxDelivery.__table__.insert(), duties)  # type: ignore[attr-defined]
    db.session.execute(text("select pg_notify(:c, :p)"), {"c": CHANNEL, "p": f"{last - len(ids) + 1}-{last}"})
    return len(ids)


@transactional
def claim_batch(limit: int = 50) -> Sequence[tuple[OutboxDelivery, OutboxEvent]]:
    """Deliveries that are due, pushed into the future first, so that a crash repeats and never forgets them."""
    rows = db.session.execute(
        select(OutboxDelivery, OutboxEvent)
        .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
        .where(
            OutboxDelivery.delivered_at.is_(None),
            OutboxDelivery.next_attempt_at <= func.clock_timestamp(),
            OutboxDelivery.attempts < GIVE_UP_AFTER,
        )
        .order_by(OutboxDelivery.event_id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=OutboxDelivery)
        .execution_options(populate_existing=True)
    ).all()
    for delivery, _event in rows:
        wait = RETRY_AFTER[min(delivery.attempts, len(RETRY_AFTER) - 1)]
        delivery.attempts += 1
        db.session.execute(
            update(OutboxDelivery)
            .where(OutboxDelivery.event_id == delivery.event_id, OutboxDelivery.handler == delivery.handler)
            .values(next_attempt_at=func.clock_timestamp() + bindparam("wait", timedelta(seconds=wait)))
        )
    return [(delivery, event) for delivery, event in rows]


@transactional
def delivered(*, event_id: int, handler: str, error: str | None = None) -> None:
    """Write down how a delivery went; one with an error comes round again."""
    db.session.execute(
        update(OutboxDelivery)
        .where(OutboxDelivery.event_id == event_id, OutboxDelivery.handler == handler)
        .values(error=error, delivered_at=None if error else func.clock_timestamp())
    )


def deliver_due() -> int:
    """Run the handlers whose turn it is, each on its own, and return how many succeeded."""
    done = 0
    for delivery, event in claim_batch():
        try:
            _handlers[event.topic][delivery.handler](event.body)
        except Exception as error:  # one bad delivery must not hold up the rest
            db.session.rollback()
            delivered(event_id=event.id, handler=delivery.handler, error=f"{type(error).__name__}: {error}"[:500])
        else:
            delivered(event_id=event.id, handler=delivery.handler)
            done += 1
    return done


def undelivered(limit: int = 50) -> Sequence[tuple[OutboxDelivery, OutboxEvent]]:
    """Deliveries that failed at least once and are still owed, the oldest first, for the jobs page."""
    rows = db.session.execute(
        select(OutboxDelivery, OutboxEvent)
        .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
        .where(OutboxDelivery.delivered_at.is_(None), OutboxDelivery.error.isnot(None))
        .order_by(OutboxDelivery.event_id)
        .limit(limit)
    ).all()
    return [(delivery, event) for delivery, event in rows]


@transactional
def forget_old(limit: int = 10_000) -> int:
    """Let go of facts told and delivered more than a month ago; the youngest stays, for positions count on from it."""
    gone = db.session.execute(
        text(
            "delete from outbox_event e where e.id in (select id from outbox_event"
            " where position < (select max(position) from outbox_event)"
            " and created_at < clock_timestamp() - :kept order by position limit :n)"
            " and not exists (select from outbox_delivery d where d.event_id = e.id and d.delivered_at is null)"
        ),
        {"kept": KEPT, "n": limit},
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def events_between(first: int, last: int, limit: int = 1_000) -> Sequence[OutboxEvent]:
    """Relayed facts by position, both ends included, for the live stream and its replay."""
    return db.session.scalars(
        select(OutboxEvent)
        .where(OutboxEvent.position >= first, OutboxEvent.position <= last)
        .order_by(OutboxEvent.position)
        .limit(limit)
    ).all()


def last_position() -> int:
    """The youngest relayed fact's number; 0 before the first."""
    return db.session.scalar(select(func.coalesce(func.max(OutboxEvent.position), 0))) or 0


def oldest_waiting_seconds() -> float:
    """How long the oldest unrelayed fact has waited: the outbox age on the health page."""
    return float(
        db.session.scalar(
            text(
                "select coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)"
                " from outbox_event where position is null"
            )
        )
        or 0
    )


def listen(dsn: str, timeout: float = 15.0) -> Iterator[tuple[int, int] | None]:
    """Positions as they are relayed, on a connection of its own; None each time nothing came for `timeout`."""
    import select as waiting

    import psycopg2

    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"listen {CHANNEL}")
        while True:
            if not waiting.select([connection], [], [], timeout)[0]:
                yield None
                continue
            connection.poll()
            while connection.notifies:
                first, _dash, last = connection.notifies.pop(0).payload.partition("-")
                yield int(first), int(last)
    finally:
        connection.close()
