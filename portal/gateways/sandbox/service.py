"""What the pretended provider does: opens transactions, lets the payer choose how they end, and says how they stand."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import Conflict, NotFound
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.gateways.sandbox.models import SandboxTransaction

#: "Pay late" looks abandoned first, and turns into money when the payer has left.
LATE_AFTER = timedelta(seconds=30)
WRONG_CURRENCY = {"USD": "EUR"}
#: As Paystack does it: four tries three minutes apart, then hourly for 72 hours; here the first ones come faster.
RETRY_SECONDS = (2, 5, 15, 60, 180, 180, 180)
MOST_TRIES = 80


class Outcome(StrEnum):
    """How a payer may end the pretended checkout."""

    PAID = "paid"
    FAILED = "failed"
    ABANDONED = "abandoned"
    LATE = "late"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_CURRENCY = "wrong_currency"


class NoSuchTransaction(NotFound):
    """The sandbox knows no such transaction."""

    code = "transaction_not_found"


class ReferenceTaken(Conflict):
    """A reference is used once."""

    code = "duplicate_reference"


class AlreadyDecided(Conflict):
    """The transaction has been paid."""


rule("uq_sandbox_transaction_reference", lambda: ReferenceTaken(_("Duplicate Transaction Reference")))


@transactional
def initialize(
    *, reference: str, email: str, amount: int, currency: str, callback_url: str, description: str
) -> SandboxTransaction:
    """Open a transaction under the merchant's reference."""
    if db.session.scalar(select(SandboxTransaction.id).where(SandboxTransaction.reference == reference)):
        raise ReferenceTaken(_("Duplicate Transaction Reference"))
    made = SandboxTransaction(
        reference=reference,
        access_code=secrets.token_urlsafe(16),
        email=email,
        requested_amount=amount,
        requested_currency=currency,
        amount=amount,
        currency=currency,
        fees=0,
        description=description,
        callback_url=callback_url,
        status="ongoing",
    )
    db.session.add(made)
    db.session.flush()
    return made


def by_reference(reference: str) -> SandboxTransaction:
    """The transaction of a reference, as it stands now: late money may have come meanwhile."""
    return _found(select(SandboxTransaction).where(SandboxTransaction.reference == reference), reference)


def by_access_code(access_code: str) -> SandboxTransaction:
    """The transaction of a checkout page."""
    return _found(select(SandboxTransaction).where(SandboxTransaction.access_code == access_code), access_code)


@transactional
def decide(*, access_code: str, outcome: Outcome, late_after: timedelta = LATE_AFTER) -> SandboxTransaction:
    """The payer pressed a button. Money that came stays; anything else may still become money."""
    taken = _found(
        select(SandboxTransaction).where(SandboxTransaction.access_code == access_code).with_for_update(), access_code
    )
    if taken.status == "success":
        raise AlreadyDecided(_("This payment has been made already."))
    now = utcnow()
    taken.outcome = outcome
    if outcome is Outcome.FAILED:
        taken.status = "failed"
    elif outcome is Outcome.ABANDONED:
        taken.status = "abandoned"
    elif outcome is Outcome.LATE:
        taken.status, taken.pays_at = "abandoned", now + late_after
    else:
        if outcome is Outcome.WRONG_AMOUNT:
            taken.amount = 1
        if outcome is Outcome.WRONG_CURRENCY:
            taken.currency = WRONG_CURRENCY.get(taken.requested_currency, "USD")
        _pay(taken, now)
    return taken


@transactional
def pay_late() -> int:
    """Let the money arrive that was to come late; returns how many payments that were."""
    due = db.session.scalars(
        select(SandboxTransaction)
        .where(SandboxTransaction.pays_at <= func.clock_timestamp(), SandboxTransaction.status != "success")
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for each in due:
        _pay(each, utcnow())
    return len(due)


@transactional
def claim_webhooks(limit: int = 20) -> Sequence[SandboxTransaction]:
    """Webhooks to attempt now, the next attempt set first, so that a crash repeats and never forgets."""
    due = db.session.scalars(
        select(SandboxTransaction)
        .where(SandboxTransaction.webhook_due_at <= func.clock_timestamp())
        .order_by(SandboxTransaction.webhook_due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    now = utcnow()
    for each in due:
        tried = each.webhook_attempts
        seconds = RETRY_SECONDS[tried] if tried < len(RETRY_SECONDS) else 3_600
        each.webhook_attempts = tried + 1
        each.webhook_due_at = now + timedelta(seconds=seconds) if tried < MOST_TRIES else None
    return due


@transactional
def told(*, reference: str, status: int | None, error: str | None) -> None:
    """Write down how an attempt went; only a 200 ends them."""
    taken = _found(
        select(SandboxTransaction).where(SandboxTransaction.reference == reference).with_for_update(), reference
    )
    taken.webhook_status, taken.webhook_error = status, error
    if status == 200:
        taken.webhook_due_at = None


def document(taken: SandboxTransaction) -> dict[str, Any]:
    """A transaction as Paystack writes one, in verify and in the webhook alike."""
    paid_at = _iso(taken.paid_at)
    return {
        "id": taken.number,
        "domain": "test",
        "status": taken.status,
        "reference": taken.reference,
        "receipt_number": None,
        "amount": taken.amount,
        "message": None,
        "gateway_response": {"success": "Successful", "failed": "Declined"}.get(taken.status, ""),
        "paid_at": paid_at,
        "created_at": _iso(taken.created_at),
        "channel": "card",
        "currency": taken.currency,
        "ip_address": None,
        "metadata": {"description": taken.description},
        "fees": taken.fees,
        "customer": {"id": 1, "email": taken.email, "customer_code": "CUS_sandbox"},
        "authorization": {},
        "plan": None,
        "paidAt": paid_at,
        "createdAt": _iso(taken.created_at),
        "requested_amount": taken.requested_amount,
    }


def _pay(taken: SandboxTransaction, now: datetime) -> None:
    taken.status, taken.paid_at, taken.pays_at, taken.webhook_due_at = "success", now, None, now


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _found(question: Select[Any], name: str) -> SandboxTransaction:
    """The transaction that is asked for by a name that could be one."""
    plain = name.isascii() and name.isprintable()
    taken: SandboxTransaction | None = (
        db.session.scalar(question.execution_options(populate_existing=True)) if plain else None
    )
    if taken is None:
        raise NoSuchTransaction(_("Transaction reference not found."))
    return taken
