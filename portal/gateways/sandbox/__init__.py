"""Payment providers of our own in the shapes of Paystack, Flutterwave and M-PESA: real HTTP, no account, no money."""

from __future__ import annotations

from config import Settings
from portal.gateways.flutterwave import Flutterwave
from portal.gateways.paystack import Paystack
from portal.gateways.sandbox import server
from portal.gateways.sandbox.daraja.credentials import DarajaCredentials, daraja_credentials
from portal.gateways.sandbox.keys import flutterwave_hash, flutterwave_key, paystack_key
from portal.gateways.sandbox.server import base_url

__all__ = [
    "DarajaCredentials",
    "base_url",
    "daraja_credentials",
    "flutterwave_gateway",
    "flutterwave_hash",
    "flutterwave_key",
    "gateway",
    "paystack_key",
    "secret_key",
]

secret_key = paystack_key


def flutterwave_gateway(settings: Settings) -> Flutterwave:
    """Flutterwave's own client at the stand-in's address."""
    return Flutterwave(
        secret_key=flutterwave_key(settings),
        secret_hash=flutterwave_hash(settings),
        base_url=lambda: server.base_url("flutterwave"),
        trust_env=False,
    )


def gateway(settings: Settings) -> Paystack:
    """The sandbox as a gateway: Paystack's own client with another address and another key."""
    return Paystack(name="sandbox", secret_key=paystack_key(settings), base_url=server.base_url, trust_env=False)
