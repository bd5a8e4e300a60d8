"""Paystack: checkout, refunds, payouts and lists, and webhooks signed with HMAC-SHA512 of the exact body."""

from __future__ import annotations

from portal.gateways.paystack.books import Books
from portal.gateways.paystack.charges import Charges
from portal.gateways.paystack.messages import Messages
from portal.gateways.paystack.payouts import Payouts
from portal.gateways.paystack.refunds import Refunds


class Paystack(Charges, Refunds, Payouts, Books, Messages):
    """One Paystack account, or anything that answers in its shape at another address."""

    def check(self) -> None:
        """Ask for the balance, which every key may."""
        self.balance()
