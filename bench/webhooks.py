"""Webhooks: how long eight parallel senders of signed messages wait for their 200."""

from __future__ import annotations

import hashlib
import hmac
import json

from bench.ground import Ground
from bench.served import Request, asked, serving
from bench.settle import prepare
from bench.twins import copy_of
from portal.gateways import sandbox

SENDERS = 8
PATH = "/api/payment/webhook/paystack/"


def run(ground: Ground) -> None:
    """Prints messages a second and the wait of 95 in 100; a 200 means checked, stored and committed."""
    awaited = prepare(ground)
    key = sandbox.secret_key(ground.app.extensions["settings"]).encode()
    messages = [message(key, n, *each) for n, each in enumerate(awaited)]
    with copy_of(ground, "webhooks") as app, serving(app, app) as port:
        fresh = asked(port, len(messages), SENDERS, messages)
        again = asked(port, len(messages), SENDERS, messages)
    print(f"  {SENDERS} senders, first time   {fresh.rate:6.0f}/s   p95 {fresh.p95:.0f} ms")
    print(f"  {SENDERS} senders, repeated     {again.rate:6.0f}/s   p95 {again.p95:.0f} ms")


def message(key: bytes, n: int, reference: str, amount: int, currency: str) -> Request:
    """A signed charge.success."""
    data = {"id": 5_000_000_000 + n, "reference": reference, "status": "success", "amount": amount,
            "currency": currency, "domain": "test"}  # fmt: skip
    body = json.dumps({"event": "charge.success", "data": data}).encode()
    signature = hmac.new(key, body, hashlib.sha512).hexdigest()
    return PATH, body, {"Content-Type": "application/json", "x-paystack-signature": signature, "Host": "localhost"}
