"""Accounts and tokens: register, sign in, refresh, revoke, and who am I."""

from __future__ import annotations

import uuid
from typing import Annotated

from flask import current_app
from flask_jwt_extended import create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError
from pydantic import model_validator

from portal.api import fields
from portal.api.door import door, speaks
from portal.api.guards import current_actor, public, signed_in, this_user
from portal.api.schemas import Given, Taken
from portal.core import parse
from portal.core.words import _
from portal.shared.identity import permissions, queries
from portal.shared.identity.errors import RegistrationClosed, SignInNeeded
from portal.shared.identity.services import accounts, tokens

LONGEST = 4_096


def _as_typed(value: object, field: str) -> str:
    """A password, a token or a login as it came: neither trimmed nor judged here."""
    if not isinstance(value, str) or not value or len(value) > LONGEST:
        raise parse.ParseError(_("Enter the %(name)s.", name=field), field)
    return value


Typed = Annotated[str, *fields.read_by(_as_typed, {"type": "string", "minLength": 1, "maxLength": LONGEST})]


class Registration(Taken):
    """A new account."""

    email: fields.Email
    password: Typed
    name: fields.text(80)  # type: ignore[valid-type]
    phone_number: fields.Phone = None


class Registered(Given):
    """The account made."""

    id: uuid.UUID
    email: str
    name: str


class Credentials(Taken):
    """One of the two names of an account, and its password."""

    password: Typed
    email: Typed | None = None
    phone_number: Typed | None = None

    @model_validator(mode="after")
    def _one_login(self) -> Credentials:
        if bool(self.email) == bool(self.phone_number):
            raise parse.ParseError(_("Send either email or phone_number."), "email")
        return self


class Refreshing(Taken):
    """A refresh token."""

    refresh: Typed


class Pair(Given):
    """An access token for an hour, and the refresh token that gets the next pair once."""

    access: str
    refresh: str


class Works(Given):
    """One place a person works at, and what they may do there."""

    asset_number: str
    role: str
    permissions: list[str]


class Me(Given):
    """The person whose token this is."""

    id: uuid.UUID
    email: str
    phone_number: str | None
    name: str
    platform_admin: bool
    memberships: list[Works]


@door.post("/auth/register/")
@public
@speaks("Make an account", takes=Registration, gives=Registered, status=201)
def register(body: Registration) -> Registered:
    """Make an account."""
    if not current_app.extensions["settings"].registration:
        raise RegistrationClosed(_("Accounts are made by invitation here. Ask the owner of your place."))
    user = accounts.sign_up(
        email=body.email,
        name=body.name,
        password=body.password,
        phone_number=body.phone_number,
        actor=current_actor(),
    )
    return Registered(id=user.id, email=user.email, name=user.name)


@door.post("/token/")
@public
@speaks("Get a pair of tokens for a password", takes=Credentials, gives=Pair)
def issue(body: Credentials) -> Pair:
    """Get a pair of tokens for a password."""
    actor = current_actor()
    login = body.email or body.phone_number or ""
    user = accounts.authenticate(login=login, password=body.password, address=actor.address)
    return _pair(tokens.issue(user=user, actor=actor))


@door.post("/token/refresh/")
@public
@speaks("Trade a refresh token for the next pair", takes=Refreshing, gives=Pair)
def refresh(body: Refreshing) -> Pair:
    """Trade a refresh token for the next pair; one that comes twice ends the family."""
    family_id, refresh_id = _read_refresh(body.refresh)
    return _pair(tokens.refresh(family_id=family_id, refresh_id=refresh_id, actor=current_actor()))


@door.post("/token/revoke/")
@public
@speaks("End a refresh token and every access token made with it", takes=Refreshing, status=204)
def revoke(body: Refreshing) -> None:
    """End a refresh token and every access token made with it."""
    family_id, _refresh_id = _read_refresh(body.refresh)
    tokens.revoke(family_id=family_id, actor=current_actor())


@door.get("/auth/me/")
@signed_in
@speaks("Who am I, and where do I work", gives=Me)
def me() -> Me:
    """Who am I, and where do I work."""
    user = this_user()
    return Me(
        id=user.id,
        email=user.email,
        phone_number=user.phone_number,
        name=user.name,
        platform_admin=user.platform_admin,
        memberships=[
            Works(
                asset_number=each.asset.asset_number,
                role=each.role,
                permissions=sorted(permissions.permissions_in(each.role)),
            )
            for each in queries.memberships_of(user.id)
        ],
    )


def _pair(given: tokens.Pass) -> Pair:
    identity, family = str(given.user_id), {"family": str(given.family_id)}
    return Pair(
        access=create_access_token(identity, additional_claims=family),
        refresh=create_refresh_token(identity, additional_claims={**family, "jti": str(given.refresh_id)}),
    )


def _read_refresh(token: str) -> tuple[uuid.UUID, uuid.UUID]:
    try:
        claims = decode_token(token)
        if claims["type"] == "refresh":
            return uuid.UUID(claims["family"]), uuid.UUID(claims["jti"])
    except (JWTExtendedException, PyJWTError, KeyError, ValueError, TypeError, AttributeError):
        pass
    raise SignInNeeded(_("This is not a good refresh token. Sign in again."))
