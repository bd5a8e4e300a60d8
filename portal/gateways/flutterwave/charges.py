"""Opening a Flutterwave checkout, and asking what became of it: one reference may stand on several transactions."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from portal.gateways import figures
from portal.gateways.base import Charge, ChargeStatus, Checkout, Started, UnknownCharge
from portal.gateways.flutterwave import reading
from portal.gateways.flutterwave.line import Line
from portal.gateways.http import Call, no_answer


class Charges(Line):
    """Money in."""

    def initialize(self, asked: Checkout) -> Started:
        """Open a checkout under our reference."""
        document = self._ask(
            "POST",
            "/v3/payments",
            call=Call.OFFER,
            body={
                "tx_ref": asked.reference,
                "amount": figures.to_major(asked.amount, asked.currency),
                "currency": asked.currency,
                "redirect_url": asked.callback_url,
                "customer": {"email": asked.email},
                "meta": {"description": asked.description},
            },
        )
        link = self._object(document).get("link")
        if not (isinstance(link, str) and link.startswith(("https://", "http://"))):
            raise no_answer()
        return Started(link, link.rstrip("/").rpartition("/")[2][:100])

    def verify(self, reference: str) -> Charge:
        """Ask what became of a reference: of its transactions, the first that is money, else the latest.

        Before the payer has begun there is no transaction, and so UnknownCharge is no end.
        """
        data = self._object(
            self._ask("GET", "/v3/transactions/verify_by_reference", query={"tx_ref": reference}, unknown=UnknownCharge)
        )
        charge = reading.charge(data)
        if charge is None or charge.reference != reference:
            raise no_answer()
        if charge.status is ChargeStatus.SUCCESS:
            return charge
        paid = [each for each in self.charges_of(reference) if each.status is ChargeStatus.SUCCESS]
        return self.verify_transaction(paid[0].transaction_id, reference) if paid else charge

    def verify_transaction(self, transaction_id: str, reference: str | None = None) -> Charge:
        """Ask about one transaction by the provider's number; given a reference, it must stand under that one."""
        path = f"/v3/transactions/{quote(transaction_id, safe='')}/verify"
        charge = reading.charge(self._object(self._ask("GET", path, unknown=UnknownCharge)))
        if charge is None or charge.transaction_id != transaction_id:
            raise no_answer()
        if reference is not None and charge.reference != reference:
            raise no_answer()
        return charge

    def charges_of(self, reference: str) -> Sequence[Charge]:
        """Every transaction under a reference, the first one first."""
        found: dict[str, Charge] = {}
        for rows in self._pages("/v3/transactions", {"tx_ref": reference}):
            for row in rows:
                charge = reading.charge(row)
                if charge is not None and charge.reference == reference:
                    found[charge.transaction_id] = charge
        return sorted(found.values(), key=lambda each: (len(each.transaction_id), each.transaction_id))

    def resend_hook(self, transaction_id: str) -> None:
        """Ask for a transaction's message once more."""
        path = f"/v3/transactions/{quote(transaction_id, safe='')}/resend-hook"
        self._ask("POST", path, call=Call.OFFER, body={}, unknown=UnknownCharge)

    def fee(self, amount: int, currency: str) -> int:
        """What the provider would keep of an amount; all in minor units."""
        query = {"amount": str(figures.to_major(amount, currency)), "currency": currency}
        data = self._object(self._ask("GET", "/v3/transactions/fee", query=query))
        fee = figures.major(data.get("fee"), currency, rounded=True)
        if fee is None:
            raise no_answer()
        return fee
