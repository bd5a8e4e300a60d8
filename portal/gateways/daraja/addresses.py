"""Addresses in both directions: those we may give Safaricom, and those its messages come from."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import urlsplit

from config_providers import REFUSED_BY_SAFARICOM
from portal.core.errors import Invalid
from portal.core.words import _

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class UnusableAddress(Invalid):
    """Safaricom would not send anything to this address."""


def check(url: str) -> str:
    """The address, if Safaricom takes it: https (but on this machine) and without the words it refuses."""
    parts = urlsplit(url)
    if not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        raise UnusableAddress(
            _("Safaricom sends to https:// addresses only. Give the portal a public address with https.")
        )
    found = [word for word in REFUSED_BY_SAFARICOM if word in url.lower()]
    if found:
        raise UnusableAddress(
            _(
                "Safaricom sends nothing to addresses that contain “%(word)s”. Give the portal another public address.",
                word=found[0],
            )
        )
    return url


def comes_from(address: str | None, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether a peer's address is in the list; a stranger is turned away, but being in it proves nothing."""
    try:
        peer = ip_address(address or "")
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer
    return any(peer.version == network.version and peer in network for network in networks)
