"""Telling the merchant: the messages of the pretended providers, signed as each of them really does it."""

from __future__ import annotations

import hashlib
import hmac
import json

import httpx
from flask import current_app

from config import Settings
from portal.gateways.sandbox import clockwork, documents, keys, outgoing
from portal.gateways.sandbox.daraja import paybill
from portal.gateways.sandbox.models import SandboxTransaction, SandboxWebhook

TIMEOUT = httpx.Timeout(5.0, connect=2.0)
#: M-PESA waits so long for a merchant's word on a payment.
ASKING_TIMEOUT = httpx.Timeout(8.0, connect=2.0)
#: One message may bring about the next (M-PESA asks before it confirms): so many rounds in one go.
ROUNDS = 5


def signed(taken: SandboxTransaction, key: str) -> tuple[bytes, str]:
    """The body of a charge.success, and its signature."""
    body = json.dumps({"event": "charge.success", "data": documents.charge(taken)}).encode()
    return body, signature(body, key)


def signature(body: bytes, key: str) -> str:
    """What the header of a body of Paystack's carries."""
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def deliver_due() -> int:
    """Let the pretended world go on, and attempt the messages whose turn it is; returns how many were heard."""
    settings: Settings = current_app.extensions["settings"]
    if settings.payment_provider != "sandbox" or settings.production:
        return 0
    clockwork.tick()
    done = 0
    for _round in range(ROUNDS):
        due = outgoing.claim()
        if not due:
            break
        for message in due:
            done += _deliver(message, settings)
    return done


def headers_of(message: SandboxWebhook, settings: Settings) -> dict[str, str]:
    """What a provider's message carries beside its body: Paystack a signature, Flutterwave its hash, M-PESA nothing."""
    proof = {}
    if message.provider == "paystack":
        proof = {"x-paystack-signature": signature(message.body.encode(), keys.paystack_key(settings))}
    elif message.provider == "flutterwave":
        proof = {"verif-hash": keys.flutterwave_hash(settings)}
    return {"Content-Type": "application/json", **proof}


def _deliver(message: SandboxWebhook, settings: Settings) -> bool:
    url = settings.public_url + message.url if message.url.startswith("/") else message.url
    patience = ASKING_TIMEOUT if message.event == "validation" else TIMEOUT
    status, text = _post(url, message.body.encode(), headers_of(message, settings), patience)
    outgoing.told(number=message.number, status=status, error=None if status == 200 else text[:200])
    if message.event == "validation":
        paybill.answered(receipt=message.subject, status=status, text=text[:10_000])
    return status == 200


def _post(url: str, body: bytes, headers: dict[str, str], patience: httpx.Timeout) -> tuple[int | None, str]:
    try:
        answer = httpx.post(
            url, content=body, headers=headers, timeout=patience, follow_redirects=False, trust_env=False
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return None, type(error).__name__
    return answer.status_code, answer.text
