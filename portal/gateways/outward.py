"""Calls to addresses that people typed in: never to this machine, its neighbours or its cloud, and never redirected.

The address is looked up once and called as it was found, so that a name cannot mean another machine a moment later.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from portal.core.errors import Invalid
from portal.core.words import _

TIMEOUT = httpx.Timeout(5.0, connect=3.0)
MOST_SECONDS = 15.0

#: Whether machines of the own network may be called: set from PRIVATE_ADDRESSES_ALLOWED, for a receiver beside us.
_private_allowed = False


class AddressRefused(Invalid):
    """Nothing outside is reached at that address."""


class NoAnswer(Exception):
    """Nobody answered, or not with what can be read; the words say why and hold no body."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered."""

    status: int
    body: bytes


def connect(*, private_allowed: bool) -> None:
    """Say whether machines of the own network may be called."""
    global _private_allowed
    _private_allowed = private_allowed


def checked(url: str, field: str = "url") -> str:
    """An address that may be called, as it was typed; raises AddressRefused with the reason for a person."""
    parts = _parts(url, field)
    try:
        _found(parts)
    except NoAnswer:
        raise AddressRefused(_("No machine is known as %(host)s.", host=parts.host[:80]), field=field) from None
    return url


def send(
    method: str,
    url: str,
    *,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    most_bytes: int = 64 * 1024,
) -> Reply:
    """Call an address; raises AddressRefused for one that may not be, and NoAnswer."""
    parts = _parts(url, "url")
    address = _found(parts)
    host = parts.netloc.decode("ascii")
    deadline = time.monotonic() + MOST_SECONDS
    try:
        with (
            httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client,
            client.stream(
                method,
                parts.copy_with(host=address),
                content=content,
                headers={"User-Agent": "portal", **(headers or {}), "Host": host},
                extensions={"sni_hostname": parts.host},
            ) as answer,
        ):
            body = b""
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > most_bytes:
                    raise NoAnswer("the answer is too long")
                if time.monotonic() > deadline:
                    raise NoAnswer("the answer takes too long")
            return Reply(answer.status_code, body)
    except httpx.HTTPError as error:
        raise NoAnswer(type(error).__name__) from error


def _parts(url: str, field: str) -> httpx.URL:
    try:
        parts = httpx.URL(url.strip())
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise AddressRefused(_("Write a whole address, such as https://example.com/hook."), field=field) from None
    if parts.scheme not in ("https", "http") or not parts.host or parts.userinfo:
        raise AddressRefused(_("Write a whole address, such as https://example.com/hook."), field=field)
    return parts


def _found(parts: httpx.URL) -> str:
    """Where the name leads; every machine it may mean has to be one that may be called."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        answers = socket.getaddrinfo(parts.raw_host.decode("ascii"), port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NoAnswer("its name is unknown") from error
    addresses = [str(answer[4][0]) for answer in answers]
    if not _private_allowed and not all(_outside(each) for each in addresses):
        raise AddressRefused(_("That address is inside this network. Write one on the internet."), field="url")
    return addresses[0]


def _outside(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return found.is_global and not found.is_multicast
