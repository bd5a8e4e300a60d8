"""Giving money back by Paystack. Our own name for a refund travels as its merchant note, so that it is found again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from urllib.parse import quote

from portal.core.words import _
from portal.gateways import figures
from portal.gateways.base import GatewayRefused, RefundAccount, RefundAsked, RefundSaid, UnknownRefund
from portal.gateways.http import Call, lost, no_answer
from portal.gateways.paystack import reading
from portal.gateways.paystack.line import Line

#: Their clock and ours may differ by so much.
SLACK = timedelta(days=1)


class Refunds(Line):
    """Money back."""

    def refund(self, asked: RefundAsked) -> RefundSaid:
        """Ask for a refund, once; ReplyLost says it may have been made: look with find_refund before asking again."""
        document = self._ask(
            "POST",
            "/refund",
            call=Call.ORDER,
            body={
                "transaction": asked.transaction_id,
                "amount": asked.amount,
                "currency": asked.currency,
                "customer_note": asked.note,
                "merchant_note": asked.reference,
            },
        )
        said = reading.refund(self._object(document, Call.ORDER))
        if said is None or said.provider_refund_id is None:
            raise lost()
        return said

    def find_refund(self, asked: RefundAsked, *, known: Collection[str] = ()) -> RefundSaid | None:
        """The refund this question made, or None: ours by its note, else by charge and amount among the others."""
        nameless = None
        for said in self._refunds_of(asked):
            if said.provider_refund_id in known:
                continue
            if said.reason is not None and asked.reference in said.reason:
                return said
            if said.amount == asked.amount and said.currency == asked.currency and not said.reason:
                nameless = nameless or said
        return nameless

    def refund_status(self, provider_refund_id: str) -> RefundSaid:
        """How a refund stands now."""
        document = self._ask("GET", f"/refund/{quote(provider_refund_id, safe='')}", unknown=UnknownRefund)
        data = self._object(document)
        if self._is_test_money(data):
            raise GatewayRefused(_("This is a test refund; it moved no money."))
        said = reading.refund(data)
        if said is None or said.provider_refund_id != provider_refund_id:
            raise no_answer()
        return said

    def retry_refund(self, provider_refund_id: str, account: RefundAccount) -> RefundSaid:
        """Send a refund that needs attention to a bank account instead."""
        document = self._ask(
            "POST",
            f"/refund/retry_with_customer_details/{quote(provider_refund_id, safe='')}",
            call=Call.ORDER,
            body={
                "refund_account_details": {
                    "currency": account.currency,
                    "account_number": account.account_number,
                    "bank_id": account.bank_id,
                }
            },
            unknown=UnknownRefund,
        )
        said = reading.refund(self._object(document, Call.ORDER))
        if said is None:
            raise lost()
        return said

    def _refunds_of(self, asked: RefundAsked) -> Iterator[RefundSaid]:
        """The refunds of one charge out of the list of all."""
        query = {"from": figures.iso(asked.asked_at - SLACK)} if asked.asked_at else None
        for rows in self._pages("/refund", query):
            for row in rows:
                said = reading.refund(row)
                if said is None or self._is_test_money(row):
                    continue
                if said.transaction_id == asked.transaction_id or said.charge_reference == asked.charge_reference:
                    yield said
