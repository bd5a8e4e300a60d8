"""JSON as providers write it: a decimal is a number with all its digits, never a binary fraction."""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

#: Marks a decimal while the document is written; nobody outside this process can guess it.
_MARK = secrets.token_hex(16)
_MARKED = re.compile(rf'"{_MARK}(-?[0-9.]+)"')


def dumps(document: Any) -> str:
    """The text of a document; decimals come out as numbers."""
    return _MARKED.sub(r"\1", json.dumps(document, default=_plain))


def major(minor: int, places: int) -> int | Decimal:
    """Minor units as the major units a provider writes: 100 and 1.4, not 100.00 and 1.40."""
    exact = Decimal(minor).scaleb(-places)
    return int(exact) if exact == exact.to_integral_value() else exact.normalize()


def iso(moment: datetime | None) -> str | None:
    """A moment as providers write one, to the millisecond."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{_MARK}{value:f}"
    raise TypeError(f"{type(value).__name__} has no place in a provider's message")
