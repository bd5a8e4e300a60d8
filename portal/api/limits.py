"""How often one caller may knock: a busy integration stays far below, a runaway loop is told to wait."""

from __future__ import annotations

import hashlib
from typing import TypeVar

from flask import Blueprint, request
from flask_limiter.util import get_remote_address

from portal.extensions import limiter

B = TypeVar("B", bound=Blueprint)
PER_CALLER = "100 per 10 seconds"
PER_ADDRESS = "1000 per 10 seconds"
#: What payment providers call: they repeat what they are refused, and their signature is checked instead.
PROVIDERS = ("/api/payment/webhook/", "/api/pay/k/")


def limited(blueprint: B) -> B:
    """Put the limits on every resource of a door, once however many apps it is opened in."""
    limiter.limit(PER_CALLER, key_func=caller, exempt_when=from_a_provider)(blueprint)
    limiter.limit(PER_ADDRESS, exempt_when=from_a_provider)(blueprint)
    return blueprint


def caller() -> str:
    """Whose budget a request uses: the bearer of the token, or the address where there is none."""
    token = request.headers.get("Authorization", "")
    if not token:
        return f"address:{get_remote_address()}"
    return f"token:{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()[:32]}"


def from_a_provider() -> bool:
    """Whether this is a payment provider's call."""
    return request.path.startswith(PROVIDERS)
