"""What money announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.core.outbox import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentOpened(Event):
    """Somebody set out to pay."""

    topic: ClassVar[str] = "payments.intent.opened"
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSettled(Event):
    """Money arrived, matched, and did what it was paid for."""

    topic: ClassVar[str] = "payments.payment.settled"
    reference: str
    amount: int
    currency: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentHeld(Event):
    """Money arrived that did not match: a person decides."""

    topic: ClassVar[str] = "payments.intent.held"
    reference: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentEnded(Event):
    """A payment failed, was abandoned, or ran out of time."""

    topic: ClassVar[str] = "payments.intent.ended"
    reference: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(Event):
    """A gateway said something that cannot be true; managers are told."""

    topic: ClassVar[str] = "payments.alert.raised"
    reference: str | None
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRaised(Event):
    """A customer is asked for money."""

    topic: ClassVar[str] = "payments.bill.raised"
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPaid(Event):
    """Money counted towards a bill, all of it or a part; `due` minor units are still to come."""

    topic: ClassVar[str] = "payments.bill.paid"
    number: int
    amount: int
    due: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositUsed(Event):
    """What a deposit was for has been given."""

    topic: ClassVar[str] = "payments.deposit.used"
    number: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillCancelled(Event):
    """A bill is not asked for any more."""

    topic: ClassVar[str] = "payments.bill.cancelled"
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutMoved(Event):
    """A payout was drafted, approved, sent, confirmed, or came to its end."""

    topic: ClassVar[str] = "payments.payout.moved"
    reference: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundMoved(Event):
    """A refund was asked for, decided, sent, or has come to its end."""

    topic: ClassVar[str] = "payments.refund.moved"
    reference: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeMoved(Event):
    """A payer's bank wants money back, or has it, or somebody has dealt with that."""

    topic: ClassVar[str] = "payments.dispute.moved"
    reference: str
    status: str
