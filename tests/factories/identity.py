"""People, their roles and their sessions, made without hashing a password unless one is asked for."""

from __future__ import annotations

import itertools

from flask.testing import FlaskClient

from portal.core.actor import Actor, ActorKind, system
from portal.core.db import db
from portal.shared.assets.models import Asset
from portal.shared.identity import passwords
from portal.shared.identity.models import Membership, Role, User
from portal.shared.identity.services import sessions, tokens

PASSWORD = "four quiet zebras run"
_count = itertools.count(1)


def person(name: str = "Amina Bello", *, password: str | None = None, **fields: object) -> User:
    """Somebody with an account; without a password they can be let in by `browser_of` only."""
    stored = passwords.hashed(password) if password else None
    user = User(name=name, password_hash=stored, **{"email": f"person{next(_count)}@example.com", **fields})
    db.session.add(user)
    db.session.commit()
    db.session.refresh(user)
    return user


def member(asset: Asset, role: Role | str = Role.OWNER, **fields: object) -> User:
    """Somebody who works at a place."""
    user = person(**fields)
    db.session.add(Membership(user_id=user.id, asset_id=asset.id, role=role))
    db.session.commit()
    return user


def also(user: User, asset: Asset, role: Role | str = Role.OWNER) -> User:
    """The same person at another place as well."""
    db.session.add(Membership(user_id=user.id, asset_id=asset.id, role=role))
    db.session.commit()
    return user


def acting(user: User) -> Actor:
    """The person as the actor of a command."""
    return Actor(ActorKind.USER, user.name, user.id, address="203.0.113.9")


def sign_in(client: FlaskClient, user: User) -> str:
    """Put a good session into a test browser; returns its token."""
    token = sessions.start(user=user, actor=system("tests"))
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return token


def bearer(app: object, user: User) -> dict[str, str]:
    """The header that shows a good access token of this person."""
    from flask_jwt_extended import create_access_token

    given = tokens.issue(user=user, actor=system("tests"))
    token = create_access_token(str(user.id), additional_claims={"family": str(given.family_id)})
    return {"Authorization": f"Bearer {token}"}
