"""One JSON loader: bounded in size, depth and digits, no duplicate keys, no NaN, every string storable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, NoReturn

from portal.core.errors import Invalid
from portal.core.parse.errors import ParseError, shown
from portal.core.words import _

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_DIGITS = 40

# A whole string (or its unclosed rest, so that time stays linear), or one bracket.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BadJson(Invalid):
    """The body is not JSON, or not JSON that can be taken."""

    status = 400


class TooLarge(Invalid):
    """The body is over the limit."""

    status = 413


def json_object(raw: bytes, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """The object a body holds."""
    document = json_value(raw, max_bytes=max_bytes) if raw.strip() else None
    if not isinstance(document, dict):
        raise BadJson(_("The body must be a JSON object."))
    return document


def json_value(raw: bytes, *, max_bytes: int = MAX_BYTES) -> Any:
    """Any JSON value; whole numbers come as int, others as Decimal."""
    if len(raw) > max_bytes:
        raise TooLarge(_("The body is over the limit of %(limit)s bytes.", limit=f"{max_bytes:,}"))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(_("The body is not UTF-8 (byte %(at)s).", at=error.start + 1), at=error.start) from None
    # Python's scanner recurses, so depth is counted before it starts.
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(text)
    try:
        document = _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise BadJson(
            _(
                "The body is not JSON: line %(line)s, column %(column)s.",
                line=error.lineno,
                column=error.colno,
            ),
            line=error.lineno,
            column=error.colno,
        ) from None
    if "\\u" in text:  # what cannot be stored can only have been written in an escape
        _check_strings(document)
    return document


def known_fields(document: dict[str, Any], known: Iterable[str], required: Iterable[str] = ()) -> None:
    """Refuse a field nobody asked for (a misspelt one would be lost in silence) and one that is missing."""
    for field in sorted(set(document) - set(known) - set(required)):
        raise ParseError(_("Unknown field: %(field)s.", field=shown(field)), shown(field))
    for field in required:
        if field not in document:
            raise ParseError(_("%(field)s is missing.", field=field), field)


def _check_depth(text: str) -> None:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match.group(), 0)
        if depth > MAX_DEPTH:
            raise BadJson(_("The body is nested too deep (more than %(depth)s).", depth=MAX_DEPTH))


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        keys = sorted(key for key, _value in pairs)
        twice = next(key for key, following in pairwise(keys) if key == following)
        raise BadJson(_("The field %(field)s is there twice.", field=shown(twice)))
    return members


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        _refuse_number()
    return int(digits)


def _decimal(digits: str) -> Decimal:
    if len(digits) > MAX_DIGITS:
        _refuse_number()
    try:
        number = Decimal(digits)
    except InvalidOperation:  # an exponent of twenty digits
        _refuse_number()
    if abs(int(number.as_tuple().exponent)) > MAX_DIGITS:
        _refuse_number()
    return number


def _refuse_number() -> NoReturn:
    raise BadJson(_("A number in the body has more than %(digits)s digits.", digits=MAX_DIGITS))


def _refuse_constant(name: str) -> NoReturn:
    raise BadJson(_("%(name)s is not a JSON number.", name=name))


_decoder = json.JSONDecoder(
    object_pairs_hook=_without_duplicates, parse_int=_whole, parse_float=_decimal, parse_constant=_refuse_constant
)


def _check_strings(document: Any) -> None:
    """No NUL and no lone surrogate in any key or string: neither can be stored."""
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if _UNSTORABLE.search(value):
                name = shown(path) or "body"
                raise ParseError(_("%(name)s has a character that cannot be stored.", name=name), name)
        elif isinstance(value, dict):
            for key, member in value.items():
                if _UNSTORABLE.search(key):
                    waiting.append((shown(key), key))
                waiting.append((f"{path}.{key}" if path else key, member))
        elif isinstance(value, list):
            waiting.extend((f"{path}.{i}" if path else str(i), member) for i, member in enumerate(value))
