"""Payment providers of our own in the shapes of Paystack, Flutterwave and M-PESA: real HTTP, no account, no money."""

from __future__ import annotations

from functools import partial

from config import Settings
from portal.gateways.daraja import Daraja
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
    "daraja_gateway",
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


def daraja_gateway(settings: Settings) -> Daraja:
    """The pretended M-PESA as a gateway: Daraja's own client with other keys and another address."""
    mine = daraja_credentials(settings)
    return Daraja(
        consumer_key=mine.consumer_key,
        consumer_secret=mine.consumer_secret,
        shortcode=mine.shortcode,
        passkey=mine.passkey,
        initiator=mine.initiator,
        initiator_password=mine.initiator_password,
        certificate=mine.certificate,
        base_url=partial(server.base_url, "mpesa"),
        trust_env=False,
    )
