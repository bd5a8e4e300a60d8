"""The sentences of a provider's no. Its own words are for staff; a payer at a checkout is told only what they need."""

from __future__ import annotations

from portal.core.words import _
from portal.gateways.base import DuplicateReference, GatewayRefused, KeyRefused
from portal.gateways.http import Call


def key_refused() -> KeyRefused:
    """Our key or password is not known there."""
    return KeyRefused(_("The payment provider does not accept our key. Nothing was done; ask the manager to check it."))


def taken(said: str) -> DuplicateReference:
    """The reference was used before."""
    return DuplicateReference(
        _("The payment provider knows this reference already. Start the payment again."), said=said
    )


def unknown(kind: type[GatewayRefused], said: str) -> GatewayRefused:
    """What was asked about is not there."""
    return kind(_("The payment provider knows nothing under this name."), said=said)


def refused(call: Call, said: str) -> GatewayRefused:
    """Any other no."""
    if call is Call.OFFER:
        return GatewayRefused(_("The payment provider refused this payment. Nothing was charged."), said=said)
    if said:
        return GatewayRefused(
            _("The payment provider said no: “%(said)s”. Nothing was done.", said=said.rstrip(".")), said=said
        )
    return GatewayRefused(_("The payment provider said no. Nothing was done."))
