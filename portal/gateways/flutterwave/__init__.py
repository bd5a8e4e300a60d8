"""Flutterwave v3: checkout, refunds and lists, in major units on the wire; its messages are not signed.

v4 speaks differently (another header, another shape, other words for success) and would be a gateway of its own.
"""

from __future__ import annotations

from datetime import UTC, datetime

from portal.gateways.flutterwave.books import Books
from portal.gateways.flutterwave.messages import Messages
from portal.gateways.flutterwave.refunds import Refunds


class Flutterwave(Refunds, Books, Messages):
    """One Flutterwave account, or anything that answers in its shape at another address."""

    def check(self) -> None:
        """Ask for the list of today, of which nothing is needed but an answer."""
        now = datetime.now(UTC)
        for _charge in self.charges(now, now):
            break
