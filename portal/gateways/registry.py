"""The gateways that are connected: those the settings name, and those a business set up with keys of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import current_app

from config import Settings
from portal.core.errors import Invalid
from portal.core.words import _
from portal.gateways.base import Gateway

Build = Callable[[Settings], list[Gateway]]
#: Makes a provider's client from the keys and details of one account; the settings say where the provider is.
Make = Callable[[Settings, str, Mapping[str, str], Mapping[str, Any]], Gateway]


def _none(_settings: Settings) -> list[Gateway]:
    return []


def _cannot(_settings: Settings, provider: str, _keys: Mapping[str, str], _details: Mapping[str, Any]) -> Gateway:
    raise unknown(provider)


_build: Build = _none
_make: Make = _cannot


class UnknownProvider(Invalid):
    """No such payment gateway is connected here."""


def connect(build: Build, make: Make) -> None:
    """Say which gateways a portal's settings name, and how others are made; each portal does so when it needs one."""
    global _build, _make
    _build, _make = build, make


def gateway(name: str) -> Gateway:
    """The gateway of that name which the settings connect."""
    try:
        return _connected()[name]
    except KeyError:
        raise unknown(name) from None


def own(
    account_id: uuid.UUID,
    version: int,
    provider: str,
    keys: Callable[[], Mapping[str, str]],
    details: Mapping[str, Any],
) -> Gateway:
    """The gateway of an account a business set up; made once for each version of it."""
    made: dict[uuid.UUID, tuple[int, Gateway]] = current_app.extensions.setdefault("own_gateways", {})
    known = made.get(account_id)
    if known is None or known[0] != version:
        known = made[account_id] = (version, _make(current_app.extensions["settings"], provider, keys(), details))
    return known[1]


def names() -> list[str]:
    """What the settings connect, the one that payers are sent to first."""
    return list(_connected())


def signing(provider: str) -> Gateway | None:
    """The settings' gateway whose messages arrive at this provider's door: the sandbox speaks as Paystack does."""
    connected = _connected()
    if provider == "paystack" and provider not in connected:
        return connected.get("sandbox")
    return connected.get(provider)


def unknown(provider: str) -> UnknownProvider:
    """The sentence for a provider nobody connected."""
    if not provider:
        return UnknownProvider(_("No payment provider is set up here."), field="provider")
    return UnknownProvider(_("Payments by %(provider)s are not set up here.", provider=provider[:40]), field="provider")


def _connected() -> dict[str, Gateway]:
    found: dict[str, Gateway] | None = current_app.extensions.get("gateways")
    if found is None:
        found = {each.name: each for each in _build(current_app.extensions["settings"])}
        current_app.extensions["gateways"] = found
    return found
