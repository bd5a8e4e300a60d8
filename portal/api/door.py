"""The door itself: how a JSON resource is declared, what it reads and how it answers.

A resource is three lines over a view: `@door.post(path)`, the guard, and `@speaks(summary, takes=..., gives=...)`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, jsonify, request
from pydantic import BaseModel, RootModel, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from portal.api.errors import unreadable
from portal.api.limits import limited
from portal.core import parse
from portal.core.idempotency import Answer, find_answer, once, request_hash
from portal.core.words import _

M = TypeVar("M", bound=BaseModel)
View = Callable[..., Any]
KEY_HEADER = "Idempotency-Key"
LONGEST_NAME = 128


class Door(Blueprint):
    """A blueprint whose addresses answer with and without their last slash, and never by a redirect."""

    def __init__(self, name: str, import_name: str, url_prefix: str) -> None:
        super().__init__(name, import_name, url_prefix=url_prefix)
        self.declared: set[str] = set()

    def add_url_rule(self, rule: str, *args: Any, **options: Any) -> None:
        """Each address is two rules, for a rule that overlooks a slash also overlooks which methods it takes."""
        self.declared.add(f"{self.url_prefix}{rule}")
        for spelled in (rule, rule.rstrip("/") if rule.endswith("/") else f"{rule}/"):
            super().add_url_rule(spelled, *args, **options, strict_slashes=True, merge_slashes=False)


door = limited(Door("api", __name__, "/api"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What a resource says about itself; the OpenAPI document is written from it."""

    summary: str
    gives: type[BaseModel] | None
    status: int
    takes: type[BaseModel] | None
    query: type[BaseModel] | None
    idempotent: bool
    may_be_empty: bool


def speaks(
    summary: str,
    *,
    gives: type[BaseModel] | None = None,
    status: int = 200,
    takes: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    idempotent: bool = False,
    may_be_empty: bool = False,
    asks: Callable[..., Any] | None = None,
) -> Callable[[View], View]:
    """Declare a resource: reads the body into `body` and the query string into `query`, answers with a model.

    Stands below the guard, which has turned `asset_number` into `g.place` by then, so the view is not given it.
    With `may_be_empty` a request without a body says nothing. With `idempotent` an Idempotency-Key makes the view's
    one command happen once; such a view calls no gateway.
    What has to be asked outside first is asked by `asks`, given what the view is given; the view gets the answer as
    `asked`. A request whose answer is kept already asks nobody.
    """
    speech = Speech(
        summary=summary, gives=gives, status=status, takes=takes, query=query, idempotent=idempotent,
        may_be_empty=may_be_empty,
    )  # fmt: skip

    def declare(view: View) -> View:
        @functools.wraps(view)
        def answer(**given: Any) -> Response:
            given.pop("asset_number", None)
            if takes is not None:
                given["body"] = takes() if may_be_empty and not request.get_data() else read_body(takes)
            if query is not None:
                given["query"] = read_query(query)
            keyed = idempotent and KEY_HEADER in request.headers
            if keyed and asks is not None and (kept := find_answer(**_named())) is not None:
                return _replayed(kept)
            if asks is not None:
                given["asked"] = asks(**given)
            if keyed:
                return _once(view, given, status)
            return _answer(_dump(view(**given)), status)

        answer.speech = speech  # type: ignore[attr-defined]
        return answer

    return declare


def read_object() -> dict[str, Any]:
    """The JSON object the body holds, read strictly; 415 for anything that does not say it is JSON."""
    return parse.json_object(_raw())


def _raw() -> bytes:
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType
    raw = request.get_data()
    if request.content_length not in (None, len(raw)):
        raise parse.BadJson(_("The body ended before its Content-Length."))
    return raw


def read_body(model: type[M]) -> M:
    """The body as this schema; raises ParseError with a sentence for each field."""
    return _read(model, parse.json_value(_raw()) if issubclass(model, RootModel) else read_object())


def read_query(model: type[M]) -> M:
    """The query string as this schema."""
    return _read(model, request.args.to_dict())


def idempotency_key() -> str | None:
    """The client's own name for this request, for views whose service keeps it itself."""
    given = request.headers.get(KEY_HEADER)
    return None if given is None else parse.idempotency_key(given)


@door.before_request
def _refuse_strange_addresses() -> None:
    """Nothing here is called by a NUL, a letter beyond ASCII or a novel: such an address names nothing."""
    for value in (request.view_args or {}).values():
        if isinstance(value, str) and not (value.isascii() and value.isprintable() and len(value) <= LONGEST_NAME):
            abort(404)


def _read(model: type[M], document: Any) -> M:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise unreadable(error) from None


def _once(view: View, given: dict[str, Any], status: int) -> Response:
    return _replayed(once(**_named(), work=lambda: (_dump(view(**given)) or {}, status)))


def _named() -> dict[str, Any]:
    """Under which name this request is kept, and what makes another one the same."""
    from portal.api.guards import current_actor

    return {
        "actor": current_actor().key,
        "key": parse.idempotency_key(request.headers[KEY_HEADER]),
        "asked": request_hash(request.method, request.path.rstrip("/"), request.get_data()),
    }


def _replayed(answer: Answer) -> Response:
    response = _answer(answer.body, answer.status)
    if answer.replayed:
        response.headers["Idempotent-Replay"] = "true"
    return response


def _dump(said: BaseModel | None) -> dict[str, Any] | None:
    return None if said is None else said.model_dump(mode="json")


def _answer(body: dict[str, Any] | None, status: int) -> Response:
    if body is None:
        return Response(status=204)
    response = jsonify(body)
    response.status_code = status
    return response


@door.after_request
def _shut_the_page_out(response: Response) -> Response:
    """JSON is not a page: nothing in it may load or run anything."""
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response
