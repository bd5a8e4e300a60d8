"""What mobile money announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.core.outbox import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PushMoved(Event):
    """A phone was asked, or its answer is known."""

    topic: ClassVar[str] = "payments.push.moved"
    reference: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptMoved(Event):
    """Money sent to the paybill came, was verified, claimed or sent back."""

    topic: ClassVar[str] = "payments.receipt.moved"
    transaction: str
    status: str
