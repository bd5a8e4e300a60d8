"""Tokens of the JSON door: families of refresh tokens, of which only the newest is good."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.audit.services import record
from portal.shared.identity.errors import SignInNeeded
from portal.shared.identity.models import TokenFamily, User
from portal.shared.identity.queries import find_user, lock_family

REFRESH_LASTS = timedelta(days=1)
FAMILY_LASTS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Pass:
    """What the door writes into the next pair of tokens."""

    user_id: uuid.UUID
    family_id: uuid.UUID
    refresh_id: uuid.UUID


@transactional
def issue(*, user: User, actor: Actor) -> Pass:
    """Begin a family for somebody who has just given their password."""
    family = TokenFamily(
        id=uuid7(),
        user_id=user.id,
        current=uuid.uuid4(),
        address=actor.address,
        expires_at=utcnow() + REFRESH_LASTS,
    )
    db.session.add(family)
    record("token.issued", actor=actor, subject="user", subject_id=user.id)
    return Pass(user.id, family.id, family.current)


def refresh(*, family_id: uuid.UUID, refresh_id: uuid.UUID, actor: Actor) -> Pass:
    """Trade a refresh token for the next; one that comes a second time was stolen or lost, and ends the family."""
    renewed = _rotate(family_id=family_id, refresh_id=refresh_id, actor=actor)
    if renewed is None:
        raise SignInNeeded(_("This refresh token is over. Sign in again."))
    return renewed


@transactional
def _rotate(*, family_id: uuid.UUID, refresh_id: uuid.UUID, actor: Actor) -> Pass | None:
    """None, not an exception, when refused: the end of the family must be committed."""
    family = lock_family(family_id)
    now = utcnow()
    if family is None or family.ended_at is not None or family.expires_at <= now:
        return None
    user = find_user(family.user_id)
    if family.current != refresh_id or user is None or not user.active:
        family.ended_at = now
        record(
            "token.reused",
            actor=actor,
            subject="user",
            subject_id=family.user_id,
            reason="an old refresh token was presented",
        )
        return None
    family.current = uuid.uuid4()
    family.expires_at = min(now + REFRESH_LASTS, family.created_at + FAMILY_LASTS)
    return Pass(family.user_id, family.id, family.current)


@transactional
def revoke(*, family_id: uuid.UUID, actor: Actor) -> None:
    """End a family: its refresh token and every access token made with it are dead."""
    family = lock_family(family_id)
    if family is not None and family.ended_at is None:
        family.ended_at = utcnow()
        record("token.revoked", actor=actor, subject="user", subject_id=family.user_id)
