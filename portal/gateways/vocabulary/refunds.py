"""Money back: asking a gateway to return a charge or part of one, and what it says of that. Amounts in minor units."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class RefundStatus(StrEnum):
    """How far a refund has come; `processed` and `failed` are final, one we have never heard of is `processing`."""

    PENDING = "pending"
    PROCESSING = "processing"
    NEEDS_ATTENTION = "needs_attention"
    PROCESSED = "processed"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether nothing more will come of it."""
        return self in (RefundStatus.PROCESSED, RefundStatus.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAsked:
    """Which charge to give back how much of; `reference` is our own name for it, by which it is found again.

    `asked_at` shortens the search for it; `note` is for the payer's eyes.
    """

    reference: str
    transaction_id: str
    charge_reference: str
    amount: int
    currency: str
    note: str = ""
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSaid:
    """What a gateway says about a refund. Its messages name the charge and often no refund: then the id is None."""

    status: RefundStatus
    amount: int
    currency: str
    provider_refund_id: str | None = None
    charge_reference: str | None = None
    transaction_id: str | None = None
    bank_reference: str | None = None
    reason: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAccount:
    """Where a refund goes when the payer's card or bank would not take it back."""

    currency: str
    account_number: str
    bank_id: str


class Refunds(Protocol):
    """A gateway that gives money back."""

    name: str

    def refund(self, asked: RefundAsked) -> RefundSaid:
        """Ask for a refund, once; ReplyLost says it may have been made: look with find_refund before asking again."""

    def find_refund(self, asked: RefundAsked, *, known: Collection[str] = ()) -> RefundSaid | None:
        """The refund this question made; `known` are the ids of the charge's other refunds.

        None within a minute of a lost reply proves nothing: the gateway may still be writing it down.
        """

    def refund_status(self, provider_refund_id: str) -> RefundSaid:
        """How a refund stands now."""

    def retry_refund(self, provider_refund_id: str, account: RefundAccount) -> RefundSaid:
        """Send a refund that needs attention to a bank account instead."""
