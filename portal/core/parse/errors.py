"""What a reader says when it cannot read, and what counts as nothing written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from portal.core.errors import Invalid
from portal.core.words import _

T = TypeVar("T")

# str.isspace() without the controls it also counts, and the marks nobody can see
BLANKS = (
    " \t\n\r\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\u200b\u2060\ufeff"
)


class ParseError(Invalid, ValueError):
    """A field that cannot be read; also a ValueError, so form and schema libraries pin it to their field."""

    code = "invalid"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message, field=field)
        if field is not None:
            self.details = {field: message}


def is_blank(value: object) -> bool:
    """Whether nothing was written: absent, empty, or only spaces and invisible marks."""
    return value is None or (isinstance(value, str) and not value.strip(BLANKS + "\u200c\u200d\u2800\u3164"))


def optional(read: Callable[..., T], value: object, field: str, **options: Any) -> T | None:
    """None when nothing was written, else what the reader reads."""
    return None if is_blank(value) else read(value, field, **options)


def written(value: object, field: str, label: str | None, longest: int = 200) -> str:
    """The trimmed characters of a short value (a number, a date, a code), before its shape is judged."""
    if is_blank(value):
        raise ParseError(_("Enter the %(name)s.", name=label or field), field)
    if not isinstance(value, str):
        raise ParseError(_("The %(name)s must be text.", name=label or field), field)
    trimmed = value.strip(BLANKS)
    if len(trimmed) > longest:
        raise ParseError(_("Use at most %(count)s characters.", count=longest), field)
    return trimmed


def shown(value: object) -> str:
    """A value as it can safely stand in a sentence: short, one line, nothing unprintable."""
    characters = str(value)[:60]
    safe = "".join(char if char.isprintable() else "\ufffd" for char in characters[:40])
    return safe + ("…" if len(characters) > 40 else "")
