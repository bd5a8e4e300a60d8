"""Giving money back by Flutterwave. Our own name for a refund travels as its comment, so that it is found again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from urllib.parse import quote

from portal.core.words import _
from portal.gateways import figures
from portal.gateways.base import GatewayRefused, RefundAccount, RefundAsked, RefundSaid, UnknownRefund
from portal.gateways.flutterwave import reading
from portal.gateways.flutterwave.charges import Charges
from portal.gateways.http import Call, lost, no_answer

#: Their clock and ours may differ by so much, and their lists go by whole days.
SLACK = timedelta(days=1)


class Refunds(Charges):
    """Money back."""

    def refund(self, asked: RefundAsked) -> RefundSaid:
        """Ask for a refund, once; ReplyLost says it may have been made: look with find_refund before asking again."""
        document = self._ask(
            "POST",
            f"/v3/transactions/{quote(asked.transaction_id, safe='')}/refund",
            call=Call.ORDER,
            body={"amount": figures.to_major(asked.amount, asked.currency), "comments": asked.reference},
        )
        said = reading.refund(self._object(document, Call.ORDER), asked.currency)
        if said is None:
            raise lost()
        return said

    def find_refund(self, asked: RefundAsked, *, known: Collection[str] = ()) -> RefundSaid | None:
        """The refund this question made, or None: ours by its comment, else by charge and amount among the others."""
        nameless = None
        query = {"from": f"{asked.asked_at - SLACK:%Y-%m-%d}"} if asked.asked_at else {}
        for rows in self._pages("/v3/refunds", query):
            for said in (reading.refund(row, asked.currency) for row in rows):
                if said is None or said.transaction_id != asked.transaction_id or said.provider_refund_id in known:
                    continue
                if said.reason is not None and asked.reference in said.reason:
                    return said
                if said.amount == asked.amount and not said.reason:
                    nameless = nameless or said
        return nameless

    def refund_status(self, provider_refund_id: str) -> RefundSaid:
        """How a refund stands now; the charge is asked for its currency, which a refund does not say."""
        path = f"/v3/refunds/{quote(provider_refund_id, safe='')}"
        data = self._object(self._ask("GET", path, unknown=UnknownRefund))
        charge = figures.name(data.get("tx_id"))
        if charge is None or figures.name(data.get("id")) != provider_refund_id:
            raise no_answer()
        said = reading.refund(data, self.verify_transaction(charge).currency)
        if said is None:
            raise no_answer()
        return said

    def retry_refund(self, provider_refund_id: str, account: RefundAccount) -> RefundSaid:
        """Flutterwave takes no other account for a refund."""
        raise GatewayRefused(
            _("Flutterwave takes no bank account for a refund. Ask its support to mend refund %(id)s, or pay out.",
              id=provider_refund_id)
        )  # fmt: skip
