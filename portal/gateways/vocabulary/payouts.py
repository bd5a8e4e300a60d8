"""Money out: banks, the name behind an account, recipients, transfers and their one-time passwords. Minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from portal.core.money import Money


class TransferStatus(StrEnum):
    """How far a transfer has come in the gateway's own books."""

    OTP = "otp"
    PENDING = "pending"
    RECEIVED = "received"
    SUCCESS = "success"
    FAILED = "failed"
    REVERSED = "reversed"
    ABANDONED = "abandoned"
    BLOCKED = "blocked"
    REJECTED = "rejected"

    @property
    def conclusive(self) -> bool:
        """Whether the gateway is done with it; before that no new reference may be used. A success can be reversed."""
        return self not in (TransferStatus.OTP, TransferStatus.PENDING, TransferStatus.RECEIVED)

    @property
    def money_stayed(self) -> bool:
        """Whether it is certain that the money did not leave, or has come back."""
        return self.conclusive and self is not TransferStatus.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """A bank or mobile money operator a transfer can go to; `kind` is the recipient type it takes."""

    code: str
    name: str
    kind: str
    currency: str
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientAsked:
    """Who is to be paid, where."""

    kind: str
    name: str
    account_number: str
    bank_code: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAsked:
    """A transfer under our reference, which is what keeps it from being made twice."""

    reference: str
    amount: int
    currency: str
    recipient_code: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSaid:
    """What a gateway says about a transfer; `fee` is None where it does not say what it took."""

    reference: str
    transfer_code: str
    status: TransferStatus
    amount: int
    currency: str
    fee: int | None = None
    reason: str | None = None
    at: datetime | None = None


class Payouts(Protocol):
    """A gateway that sends money out."""

    name: str

    def banks(self, currency: str) -> Sequence[Bank]:
        """Where money of a currency can be sent, by name."""

    def resolve_account(self, account_number: str, bank_code: str) -> str:
        """The name the bank has for an account."""

    def make_recipient(self, asked: RecipientAsked) -> str:
        """The gateway's code for a recipient; asking twice gives the same one."""

    def transfer(self, asked: TransferAsked) -> TransferSaid:
        """Start a transfer. ReplyLost: verify by reference; DuplicateReference: it was started before, verify too."""

    def finalize_transfer(self, transfer_code: str, otp: str) -> TransferSaid:
        """Confirm a transfer with the one-time password; raises WrongOtp."""

    def resend_otp(self, transfer_code: str, reason: str = "resend_otp") -> None:
        """Send the one-time password again: `resend_otp` for a first one that is lost, `transfer` for a retry."""

    def verify_transfer(self, reference: str) -> TransferSaid:
        """How a transfer stands; UnknownTransfer says it was never made, GatewayDown says nothing of it."""

    def balance(self) -> Sequence[Money]:
        """What can be sent out, for each currency of the account."""
