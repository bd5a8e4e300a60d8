"""The pretended Paystack's transfers: a one-time password first, then pending, then a conclusive end."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.gateways.sandbox import balances, documents, faults, outgoing, prices, service
from portal.gateways.sandbox.faults import Kind
from portal.gateways.sandbox.models import SandboxRecipient, SandboxTransfer

#: A transfer whose password is not given is given up after so long.
OTP_FOR = timedelta(minutes=30)
STEP = timedelta(seconds=2)
MOST_WRONG = 3
#: Small letters, figures, dash and underscore, as the provider's own references.
REFERENCE = re.compile(r"[a-z0-9_-]{1,100}")
ENDS = {Kind.FAILS: "failed", Kind.REVERSES: "reversed"}
WHY = {"failed": "The bank could not be reached.", "reversed": "The bank sent the money back."}


class DuplicateTransfer(Conflict):
    """A reference is used once, whatever became of its transfer."""

    code = "duplicate_transfer_reference"


class BadReference(Invalid):
    """A reference with characters the provider does not take."""

    code = "invalid_transfer_reference"


class NoSuchTransfer(NotFound):
    """The provider knows no such transfer."""

    code = "transfer_not_found"


class NoSuchRecipient(Invalid):
    """Nobody of that code."""

    code = "invalid_recipient"


class BalanceTooLow(Conflict):
    """More than the merchant has at the provider."""

    code = "insufficient_balance"


class NotWaiting(Conflict):
    """Only a transfer that waits for its password takes one."""

    code = "transfer_not_awaiting_otp"


class WrongOtp(Invalid):
    """Not the password that was sent."""

    code = "invalid_otp"


class OtpLocked(Conflict):
    """Too many wrong passwords: only a new one helps."""

    code = "otp_locked"


def _taken() -> DuplicateTransfer:
    return DuplicateTransfer(_("Please provide a unique reference. Reference already exists on a transfer"))


rule("uq_sandbox_transfer_reference", _taken)


@transactional
def create(*, amount: int, recipient: str, reference: str | None, reason: str, currency: str | None) -> SandboxTransfer:
    """Begin a transfer; it waits for its password unless that is switched off."""
    reference = reference or secrets.token_hex(10)
    if not REFERENCE.fullmatch(reference):
        raise BadReference(_("Transfer reference may have small letters, figures, dashes and underscores only."))
    if db.session.scalar(select(SandboxTransfer.id).where(SandboxTransfer.reference == reference)):
        raise _taken()
    to = db.session.scalar(select(SandboxRecipient).where(SandboxRecipient.code == recipient))
    if to is None:
        raise NoSuchRecipient(_("Recipient specified is invalid"))
    if currency is not None and currency != to.currency:
        raise NoSuchRecipient(_("Recipient cannot receive this currency"))
    fee = prices.transfer(amount, to.currency)
    if amount + fee > balances.available(to.currency):
        raise BalanceTooLow(_("Your balance is not enough to fulfil this request"))
    without = faults.take(service.PROVIDER, "transfer", (Kind.NO_OTP,)) is not None
    ending = faults.take(service.PROVIDER, "transfer", ENDS)
    made = SandboxTransfer(
        code=f"TRF_{secrets.token_hex(8)}",
        reference=reference,
        recipient_id=to.id,
        recipient=to,
        amount=amount,
        currency=to.currency,
        reason=reason,
        status="pending" if without else "otp",
        ends=ENDS[ending.kind] if ending else "success",
        otp=None if without else _new_otp(),
        wrong_otps=0,
        fee=fee,
        moves_at=utcnow() + (STEP if without else OTP_FOR),
    )
    db.session.add(made)
    db.session.flush()
    return made


def finalize(*, code: str, otp: str) -> SandboxTransfer:
    """Take the password. A wrong one is counted, and the third locks until another is sent."""
    made, right = _try_otp(code=code, otp=otp)
    if right:
        return made
    if made.wrong_otps >= MOST_WRONG:
        raise OtpLocked(_("OTP is locked after too many wrong attempts. Request another one."))
    raise WrongOtp(_("OTP is incorrect"))


@transactional
def _try_otp(*, code: str, otp: str) -> tuple[SandboxTransfer, bool]:
    """A try that counts even when it is refused."""
    made = _lock_waiting(code)
    if made.wrong_otps >= MOST_WRONG:
        return made, False
    if not hmac.compare_digest((made.otp or "").encode(), otp.encode("utf-8", "surrogatepass")):
        made.wrong_otps += 1
        return made, False
    made.status, made.otp, made.moves_at = "pending", None, utcnow() + STEP
    return made, True


@transactional
def resend_otp(*, code: str) -> SandboxTransfer:
    """Send another password, with fresh tries; the half hour goes on from the beginning."""
    made = _lock_waiting(code)
    made.otp, made.wrong_otps = _new_otp(), 0
    return made


def otp_of(code_or_reference: str) -> str | None:
    """The password the merchant's owner got on the phone; for the sandbox's page, and for tests."""
    return by_name(code_or_reference).otp


def by_name(code_or_reference: str) -> SandboxTransfer:
    """A transfer by its code or reference, as it stands now: one whose half hour is over has been given up."""
    made = _find(code_or_reference)
    if made.status == "otp" and made.moves_at is not None and made.moves_at <= utcnow():
        move_due()
        made = _find(code_or_reference)
    return made


def latest(limit: int) -> Sequence[SandboxTransfer]:
    """The last transfers, newest first."""
    question = select(SandboxTransfer).order_by(SandboxTransfer.number.desc()).limit(limit)
    return db.session.scalars(question.execution_options(populate_existing=True)).all()


@transactional
def move_due(*, now: datetime | None = None) -> int:
    """Let every transfer whose time has come take its next step; returns how many did."""
    due = db.session.scalars(
        select(SandboxTransfer)
        .where(SandboxTransfer.moves_at <= (now or utcnow()))
        .order_by(SandboxTransfer.number)
        .with_for_update(skip_locked=True, of=SandboxTransfer)
        .execution_options(populate_existing=True)
    ).all()
    for each in due:
        _step(each)
    return len(due)


@transactional
def reverse(*, code: str) -> SandboxTransfer:
    """The bank sends money back that had arrived: this may come hours after the success."""
    made = _find(code, lock=True)
    if made.status != "success":
        raise NotWaiting(_("Only a transfer that succeeded can be reversed."))
    _end(made, "reversed")
    return made


def _step(made: SandboxTransfer) -> None:
    if made.status == "otp":
        made.status, made.otp, made.moves_at = "abandoned", None, None  # and nobody is told
    elif made.status == "pending":
        # One that is to be reversed succeeds first, as the real ones do.
        _end(made, "success" if made.ends == "reversed" else made.ends)
        made.moves_at = utcnow() + STEP if made.ends == "reversed" else None
    else:
        _end(made, "reversed")


def _end(made: SandboxTransfer, status: str) -> None:
    made.status, made.moves_at, made.failure = status, None, WHY.get(status)
    if status == "success":
        made.transferred_at = utcnow()
    event = f"transfer.{status}"
    outgoing.queue(
        provider=service.PROVIDER,
        event=event,
        subject=made.reference,
        url=service.PATH,
        document={"event": event, "data": documents.transfer_event(made)},
    )


def _lock_waiting(code: str) -> SandboxTransfer:
    made = _find(code, lock=True)
    if made.status != "otp" or made.moves_at is None or made.moves_at <= utcnow():
        raise NotWaiting(_("Transfer is not currently awaiting OTP"))
    return made


def _find(code_or_reference: str, *, lock: bool = False) -> SandboxTransfer:
    plain = code_or_reference.isascii() and code_or_reference.isprintable()
    question: Any = select(SandboxTransfer).where(
        (SandboxTransfer.code == code_or_reference) | (SandboxTransfer.reference == code_or_reference)
    )
    if lock:
        question = question.with_for_update(of=SandboxTransfer)
    made = db.session.scalar(question.execution_options(populate_existing=True)) if plain else None
    if made is None:
        raise NoSuchTransfer(_("Transfer not found."))
    return made  # type: ignore[no-any-return]


def _new_otp() -> str:
    return f"{secrets.randbelow(1_000_000):06d}"


def count_waiting() -> int:
    """How many transfers wait for their password."""
    return db.session.scalar(select(func.count()).where(SandboxTransfer.status == "otp")) or 0
