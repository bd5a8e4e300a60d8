"""Opening a Paystack checkout and asking what became of it."""

from __future__ import annotations

from urllib.parse import quote

from portal.core.words import _
from portal.gateways.base import Charge, Checkout, GatewayRefused, Started, UnknownCharge
from portal.gateways.http import Call, no_answer
from portal.gateways.paystack import reading
from portal.gateways.paystack.line import Line


class Charges(Line):
    """Money in."""

    def initialize(self, asked: Checkout) -> Started:
        """Open a checkout under our reference."""
        document = self._ask(
            "POST",
            "/transaction/initialize",
            call=Call.OFFER,
            body={
                "email": asked.email,
                "amount": asked.amount,
                "currency": asked.currency,
                "reference": asked.reference,
                "callback_url": asked.callback_url,
                "metadata": {"description": asked.description},
            },
        )
        data = self._object(document)
        url, code = data.get("authorization_url"), data.get("access_code")
        if not (isinstance(url, str) and url.startswith(("https://", "http://")) and isinstance(code, str)):
            raise no_answer()
        return Started(url, code)

    def verify(self, reference: str) -> Charge:
        """Ask what became of a reference."""
        document = self._ask("GET", f"/transaction/verify/{quote(reference, safe='')}", unknown=UnknownCharge)
        data = self._object(document)
        if self._is_test_money(data):
            raise GatewayRefused(_("This is a test transaction; it brought no money."))
        charge = reading.charge(data)
        if charge is None or charge.reference != reference:
            raise no_answer()
        return charge
