"""Paystack's webhooks: the signature on the exact bytes, and every event type read or set aside with a reason."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from portal.core import parse
from portal.core.errors import Invalid
from portal.core.words import _
from portal.gateways.base import About, BadMessage, BadSignature, RefundStatus, SignedMessage
from portal.gateways.paystack import reading
from portal.gateways.paystack.line import Line

SIGNATURE = "x-paystack-signature"


class Messages(Line):
    """What Paystack tells by itself. There is no event id and no timestamp, so a message can be replayed for ever."""

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
        data, about = document.get("data"), _about(kind)
        test = self._is_test_money(data)
        key = f"sha256:{hashlib.sha256(raw).hexdigest()}"
        charge = reading.charge(data) if about is About.CHARGE and not test else None
        if charge is not None:
            key = f"{kind}:{charge.transaction_id}:{charge.reference}"
        refund = reading.refund(data, _refund_status(kind)) if about is About.REFUND and not test else None
        transfer = reading.transfer(data) if about is About.TRANSFER and not test else None
        stage = kind.rpartition(".")[2]
        dispute = reading.dispute(data, stage) if about is About.DISPUTE and not test else None
        part = charge or refund or transfer or dispute
        return SignedMessage(
            kind=kind,
            reference=reading.reference(data),
            dedupe_key=key,
            about=about,
            charge=charge,
            transaction_id=charge.transaction_id if charge else None,
            refund=refund,
            transfer=transfer,
            dispute=dispute,
            set_aside=None if part else _why(kind, about, test=test),
        )


def _about(kind: str) -> About:
    """Whose inbox an event goes to; money that was turned away, plans and invoices of Paystack's own are nobody's."""
    if kind.startswith("charge.dispute."):
        return About.DISPUTE
    first = kind.partition(".")[0]
    if kind == "charge.success":
        return About.CHARGE
    return {"refund": About.REFUND, "transfer": About.TRANSFER}.get(first, About.OTHER)


def _refund_status(kind: str) -> RefundStatus:
    return reading.REFUNDS.get(kind.rpartition(".")[2], RefundStatus.PROCESSING)


def _why(kind: str, about: About, *, test: bool) -> str:
    """Why a message is only kept."""
    if test:
        return "test_money"
    if kind == "bank.transfer.rejected":
        return "turned_away"  # the payer sent another amount, and the provider sent it back
    return "of_no_use_here" if about is About.OTHER else "unreadable"
