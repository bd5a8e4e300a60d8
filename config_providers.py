"""The settings of the payment providers: what each needs, and what cannot be right, one sentence for each mistake."""

from __future__ import annotations

import os
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from config_reader import Reader

if TYPE_CHECKING:
    from config import Settings

PROVIDERS = ("sandbox", "paystack", "flutterwave", "mpesa")
NEEDS = {
    "paystack": ("PAYSTACK_SECRET_KEY",),
    "flutterwave": ("FLUTTERWAVE_SECRET_KEY", "FLUTTERWAVE_SECRET_HASH"),
    "mpesa": ("DARAJA_CONSUMER_KEY", "DARAJA_CONSUMER_SECRET", "DARAJA_SHORTCODE", "DARAJA_PASSKEY"),
}
BASE_URLS = {"paystack": "PAYSTACK_BASE_URL", "flutterwave": "FLUTTERWAVE_BASE_URL", "mpesa": "DARAJA_BASE_URL"}
DARAJA_SANDBOX, DARAJA_LIVE = "https://sandbox.safaricom.co.ke", "https://api.safaricom.co.ke"
#: Safaricom publishes no list; ten public projects agree on these.
SAFARICOM_ADDRESSES = tuple(
    ip_network(f"196.201.{third}.{fourth}/32")
    for third, lasts in ((214, (200, 206, 207, 208)), (213, (114, 44)), (212, (127, 138, 129, 136, 74, 69)))
    for fourth in lasts
)
#: Safaricom sends nothing to addresses with these in them, whatever they stand for.
REFUSED_BY_SAFARICOM = ("mpesa", "m-pesa", "safaricom", "query", "cmd", "sql", "exe")


def read(reader: Reader, *, production: bool) -> dict[str, Any]:
    """The providers' part of the settings."""
    web = ("https", "http")
    certificate = reader.text("DARAJA_CERTIFICATE")
    return {
        "paystack_secret_key": reader.text("PAYSTACK_SECRET_KEY"),
        "paystack_base_url": reader.url("PAYSTACK_BASE_URL", web, "https://api.paystack.co"),
        "flutterwave_secret_key": reader.text("FLUTTERWAVE_SECRET_KEY"),
        "flutterwave_secret_hash": reader.text("FLUTTERWAVE_SECRET_HASH"),
        "flutterwave_base_url": reader.url("FLUTTERWAVE_BASE_URL", web, "https://api.flutterwave.com"),
        "daraja_consumer_key": reader.text("DARAJA_CONSUMER_KEY"),
        "daraja_consumer_secret": reader.text("DARAJA_CONSUMER_SECRET"),
        "daraja_shortcode": _number("DARAJA_SHORTCODE", reader),
        "daraja_till": _number("DARAJA_TILL", reader),
        "daraja_passkey": reader.text("DARAJA_PASSKEY"),
        "daraja_base_url": reader.url("DARAJA_BASE_URL", web, DARAJA_LIVE if production else DARAJA_SANDBOX),
        "daraja_initiator": reader.text("DARAJA_INITIATOR"),
        "daraja_initiator_password": reader.text("DARAJA_INITIATOR_PASSWORD"),
        "daraja_certificate": Path(certificate).expanduser().absolute() if certificate else None,
        "daraja_callback_addresses": reader.networks("DARAJA_CALLBACK_ADDRESSES") or SAFARICOM_ADDRESSES,
    }


def mistakes(settings: Settings, reader: Reader) -> list[str]:
    """What is wrong with the providers' settings taken together."""
    provider = settings.payment_provider
    found = []
    missing = [name for name in NEEDS.get(provider, ()) if not reader.text(name)]
    if missing:
        found.append(f"PAYMENT_PROVIDER {provider} needs {', '.join(missing)}.")
    if provider == "mpesa" or settings.daraja_consumer_key:
        found += _daraja(settings, reader)
    if settings.production and provider in BASE_URLS:
        found += _not_real(settings, reader)
    return found


def _daraja(settings: Settings, reader: Reader) -> list[str]:
    found = []
    words = [word for word in REFUSED_BY_SAFARICOM if word in settings.public_url.lower()]
    if words:
        found.append(f"PUBLIC_URL contains '{words[0]}', and Safaricom calls no address with that in it; use another.")
    together = ("DARAJA_INITIATOR", "DARAJA_INITIATOR_PASSWORD", "DARAJA_CERTIFICATE")
    missing = [name for name in together if not reader.text(name)]
    if 0 < len(missing) < len(together):
        found.append(f"{', '.join(together)} belong together; missing: {', '.join(missing)}.")
    certificate = settings.daraja_certificate
    if certificate is not None and not (certificate.is_file() and os.access(certificate, os.R_OK)):
        found.append("DARAJA_CERTIFICATE names no file that can be read.")
    return found


def _not_real(settings: Settings, reader: Reader) -> list[str]:
    """Where real money is at stake, keys travel over TLS to the real thing."""
    found = []
    name = BASE_URLS[settings.payment_provider]
    address = getattr(settings, name.lower())
    if address and urlsplit(address).scheme != "https":
        found.append(f"{name} must begin with https:// in production.")
    keys = {"paystack": settings.paystack_secret_key, "flutterwave": settings.flutterwave_secret_key}
    if keys.get(settings.payment_provider, "").startswith(("sk_test", "FLWSECK_TEST")):
        found.append(f"{NEEDS[settings.payment_provider][0]} is a test key, which takes no money.")
    if address.rstrip("/") == DARAJA_SANDBOX:
        found.append("DARAJA_BASE_URL is Safaricom's sandbox, which takes no money.")
    return found


def _number(name: str, reader: Reader) -> str:
    """A short code or till number: its digits, kept as text."""
    raw = reader.text(name)
    if raw and not (raw.isascii() and raw.isdigit() and 5 <= len(raw) <= 7):
        reader.mistakes.append(f"{name} must be a number of 5 to 7 digits, not '{raw}'.")
        return ""
    return raw
