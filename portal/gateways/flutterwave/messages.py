"""Flutterwave's webhooks. The header is a password that every message repeats: a body has no authority."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from portal.core import parse
from portal.core.errors import Invalid
from portal.core.words import _
from portal.gateways import figures
from portal.gateways.base import About, BadMessage, BadSignature, SignedMessage
from portal.gateways.flutterwave import reading
from portal.gateways.flutterwave.line import Line

HEADER = "verif-hash"


class Messages(Line):
    """What Flutterwave tells by itself: a reason to ask, never an answer (`trusted` is False)."""

    def parse_webhook(self, headers: Mapping[str, str], raw: bytes) -> SignedMessage:
        """Check the password in the header, then read the body."""
        given = (headers.get(HEADER) or "").encode("utf-8", "surrogateescape")
        if not self._hash or not hmac.compare_digest(self._hash.encode(), given):
            raise BadSignature(_("The secret hash of this message is not ours."))
        return self.read(raw)

    def read(self, raw: bytes) -> SignedMessage:
        """Read a message whose header was checked when it came."""
        try:
            document = parse.json_object(raw)
        except Invalid as error:
            raise BadMessage(error.message) from None
        kind = document.get("event") or document.get("event.type")
        if not isinstance(kind, str) or not 0 < len(kind) <= 100:
            raise BadMessage(_("The message names no event."))
        data = document.get("data")
        about = _about(kind)
        charge = reading.charge(data) if about is About.CHARGE else None
        named = data if isinstance(data, dict) else {}
        return SignedMessage(
            kind=kind,
            reference=figures.name(named.get("tx_ref") or named.get("reference")),
            dedupe_key=f"sha256:{hashlib.sha256(raw).hexdigest()}",
            about=about,
            trusted=False,
            charge=charge,
            transaction_id=_transaction(named, about),
            set_aside=None if charge else _why(about),
        )


def _about(kind: str) -> About:
    if kind == "charge.completed":  # also sent when it failed
        return About.CHARGE
    first = kind.lower().partition(".")[0]
    return {"refund": About.REFUND, "transfer": About.TRANSFER}.get(first, About.OTHER)


def _transaction(data: dict[str, object], about: About) -> str | None:
    """The number to ask about: a refund names its charge in other words."""
    if about is About.REFUND:
        return figures.name(data.get("tx_id") or data.get("TransactionId"))
    return figures.name(data.get("id")) if about is About.CHARGE else None


def _why(about: About) -> str:
    return {About.CHARGE: "unreadable", About.REFUND: "ask_the_provider"}.get(about, "of_no_use_here")
