"""Sending money out by Paystack: recipients, transfers under our reference, and their one-time passwords."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from portal.core.money import DECIMALS, Money
from portal.core.words import _
from portal.gateways import figures
from portal.gateways.base import (
    Bank,
    GatewayRefused,
    RecipientAsked,
    TransferAsked,
    TransferSaid,
    UnknownTransfer,
)
from portal.gateways.http import Call, lost, no_answer
from portal.gateways.paystack import reading
from portal.gateways.paystack.line import Line

PAGE, MOST_PAGES = 100, 50


class Payouts(Line):
    """Money out."""

    def banks(self, currency: str) -> Sequence[Bank]:
        """Where money of a currency can be sent, by name."""
        found: list[Bank] = []
        query: dict[str, str | int] = {"currency": currency, "use_cursor": "true", "perPage": PAGE}
        for _page in range(MOST_PAGES):
            document = self._ask("GET", "/bank", query=query)
            found += [bank for row in self._rows(document) if (bank := _bank(row)) is not None]
            meta = document.get("meta")
            following = figures.name(meta.get("next"), 500) if isinstance(meta, dict) else None
            if following is None or following == query.get("next"):
                break
            query["next"] = following
        return sorted(found, key=lambda bank: bank.name.casefold())

    def resolve_account(self, account_number: str, bank_code: str) -> str:
        """The name the bank has for an account."""
        query = {"account_number": account_number, "bank_code": bank_code}
        named = figures.text(self._object(self._ask("GET", "/bank/resolve", query=query)).get("account_name"), 200)
        if named is None:
            raise no_answer()
        return named

    def make_recipient(self, asked: RecipientAsked) -> str:
        """The gateway's code for a recipient; asking twice gives the same one."""
        document = self._ask(
            "POST",
            "/transferrecipient",
            body={
                "type": asked.kind,
                "name": asked.name,
                "account_number": asked.account_number,
                "bank_code": asked.bank_code,
                "currency": asked.currency,
            },
        )
        code = figures.name(self._object(document).get("recipient_code"))
        if code is None:
            raise no_answer()
        return code

    def transfer(self, asked: TransferAsked) -> TransferSaid:
        """Start a transfer. ReplyLost: verify by reference; DuplicateReference: it was started before, verify too."""
        document = self._ask(
            "POST",
            "/transfer",
            call=Call.ORDER,
            body={
                "source": "balance",
                "amount": asked.amount,
                "currency": asked.currency,
                "recipient": asked.recipient_code,
                "reference": asked.reference,
                "reason": asked.reason,
            },
        )
        said = reading.transfer(self._object(document, Call.ORDER))
        if said is None or said.reference != asked.reference:
            raise lost()
        return said

    def finalize_transfer(self, transfer_code: str, otp: str) -> TransferSaid:
        """Confirm a transfer with the one-time password; raises WrongOtp."""
        document = self._ask(
            "POST",
            "/transfer/finalize_transfer",
            call=Call.ORDER,
            body={"transfer_code": transfer_code, "otp": otp},
            unknown=UnknownTransfer,
        )
        said = reading.transfer(self._object(document, Call.ORDER))
        if said is None:
            raise lost()
        return said

    def resend_otp(self, transfer_code: str, reason: str = "resend_otp") -> None:
        """Send the one-time password again: `resend_otp` for a first one that is lost, `transfer` for a retry."""
        self._ask(
            "POST",
            "/transfer/resend_otp",
            call=Call.ORDER,
            body={"transfer_code": transfer_code, "reason": reason},
            unknown=UnknownTransfer,
        )

    def verify_transfer(self, reference: str) -> TransferSaid:
        """How a transfer stands; UnknownTransfer says it was never made, GatewayDown says nothing of it."""
        document = self._ask("GET", f"/transfer/verify/{quote(reference, safe='')}", unknown=UnknownTransfer)
        data = self._object(document)
        if self._is_test_money(data):
            raise GatewayRefused(_("This is a test transfer; it moved no money."))
        said = reading.transfer(data)
        if said is None or said.reference != reference:
            raise no_answer()
        return said

    def balance(self) -> Sequence[Money]:
        """What can be sent out, for each currency of the account."""
        rows = self._rows(self._ask("GET", "/balance"))
        return [
            Money(amount, row["currency"])
            for row in rows
            if row.get("currency") in DECIMALS and (amount := _signed(row.get("balance"))) is not None
        ]


def _bank(row: dict[str, Any]) -> Bank | None:
    """A bank that can be paid into."""
    code, named, currency = figures.name(row.get("code")), figures.text(row.get("name")), row.get("currency")
    gone = row.get("is_deleted") is True or row.get("active") is False or row.get("supports_transfer") is False
    if gone or code is None or named is None or not isinstance(currency, str):
        return None
    return Bank(
        code=code,
        name=named,
        kind=figures.text(row.get("type"), 40) or "nuban",
        currency=currency[:10],
        id=figures.name(row.get("id")) or "",
    )


def _signed(value: object) -> int | None:
    """A balance may be below zero."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= figures.MOST_MINOR:
        return value
    return figures.minor(value)
