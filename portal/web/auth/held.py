"""What happens when a page needs a password first: the way to it, and back with everything that was typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, make_response, render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from itsdangerous import BadSignature, URLSafeTimedSerializer

from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.identity import permissions
from portal.shared.identity.errors import PasswordNeeded
from portal.shared.identity.models import User
from portal.web.auth.forms import ConfirmForm, SignInForm
from portal.web.auth.session import locked_sign_in
from portal.web.errors import answer_http
from portal.web.htmx import go, local_path

KEPT_FOR = 3_600
MOST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Held:
    """A form that was sent while nobody was signed in: where it was going, and what was typed."""

    action: str
    fields: Sequence[tuple[str, str]]


class SessionOver(DomainError):
    """The session ended while a form was being filled in."""

    status = 401


def ask(needed: DomainError) -> Response:
    """Send a visitor to the password, and afterwards back here; a form that was sent is kept for them."""
    again, locked = isinstance(needed, PasswordNeeded), locked_sign_in()
    if locked and request.headers.get("HX-Request"):
        return cover(locked.user)
    endpoint = "auth.unlock" if locked else "auth.confirm" if again else "auth.sign_in"
    if request.method in ("GET", "HEAD"):
        return _lead(endpoint) if not request.headers.get("HX-Request") else _say_in_the_corner(endpoint, needed)
    form: Any = ConfirmForm(formdata=None) if again or locked else SignInForm(formdata=None)
    form.held.data = hold(request.full_path.rstrip("?"), request.form.items(multi=True))
    form.next.data = local_path(request.headers.get("HX-Current-URL") or request.referrer)
    said = _("Your session is over. Sign in to go on; what you typed is kept.") if form.held.data else needed.message
    if locked:
        said = _("This browser is locked. Give the password to go on; what you typed is kept.")
    template = f"{endpoint.replace('.', '/')}.html"
    page = render_template(
        template, form=form, action=url_for(endpoint), said=said, person=locked.user if locked else None
    )
    response = make_response(page, needed.status)
    if request.headers.get("HX-Request"):
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "body", "innerHTML"
        response.headers["HX-Push-Url"] = url_for(endpoint)
    return response


def cover(person: User, *, form: ConfirmForm | None = None, status: int = 401) -> Response:
    """What lies over a locked page, which stays as it is underneath; a refused password shows it again."""
    shown = form or ConfirmForm(formdata=None)
    shown.password.id = "cover-password"  # the page underneath may have a field of that name
    note = render_template("auth/cover.html", form=shown, person=person, action=url_for("auth.unlock"))
    response = make_response(note, status)
    response.headers["HX-Retarget"] = "#cover" if form else "#toasts"
    response.headers["HX-Reswap"] = "outerHTML" if form else "beforeend"
    return response


def _lead(endpoint: str) -> Response:
    return go(url_for(endpoint, next=request.full_path.rstrip("?")))


def _say_in_the_corner(endpoint: str, needed: DomainError) -> Response:
    """A part that refreshes itself must not take away a page on which somebody is typing."""
    url = url_for(endpoint, next=local_path(request.headers.get("HX-Current-URL")))
    words = _("Give the password") if isinstance(needed, PasswordNeeded) else _("Sign in")
    note = render_template("auth/session_over.html", said=needed.message, url=url, words=words)
    response = make_response(note, needed.status)
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#toasts", "innerHTML"
    return response


def hold(action: str, fields: Any) -> str:
    """A form as one signed word that only we can have written; passwords and tokens are not in it."""
    kept = [(name, value) for name, value in fields if not name.endswith("csrf_token") and "password" not in name]
    if sum(len(name) + len(value) for name, value in kept) > MOST:
        return ""
    return _serializer().dumps([action, kept])


def release(word: str | None) -> Held | None:
    """The form behind the word, for an hour."""
    try:
        action, fields = _serializer().loads(word or "", max_age=KEPT_FOR)
    except BadSignature:
        return None
    return Held(action, fields)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.extensions["settings"].derived_key("held form"))


def _from_our_own_page() -> bool:
    """Whether the browser itself says that one of our pages sent this."""
    if (site := request.headers.get("Sec-Fetch-Site")) is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin") or "").netloc == request.host


def answer_old_page(error: CSRFError) -> Response:
    """A page whose session is over: its form is kept while the person signs in; any other is just too old."""
    view = current_app.view_functions.get(request.endpoint or "")
    guarded = getattr(view, "guard", permissions.PUBLIC) != permissions.PUBLIC
    if guarded and not current_user.is_authenticated and _from_our_own_page():
        return ask(SessionOver(_("Your session is over. Sign in to go on.")))
    error.code = 403
    return answer_http(error)


def init_app(app: Flask) -> None:
    """Catch pages that outlived their session."""
    app.register_error_handler(CSRFError, answer_old_page)
