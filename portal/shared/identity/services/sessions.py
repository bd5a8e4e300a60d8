"""Signed-in browsers, each a row that can be listed and ended; the cookie holds only the token."""

from __future__ import annotations

import secrets
import uuid

from sqlalchemy import update

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.shared.audit.services import record
from portal.shared.identity.models import TokenFamily, User, UserSession
from portal.shared.identity.queries import ABSOLUTE, hash_of


@transactional
def start(*, user: User, actor: Actor, user_agent: str | None = None) -> str:
    """Open a session and return its token, which is stored nowhere but in the cookie."""
    token = secrets.token_urlsafe(32)
    row = UserSession(
        user_id=user.id,
        token_hash=hash_of(token),
        address=actor.address,
        user_agent=(user_agent or "")[:300] or None,
        expires_at=utcnow() + ABSOLUTE,
    )
    db.session.add(row)
    db.session.flush()
    record("session.started", actor=actor, subject="user", subject_id=user.id)
    return token


@transactional
def touch(session_id: uuid.UUID) -> None:
    """Note that the browser was seen; the door calls this at most once a minute."""
    _change(UserSession.id == session_id, last_seen_at=utcnow())


@transactional
def prove(session_id: uuid.UUID) -> None:
    """Note that the password was given again."""
    _change(UserSession.id == session_id, proved_at=utcnow())


@transactional
def lock(*, session_id: uuid.UUID, user_id: uuid.UUID, actor: Actor) -> bool:
    """Keep a browser signed in but shut until the password is given; False when it was shut already."""
    locked = _change(UserSession.id == session_id, UserSession.locked_at.is_(None), locked_at=utcnow())
    if locked:
        record("session.locked", actor=actor, subject="user", subject_id=user_id)
    return bool(locked)


@transactional
def unlock(*, session_id: uuid.UUID, user_id: uuid.UUID, actor: Actor) -> bool:
    """Open a locked browser again, for somebody whose password was just weighed; False when it was open already."""
    now = utcnow()
    opened = _change(
        UserSession.id == session_id, UserSession.locked_at.is_not(None),
        locked_at=None, proved_at=now, last_seen_at=now,
    )  # fmt: skip
    if opened:
        record("session.unlocked", actor=actor, subject="user", subject_id=user_id)
    return bool(opened)


@transactional
def end(*, session_id: uuid.UUID, user_id: uuid.UUID, actor: Actor) -> bool:
    """End one of a person's sessions; False when it was over already or is not theirs."""
    ended = _change(
        UserSession.id == session_id,
        UserSession.user_id == user_id,
        UserSession.ended_at.is_(None),
        ended_at=utcnow(),
    )
    if ended:
        record("session.ended", actor=actor, subject="user", subject_id=user_id)
    return bool(ended)


@transactional
def end_all(*, user_id: uuid.UUID, actor: Actor, keep: uuid.UUID | None = None, reason: str | None = None) -> int:
    """End every session and token of a person, but for the one to keep; returns how many sessions ended."""
    now = utcnow()
    ended = _change(
        UserSession.user_id == user_id,
        UserSession.ended_at.is_(None),
        UserSession.id != keep if keep else UserSession.id.is_not(None),
        ended_at=now,
    )
    db.session.execute(
        update(TokenFamily)
        .where(TokenFamily.user_id == user_id, TokenFamily.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )
    record("sessions.ended", actor=actor, subject="user", subject_id=user_id, reason=reason, after={"sessions": ended})
    return ended


def _change(*which: object, **values: object) -> int:
    done = db.session.execute(
        update(UserSession).where(*which).values(**values).execution_options(synchronize_session=False)  # type: ignore[arg-type]
    )
    return int(done.rowcount)  # type: ignore[attr-defined]
