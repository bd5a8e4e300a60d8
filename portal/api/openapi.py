"""The document of the JSON door, written from the resources themselves, and the two pages that show it."""

from __future__ import annotations

import functools
import re
import sys
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, url_for
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from werkzeug.routing import Rule

from portal.api.door import KEY_HEADER, Speech, door
from portal.api.guards import public
from portal.api.schemas import Refusal

REF = "#/components/schemas/{model}"
GUARDS_WITHOUT_TOKEN = ("public", None)
PATH_TYPES = {"UUIDConverter": {"type": "string", "format": "uuid"}, "IntegerConverter": {"type": "integer"}}
REFUSALS = {
    "400": "The body is not a JSON object.",
    "401": "No access token, or one that is not valid.",
    "403": "The role lacks the right; `details.needs` names it.",
    "404": "Not there, or not yours: both read the same.",
    "405": "The address does not take this method.",
    "409": "The rule said no, given how things stand now.",
    "413": "The body is over 1 MiB.",
    "415": "Send application/json.",
    "422": "A field cannot be taken; `details` has a sentence for each.",
    "429": "Too many requests; `Retry-After` says how long to wait.",
    "503": "The database or a gateway is away; `Retry-After` says when to try again.",
}
pages = Blueprint("api_pages", __name__)


class Plain(GenerateJsonSchema):
    """Schemas without what only repeats the name of a field or says that it may be left out."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never: the name says it."""
        return False

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        """Absent is no value of its own."""
        found = super().default_schema(schema)
        if found.get("default", ...) is None:
            del found["default"]
        return found


@door.get("/openapi.json")
@public
def document() -> Response:
    """The document itself."""
    return jsonify(_document(current_app._get_current_object()))  # type: ignore[attr-defined]


@pages.get("/swagger/")
@public
def swagger() -> str:
    """Try the API by hand."""
    return render_template("api/swagger.html", document=url_for("api.document"))


@pages.get("/redoc/")
@public
def redoc() -> str:
    """Read the API from top to bottom."""
    return render_template("api/redoc.html", document=url_for("api.document"))


def resources(app: Any) -> list[tuple[Rule, str, Any, Speech]]:
    """Every declared resource as (rule, verb, view, what it says of itself), in the order of the table."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        speech = getattr(view, "speech", None)
        if rule.rule in door.declared and speech is not None:
            verbs = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            found += [(rule, verb.lower(), view, speech) for verb in verbs]
    return found


def path_of(rule: Rule) -> str:
    """The address of a resource as the document writes it."""
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)


@functools.lru_cache(maxsize=2)
def _document(app: Any) -> dict[str, Any]:
    declared = resources(app)
    models = _models([speech for _rule, _verb, _view, speech in declared])
    references, definitions = models_json_schema(models, ref_template=REF, schema_generator=Plain)
    paths: dict[str, Any] = {}
    for rule, verb, view, speech in declared:
        paths.setdefault(path_of(rule), {})[verb] = _operation(rule, view, speech, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Portal",
            "version": "1",
            "description": (
                "The JSON door of the operations portal. Money is a decimal string with an ISO code, time is RFC 3339"
                " with its offset. Every path answers with and without its last slash. Lists are"
                ' `{"results": [...], "next": cursor or null}`; every refusal is'
                ' `{"error": {"code", "message", "details"}}`.'
            ),
        },
        "servers": [{"url": "/"}],
        "tags": _families(),
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "device": {"type": "http", "scheme": "basic", "description": "The device's own name and secret."},
            },
        },
    }


def _families() -> list[dict[str, str]]:
    """The modules resources stand in, in the order they were opened, each with its own first line."""
    modules = dict.fromkeys(view.__module__ for view in current_app.view_functions.values() if hasattr(view, "speech"))
    return [
        {"name": name.rsplit(".", 1)[-1], "description": (sys.modules[name].__doc__ or "").partition("\n")[0]}
        for name in modules
    ]


def _models(speeches: list[Speech]) -> list[tuple[type[BaseModel], Any]]:
    models: dict[tuple[type[BaseModel], Any], None] = {(Refusal, "serialization"): None}
    for speech in speeches:
        for model, mode in (
            (speech.takes, "validation"),
            (speech.query, "validation"),
            (speech.gives, "serialization"),
        ):
            if model is not None:
                models[(model, mode)] = None
    return list(models)


def _operation(rule: Rule, view: Any, speech: Speech, references: Any) -> dict[str, Any]:
    guard = getattr(view, "guard", None)
    answers = {str(speech.status): _answer(speech, references)}
    for status in _refusals(rule, guard, speech):
        answers[status] = {
            "description": REFUSALS[status],
            "content": {"application/json": {"schema": references[(Refusal, "serialization")]}},
        }
    operation: dict[str, Any] = {
        "operationId": rule.endpoint.removeprefix(f"{door.name}."),
        "summary": speech.summary,
        "tags": [view.__module__.rsplit(".", 1)[-1]],
        "parameters": _parameters(rule, speech),
        "responses": answers,
        "security": [] if guard in GUARDS_WITHOUT_TOKEN else [{"device" if guard == "device" else "token": []}],
    }
    if guard not in (*GUARDS_WITHOUT_TOKEN, "signed_in", "device"):
        operation["description"] = f"Needs the right `{guard}` at the place."
    if speech.takes is not None:
        schema = references[(speech.takes, "validation")]
        content = {"application/json": {"schema": schema}}
        operation["requestBody"] = {"required": not speech.may_be_empty, "content": content}
    return operation


def _answer(speech: Speech, references: Any) -> dict[str, Any]:
    if speech.gives is None:
        return {"description": "Done; there is nothing to say."}
    schema = references[(speech.gives, "serialization")]
    return {"description": "Done.", "content": {"application/json": {"schema": schema}}}


def _refusals(rule: Rule, guard: str | None, speech: Speech) -> list[str]:
    said = {"404", "405", "429", "503"}
    writes = not (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS"}
    if writes or guard not in GUARDS_WITHOUT_TOKEN:
        said |= {"401", "403"}
    if writes:
        said |= {"409", "422"}
    if speech.takes is not None:
        said |= {"400", "413", "415"}
    if speech.query is not None:
        said |= {"422"}
    return sorted(said)


def _parameters(rule: Rule, speech: Speech) -> list[dict[str, Any]]:
    found = []
    for name in sorted(rule.arguments):
        schema = PATH_TYPES.get(type(rule._converters[name]).__name__, {"type": "string"})
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    if speech.query is not None:
        whole = speech.query.model_json_schema(mode="validation", schema_generator=Plain)
        for name, schema in whole["properties"].items():
            required = name in whole.get("required", ())
            found.append({"name": name, "in": "query", "required": required, "schema": schema})
    if speech.idempotent:
        found.append(
            {
                "name": KEY_HEADER,
                "in": "header",
                "required": False,
                "description": "Your own name for this request: sent again with the same body, it replays the answer.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
            }
        )
    return found
