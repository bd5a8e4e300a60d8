"""The secrets the portal and its stand-ins share: those that were set, or ones derived from the portal's own secret."""

from __future__ import annotations

from config import Settings


def paystack_key(settings: Settings) -> str:
    """The secret key of the pretended Paystack account."""
    return settings.paystack_secret_key or f"sk_test_{settings.derived_key('sandbox')}"


def flutterwave_key(settings: Settings) -> str:
    """The secret key of the pretended Flutterwave account."""
    return settings.flutterwave_secret_key or f"FLWSECK_TEST-{settings.derived_key('sandbox flutterwave')}"


def flutterwave_hash(settings: Settings) -> str:
    """The words that Flutterwave's messages carry, always the same."""
    return settings.flutterwave_secret_hash or settings.derived_key("sandbox flutterwave hash")
