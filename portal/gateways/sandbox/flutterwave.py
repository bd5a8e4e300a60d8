"""The pretended Flutterwave: payment links, the charges made on them, refunds. Minor units inside, decimals outside."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import Conflict, NotFound
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.sandbox import faults, outgoing, prices, twists
from portal.gateways.sandbox import flutterwave_documents as documents
from portal.gateways.sandbox.faults import Kind
from portal.gateways.sandbox.models import SandboxFlutterwaveCharge, SandboxFlutterwaveLink, SandboxFlutterwaveRefund
from portal.gateways.sandbox.service import LATE_AFTER, AlreadyDecided, Outcome

PROVIDER = "flutterwave"
PATH = "/api/payment/webhook/flutterwave/"


class NoSuchCharge(NotFound):
    """The provider knows no such transaction."""


class RefundRefused(Conflict):
    """The provider gives no money back that it has not got."""


@transactional
def create_link(
    *,
    tx_ref: str,
    amount: int,
    currency: str,
    redirect_url: str,
    email: str,
    name: str,
    phone: str | None,
    title: str,
    meta: dict[str, Any] | None,
) -> SandboxFlutterwaveLink:
    """A page where a merchant can be paid; the same tx_ref may have several."""
    made = SandboxFlutterwaveLink(
        token=secrets.token_urlsafe(16),
        tx_ref=tx_ref,
        amount=amount,
        currency=currency,
        redirect_url=redirect_url,
        email=email,
        name=name,
        phone=phone,
        title=title,
        meta=meta,
    )
    db.session.add(made)
    db.session.flush()
    return made


def link_of(token: str) -> SandboxFlutterwaveLink:
    """The payment link of a checkout page."""
    return _link(select(SandboxFlutterwaveLink).where(SandboxFlutterwaveLink.token == token), token)


def last_charge_of(link: SandboxFlutterwaveLink) -> SandboxFlutterwaveCharge | None:
    """The last attempt to pay on a link; nobody may have tried."""
    return db.session.scalar(
        _charges()
        .where(SandboxFlutterwaveCharge.link_id == link.id)
        .order_by(SandboxFlutterwaveCharge.number.desc())
        .limit(1)
    )


@transactional
def decide(*, token: str, outcome: Outcome, late_after: timedelta = LATE_AFTER) -> SandboxFlutterwaveCharge | None:
    """The payer pressed a button: each press is an attempt of its own, and giving up is none."""
    link = _link(select(SandboxFlutterwaveLink).where(SandboxFlutterwaveLink.token == token).with_for_update(), token)
    last = last_charge_of(link)
    if last is not None and last.status != "failed":
        raise AlreadyDecided(_("This payment has been made already."))
    if outcome is Outcome.ABANDONED:
        return None
    currency, amount = link.currency, link.amount
    if outcome is Outcome.WRONG_AMOUNT:
        amount = 1
    if outcome is Outcome.WRONG_CURRENCY:
        currency = twists.other_currency(currency)
    price = prices.flutterwave(currency)
    fee = price.of(amount)
    charged = amount
    if outcome is Outcome.FEES_ON_TOP:
        charged = price.on_top(amount)
        fee = charged - amount
    made = SandboxFlutterwaveCharge(
        link_id=link.id,
        link=link,
        flw_ref=f"FLW-MOCK-{secrets.token_hex(16)}",
        amount=amount,
        charged=charged,
        fee=fee,
        currency=currency,
        status="pending",
        pays_at=None,
    )
    db.session.add(made)
    db.session.flush()
    if outcome is Outcome.LATE:
        made.pays_at = utcnow() + late_after
    else:
        _end(made, "failed" if outcome is Outcome.FAILED else "successful")
    return made


@transactional
def pay_late(*, now: datetime | None = None) -> int:
    """Let the money arrive that was to come late; returns how many payments that were."""
    due = db.session.scalars(
        _charges()
        .where(SandboxFlutterwaveCharge.pays_at <= (now or utcnow()))
        .with_for_update(skip_locked=True, of=SandboxFlutterwaveCharge)
    ).all()
    for each in due:
        _end(each, "successful")
    return len(due)


def by_number(number: int) -> SandboxFlutterwaveCharge:
    """A transaction by its id."""
    return _found(db.session.scalar(_charges().where(SandboxFlutterwaveCharge.number == number)))


def by_tx_ref(tx_ref: str) -> SandboxFlutterwaveCharge:
    """The newest transaction under a merchant's reference: there may be several."""
    question = (
        _charges()
        .join(SandboxFlutterwaveLink, SandboxFlutterwaveLink.id == SandboxFlutterwaveCharge.link_id)
        .where(SandboxFlutterwaveLink.tx_ref == tx_ref)
        .order_by(SandboxFlutterwaveCharge.number.desc())
        .limit(1)
    )
    return _found(db.session.scalar(question))


def listed(
    *, since: datetime | None, until: datetime | None, tx_ref: str | None, status: str | None, page: int, per_page: int
) -> tuple[Sequence[SandboxFlutterwaveCharge], int]:
    """One page of transactions, newest first, and how many there are."""
    wanted: list[ColumnElement[bool]] = [SandboxFlutterwaveLink.id == SandboxFlutterwaveCharge.link_id]
    if since is not None:
        wanted.append(SandboxFlutterwaveCharge.created_at >= since)
    if until is not None:
        wanted.append(SandboxFlutterwaveCharge.created_at < until)
    if tx_ref is not None:
        wanted.append(SandboxFlutterwaveLink.tx_ref == tx_ref)
    if status is not None:
        wanted.append(SandboxFlutterwaveCharge.status == status)
    total = db.session.scalar(select(func.count(SandboxFlutterwaveCharge.id)).where(*wanted)) or 0
    rows = db.session.scalars(
        _charges()
        .where(*wanted)
        .order_by(SandboxFlutterwaveCharge.number.desc())
        .limit(per_page)
        .offset((page - 1) * per_page)
    ).all()
    return rows, total


@transactional
def refund(*, number: int, amount: int | None, comments: str) -> SandboxFlutterwaveRefund:
    """Give money back, all that is left when no amount is named."""
    charge = _found(
        db.session.scalar(
            _charges().where(SandboxFlutterwaveCharge.number == number).with_for_update(of=SandboxFlutterwaveCharge)
        )
    )
    given = select(func.coalesce(func.sum(SandboxFlutterwaveRefund.amount), 0)).where(
        SandboxFlutterwaveRefund.charge_id == charge.id, SandboxFlutterwaveRefund.status != "failed"
    )
    left = charge.amount - int(db.session.scalar(given) or 0)
    wanted = left if amount is None else amount
    if charge.status != "successful":
        raise RefundRefused(_("You can only refund a successful transaction"))
    if not 0 < wanted <= left:
        raise RefundRefused(_("Refund amount is more than what is left of the transaction"))
    fails = faults.take(PROVIDER, "refund", (Kind.FAILS,)) is not None
    made = SandboxFlutterwaveRefund(
        charge_id=charge.id,
        charge=charge,
        amount=wanted,
        comments=comments,
        status="failed" if fails else "completed",
    )
    db.session.add(made)
    db.session.flush()
    return made


def refunds(
    *, since: datetime | None, until: datetime | None, page: int, per_page: int
) -> tuple[Sequence[SandboxFlutterwaveRefund], int]:
    """One page of refunds, newest first, and how many there are."""
    wanted: list[ColumnElement[bool]] = []
    if since is not None:
        wanted.append(SandboxFlutterwaveRefund.created_at >= since)
    if until is not None:
        wanted.append(SandboxFlutterwaveRefund.created_at < until)
    total = db.session.scalar(select(func.count(SandboxFlutterwaveRefund.id)).where(*wanted)) or 0
    question = select(SandboxFlutterwaveRefund).where(*wanted).order_by(SandboxFlutterwaveRefund.number.desc())
    return db.session.scalars(question.limit(per_page).offset((page - 1) * per_page)).all(), total


def settlements(*, since: datetime | None, until: datetime | None) -> list[dict[str, Any]]:
    """What each earlier day's charges came to in each currency, newest first: paid out the day after."""
    today = datetime.combine(utcnow().date(), time(), UTC)
    day = func.date_trunc("day", SandboxFlutterwaveCharge.created_at, "UTC")
    wanted = [SandboxFlutterwaveCharge.status == "successful", SandboxFlutterwaveCharge.created_at < today]
    if since is not None:
        wanted.append(SandboxFlutterwaveCharge.created_at >= since)
    if until is not None:
        wanted.append(SandboxFlutterwaveCharge.created_at < until)
    rows = db.session.execute(
        select(
            day,
            SandboxFlutterwaveCharge.currency,
            func.min(SandboxFlutterwaveCharge.number),
            func.sum(SandboxFlutterwaveCharge.charged),
            func.sum(SandboxFlutterwaveCharge.fee),
            func.count(),
        )
        .where(*wanted)
        .group_by(day, SandboxFlutterwaveCharge.currency)
        .order_by(day.desc(), SandboxFlutterwaveCharge.currency)
    ).all()
    return [
        documents.settlement(
            number=number, day=made_on, currency=currency, gross=int(gross), fees=int(fees), count=count
        )
        for made_on, currency, number, gross, fees, count in rows
    ]


def refund_by_number(number: int) -> SandboxFlutterwaveRefund:
    """A refund by its id."""
    made = db.session.scalar(select(SandboxFlutterwaveRefund).where(SandboxFlutterwaveRefund.number == number))
    if made is None:
        raise NoSuchCharge(_("Refund not found"))
    return made


@transactional
def resend_hook(*, number: int) -> None:
    """Tell the merchant once more how a transaction ended."""
    charge = by_number(number)
    if charge.status == "pending":
        raise NoSuchCharge(_("No transaction was found for this id"))
    _tell(charge)


def _end(made: SandboxFlutterwaveCharge, status: str) -> None:
    made.status, made.pays_at = status, None
    _tell(made)


def _tell(made: SandboxFlutterwaveCharge) -> None:
    """Failures are told of under the same name as successes: only the status tells them apart."""
    outgoing.queue(
        provider=PROVIDER,
        event="charge.completed",
        subject=made.link.tx_ref,
        url=PATH,
        document=documents.event(made),
    )


def _charges() -> Select[SandboxFlutterwaveCharge]:
    return select(SandboxFlutterwaveCharge).execution_options(populate_existing=True)


def _found(charge: SandboxFlutterwaveCharge | None) -> SandboxFlutterwaveCharge:
    if charge is None:
        raise NoSuchCharge(_("No transaction was found for this id"))
    return charge


def _link(question: Any, token: str) -> SandboxFlutterwaveLink:
    link = db.session.scalar(question.execution_options(populate_existing=True)) if token.isascii() else None
    if link is None or not token.isprintable():
        raise NoSuchCharge(_("This payment link does not exist."))
    return link  # type: ignore[no-any-return]
