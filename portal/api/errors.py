"""Every refusal under /api in one shape: {"error": {"code", "message", "details"}}, a sentence and never a trace."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from portal.core.errors import DomainError
from portal.core.outage import database_away
from portal.core.parse import ParseError
from portal.core.words import _

log = structlog.get_logger(__name__)
RETRY_AFTER = 5
#: Headers of an HTTP refusal that a client acts on.
KEPT = ("allow", "retry-after", "www-authenticate")


def answer_domain(error: DomainError) -> Response:
    """A rule said no."""
    details = dict(error.details)
    if error.field is not None:
        details.setdefault(error.field, error.message)
    response = say(error.status, error.code, error.message, details)
    if error.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if error.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        response.headers["Retry-After"] = str(error.details.get("retry_after", RETRY_AFTER))
    return response


def answer_http(error: HTTPException) -> Response:
    """The request could not be answered as HTTP."""
    status = error.code or 500
    if error.response is not None or status < 400:
        return Response(error.get_response().get_data(), status, error.get_headers())
    response = say(status, *_words(status))
    for name, value in error.get_headers():
        if name.lower() in KEPT:
            response.headers[name] = value
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers.setdefault("WWW-Authenticate", "Bearer")
    return response


def answer_fault(error: Exception) -> Response:
    """The database is away, or it is our own mistake: logged whole, told briefly."""
    if database_away(error):
        log.warning("database_away", path=request.path, error=str(error).splitlines()[0])
        response = say(503, *_words(503))
        response.headers["Retry-After"] = str(RETRY_AFTER)
        return response
    log.exception("request_failed", path=request.path, method=request.method, request_id=g.get("request_id"))
    return say(500, *_words(500))


def unreadable(error: ValidationError) -> ParseError:
    """What a schema found, a sentence for each field; a field inside another is named with a dot."""
    details: dict[str, str] = {}
    for found in error.errors(include_url=False):
        field = ".".join(str(step) for step in found["loc"]) or "body"
        details.setdefault(field, _sentence(field, found))
    refusal = ParseError(next(iter(details.values())), next(iter(details)))
    refusal.details = dict(details)
    return refusal


def say(status: int, code: str, message: str, details: dict[str, Any] | None = None) -> Response:
    """One refusal."""
    response = jsonify(error={"code": code, "message": message, "details": details or {}})
    response.status_code = status
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response


def init_app(app: Flask) -> None:
    """Stand before the pages' handlers for every address under /api, known or not."""
    for kind, answer in ((DomainError, answer_domain), (HTTPException, answer_http), (Exception, answer_fault)):
        pages = app.error_handler_spec[None][None].get(kind)
        app.register_error_handler(kind, _chosen_by_path(answer, pages))


def _chosen_by_path(answer: Callable[[Any], Response], pages: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    def choose(error: Exception) -> Any:
        if request.path == "/api" or request.path.startswith("/api/"):
            return answer(error)
        if pages is not None:
            return pages(error)
        if isinstance(error, HTTPException):
            return error
        raise error

    return choose


def _sentence(field: str, found: Any) -> str:
    said = found.get("ctx", {}).get("error")
    if isinstance(said, DomainError):
        return said.message
    if found["type"] == "missing":
        return _("%(field)s is missing.", field=field)
    if found["type"] == "extra_forbidden":
        return _("Unknown field: %(field)s.", field=field)
    if found["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return _("%(field)s must be a JSON object.", field=field)
    if found["type"] == "list_type":
        return _("%(field)s must be a list.", field=field)
    return _("%(field)s cannot be read.", field=field)


def _words(status: int) -> tuple[str, str]:
    return {
        400: ("bad_request", _("The request could not be read.")),
        401: ("unauthorized", _("Send a valid access token: Authorization: Bearer <token>.")),
        403: ("forbidden", _("Your role may not do that.")),
        404: ("not_found", _("There is nothing at this address, or it is not yours.")),
        405: (
            "method_not_allowed",
            _("This address does not take that method; the Allow header lists those it takes."),
        ),
        413: ("too_large", _("The body is over the limit of 1 MiB.")),
        415: ("unsupported_media_type", _("Send application/json.")),
        429: ("too_many", _("Too many requests. Wait as long as Retry-After says and try again.")),
        503: ("unavailable", _("The portal is catching its breath. Nothing was changed; try again in a few seconds.")),
    }.get(status) or (
        ("internal_error", _("This is our fault, not yours. Nothing was changed."))
        if status >= 500
        else ("refused", _("The request was refused."))
    )
