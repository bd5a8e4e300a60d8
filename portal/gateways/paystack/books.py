"""What Paystack has in its own books: transactions of a span of time, and settlements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import structlog

from portal.gateways import figures
from portal.gateways.base import Charge, SettlementSaid
from portal.gateways.http import no_answer
from portal.gateways.paystack import reading
from portal.gateways.paystack.line import Line

log = structlog.get_logger(__name__)


class Books(Line):
    """The provider's list beside ours."""

    def charges(self, since: datetime, until: datetime) -> Iterator[Charge]:
        """Every charge begun from one moment up to another, whatever became of it; pages are asked for as needed."""
        seen: set[str] = set()
        query = {"from": figures.iso(since), "to": figures.iso(until)}
        for rows in self._pages("/transaction", query, size="per_page"):
            for row in rows:
                charge = reading.charge(row)
                if charge is None:
                    self._leave_out(row)
                # A page is counted from the newest: one that came in meanwhile pushes another onto the next page.
                elif charge.transaction_id not in seen and not self._is_test_money(row):
                    seen.add(charge.transaction_id)
                    yield charge

    def settlements(self, since: datetime, until: datetime) -> Iterator[SettlementSaid]:
        """Every settlement from one moment up to another; the list takes no span, so it is read until it is older."""
        for rows in self._pages("/settlement"):
            read = [said for row in rows if not self._is_test_money(row) and (said := _settlement(row)) is not None]
            yield from (each for each in read if each.settled_at is None or since <= each.settled_at < until)
            if read and all(each.settled_at is not None and each.settled_at < since for each in read):
                return

    def _leave_out(self, row: dict[str, Any]) -> None:
        """A row that cannot be read is left out only if it is no money: a list that hides money is no list."""
        if row.get("status") == "success":
            raise no_answer()
        log.warning("gateway_row_unreadable", gateway=self.name)


def _settlement(row: dict[str, Any]) -> SettlementSaid | None:
    known, currency = figures.name(row.get("id")), row.get("currency")
    arrives = row.get("effective_amount") if row.get("effective_amount") is not None else row.get("total_amount")
    amount = figures.minor(arrives)
    if known is None or amount is None or not isinstance(currency, str):
        return None
    return SettlementSaid(
        id=known,
        amount=amount,
        fees=figures.minor(row.get("total_fees")) or 0,
        gross=figures.minor(row.get("total_processed")),
        currency=currency[:10],
        settled_at=figures.moment(row.get("settlement_date") or row.get("createdAt")),
        status=figures.text(row.get("status"), 40) or "",
    )
