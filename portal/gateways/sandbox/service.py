"""The pretended Paystack's charges: opened by the merchant, ended as the payer chooses, told of by webhook."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import Conflict, NotFound
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.gateways.sandbox import documents, outgoing, prices
from portal.gateways.sandbox.models import SandboxTransaction

PROVIDER = "paystack"
PATH = "/api/payment/webhook/paystack/"
#: "Pay late" looks abandoned first, and turns into money when the payer has left.
LATE_AFTER = timedelta(seconds=30)
WRONG_CURRENCY = {"USD": "EUR"}


class Outcome(StrEnum):
    """How a payer may end the pretended checkout."""

    PAID = "paid"
    FAILED = "failed"
    ABANDONED = "abandoned"
    LATE = "late"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_CURRENCY = "wrong_currency"
    FEES_ON_TOP = "fees_on_top"


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
    *,
    reference: str,
    email: str,
    amount: int,
    currency: str,
    callback_url: str,
    description: str,
    meta: dict[str, Any] | None = None,
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
        meta=meta or {},
        callback_url=callback_url,
        status="ongoing",
    )
    db.session.add(made)
    db.session.flush()
    return made


def by_reference(reference: str) -> SandboxTransaction:
    """The transaction of a reference, as it stands now: late money may have come meanwhile."""
    return _found(select(SandboxTransaction).where(SandboxTransaction.reference == reference), reference)


def lock(reference_or_number: str | int) -> SandboxTransaction:
    """The transaction of a reference or number, locked until the command ends."""
    key = SandboxTransaction.number if isinstance(reference_or_number, int) else SandboxTransaction.reference
    question = select(SandboxTransaction).where(key == reference_or_number).with_for_update()
    return _found(question, str(reference_or_number))


def by_access_code(access_code: str) -> SandboxTransaction:
    """The transaction of a checkout page."""
    return _found(select(SandboxTransaction).where(SandboxTransaction.access_code == access_code), access_code)


@transactional
def decide(
    *, access_code: str, outcome: Outcome, late_after: timedelta = LATE_AFTER, fees: int | None = None
) -> SandboxTransaction:
    """The payer pressed a button. Money that came stays; anything else may still become money.

    `fees` in minor units takes the place of the price list.
    """
    taken = _found(
        select(SandboxTransaction).where(SandboxTransaction.access_code == access_code).with_for_update(), access_code
    )
    if taken.paid_at is not None:
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
        if outcome is Outcome.FEES_ON_TOP:
            price = prices.paystack(taken.currency)
            taken.amount = price.on_top(taken.amount) if fees is None else taken.amount + fees
        _pay(taken, now, fees)
    return taken


@transactional
def pay_late() -> int:
    """Let the money arrive that was to come late; returns how many payments that were."""
    due = db.session.scalars(
        select(SandboxTransaction)
        .where(SandboxTransaction.pays_at <= utcnow(), SandboxTransaction.paid_at.is_(None))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for each in due:
        _pay(each, utcnow())
    return len(due)


def listed(
    *, status: str | None = None, since: datetime | None = None, until: datetime | None = None, page: int, per_page: int
) -> tuple[Sequence[SandboxTransaction], int, int]:
    """One page of transactions, newest first; how many there are in all, and what they come to."""
    wanted: list[ColumnElement[bool]] = []
    if status is not None:
        wanted.append(SandboxTransaction.status == status)
    if since is not None:
        wanted.append(SandboxTransaction.created_at >= since)
    if until is not None:
        wanted.append(SandboxTransaction.created_at <= until)
    total, volume = db.session.execute(
        select(func.count(), func.coalesce(func.sum(SandboxTransaction.amount), 0)).where(*wanted)
    ).one()
    rows = db.session.scalars(
        select(SandboxTransaction)
        .where(*wanted)
        .order_by(SandboxTransaction.number.desc())
        .limit(per_page)
        .offset((page - 1) * per_page)
        .execution_options(populate_existing=True)
    ).all()
    return rows, total, int(volume)


def _pay(taken: SandboxTransaction, now: datetime, fees: int | None = None) -> None:
    """The money has come: what the provider keeps of it is known, and the merchant is told."""
    taken.status, taken.paid_at, taken.pays_at = "success", now, None
    if taken.outcome == Outcome.FEES_ON_TOP:
        taken.fees = taken.amount - taken.requested_amount
    else:
        taken.fees = prices.paystack(taken.currency).of(taken.amount) if fees is None else fees
    outgoing.queue(
        provider=PROVIDER,
        event="charge.success",
        subject=taken.reference,
        url=PATH,
        document={"event": "charge.success", "data": documents.charge(taken)},
    )


def _found(question: Select[Any], name: str) -> SandboxTransaction:
    """The transaction that is asked for by a name that could be one."""
    plain = name.isascii() and name.isprintable()
    taken: SandboxTransaction | None = (
        db.session.scalar(question.execution_options(populate_existing=True)) if plain else None
    )
    if taken is None:
        raise NoSuchTransaction(_("Transaction reference not found."))
    return taken
