"""Payment providers of our own in the shapes of Paystack, Flutterwave and M-PESA: real HTTP, no account, no money."""

from __future__ import annotations

from config import Settings
from portal.gateways.paystack import Paystack
from portal.gateways.sandbox import server
from portal.gateways.sandbox.daraja.credentials import DarajaCredentials, daraja_credentials
from portal.gateways.sandbox.keys import flutterwave_hash, flutterwave_key, paystack_key
from portal.gateways.sandbox.server import base_url

__all__ = [
    "DarajaCredentials",
    "base_url",
    "daraja_credentials",
    "flutterwave_hash",
    "flutterwave_key",
    "gateway",
    "paystack_key",
    "secret_key",
]

secret_key = paystack_key


def gateway(settings: Settings) -> Paystack:
    """The sandbox as a gateway: Paystack's own client with another address and another key."""
    return Paystack(name="sandbox", secret_key=paystack_key(settings), base_url=server.base_url, trust_env=False)
