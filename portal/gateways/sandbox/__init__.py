"""A payment provider of our own in Paystack's shape: real HTTP, signed webhooks, no account and no money."""

from __future__ import annotations

from config import Settings
from portal.gateways.paystack import Paystack
from portal.gateways.sandbox import server


def gateway(settings: Settings) -> Paystack:
    """The sandbox as a gateway: Paystack's own client with another address and another key."""
    return Paystack(name="sandbox", secret_key=secret_key(settings), base_url=server.base_url, trust_env=False)


def secret_key(settings: Settings) -> str:
    """The key both sides share: the one that was set, or one derived from the portal's own secret."""
    return settings.paystack_secret_key or f"sk_test_{settings.derived_key('sandbox')}"
