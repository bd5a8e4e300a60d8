"""Who may use a resource: the same rights as the pages, shown by a bearer token instead of a cookie.

The place is the one in the URL; without one there, `asset_number` in the JSON body, or for a GET in the query.
A view takes it from `g.place` and nowhere else, so that what was guarded is what is used.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import abort, g, request
from flask_jwt_extended import get_jwt, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from portal.api.door import read_object
from portal.core import parse
from portal.core.actor import Actor, ActorKind
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.devices.number_queries import may_sign_in
from portal.shared.identity import permissions, queries
from portal.shared.identity.errors import SignInNeeded
from portal.shared.identity.models import User

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """No token is asked for."""
    view.guard = permissions.PUBLIC  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Anybody with a good access token."""
    return _guarded(view, permissions.SIGNED_IN, lambda values: _need_token())


def device(view: View) -> View:
    """A device in service that shows its own name and secret (HTTP Basic), and nobody else."""

    def check(_values: dict[str, Any]) -> None:
        shown = request.authorization
        name, secret = (shown.username or "", shown.password or "") if shown and shown.type == "basic" else ("", "")
        if not may_sign_in(name=name, secret=secret):
            raise SignInNeeded(_("Sign in with the name and the secret of the device: Authorization: Basic."))

    return _guarded(view, permissions.DEVICE, check)


def platform_admin(view: View) -> View:
    """Only the people who run the installation; to everybody else it is not there."""

    def check(values: dict[str, Any]) -> None:
        if not _need_token().platform_admin:
            abort(404)

    return _guarded(view, permissions.PLATFORM, check)


def permission(name: str, *, anywhere: bool = False) -> Callable[[View], View]:
    """A right at the place the request names, or, with `anywhere`, at any of the person's places."""
    if name not in permissions.matrix().permissions:
        raise LookupError(f"{name} is not in permissions.yaml")

    def check(values: dict[str, Any]) -> None:
        user = _need_token()
        if anywhere:
            permissions.enter_anywhere(user.id, name)
        else:
            number = values.get("asset_number") or _named_in_request()
            _enter(permissions.enter(user.id, number, name, proved=g.proved))

    return lambda view: _guarded(view, name + permissions.ANYWHERE if anywhere else name, check)


def require(name: str, *, asset_id: uuid.UUID) -> Asset:
    """Inside a view: let the person use a right at a place known only by key; answers the place."""
    return _enter(permissions.enter_by_id(_need_token().id, asset_id, name, proved=g.proved))


def current_actor() -> Actor:
    """Who is acting in this request, for commands and the audit trail."""
    where = {"address": request.remote_addr, "request_id": g.get("request_id")}
    user: User | None = g.get("bearer")
    if user is None:
        return Actor(ActorKind.USER, _("a visitor"), **where)
    return Actor(ActorKind.USER, user.name, user.id, on_behalf_of="platform" if g.get("borrowed") else None, **where)


def this_user() -> User:
    """The person whose token this is."""
    return cast(User, g.bearer)


def token_claims(kind: str) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    """Person, family and own key of a token of ours of this kind; raises SignInNeeded."""
    try:
        verify_jwt_in_request(refresh=kind == "refresh")
        claims = get_jwt()
        return uuid.UUID(claims["sub"]), uuid.UUID(claims["family"]), uuid.UUID(claims["jti"])
    except (JWTExtendedException, PyJWTError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise SignInNeeded(_("Send a valid access token: Authorization: Bearer <token>.")) from error


def _need_token() -> User:
    if "bearer" not in g:
        user_id, family_id, _token_id = token_claims("access")
        found = queries.find_family(family_id, user_id)
        if found is None:
            raise SignInNeeded(_("This token is over. Sign in again."))
        _family, g.bearer, g.proved = found
    return cast(User, g.bearer)


def _named_in_request() -> str:
    if request.method in ("GET", "HEAD"):
        return parse.code(request.args.get("asset_number"), "asset_number")
    return parse.code(read_object().get("asset_number"), "asset_number")


def _enter(entry: permissions.Entry) -> Asset:
    g.place, g.role, g.permissions, g.borrowed = entry.asset, entry.role, entry.permissions, entry.borrowed
    return entry.asset


def _guarded(view: View, name: str, check: Callable[[dict[str, Any]], object]) -> View:
    @functools.wraps(view)
    def run(*args: Any, **values: Any) -> Any:
        check(values)
        return run.__wrapped__(*args, **values)

    run.guard = name  # type: ignore[attr-defined]
    return cast(View, run)
