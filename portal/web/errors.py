"""Refusals and faults as a page, or as a toast for htmx: a sentence, never a trace. /api has its own."""

from __future__ import annotations

import structlog
from flask import Flask, Response, current_app, g, make_response, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from portal.core.errors import DomainError, NotFound
from portal.core.outage import database_away
from portal.core.words import _
from portal.web.htmx import local_path

log = structlog.get_logger(__name__)


def sentences(status: int) -> tuple[str, str, str]:
    """Title, sentence and icon of an HTTP refusal."""
    return {
        400: (
            _("That could not be read"),
            _("The browser sent something that makes no sense here. Go back and try again."),
            "alert-circle",
        ),
        401: (_("Please sign in"), _("This page is for people who work here. Sign in and try again."), "lock"),
        403: (_("Not yours to do"), _("Your role may not do that. Ask a manager of this place."), "hand-stop"),
        404: (_("Not found"), _("There is nothing at this address, or it is not yours to see."), "search"),
        405: (
            _("That could not be read"),
            _("This address cannot be used in that way. Go back and use the button again."),
            "alert-circle",
        ),
        413: (_("Too large"), _("What you sent is too large. Send a smaller file or fewer lines."), "file"),
        415: (_("That could not be read"), _("This kind of content is not understood here."), "file"),
        429: (_("Too many tries"), _("Too many tries in a short time. Wait a moment, then try again."), "hourglass"),
        503: (
            _("Just a moment"),
            _("The portal is catching its breath. Nothing was lost; try again in a few seconds."),
            "hourglass",
        ),
    }.get(status) or (
        (
            _("Something broke"),
            _("This is our fault, not yours. Nothing was changed. Try again, or tell support."),
            "tool",
        )
        if status >= 500
        else (_("That did not work"), _("The portal could not do that. Go back and try again."), "alert-circle")
    )


def answer_domain(error: DomainError) -> Response:
    """A rule said no."""
    title = _("Not found") if isinstance(error, NotFound) else _("That cannot be done")
    if request.headers.get("HX-Request"):
        return _toast(error.status, error.message)
    page = render_template(
        "errors/domain.html",
        title=title,
        message=error.message,
        back=_back(),
        home=url_for("home.index"),
        icon="search" if isinstance(error, NotFound) else "hand-stop",
    )
    return make_response(page, error.status)


def answer_http(error: HTTPException) -> Response:
    """The request could not be answered."""
    status = error.code or 500
    if error.response is not None or status < 400:
        return make_response(error.get_response())
    title, message, icon = sentences(status)
    if isinstance(error, CSRFError):
        title, message = _("Too old"), _("Your page is too old. Reload and try again.")
    response = _say(status, title, message, icon)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            response.headers[name] = value
    if (after := getattr(error, "retry_after", None)) is not None:
        response.headers["Retry-After"] = str(after)
    return response


def answer_fault(error: Exception) -> Response:
    """The database is away, or it is our own mistake: logged whole, told briefly."""
    if database_away(error):
        log.warning("database_away", path=request.path, error=str(error).splitlines()[0])
        response = _say(503, *sentences(503))
        response.headers["Retry-After"] = "5"
        return response
    log.exception("request_failed", path=request.path, method=request.method, request_id=g.get("request_id"))
    return _say(500, *sentences(500))


def init_app(app: Flask) -> None:
    """Catch everything that leaves a view."""
    app.register_error_handler(DomainError, answer_domain)
    app.register_error_handler(HTTPException, answer_http)
    if not app.debug:
        app.register_error_handler(Exception, answer_fault)


def _say(status: int, title: str, message: str, icon: str) -> Response:
    if request.headers.get("HX-Request"):
        return _toast(status, message)
    # without the context processors: who is looking cannot be asked while the database is away
    template = current_app.jinja_env.get_template("errors/http.html")
    page = template.render(
        title=title,
        message=message,
        icon=icon,
        back=_back(),
        home=url_for("home.index"),
        look=request.cookies.get("look", "system"),
        reference=g.get("request_id") if status >= 500 else None,
    )
    return make_response(page, status)


def _toast(status: int, message: str) -> Response:
    """For htmx: the words go to the corner and the page stays as it was."""
    template = current_app.jinja_env.get_template("errors/toast.html")
    response = make_response(template.render(message=message), status)
    response.headers["HX-Retarget"] = "#toasts"
    response.headers["HX-Reswap"] = "beforeend"
    return response


def _back() -> str | None:
    return local_path(request.referrer)
