"""Money from a phone: asking it for a PIN, and money sent to a pay bill number by itself. Amounts in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class PushState(StrEnum):
    """How a question to a phone stands. Only `paid` is money; after every other state but it, money may still come."""

    WAITING = "waiting"
    PAID = "paid"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def open(self) -> bool:
        """Whether to go on asking how it stands."""
        return self in (PushState.WAITING, PushState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushAsked:
    """Whom to ask for how much; the phone is in E.164, the amount must be whole major units."""

    phone: str
    amount: int
    currency: str
    callback_url: str
    account_reference: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushStarted:
    """The phone is being asked: accepted, not paid."""

    checkout_request_id: str
    merchant_request_id: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSaid:
    """How a question stands: the state, the provider's own code and words, and a sentence for the cashier."""

    state: PushState
    code: str
    description: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushTold:
    """What a callback claims. It is not signed: ask before believing it. The amount is in minor units, when there."""

    merchant_request_id: str
    checkout_request_id: str
    code: str
    description: str
    state: PushState
    sentence: str
    amount: int | None = None
    receipt: str | None = None
    phone: str | None = None
    at: datetime | None = None


class PhonePush(Protocol):
    """A provider that asks a phone for a PIN."""

    name: str

    def push(self, asked: PushAsked) -> PushStarted:
        """Ask the phone; ReplyLost: it may be ringing all the same, and the callback tells."""

    def query_push(self, checkout_request_id: str) -> PushSaid:
        """How the question stands; it gives neither amount nor receipt, so the amount asked for is what was paid."""

    def read_push_callback(self, raw: bytes) -> PushTold:
        """Read a callback; raises BadMessage."""

    def acknowledge(self) -> dict[str, str | int]:
        """The body that tells the provider a message was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayBillTold:
    """Somebody paid a pay bill or till number by themselves: payer typed the amount and the account."""

    transaction_id: str
    amount: int
    currency: str
    shortcode: str
    account: str
    phone: str | None = None
    payer_name: str | None = None
    at: datetime | None = None
    kind: str = ""


class PayBillAnswer(StrEnum):
    """What a validation may answer, in the provider's codes."""

    ACCEPT = "0"
    BAD_PHONE = "C2B00011"
    BAD_ACCOUNT = "C2B00012"
    BAD_AMOUNT = "C2B00013"
    BAD_DETAILS = "C2B00014"
    BAD_SHORTCODE = "C2B00015"
    OTHER = "C2B00016"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """A question whose answer comes later to our address: the names under which it will come."""

    conversation_id: str
    originator_conversation_id: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTold:
    """The later answer to a status question or a reversal, or the news that it waited too long in the queue.

    `values` are the result's named values as text; `status` is the transaction's own where the question was its status.
    """

    conversation_id: str
    originator_conversation_id: str
    transaction_id: str | None
    code: str
    description: str
    success: bool
    timed_out: bool
    amount: int | None
    receipt: str | None
    status: str | None
    at: datetime | None
    values: dict[str, str]


class PayBill(Protocol):
    """A provider that takes money sent to a number of ours, and tells of it."""

    name: str

    @property
    def number(self) -> str:
        """What a payer types as the paybill or till number."""

    def register_urls(self, *, confirmation: str, validation: str, response_type: str = "Completed") -> str:
        """Say where confirmations go, and what becomes of a payment while we are silent; production takes it once."""

    def read_confirmation(self, raw: bytes) -> PayBillTold:
        """Read the news of a payment that was made; raises BadMessage."""

    def read_validation(self, raw: bytes) -> PayBillTold:
        """Read the question whether a payment may be made."""

    def answer_validation(self, answer: PayBillAnswer) -> dict[str, str]:
        """The body that answers a validation; it must go out within eight seconds."""

    def transaction_status(self, transaction_id: str, *, result_url: str, timeout_url: str) -> Requested:
        """Ask what became of a receipt number; the answer comes to result_url."""

    def reverse(
        self, transaction_id: str, *, amount: int, result_url: str, timeout_url: str, remarks: str
    ) -> Requested:
        """Ask for a payment to be given back; the answer comes to result_url. ReplyLost: ask its status first."""

    def read_result(self, raw: bytes, *, timed_out: bool = False) -> ResultTold:
        """Read the later answer; `timed_out` for what came to the time-out address. Raises BadMessage."""
