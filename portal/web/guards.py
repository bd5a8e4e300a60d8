"""Who may open a page: every view stands behind exactly one of these, and names its cell of the rights matrix.

`@permission("units.control")` on a URL with `<asset_number>` signs the person in or sends them to, loads the
place into `g.place`, reads as not there to strangers, and refuses in words what the role may not do.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import abort, g, request
from flask_login import current_user as _current_user

from portal.core.actor import Actor, ActorKind
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.identity import permissions
from portal.shared.identity.errors import PasswordNeeded, SignInNeeded
from portal.shared.identity.models import User
from portal.web.auth.held import ask
from portal.web.auth.session import SignedIn

View = TypeVar("View", bound=Callable[..., Any])
current_user = cast(SignedIn, _current_user)


def public(view: View) -> View:
    """Anyone may open it."""
    view.guard = permissions.PUBLIC  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Anybody with an account."""
    return _guarded(view, permissions.SIGNED_IN, lambda values: _need_sign_in())


def platform_admin(view: View) -> View:
    """Only the people who run the installation; to everybody else it is not there."""

    def check(values: dict[str, Any]) -> None:
        _need_sign_in()
        if not current_user.platform_admin:
            abort(404)

    return _guarded(view, permissions.PLATFORM, check)


def permission(name: str, *, anywhere: bool = False) -> Callable[[View], View]:
    """A right at the place the URL names, or, with `anywhere`, at any of the person's places."""
    if name not in permissions.matrix().permissions:
        raise LookupError(f"{name} is not in permissions.yaml")

    def check(values: dict[str, Any]) -> None:
        _need_sign_in()
        if anywhere:
            permissions.enter_anywhere(current_user.id, name)
        else:
            _enter(permissions.enter(current_user.id, values["asset_number"], name, proved=current_user.proved))

    def guard(view: View) -> View:
        return _guarded(view, name + permissions.ANYWHERE if anywhere else name, check)

    return guard


def require(name: str, *, asset_id: uuid.UUID) -> Asset:
    """Inside a view: let the person use a right at a place known only by key; answers the place."""
    _need_sign_in()
    return _enter(permissions.enter_by_id(current_user.id, asset_id, name, proved=current_user.proved))


def may(name: str) -> bool:
    """Whether the person holds a right at the place being looked at."""
    return name in g.get("permissions", frozenset())


def current_actor() -> Actor:
    """Who is acting in this request, for commands and the audit trail."""
    where = {"address": request.remote_addr, "request_id": g.get("request_id")}
    if not current_user.is_authenticated:
        return Actor(ActorKind.USER, _("a visitor"), **where)
    return Actor(
        ActorKind.USER,
        current_user.name,
        current_user.id,
        on_behalf_of="platform" if g.get("borrowed") else None,
        **where,
    )


def this_user() -> User:
    """The account of the person signed in."""
    return current_user.user


def _guarded(view: View, name: str, check: Callable[[dict[str, Any]], None]) -> View:
    @functools.wraps(view)
    def run(*args: Any, **values: Any) -> Any:
        try:
            check(values)
            return run.__wrapped__(*args, **values)
        except (SignInNeeded, PasswordNeeded) as needed:
            return ask(needed)

    run.guard = name  # type: ignore[attr-defined]
    return cast(View, run)


def _need_sign_in() -> None:
    if not current_user.is_authenticated:
        raise SignInNeeded(_("Sign in to go on."))


def _enter(entry: permissions.Entry) -> Asset:
    g.place, g.role, g.permissions, g.borrowed = entry.asset, entry.role, entry.permissions, entry.borrowed
    return entry.asset
