"""The pretended Paystack's refunds: pending, processing, processed; or failed; or waiting for a bank account."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.sandbox import documents, faults, outgoing, service
from portal.gateways.sandbox.faults import Kind
from portal.gateways.sandbox.models import SandboxRefund, SandboxTransaction

#: How long each step takes; Paystack needs days.
STEP = timedelta(seconds=2)
ENDS = {Kind.FAILS: "failed", Kind.NEEDS_ATTENTION: "needs-attention"}
NEXT = {"pending": "processing"}


class RefundRefused(Conflict):
    """The provider gives no money back that it has not got, or not in this way."""

    code = "refund_refused"


class NoSuchRefund(NotFound):
    """The provider knows no such refund."""

    code = "refund_not_found"


class NothingToRetry(Invalid):
    """A refund that does not wait for a bank account cannot be given one."""

    code = "refund_not_retryable"


@transactional
def create(
    *, transaction: str | int, amount: int | None, currency: str | None, customer_note: str, merchant_note: str
) -> SandboxRefund:
    """Begin to give money back, all that is left of the charge when no amount is named."""
    taken = service.lock(transaction)
    left = taken.amount - _given_back(taken)
    wanted = left if amount is None else amount
    if taken.paid_at is None:
        raise RefundRefused(_("Transaction has not been paid."))
    if currency is not None and currency != taken.currency:
        raise RefundRefused(_("Refund currency must be that of the transaction."))
    if left <= 0:
        raise RefundRefused(_("Transaction has been fully reversed."))
    if not 0 < wanted <= left:
        raise RefundRefused(_("Refund amount cannot be more than what is left of the transaction."))
    fault = faults.take(service.PROVIDER, "refund", ENDS)
    made = SandboxRefund(
        transaction_id=taken.id,
        transaction=taken,
        amount=wanted,
        currency=taken.currency,
        customer_note=customer_note,
        merchant_note=merchant_note,
        status="pending",
        ends=ENDS[fault.kind] if fault else "processed",
        moves_at=utcnow() + STEP,
    )
    db.session.add(made)
    db.session.flush()
    _tell(made)
    return made


@transactional
def retry(*, number: int, account_number: str, bank_id: str, currency: str) -> SandboxRefund:
    """Go on with a refund whose card took nothing, to the payer's bank account."""
    made = _found(select(SandboxRefund).where(SandboxRefund.number == number).with_for_update(of=SandboxRefund))
    if made.status != "needs-attention":
        raise NothingToRetry(_("Refund does not need customer details."))
    if currency != made.currency:
        raise NothingToRetry(_("Refund currency must be that of the transaction."))
    made.account_number, made.bank_id = account_number, bank_id
    made.status, made.ends, made.moves_at = "processing", "processed", utcnow() + STEP
    _tell(made)
    return made


def by_number(number: int) -> SandboxRefund:
    """A refund as it stands."""
    return _found(select(SandboxRefund).where(SandboxRefund.number == number))


def listed(
    *, since: datetime | None, until: datetime | None, page: int, per_page: int
) -> tuple[Sequence[SandboxRefund], int, int]:
    """One page of refunds, newest first; how many there are, and how many failed."""
    wanted: list[ColumnElement[bool]] = []
    if since is not None:
        wanted.append(SandboxRefund.created_at >= since)
    if until is not None:
        wanted.append(SandboxRefund.created_at <= until)
    total, failed = db.session.execute(
        select(func.count(), func.count().filter(SandboxRefund.status == "failed"))
        .select_from(SandboxRefund)
        .where(*wanted)
    ).one()
    rows = db.session.scalars(
        select(SandboxRefund)
        .where(*wanted)
        .order_by(SandboxRefund.number.desc())
        .limit(per_page)
        .offset((page - 1) * per_page)
        .execution_options(populate_existing=True)
    ).all()
    return rows, total, failed


@transactional
def move_due(*, now: datetime | None = None) -> int:
    """Let every refund whose time has come take its next step; returns how many did."""
    due = db.session.scalars(
        select(SandboxRefund)
        .where(SandboxRefund.moves_at <= (now or utcnow()))
        .order_by(SandboxRefund.number)
        .with_for_update(skip_locked=True, of=SandboxRefund)
        .execution_options(populate_existing=True)
    ).all()
    for each in due:
        _step(each)
    return len(due)


def _step(made: SandboxRefund) -> None:
    made.status = NEXT.get(made.status, made.ends)
    under_way = made.status == "processing"
    made.moves_at = utcnow() + STEP if under_way else None
    if made.status == "processed":
        made.refunded_at, made.bank_reference = utcnow(), str(10**11 + secrets.randbelow(9 * 10**11))
        taken = service.lock(made.transaction.number)
        if _given_back(taken, only="processed") >= taken.amount:
            taken.status = "reversed"
    _tell(made)


def _given_back(taken: SandboxTransaction, only: str | None = None) -> int:
    """What went back, or is on its way; a refund that failed gave nothing."""
    counted = SandboxRefund.status == only if only else SandboxRefund.status != "failed"
    asked = select(func.coalesce(func.sum(SandboxRefund.amount), 0))
    return int(db.session.scalar(asked.where(SandboxRefund.transaction_id == taken.id, counted)) or 0)


def _tell(made: SandboxRefund) -> None:
    event = f"refund.{made.status}"
    outgoing.queue(
        provider=service.PROVIDER,
        event=event,
        subject=made.transaction.reference,
        url=service.PATH,
        document={"event": event, "data": documents.refund_event(made)},
    )


def _found(question: object) -> SandboxRefund:
    made: SandboxRefund | None = db.session.scalar(question.execution_options(populate_existing=True))  # type: ignore[attr-defined]
    if made is None:
        raise NoSuchRefund(_("Refund not found"))
    return made
