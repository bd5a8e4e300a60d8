"""Telling the merchant: signed POSTs of the pretended provider, tried again until they are answered with 200."""

from __future__ import annotations

import hashlib
import hmac
import json

import httpx
from flask import current_app

from config import Settings
from portal.gateways.sandbox import secret_key, service
from portal.gateways.sandbox.models import SandboxTransaction

TIMEOUT = httpx.Timeout(5.0, connect=2.0)
PATH = "/api/payment/webhook/paystack/"


def signed(taken: SandboxTransaction, key: str) -> tuple[bytes, str]:
    """The body of a charge.success, and its signature."""
    body = json.dumps({"event": "charge.success", "data": service.document(taken)}).encode()
    return body, signature(body, key)


def signature(body: bytes, key: str) -> str:
    """What the header of a body carries."""
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def deliver_due() -> int:
    """Pay what is to be paid late, attempt the webhooks whose turn it is; returns how many were answered with 200."""
    settings: Settings = current_app.extensions["settings"]
    if settings.payment_provider != "sandbox":
        return 0
    service.pay_late()
    done = 0
    for taken in service.claim_webhooks():
        body, proof = signed(taken, secret_key(settings))
        status, error = _post(settings.public_url + PATH, body, proof)
        service.told(reference=taken.reference, status=status, error=error)
        done += status == 200
    return done


def _post(url: str, body: bytes, proof: str) -> tuple[int | None, str | None]:
    headers = {"Content-Type": "application/json", "x-paystack-signature": proof}
    try:
        answer = httpx.post(
            url, content=body, headers=headers, timeout=TIMEOUT, follow_redirects=False, trust_env=False
        )
    except httpx.HTTPError as error:
        return None, type(error).__name__
    return answer.status_code, None if answer.status_code == 200 else answer.text[:200]
