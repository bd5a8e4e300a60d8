"""Money in: what a gateway is asked to collect, and what it says became of it. Amounts are in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ChargeStatus(StrEnum):
    """How far a charge has come in the gateway's own books; only `success` is money."""

    SUCCESS = "success"
    FAILED = "failed"
    ABANDONED = "abandoned"
    PENDING = "pending"
    PROCESSING = "processing"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What a gateway is asked to collect. The amount is in minor units."""

    reference: str
    amount: int
    currency: str
    email: str
    callback_url: str
    description: str


@dataclass(frozen=True, slots=True)
class Started:
    """Where the payer goes, and the gateway's own name for the checkout."""

    checkout_url: str
    access_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a gateway says about one reference: `amount` is all that the payer was charged, fees they bore included.

    Of 40,333 charged for a bill of 30,050 with a fee of 10,283, 30,050 were received for us and the payer bore the
    fee; of 100,000 charged for a bill of 100,000 with a fee of 1,500, 100,000 were received and we bear the fee.
    """

    reference: str
    status: ChargeStatus
    amount: int
    currency: str
    transaction_id: str
    requested_amount: int | None = None
    fee: int = 0
    channel: str | None = None
    paid_at: datetime | None = None
    receipt: str | None = None
    """The number the payer's own slip shows, where the gateway gives one (M-Pesa does)."""

    @property
    def received(self) -> int:
        """What came in for us: fees the payer bore on top are not ours, and less than was charged never counts."""
        if self.requested_amount is None:
            return self.amount
        return min(self.amount, max(self.requested_amount, self.amount - self.fee))

    @property
    def gross(self) -> int:
        """All that left the payer's purse."""
        return self.amount

    @property
    def fee_by_payer(self) -> int:
        """The part of the gross that is no payment to us."""
        return self.amount - self.received

    @property
    def fee_by_us(self) -> int:
        """The part of the gateway's fee that it keeps out of what was received for us."""
        return max(0, self.fee - self.fee_by_payer)

    @property
    def net(self) -> int:
        """What the gateway owes us for this charge until it settles."""
        return self.received - self.fee_by_us
