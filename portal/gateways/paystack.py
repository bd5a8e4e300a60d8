"""Paystack: initialise, verify, and webhooks signed with HMAC-SHA512 of the exact body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
import structlog

from portal.core import parse
from portal.core.errors import Invalid
from portal.core.words import _
from portal.gateways.base import (
    BadMessage,
    BadSignature,
    Charge,
    ChargeStatus,
    Checkout,
    DuplicateReference,
    GatewayDown,
    GatewayRefused,
    SignedMessage,
    Started,
)

TIMEOUT = httpx.Timeout(10.0, connect=3.0)
SIGNATURE = "x-paystack-signature"
#: A status we have never heard of is no money and no end: it stays open until it is one we know.
STATUSES = {
    "success": ChargeStatus.SUCCESS,
    "failed": ChargeStatus.FAILED,
    "abandoned": ChargeStatus.ABANDONED,
    "reversed": ChargeStatus.REVERSED,
    "processing": ChargeStatus.PROCESSING,
    "queued": ChargeStatus.PROCESSING,
}
MOST_MINOR = 10**15
log = structlog.get_logger(__name__)


class Paystack:
    """One Paystack account, or anything that answers in its shape at another address."""

    def __init__(
        self, *, secret_key: str, base_url: str | Callable[[], str], name: str = "paystack", trust_env: bool = True
    ) -> None:
        self.name = name
        self._key = secret_key
        self._base_url = base_url
        # A connection that was kept and died meanwhile would look like a provider that is away, so none is kept.
        self._http = httpx.Client(
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=trust_env,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def __repr__(self) -> str:
        return f"Paystack({self.name!r})"

    def initialize(self, asked: Checkout) -> Started:
        """Open a checkout under our reference."""
        data = self._ask(
            "POST",
            "/transaction/initialize",
            {
                "email": asked.email,
                "amount": asked.amount,
                "currency": asked.currency,
                "reference": asked.reference,
                "callback_url": asked.callback_url,
                "metadata": {"description": asked.description},
            },
        )
        url, code = data.get("authorization_url"), data.get("access_code")
        if not (isinstance(url, str) and url.startswith(("https://", "http://")) and isinstance(code, str)):
            raise _no_answer()
        return Started(url, code)

    def verify(self, reference: str) -> Charge:
        """Ask what became of a reference."""
        data = self._ask("GET", f"/transaction/verify/{quote(reference, safe='')}")
        if self._is_test_money(data):
            raise GatewayRefused(_("This is a test transaction; it brought no money."))
        charge = _charge(data)
        if charge is None or charge.reference != reference:
            raise _no_answer()
        return charge

    def parse_webhook(self, headers: Mapping[str, str], raw: bytes) -> SignedMessage:
        """Check the signature on the exact bytes, then read them."""
        expected = hmac.new(self._key.encode(), raw, hashlib.sha512).hexdigest().encode()
        # Bytes on both sides: compare_digest refuses text that is not ASCII, and a header may hold any byte.
        given = (headers.get(SIGNATURE) or "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(expected, given):
            raise BadSignature(_("The signature does not belong to this message."))
        return self.read(raw)

    def read(self, raw: bytes) -> SignedMessage:
        """Read a message whose signature was checked when it came."""
        try:
            document = parse.json_object(raw)
        except Invalid as error:
            raise BadMessage(error.message) from None
        kind = document.get("event")
        if not isinstance(kind, str) or not 0 < len(kind) <= 100:
            raise BadMessage(_("The message names no event."))
        data = document.get("data")
        charge = _charge(data) if kind == "charge.success" and not self._is_test_money(data) else None
        key = f"sha256:{hashlib.sha256(raw).hexdigest()}"
        if charge is not None:
            key = f"{kind}:{charge.transaction_id}:{charge.reference}"
        return SignedMessage(kind=kind, reference=_reference(data), dedupe_key=key, charge=charge)

    def _is_test_money(self, data: object) -> bool:
        """Whether a live account was told of a test transaction."""
        return self._key.startswith("sk_live") and isinstance(data, dict) and data.get("domain") == "test"

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call. HTTP 200 with `status: true` only means that the request worked."""
        base = self._base_url if isinstance(self._base_url, str) else self._base_url()
        try:
            answer = self._http.request(
                method, base.rstrip("/") + path, json=body, headers={"Authorization": f"Bearer {self._key}"}
            )
            document = parse.json_object(answer.content)
        except (httpx.HTTPError, httpx.InvalidURL, Invalid) as error:
            log.warning("gateway_silent", gateway=self.name, path=path.split("/")[2], error=type(error).__name__)
            raise _no_answer() from None
        data = document.get("data")
        if answer.status_code in (200, 201) and document.get("status") is True and isinstance(data, dict):
            return data
        code = str(document.get("code") or "")[:60]
        log.warning("gateway_refused", gateway=self.name, status=answer.status_code, code=code)
        if answer.status_code >= 500 or answer.status_code in (408, 429) or answer.is_redirect:
            raise _no_answer()
        if code == "duplicate_reference":
            raise DuplicateReference(_("The payment provider knows this reference already. Start the payment again."))
        raise GatewayRefused(_("The payment provider refused this payment. Nothing was charged."))


def _no_answer() -> GatewayDown:
    return GatewayDown(_("The payment provider did not answer. Nothing was charged; try again in a moment."))


def _reference(data: object) -> str | None:
    found = data.get("reference") or data.get("transaction_reference") if isinstance(data, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= 100 else None


def _charge(data: object) -> Charge | None:
    """A charge out of Paystack's data, or None when it does not say what a charge must say."""
    if not isinstance(data, dict):
        return None
    reference, amount, currency = _reference(data), _minor(data.get("amount")), data.get("currency")
    transaction, status = data.get("id"), data.get("status")
    known = isinstance(transaction, int | str) and not isinstance(transaction, bool) and str(transaction)
    if reference is None or amount is None or not isinstance(currency, str) or not known:
        return None
    return Charge(
        reference=reference,
        status=STATUSES.get(status, ChargeStatus.PENDING) if isinstance(status, str) else ChargeStatus.PENDING,
        amount=amount,
        requested_amount=_minor(data.get("requested_amount")),
        fee=_minor(data.get("fees")) or 0,
        currency=currency[:10],
        transaction_id=str(transaction)[:100],
        channel=data["channel"][:40] if isinstance(data.get("channel"), str) else None,
        paid_at=_moment(data.get("paid_at") or data.get("paidAt")),
    )


def _minor(value: object) -> int | None:
    """Whole minor units; some of Paystack's events write them as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 15:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_MINOR else None


def _moment(value: object) -> datetime | None:
    try:
        return parse.timestamp(value, "paid_at")
    except Invalid:
        return None
