"""What Flutterwave has in its own books: transactions of a span of time, and settlements; by whole days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import structlog

from portal.gateways.base import Charge, SettlementSaid
from portal.gateways.flutterwave import reading
from portal.gateways.flutterwave.line import Line
from portal.gateways.http import no_answer

log = structlog.get_logger(__name__)


class Books(Line):
    """The provider's list beside ours."""

    def charges(self, since: datetime, until: datetime) -> Iterator[Charge]:
        """Every charge begun from one moment up to another, whatever became of it; pages are asked for as needed."""
        seen: set[str] = set()
        for rows in self._pages("/v3/transactions", _days(since, until)):
            for row in rows:
                charge = reading.charge(row)
                if charge is None:
                    if row.get("status") == "successful":
                        raise no_answer()  # a list that hides money is no list
                    log.warning("gateway_row_unreadable", gateway=self.name)
                elif charge.transaction_id not in seen and _within(charge.paid_at, since, until):
                    seen.add(charge.transaction_id)
                    yield charge

    def settlements(self, since: datetime, until: datetime) -> Iterator[SettlementSaid]:
        """Every settlement from one moment up to another."""
        for rows in self._pages("/v3/settlements", _days(since, until)):
            for row in rows:
                said = reading.settlement(row)
                if said is not None and _within(said.settled_at, since, until):
                    yield said


def _days(since: datetime, until: datetime) -> dict[str, str | int]:
    return {"from": f"{since:%Y-%m-%d}", "to": f"{until:%Y-%m-%d}"}


def _within(at: datetime | None, since: datetime, until: datetime) -> bool:
    return at is None or since <= at < until
