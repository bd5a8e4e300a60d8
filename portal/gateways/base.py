"""What the portal asks of any payment gateway, in one vocabulary: start a checkout, verify, read a signed message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from portal.core.errors import Conflict, DomainError, Invalid, Unavailable


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
    """What a gateway says about one reference. Amounts are in minor units."""

    reference: str
    status: ChargeStatus
    amount: int
    currency: str
    transaction_id: str
    requested_amount: int | None = None
    fee: int = 0
    channel: str | None = None
    paid_at: datetime | None = None

    @property
    def received(self) -> int:
        """What came in for us: fees the payer bore on top are not ours, and less than was charged never counts."""
        if self.requested_amount is None:
            return self.amount
        return min(self.amount, max(self.requested_amount, self.amount - self.fee))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMessage:
    """A webhook whose signature held. `charge` is None when it is about something else, or cannot be read."""

    kind: str
    reference: str | None
    dedupe_key: str
    charge: Charge | None


class Gateway(Protocol):
    """One payment gateway."""

    name: str

    def initialize(self, asked: Checkout) -> Started:
        """Open a checkout under our reference."""

    def verify(self, reference: str) -> Charge:
        """Ask what became of a reference."""

    def parse_webhook(self, headers: Mapping[str, str], raw: bytes) -> SignedMessage:
        """Check the signature on the exact bytes, then read them; raises BadSignature or BadMessage."""

    def read(self, raw: bytes) -> SignedMessage:
        """Read a message whose signature was checked when it came."""


class GatewayDown(Unavailable):
    """The gateway did not answer, or answered with something that is not an answer."""


class GatewayRefused(Conflict):
    """The gateway understood and said no."""


class DuplicateReference(GatewayRefused):
    """The gateway knows this reference already: an earlier answer was lost on the way."""


class BadSignature(DomainError):
    """A message that was not signed by the gateway it says it is from."""

    status: ClassVar[int] = 401


class BadMessage(Invalid):
    """A signed message that is not a message."""

    status: ClassVar[int] = 400
