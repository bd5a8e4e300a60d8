"""Letting go of proofs of identity that prove nothing any more; the audit trail keeps what was done with them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, delete, func, or_

from portal.core.db import db
from portal.core.transaction import transactional
from portal.shared.identity.models import OneTimeLink, TokenFamily, UserSession

#: So long an ended session can still be recognised in a list, and a used link can say that it was used.
KEPT = timedelta(days=30)


@transactional
def forget_old() -> int:
    """Delete sessions, token families and links that ended a month ago; returns how many."""
    long_ago = func.clock_timestamp() - bindparam("kept", KEPT)
    gone = 0
    for model, ended_at in (
        (UserSession, UserSession.ended_at),
        (TokenFamily, TokenFamily.ended_at),
        (OneTimeLink, OneTimeLink.used_at),
    ):
        done = db.session.execute(delete(model).where(or_(model.expires_at < long_ago, ended_at < long_ago)))
        gone += int(done.rowcount)  # type: ignore[attr-defined]
    return gone
