"""The one order in which rows are locked, and advisory locks by name for things only one process may do."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

import structlog
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from portal.core.db import db

log = structlog.get_logger(__name__)

#: Every command takes its row locks in this order; a lock taken against it is a deadlock waiting for a busy day.
LOCK_ORDER = (
    "idempotency_key",
    "login_throttle",
    "user",
    "asset",
    "gateway_account",
    "reconciliation",
    "payment_intent",
    "phone_push",
    "mobile_receipt",
    "refund",
    "payout",
    "cash_session",
    "ical_feed",
    "business_day",
    "booking_group",
    "stay",
    "room_block",
    "calendar",
    "room",
    "unit",
    "vehicle",
    "driver",
    "work_order",
    "access_grant",
    "device",
    "device_command",
    "alert",
    "webhook",
    "folio",
    "bill",
    "customer",
    "cylinder_balance",
    "stock_level",
    "meter",
    "credit",
    "ledger_account",
    "document_series",
)
_RANK = {name: rank for rank, name in enumerate(LOCK_ORDER)}


class LockOrderBroken(AssertionError):
    """A command locked against the one order: a programming mistake, never a person's."""


def taking(name: str, rows: Collection[object] = ()) -> None:
    """Called by every `lock_*` query before it locks; tests fail on a wrong order, production logs it.

    `rows` that this transaction has locked before are its own already, and may be asked for again at any time.
    """
    rank = _RANK[name]
    info = db.session().info
    held = info.setdefault("locks_held", {}).setdefault(name, set())
    if rows and held.issuperset(rows):
        return
    held.update(rows)
    highest = info.get("lock_rank", -1)
    if rank < highest:
        sentence = f"{name} was locked after {LOCK_ORDER[highest]}"
        if os.environ.get("PORTAL_LOCK_ORDER") == "strict":
            raise LockOrderBroken(sentence)
        log.error("lock_order_broken", sentence=sentence)
    info["lock_rank"] = max(rank, highest)


def forget() -> None:
    """A transaction ended, and its locks with it."""
    info = db.session().info
    info.pop("lock_rank", None)
    info.pop("locks_held", None)


def lock_number(name: str) -> int:
    """The 63-bit number PostgreSQL knows an advisory lock by."""
    return int.from_bytes(hashlib.sha256(f"portal:{name}".encode()).digest()[:8], "big") >> 1


def try_lock(connection: Connection, name: str) -> bool:
    """Take a session-wide advisory lock on this very connection, or say that another holds it."""
    return bool(connection.execute(text("select pg_try_advisory_lock(:n)"), {"n": lock_number(name)}).scalar())


def lock_in_transaction(name: str) -> None:
    """Wait for an advisory lock that ends with the running transaction."""
    db.session.execute(text("select pg_advisory_xact_lock(:n)"), {"n": lock_number(name)})


def try_lock_in_transaction(name: str) -> bool:
    """As `lock_in_transaction`, but come back empty-handed instead of waiting."""
    return bool(db.session.execute(text("select pg_try_advisory_xact_lock(:n)"), {"n": lock_number(name)}).scalar())


@contextmanager
def only_one(name: str) -> Iterator[Connection | None]:
    """The connection that holds a leader's lock for the length of a block, or None when another process leads.

    The lock lives on a connection of its own: when that connection dies, so does the claim to lead.
    """
    connection = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        yield connection if try_lock(connection, name) else None
    finally:
        with suppress(DBAPIError):  # the next leader need not wait until the server has seen us go
            connection.execute(text("select pg_advisory_unlock_all()"))
        connection.invalidate()
        connection.close()


class LeadershipLost(Exception):
    """The connection that held the leader's lock is gone, and the right to store with it."""


@contextmanager
def leading(name: str) -> Iterator[bool]:
    """Lead for the length of a block whose commands run on the very connection that holds the lock.

    False when another process leads. Once that connection is lost no command of the block can commit any more,
    for a session that quietly went on with another connection might store beside the next leader.
    """
    connection = db.engine.connect()
    try:
        leads = try_lock(connection, name)
        connection.commit()
        wire = connection.connection.dbapi_connection
        session = Session(bind=connection, expire_on_commit=False)

        @event.listens_for(session, "after_begin")
        def only_here(_session: object, _transaction: object, begun: Connection) -> None:
            if begun.connection.dbapi_connection is not wire:
                raise LeadershipLost(name)

        if leads:
            db.session.remove()
            db.session.registry.set(session)  # type: ignore[arg-type]
        try:
            yield leads
        finally:
            if leads:
                db.session.remove()
    finally:
        with suppress(SQLAlchemyError):
            connection.rollback()
            connection.execute(text("select pg_advisory_unlock_all()"))
        connection.invalidate()
        connection.close()


@contextmanager
def also_leading(name: str) -> Iterator[bool]:
    """Inside `leading`: hold another lock beside the first for the length of a block; False when it is taken."""
    taken = try_lock(db.session.connection(), name)
    db.session.commit()
    try:
        yield taken
    finally:
        if taken:
            db.session.execute(text("select pg_advisory_unlock(:n)"), {"n": lock_number(name)})
            db.session.commit()


def still_leading() -> None:
    """Inside `leading`: raise when its connection is gone, for a leader who has had nothing to store for a while."""
    db.session.execute(text("select 1"))
    db.session.rollback()


class Leadership:
    """What this process leads: advisory locks by name on one connection of its own, all lost when it dies."""

    LOOK_AGAIN_AFTER = 1.0

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._connection: Connection | None = None
        self._held: set[str] = set()
        self._seen_alive = 0.0

    def leads(self, name: str) -> bool:
        """Whether this process holds the lock, taking it when nobody does; False while the database is away."""
        with self._guard:
            try:
                return self._holds(name)
            except DBAPIError:
                self._drop()
                return False

    def resign(self) -> None:
        """Let go of everything, so that another process takes over at once."""
        with self._guard:
            self._drop()

    def _holds(self, name: str) -> bool:
        if self._connection is None:
            self._connection = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if name not in self._held:
            if try_lock(self._connection, name):
                self._held.add(name)
        elif time.monotonic() - self._seen_alive > self.LOOK_AGAIN_AFTER:
            self._connection.execute(text("select 1"))
            self._seen_alive = time.monotonic()
        return name in self._held

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            connection.invalidate()
            connection.close()
