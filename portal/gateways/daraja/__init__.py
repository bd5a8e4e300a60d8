"""Safaricom Daraja (M-Pesa): asking a phone for a PIN, money sent to a pay bill number, status and reversal.

Nothing Safaricom sends is signed. A callback is a reason to ask; its address list and the unguessable path only keep
strangers from making us ask too often.
"""

from __future__ import annotations

from portal.gateways.daraja.paybill import PayBill
from portal.gateways.daraja.push import Push


class Daraja(Push, PayBill):
    """One short code at Safaricom, or anything that answers in its shape at another address.

    It has no checkout: nobody can be sent to a page of it, a phone is asked instead.
    """

    def check(self) -> None:
        """Ask for a token, which moves nothing; raises KeyRefused or GatewayDown."""
        self.check_key()
