"""The cookie and the row behind it: Flask-Login asks the database whether a session is still good."""

from __future__ import annotations

import uuid

from flask import Flask, g, request
from flask import session as cookie
from flask_login import UserMixin, login_user, logout_user

from portal.core.actor import Actor
from portal.extensions import login
from portal.shared.identity import queries
from portal.shared.identity.models import User
from portal.shared.identity.services import sessions


class SignedIn(UserMixin):  # type: ignore[misc]
    """A person in a browser: the account, the session row, and whether the password was given lately."""

    def __init__(self, token: str, sign_in: queries.SignIn) -> None:
        self._token = token
        self.user = sign_in.user
        self.session_id = sign_in.session.id
        self.proved = sign_in.proved

    def get_id(self) -> str:
        """What the cookie holds: not who it is, but a key to the row that says so."""
        return self._token

    @property
    def id(self) -> uuid.UUID:
        """The account's key."""
        return self.user.id

    @property
    def name(self) -> str:
        """What the person is called."""
        return self.user.name

    @property
    def email(self) -> str:
        """Where the person reads mail."""
        return self.user.email

    @property
    def language(self) -> str:
        """The language the person chose."""
        return self.user.language

    @property
    def theme(self) -> str:
        """The theme the person chose."""
        return self.user.theme

    @property
    def platform_admin(self) -> bool:
        """Whether the person runs the installation."""
        return self.user.platform_admin


def load(token: str) -> SignedIn | None:
    """The person behind a cookie, or nobody; a copied cookie is dead once its session ended, and deaf while locked."""
    found = queries.find_sign_in(token)
    if found is None or found.session.locked_at:
        return None
    if found.stale:
        sessions.touch(found.session.id)
    return SignedIn(token, found)


def locked_sign_in() -> queries.SignIn | None:
    """The locked session of this browser, if that is why nobody is signed in."""
    token = cookie.get("_user_id")
    found = queries.find_sign_in(token) if isinstance(token, str) else None
    return found if found and found.session.locked_at else None


def open_session(user: User, actor: Actor) -> None:
    """Sign a person in on this browser, under a fresh cookie and a fresh CSRF secret."""
    close_session(actor)
    token = sessions.start(user=user, actor=actor, user_agent=request.headers.get("User-Agent"))
    person = load(token)
    assert person is not None, "a session just started is good"
    login_user(person)


def close_session(actor: Actor) -> None:
    """Sign this browser out: the row ends, and nothing of the cookie is kept."""
    old = cookie.get("_user_id")
    found = queries.find_sign_in(old) if isinstance(old, str) else None
    if found is not None:
        sessions.end(session_id=found.session.id, user_id=found.user.id, actor=actor)
    logout_user()
    cookie.clear()
    g.pop("csrf_token", None)  # Flask-WTF's copy of the secret that was just thrown away


def init_app(app: Flask) -> None:
    """Tell Flask-Login where sessions are kept."""
    login.session_protection = None
    login.user_loader(load)
