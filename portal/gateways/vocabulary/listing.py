"""What the gateway has in its own books: every charge of a span of time, and what it has settled to the bank."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from portal.gateways.vocabulary.charges import Charge


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementSaid:
    """A sum the gateway paid out to the business's bank, in minor units; `amount` is what arrives, fees are off it."""

    id: str
    amount: int
    fees: int
    currency: str
    settled_at: datetime | None
    status: str
    gross: int | None = None


class Listing(Protocol):
    """A gateway whose books can be read."""

    name: str

    def charges(self, since: datetime, until: datetime) -> Iterator[Charge]:
        """Every charge begun from one moment up to another, whatever became of it; pages are asked for as needed."""

    def settlements(self, since: datetime, until: datetime) -> Iterator[SettlementSaid]:
        """Every settlement from one moment up to another."""
