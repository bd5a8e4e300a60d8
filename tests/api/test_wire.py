"""What cannot be said through a client library: requests that lie about their own length, to the real server."""

from __future__ import annotations

import contextlib
import socket
import time
from urllib.parse import urlsplit

import pytest

HEAD = "POST /api/token/ HTTP/1.1\r\nHost: portal\r\nContent-Type: application/json\r\n"


def send(url: str, request: bytes) -> bytes:
    """What the server says to a client that says this and no more."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=1) as wire:
        wire.sendall(request)
        try:
            return wire.recv(65_536)
        except TimeoutError:  # the server waits for the rest, and learns that there is none
            wire.shutdown(socket.SHUT_WR)
            return wire.recv(65_536)


@pytest.mark.parametrize(
    "request_",
    [
        f"{HEAD}Content-Length: 5000\r\n\r\n{{}}",
        f"{HEAD}Content-Length: 1\r\n\r\n{{}}",
        f"{HEAD}Content-Length: -1\r\n\r\n{{}}",
        f"{HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}",
        f"{HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        f"{HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /api/token/ HTTP/9.9\r\n\r\n",
        "nonsense\r\n\r\n",
    ],
    ids=["longer", "shorter", "negative", "two lengths", "length and chunks", "bad chunks", "version", "nonsense"],
)
def test_a_request_that_lies_about_itself_is_refused(portal_url, request_):
    answer = send(portal_url, request_.encode())
    assert answer.startswith(b"HTTP/1.1 400")
    assert send(portal_url, b"GET /api/nothing HTTP/1.1\r\nHost: portal\r\n\r\n").startswith(b"HTTP/1.1 404")


def test_slow_senders_hold_up_nobody(portal_url):
    """Forty who begin a message and never end it."""
    address = urlsplit(portal_url)
    begun = "POST /api/payment/webhook/paystack/ HTTP/1.1\r\nHost: portal\r\nContent-Length: 1000\r\n\r\n{"
    with contextlib.ExitStack() as open_:
        for _slow in range(40):
            wire = open_.enter_context(socket.create_connection((address.hostname, address.port), timeout=1))
            wire.sendall(begun.encode())
        began = time.monotonic()
        for _try in range(5):
            assert send(portal_url, b"GET /healthz HTTP/1.1\r\nHost: portal\r\n\r\n").startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began < 5
