"""A provider's answer or message with one thing wrong in it: another amount, or another currency."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from portal.gateways.sandbox.faults import Kind

#: A tenth of what it was: an error in the decimal point, the likeliest there is.
SHARE = 10
AMOUNTS = ("amount", "charged_amount", "TransAmount")
CURRENCY = "currency"


def twist(provider: str, document: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """A copy of the document that says a tenth of each amount, or another currency."""
    twisted = copy.deepcopy(document)
    _walk(twisted, kind)
    if provider == "daraja":
        for item in _stk_items(twisted):
            if item.get("Name") == "Amount" and kind is Kind.WRONG_AMOUNT:
                item["Value"] = _less(item["Value"])
    return twisted


def other_currency(currency: str) -> str:
    """Any currency but this one."""
    return "EUR" if currency == "USD" else "USD"


def _walk(part: Any, kind: Kind) -> None:
    if isinstance(part, list):
        for each in part:
            _walk(each, kind)
    elif isinstance(part, dict):
        for name, value in part.items():
            if kind is Kind.WRONG_AMOUNT and name in AMOUNTS:
                part[name] = _less(value)
            elif kind is Kind.WRONG_CURRENCY and name == CURRENCY and isinstance(value, str):
                part[name] = other_currency(value)
            else:
                _walk(value, kind)


def _less(value: Any) -> Any:
    """A tenth, in the very form it had: a figure stays a figure, text stays text."""
    if isinstance(value, str):
        whole, point, part = value.partition(".")
        return str(max(1, int(whole) // SHARE)) + point + part if whole.isdigit() else value
    if isinstance(value, Decimal):
        return (value / SHARE).quantize(Decimal("0.01"))
    return max(1, value // SHARE) if isinstance(value, int) and not isinstance(value, bool) else value


def _stk_items(document: dict[str, Any]) -> list[dict[str, Any]]:
    body = document.get("Body")
    callback = body.get("stkCallback", {}) if isinstance(body, dict) else {}
    found: list[dict[str, Any]] = callback.get("CallbackMetadata", {}).get("Item", [])
    return found
