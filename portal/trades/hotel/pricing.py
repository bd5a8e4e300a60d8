"""What a stay costs, as plain figures: pure functions over plans, daily rates and taxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class NightQuote:
    """One night's price in minor units, the discount on it, and its taxes as they will be kept with the stay."""

    night: date
    price: int
    discount: int = 0
    taxes: Sequence[dict[str, Any]] = field(default=())

    @property
    def agreed(self) -> int:
        """What the room costs."""
        return self.price - self.discount

    @property
    def on_top(self) -> int:
        """Taxes that are not in the price."""
        return sum(int(tax["amount"]) for tax in self.taxes if not tax["inclusive"])


@dataclass(frozen=True, slots=True)
class Quote:
    """What one room costs for one stay, night by night, and the terms of cancelling it."""

    nights: Sequence[NightQuote]
    policy: dict[str, Any] | None = None
    promotion: str | None = None

    @property
    def room_total(self) -> int:
        """The nights without taxes on top."""
        return sum(each.agreed for each in self.nights)

    @property
    def total(self) -> int:
        """All a guest pays for the room."""
        return sum(each.agreed + each.on_top for each in self.nights)
