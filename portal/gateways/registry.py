"""The gateways that are connected, by name; the first one connected is used when nobody chooses."""

from __future__ import annotations

from collections.abc import Callable

from flask import current_app

from config import Settings
from portal.core.errors import Invalid
from portal.core.words import _
from portal.gateways.base import Gateway


def _none(_settings: Settings) -> list[Gateway]:
    return []


_build: Callable[[Settings], list[Gateway]] = _none


class UnknownProvider(Invalid):
    """No such payment gateway is connected here."""


def connect(build: Callable[[Settings], list[Gateway]]) -> None:
    """Say which gateways a portal's settings name; each portal makes them when it first needs one."""
    global _build
    _build = build


def gateway(name: str) -> Gateway:
    """The gateway of that name."""
    try:
        return _connected()[name]
    except KeyError:
        raise UnknownProvider(
            _("Payments by %(provider)s are not set up here.", provider=name[:40] or "–"), field="provider"
        ) from None


def default() -> Gateway:
    """The gateway that payers are sent to."""
    for each in _connected().values():
        return each
    raise UnknownProvider(_("No payment provider is set up here."), field="provider")


def signing(provider: str) -> Gateway:
    """The gateway whose messages arrive at this provider's door: the sandbox speaks as Paystack does."""
    connected = _connected()
    if provider == "paystack" and provider not in connected and "sandbox" in connected:
        return connected["sandbox"]
    return gateway(provider)


def _connected() -> dict[str, Gateway]:
    found: dict[str, Gateway] | None = current_app.extensions.get("gateways")
    if found is None:
        found = {each.name: each for each in _build(current_app.extensions["settings"])}
        current_app.extensions["gateways"] = found
    return found
