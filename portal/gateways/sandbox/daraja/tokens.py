"""Access tokens of the pretended Daraja: good for an hour, and told apart from any other string."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import delete, select, update

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.gateways.sandbox.models import SandboxDarajaToken

#: As Safaricom writes it, in text.
EXPIRES_IN = "3599"


@transactional
def issue() -> str:
    """A new token; those that lapsed a day ago are forgotten."""
    now = utcnow()
    db.session.execute(delete(SandboxDarajaToken).where(SandboxDarajaToken.expires_at < now - timedelta(days=1)))
    made = SandboxDarajaToken(token=secrets.token_urlsafe(21), expires_at=now + timedelta(seconds=int(EXPIRES_IN)))
    db.session.add(made)
    return made.token


def good(token: str) -> bool:
    """Whether a token was given out and its hour is not over."""
    if not (token.isascii() and token.isprintable()):
        return False
    asked = select(SandboxDarajaToken.expires_at).where(SandboxDarajaToken.token == token)
    expires_at = db.session.scalar(asked)
    return expires_at is not None and expires_at > utcnow()


@transactional
def expire_all() -> None:
    """End every token now, as a provider may do at any time; for tests."""
    db.session.execute(update(SandboxDarajaToken).values(expires_at=utcnow()))
