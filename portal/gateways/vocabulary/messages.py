"""What a gateway tells by itself: what the message is about, and whether it may be believed. Amounts in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from portal.gateways.vocabulary.charges import Charge, Checkout, Started
from portal.gateways.vocabulary.payouts import TransferSaid
from portal.gateways.vocabulary.refunds import RefundSaid


class About(StrEnum):
    """What a message speaks of: whose inbox it goes to."""

    CHARGE = "charge"
    REFUND = "refund"
    TRANSFER = "transfer"
    DISPUTE = "dispute"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeTold:
    """A payer's bank wants a charge back; `stage` is create, remind or resolve.

    `reason` is what kind of dispute it is, `resolution` how it was decided, both in the gateway's own words.
    """

    dispute_id: str
    stage: str
    status: str
    amount: int | None
    currency: str | None
    charge_reference: str | None
    transaction_id: str | None
    due_at: str | None = None
    reason: str | None = None
    resolution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMessage:
    """A webhook that came through the gateway's door; what it is `about` is read into the part of that name.

    A part is None when the message cannot be read as one, and `set_aside` then says why. `trusted` is False where
    the gateway signs nothing (its header is a password anybody who saw one message knows): verify before acting,
    and never settle from the body. `reference` is the charge's or transfer's reference, never a refund's.
    """

    kind: str
    reference: str | None
    dedupe_key: str
    charge: Charge | None = None
    about: About = About.OTHER
    trusted: bool = True
    transaction_id: str | None = None
    refund: RefundSaid | None = None
    transfer: TransferSaid | None = None
    dispute: DisputeTold | None = None
    set_aside: str | None = None


class Gateway(Protocol):
    """One payment gateway that sends the payer to a checkout of its own."""

    name: str

    def initialize(self, asked: Checkout) -> Started:
        """Open a checkout under our reference."""

    def verify(self, reference: str) -> Charge:
        """Ask what became of a reference; raises UnknownCharge when there is none."""

    def parse_webhook(self, headers: Mapping[str, str], raw: bytes) -> SignedMessage:
        """Check the signature on the exact bytes, then read them; raises BadSignature or BadMessage."""

    def check(self) -> None:
        """Ask something that changes nothing, to learn whether the keys are known; raises KeyRefused or GatewayDown."""

    def read(self, raw: bytes) -> SignedMessage:
        """Read a message whose signature was checked when it came."""
