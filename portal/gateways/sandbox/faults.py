"""Fault switches: what shall go wrong with the next calls to a stand-in, or with the next messages it sends.

They stand in a table, so that every process sees them, and each counts down as it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, select

from portal.core.db import db
from portal.core.errors import Invalid
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.sandbox.models import SandboxFault

#: Stands for every call, or every message, of a provider.
ANY_CALL = "any call"
ANY_MESSAGE = "any message"
MOST_TIMES = 1_000
MOST_SECONDS = 3_600


class Kind(StrEnum):
    """What goes wrong."""

    SLOW = "slow"
    ERROR = "500"
    LOST_REPLY = "lost_reply"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_CURRENCY = "wrong_currency"
    DUPLICATE = "duplicate"
    REORDERED = "reordered"
    LATE = "late"
    NEVER = "never"
    FAILS = "fails"
    NEEDS_ATTENTION = "needs_attention"
    REVERSES = "reverses"
    NO_OTP = "no_otp"


#: What can befall the answer to a call, and what a message on its way.
OF_CALLS = (Kind.SLOW, Kind.ERROR, Kind.LOST_REPLY, Kind.WRONG_AMOUNT, Kind.WRONG_CURRENCY)
OF_MESSAGES = (Kind.DUPLICATE, Kind.REORDERED, Kind.LATE, Kind.NEVER, Kind.WRONG_AMOUNT, Kind.WRONG_CURRENCY)
#: How the thing itself ends that a call begins.
ENDINGS = {
    ("paystack", "transfer"): (Kind.FAILS, Kind.REVERSES, Kind.NO_OTP),
    ("paystack", "refund"): (Kind.FAILS, Kind.NEEDS_ATTENTION),
    ("flutterwave", "refund"): (Kind.FAILS,),
    ("daraja", "reversal"): (Kind.FAILS,),
}
CALLS = {
    "paystack": (
        "initialize", "verify", "transactions", "refund", "refunds", "refund_fetch", "refund_retry", "banks",
        "resolve", "recipient", "transfer", "finalize", "resend_otp", "transfer_verify", "balance", "settlements",
    ),
    "flutterwave": (
        "payments", "verify", "verify_by_reference", "transactions", "refund", "refunds", "fee", "resend_hook",
        "settlements",
    ),
    "daraja": ("token", "push", "query", "register", "reversal", "status"),
}  # fmt: skip
MESSAGES = {
    "paystack": (
        "charge.success", "refund.pending", "refund.processing", "refund.processed", "refund.needs-attention",
        "refund.failed", "transfer.success", "transfer.failed", "transfer.reversed",
    ),
    "flutterwave": ("charge.completed",),
    "daraja": ("push callback", "validation", "confirmation", "reversal result", "status result"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One use of a switch; `seconds` is for those that take time."""

    kind: Kind
    seconds: int


@transactional
def set(*, provider: str, operation: str, kind: str, times: int = 1, seconds: int = 0) -> SandboxFault:
    """Let the next `times` calls of an operation, or messages of a name, go wrong."""
    if kind not in kinds_of(provider, operation):
        raise Invalid(_("That cannot happen to this operation. Choose another kind of fault."), field="kind")
    if not (1 <= times <= MOST_TIMES and 0 <= seconds <= MOST_SECONDS):
        raise Invalid(_("Choose 1 to 1,000 times and at most 3,600 seconds."), field="times")
    made = SandboxFault(provider=provider, operation=operation, kind=str(kind), times=times, seconds=seconds)
    db.session.add(made)
    db.session.flush()
    return made


def kinds_of(provider: str, operation: str) -> tuple[Kind, ...]:
    """What can go wrong with an operation; nothing with one there is not."""
    found: list[Kind] = []
    if operation in (ANY_CALL, *CALLS.get(provider, ())) and provider in CALLS:
        found += OF_CALLS
    if operation in (ANY_MESSAGE, *MESSAGES.get(provider, ())) and provider in MESSAGES:
        found += [each for each in OF_MESSAGES if each not in found]
    found += ENDINGS.get((provider, operation), ())
    if provider == "daraja":  # M-PESA moves shillings and nothing else
        found = [each for each in found if each is not Kind.WRONG_CURRENCY]
    return tuple(found)


def take(provider: str, operation: str, kinds: Iterable[Kind], wildcard: str | None = None) -> Fault | None:
    """Use up one switch of these kinds, the oldest first; None when nothing is to go wrong."""
    operations = [operation] if wildcard is None else [operation, wildcard]
    wanted = (
        SandboxFault.provider == provider,
        SandboxFault.operation.in_(operations),
        SandboxFault.kind.in_([str(each) for each in kinds]),
    )
    if db.session.scalar(select(SandboxFault.id).where(*wanted).limit(1)) is None:
        return None
    return _use(wanted)


@transactional
def _use(wanted: tuple[object, ...]) -> Fault | None:
    used = db.session.scalar(
        select(SandboxFault)
        .where(*wanted)  # type: ignore[arg-type]
        .order_by(SandboxFault.number)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if used is None:
        return None
    fault = Fault(Kind(used.kind), used.seconds)
    if used.times > 1:
        used.times -= 1
    else:
        db.session.delete(used)
    return fault


def switched_on() -> Sequence[SandboxFault]:
    """Every switch that still has something to spoil, oldest first."""
    return db.session.scalars(select(SandboxFault).order_by(SandboxFault.number)).all()


@transactional
def clear(*, number: int | None = None) -> None:
    """Switch one off, or all of them."""
    chosen = delete(SandboxFault)
    db.session.execute(chosen if number is None else chosen.where(SandboxFault.number == number))
