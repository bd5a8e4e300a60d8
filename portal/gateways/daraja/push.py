"""Asking a phone for a PIN (STK push): the question, how it stands, and the callback that claims how it ended."""

from __future__ import annotations

import base64
import re

from portal.core.errors import Invalid
from portal.core.words import _
from portal.gateways import figures, refusals
from portal.gateways.base import PushAsked, PushSaid, PushStarted, PushState, PushTold
from portal.gateways.daraja import addresses, codes, reading
from portal.gateways.daraja.line import CURRENCY, EAT, Line, whole_shillings
from portal.gateways.http import Call, lost, no_answer

_PHONE = re.compile(r"\+?(254[17][0-9]{8})")
_PLAIN = re.compile(r"[^A-Za-z0-9 .\-]")
_PROCESSING = re.compile(r"being processed|under processing|still processing", re.IGNORECASE)
_WRONG_SETUP = re.compile(r"wrong credential|merchant does not exist", re.IGNORECASE)
LONGEST_ACCOUNT, LONGEST_DESCRIPTION = 12, 13


class NotAnMpesaPhone(Invalid):
    """Not a number M-Pesa can ask."""


class Push(Line):
    """The phone in the payer's hand."""

    def push(self, asked: PushAsked) -> PushStarted:
        """Ask the phone; ReplyLost: it may be ringing all the same, and the callback tells."""
        shillings, phone = whole_shillings(asked.amount, asked.currency), _msisdn(asked.phone)
        document = self._order(
            "/mpesa/stkpush/v1/processrequest",
            {
                **self._password(),
                "TransactionType": "CustomerBuyGoodsOnline" if self._till else "CustomerPayBillOnline",
                "Amount": shillings,
                "PartyA": phone,
                "PartyB": self._till or self._shortcode,
                "PhoneNumber": phone,
                "CallBackURL": addresses.check(asked.callback_url),
                "AccountReference": _PLAIN.sub("", asked.account_reference)[:LONGEST_ACCOUNT] or self._shortcode,
                "TransactionDesc": _PLAIN.sub("", asked.description)[:LONGEST_DESCRIPTION] or "Payment",
            },
            Call.ORDER,
        )
        checkout = figures.name(document.get("CheckoutRequestID"))
        if checkout is None:
            raise lost()
        return PushStarted(
            checkout_request_id=checkout,
            merchant_request_id=figures.name(document.get("MerchantRequestID")) or "",
            message=figures.text(document.get("CustomerMessage") or document.get("ResponseDescription"), 200) or "",
        )

    def query_push(self, checkout_request_id: str) -> PushSaid:
        """How the question stands; it gives neither amount nor receipt, so the amount asked for is what was paid."""
        answer = self._ask(
            "/mpesa/stkpushquery/v1/query",
            {**self._password(), "CheckoutRequestID": checkout_request_id},
            Call.QUESTION,
        )
        document = answer.document
        if document.get("errorCode") is not None:
            return self._open(figures.text(document["errorCode"], 40) or "", document.get("errorMessage"))
        if answer.status != 200 or document.get("CheckoutRequestID") != checkout_request_id:
            raise no_answer()
        code = figures.name(document.get("ResultCode"), 20) or ""
        description = figures.text(document.get("ResultDesc"), 200) or ""
        if codes.state(code) is PushState.UNKNOWN and _PROCESSING.search(description):
            code = "4999"
        return PushSaid(state=codes.state(code), code=code, description=description, sentence=codes.sentence(code))

    def read_push_callback(self, raw: bytes) -> PushTold:
        """Read a callback; raises BadMessage."""
        told = reading.part(reading.document(raw), "Body", "stkCallback")
        code = reading.needed(told, "ResultCode")
        listed = told.get("CallbackMetadata")
        items = dict(reading.pairs(listed.get("Item"), "Name", "Value")) if isinstance(listed, dict) else {}
        return PushTold(
            merchant_request_id=figures.name(told.get("MerchantRequestID")) or "",
            checkout_request_id=reading.needed(told, "CheckoutRequestID"),
            code=code[:20],
            description=figures.text(told.get("ResultDesc"), 200) or "",
            state=codes.state(code),
            sentence=codes.sentence(code),
            amount=figures.major(items.get("Amount"), CURRENCY),
            receipt=figures.name(items.get("MpesaReceiptNumber"), 40),
            phone=reading.phone(items.get("PhoneNumber")),
            at=reading.moment(items.get("TransactionDate"), EAT),
        )

    def acknowledge(self) -> dict[str, str | int]:
        """The body that tells Safaricom a message was kept."""
        return {"ResultCode": 0, "ResultDesc": "Accepted"}

    def _password(self) -> dict[str, str]:
        """The short code, and the passkey as it is only good for this second."""
        stamp = self._now().astimezone(EAT).strftime("%Y%m%d%H%M%S")
        password = base64.b64encode(f"{self._shortcode}{self._passkey}{stamp}".encode()).decode("ascii")
        return {"BusinessShortCode": self._shortcode, "Password": password, "Timestamp": stamp}

    def _open(self, code: str, words: object) -> PushSaid:
        """What an error on the question means: one code stands for waiting, for wrong settings, and for more."""
        said = figures.text(words, 200) or ""
        if _WRONG_SETUP.search(said):
            raise refusals.key_refused()
        waiting = bool(_PROCESSING.search(said))
        return PushSaid(
            state=PushState.WAITING if waiting else PushState.UNKNOWN,
            code=code,
            description=said,
            sentence=codes.sentence("4999" if waiting else code),
        )


def _msisdn(phone: str) -> str:
    """A phone as Daraja reads it: 254, then 1 or 7, then eight digits."""
    found = _PHONE.fullmatch(phone.strip())
    if found is None:
        raise NotAnMpesaPhone(
            _("This is not a Safaricom number. Write it as +254712345678 or +254112345678."), field="phone"
        )
    return found.group(1)
