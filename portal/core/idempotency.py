"""The same request, sent any number of times, has one effect and one answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import LargeBinary, UniqueConstraint, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from portal.core import locks
from portal.core.db import Record, db, uuid7
from portal.core.errors import Invalid
from portal.core.transaction import transactional
from portal.core.words import _

KEPT = timedelta(days=30)


class IdempotencyKey(Record):
    """A client's own name for one of its requests, with the hash of what was asked and the answer it got."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("actor", "key"),)

    actor: Mapped[str]
    key: Mapped[str]
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None]
    body: Mapped[dict[str, Any] | None]


class IdempotencyKeyReused(Invalid):
    """The key was used before, for something else."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered, and whether this is the first telling."""

    status: int
    body: dict[str, Any]
    replayed: bool = False


def request_hash(method: str, path: str, body: bytes) -> bytes:
    """What makes two requests the same: verb, path and exact bytes."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()


@transactional
def once(*, actor: str, key: str, asked: bytes, work: Callable[[], tuple[dict[str, Any], int]]) -> Answer:
    """Do the work and keep its answer in the same transaction; a twin waits here and gets the stored answer.

    Raises IdempotencyKeyReused when the key was used with another request.
    """
    locks.taking("idempotency_key")
    fresh = db.session.execute(
        insert(IdempotencyKey)
        .values(id=uuid7(), actor=actor, key=key, request_hash=asked)
        .on_conflict_do_nothing(index_elements=["actor", "key"])
        .returning(IdempotencyKey.id)
    ).scalar()
    if fresh is None:
        kept = find_answer(actor=actor, key=key, asked=asked)
        assert kept is not None, "the row that was in the way"
        return kept
    body, status = work()
    body = json.loads(json.dumps(body, default=str))
    db.session.execute(
        IdempotencyKey.__table__.update()  # type: ignore[attr-defined]
        .where(IdempotencyKey.id == fresh)
        .values(status=status, body=body)
    )
    return Answer(status, body)


def find_answer(*, actor: str, key: str, asked: bytes) -> Answer | None:
    """The answer that is kept under a key, or None; raises IdempotencyKeyReused as `once` does."""
    kept = db.session.execute(
        select(IdempotencyKey.request_hash, IdempotencyKey.status, IdempotencyKey.body).where(
            IdempotencyKey.actor == actor, IdempotencyKey.key == key
        )
    ).one_or_none()
    if kept is None:
        return None
    if bytes(kept.request_hash) != asked:
        raise IdempotencyKeyReused(_("This Idempotency-Key was used before with a different request."))
    return Answer(int(kept.status), dict(kept.body), replayed=True)


@transactional
def forget_old() -> int:
    """Let go of keys past their thirty days; returns how many."""
    gone = db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < func.clock_timestamp() - KEPT))
    return int(gone.rowcount)  # type: ignore[attr-defined]
