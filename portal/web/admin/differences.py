"""How a change reads: each thing that differs, before and after, in words."""

from __future__ import annotations

from typing import Any


def lines(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[tuple[str, str | None, str | None]]:
    """(what, before, after) for each thing that is not the same on both sides; None where it was not there."""
    before, after = before or {}, after or {}
    names = [*before, *(name for name in after if name not in before)]
    return [
        (name.replace("_", " ").capitalize(), _said(before, name), _said(after, name))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _said(side: dict[str, Any], name: str) -> str | None:
    if name not in side:
        return None
    value = side[name]
    return "–" if value is None or value == "" else str(value)
