"""How a change reads: each thing that differs, before and after, in words."""

from __future__ import annotations

from typing import Any

from portal.core.money import DECIMALS
from portal.web.filters import money

#: Kept in minor units, and read as money.
AMOUNTS = {"price", "amount", "remainder", "fee"}


def lines(
    before: dict[str, Any] | None, after: dict[str, Any] | None, currency: str
) -> list[tuple[str, str | None, str | None]]:
    """(what, before, after) for each thing that is not the same on both sides; None where it was not there."""
    before, after = before or {}, after or {}
    names = [*before, *(name for name in after if name not in before)]
    return [
        (name.replace("_", " ").capitalize(), _said(before, name, currency), _said(after, name, currency))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _said(side: dict[str, Any], name: str, currency: str) -> str | None:
    if name not in side:
        return None
    value, told = side[name], side.get("currency")
    if name in AMOUNTS and type(value) is int:
        return money(value, told if told in DECIMALS else currency)
    return "–" if value is None or value == "" else str(value)
