"""Identifiers and choices: what must match something known, character for character."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar, overload
from uuid import UUID

from portal.core.parse.errors import ParseError, is_blank, written
from portal.core.words import _

E = TypeVar("E", bound=StrEnum)

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]*")
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_YES = {"1", "true", "on", "yes", "y"}
_NO = {"0", "false", "off", "no", "n"}


def uuid(value: object, field: str = "id") -> UUID:
    """An id as we write it: 36 characters with hyphens."""
    if isinstance(value, UUID):
        return value
    text = written(value, field, None)
    if not _UUID.fullmatch(text):
        raise ParseError(_("%(field)s must be an id (UUID).", field=field), field)
    return UUID(text)


def code(value: object, field: str, *, label: str | None = None, max_length: int = 32) -> str:
    """An asset or unit number, label or SKU: letters, digits, dots, dashes; fit for URL and topic."""
    text = written(value, field, label)
    if len(text) > max_length:
        raise ParseError(_("Use at most %(count)s characters.", count=max_length), field)
    if not _CODE.fullmatch(text):
        raise ParseError(_("The %(name)s may have letters, digits, dots and dashes only.", name=label or field), field)
    return text


def reference(value: object, field: str = "reference", *, label: str | None = None) -> str:
    """A payment or document reference, ours or a provider's, of at most 100 characters."""
    text = written(value, field, label)
    if len(text) > 100 or not _REFERENCE.fullmatch(text):
        raise ParseError(_("This is not a reference."), field)
    return text


def idempotency_key(value: object, field: str = "Idempotency-Key") -> str:
    """A client's own name for one request: 1 to 200 visible ASCII characters."""
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise ParseError(_("%(field)s must have 1 to 200 visible ASCII characters.", field=field), field)
    return value


@overload
def choice(value: object, field: str, options: type[E], *, label: str | None = None) -> E: ...
@overload
def choice(value: object, field: str, options: Iterable[str], *, label: str | None = None) -> str: ...
def choice(value: object, field: str, options: type[E] | Iterable[str], *, label: str | None = None) -> E | str:
    """One of the listed values, spelled exactly; `label` is their plural ("payment methods")."""
    wanted = value.strip() if isinstance(value, str) else value
    for option in options:
        if isinstance(wanted, str) and wanted == option:
            return option
    listed = [str(option) for option in options]
    if label is None and 0 < len(listed) <= 20:
        raise ParseError(_("%(field)s must be one of: %(listed)s.", field=field, listed=", ".join(listed)), field)
    raise ParseError(_("Choose one of the listed %(name)s.", name=label or field), field)


def boolean(value: object, field: str, *, label: str | None = None) -> bool:
    """Yes or no: a JSON boolean, or what a checkbox or device writes (on, off, 1, 0, true, false)."""
    if isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) and not is_blank(value) else None
    if text in _YES or text in _NO:
        return text in _YES
    raise ParseError(_("The %(name)s must be yes or no.", name=label or field), field)
