"""How a change reads: each thing that differs, before and after, in words."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from portal.core.money import DECIMALS
from portal.core.words import _
from portal.web.assets.words import status_words
from portal.web.components import words_of
from portal.web.filters import clock, duration, money

#: Kept in minor units, and read as money.
AMOUNTS = {"price", "amount", "remainder", "fee"}
#: Kept as names of the program.
NAMED = {"role", "kind", "capability", "action", "purpose", "via"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?\+00:00")
_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def lines(
    before: dict[str, Any] | None, after: dict[str, Any] | None, currency: str
) -> list[tuple[str, str | None, str | None]]:
    """(what, before, after) for each thing that is not the same on both sides; None where it was not there."""
    before, after = before or {}, after or {}
    names = [*before, *(name for name in after if name not in before)]
    return [
        (_head(name), _said(before, name, currency), _said(after, name, currency))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _head(name: str) -> str:
    known = {"period_minutes": _("Length of one period"), "timezone": _("Time zone"), "email": _("E-mail")}
    return known.get(name) or words_of(name)


def _said(side: dict[str, Any], name: str, currency: str) -> str | None:
    if name not in side:
        return None
    value, told = side[name], side.get("currency")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in AMOUNTS and type(value) is int:
        return money(value, told if told in DECIMALS else currency)
    if name == "period_minutes" and type(value) is int:
        return duration(value)
    if value is None or value == "":
        return "–"
    return _words(name, str(value))


def _words(name: str, value: str) -> str:
    """A state, a role, a moment or a key as a person reads it; anything else as it was written."""
    if name == "status":
        said = status_words(value)
        return words_of(value) if said == value else said
    if name in NAMED:
        return words_of(value)
    if _MOMENT.fullmatch(value):
        return clock(datetime.fromisoformat(value))
    return f"…{value[-8:]}" if _KEY.fullmatch(value) else value
