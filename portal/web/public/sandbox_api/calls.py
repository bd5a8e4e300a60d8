"""The doors of the pretended providers: whose key they ask for, how they refuse, and what goes wrong on demand."""

from __future__ import annotations

import hmac
import ipaddress
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Response, abort, current_app, request

from config import Settings
from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _
from portal.gateways.sandbox import faults, twists, wire
from portal.gateways.sandbox.faults import Kind

Answer = tuple[dict[str, Any], int]
View = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Provider:
    """How one provider speaks: `admit` answers a refusal to strangers, or None."""

    name: str
    admit: Callable[[Settings], Answer | None]
    refuse: Callable[[DomainError], Answer]
    broken: Answer


def call(provider: Provider, operation: str, *, keyed: bool = True) -> Callable[[View], Callable[..., Response]]:
    """A view that answers as the provider does, with the faults that are switched on for the operation."""

    def wrap(view: View) -> Callable[..., Response]:
        @wraps(view)
        def run(**values: Any) -> Response:
            _only_from_this_machine()
            refused = provider.admit(current_app.extensions["settings"]) if keyed else None
            if refused is not None:
                return answer(*refused)
            fault = faults.take(provider.name, operation, faults.OF_CALLS, faults.ANY_CALL)
            kind = fault.kind if fault else None
            if fault and kind is Kind.SLOW:
                time.sleep(fault.seconds)
            if kind is Kind.ERROR:
                return answer(*provider.broken)
            try:
                document, status = view(**values)
            except DomainError as error:
                document, status = provider.refuse(error)
            if kind in (Kind.WRONG_AMOUNT, Kind.WRONG_CURRENCY):
                document = twists.twist(provider.name, document, kind)
            if kind is Kind.LOST_REPLY:
                return _hang_up()
            return answer(document, status)

        return run

    return wrap


def answer(document: dict[str, Any], status: int) -> Response:
    """A provider's answer in JSON."""
    return Response(wire.dumps(document), status, mimetype="application/json")


def bearer_is(expected: str) -> bool:
    """Whether the caller holds this key."""
    given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    return hmac.compare_digest(f"Bearer {expected}".encode(), given)


def asked() -> dict[str, Any]:
    """The JSON object that was sent."""
    return parse.json_object(request.get_data())


def queried(name: str, default: int, most: int) -> int:
    """A whole number of the query: a page, or how much is on it."""
    return parse.whole(request.args.get(name) or default, name, minimum=1, maximum=most)


def an_address(value: object, field: str) -> str:
    """A web address the provider shall call or lead to."""
    url = parse.text(value, field, max_length=2_000)
    if not url.startswith(("http://", "https://")):
        raise parse.ParseError(_("The %(field)s must begin with http:// or https://.", field=field), field)
    return url


def public_url() -> str:
    """Where people open the portal, and so the pretended providers' pages."""
    return str(current_app.extensions["settings"].public_url)


def _only_from_this_machine() -> None:
    """The stand-ins answer the portal's own clients, which reach them on loopback, and nobody else."""
    try:
        near = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        near = False
    if not near:
        abort(404)


def _hang_up() -> Response:
    """The work is done, and the line is cut before a word of the answer."""
    line: socket.socket | None = request.environ.get("werkzeug.socket")
    if line is not None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
    return Response(status=502)
