"""Finding bills and what is held for them, and locking one."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, exists, func, or_, select

from portal.core import locks
from portal.core.db import db
from portal.core.money import Money
from portal.core.paging import Page, every, page_of
from portal.core.words import _
from portal.shared.assets.queries import asset_of
from portal.shared.customers.models import Customer
from portal.shared.ledger import chart
from portal.shared.ledger.models import Entry, Posting
from portal.shared.ledger.queries import entry_by_key, find_account
from portal.shared.payments.errors import NoSuchBill
from portal.shared.payments.models import Bill, BillStatus, Payment, PaymentIntent, Refund
from portal.shared.payments.refund_queries import OPEN

UNPAID = (BillStatus.OPEN, BillStatus.PART_PAID)
#: No place has raised so many; a larger number is not even looked for.
HIGHEST_NUMBER = 2**31


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedBills:
    """Which bills of a place to show; the page's filter chips."""

    status: str | None = None
    kind: str | None = None
    overdue_on: date | None = None
    search: str | None = None


def get_bill(bill_id: uuid.UUID) -> Bill:
    """A bill by its key, as it stands now; raises NoSuchBill."""
    return _one(select(Bill).where(Bill.id == bill_id))


def get_bill_by_number(asset_id: uuid.UUID, number: int) -> Bill:
    """The bill with this number at a place; raises NoSuchBill."""
    if not 0 < number < HIGHEST_NUMBER:
        raise no_such_bill()
    return _one(select(Bill).where(Bill.asset_id == asset_id, Bill.number == number))


def get_bill_by_token(token: str) -> Bill:
    """The bill behind a public address; raises NoSuchBill."""
    if not token.isascii() or "\0" in token:
        raise no_such_bill()
    return _one(select(Bill).where(Bill.token == token))


def no_such_bill() -> NoSuchBill:
    """What is said of a bill that is not there, or that is another's."""
    return NoSuchBill(_("There is no such bill. Look at its number or its link again."), field="number")


def bills_by_id(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Bill]:
    """Bills by their keys."""
    if not ids:
        return {}
    return {bill.id: bill for bill in db.session.scalars(select(Bill).where(Bill.id.in_(ids)))}


def bills_of(asset_id: uuid.UUID, wanted: WantedBills, *, cursor: str | None = None, limit: object = 50) -> Page[Any]:
    """One page of a place's bills, the youngest first."""
    return page_of(_wanted(asset_id, wanted), (Bill.created_at, Bill.id), cursor=cursor, limit=limit)


def all_bills_of(asset_id: uuid.UUID, wanted: WantedBills) -> Iterator[Bill]:
    """Every bill that is wanted, page by page."""
    return every(lambda cursor: bills_of(asset_id, wanted, cursor=cursor, limit=200))


def bill_figures(asset_id: uuid.UUID, wanted: WantedBills, today: date) -> dict[str, int]:
    """Over the wanted bills: how many, what they ask for, what has come, what is due and overdue, in minor units."""
    due = func.sum(Bill.amount - Bill.paid)
    row = db.session.execute(
        _wanted(asset_id, wanted).with_only_columns(
            func.count(Bill.id),
            func.coalesce(func.sum(Bill.amount).filter(Bill.status != BillStatus.CANCELLED), 0),
            func.coalesce(func.sum(Bill.paid), 0),
            func.coalesce(due.filter(Bill.status.in_(UNPAID)), 0),
            func.coalesce(due.filter(Bill.status.in_(UNPAID), Bill.due_on < today), 0),
        )
    ).one()
    return dict(zip(("bills", "asked", "paid", "due", "overdue"), map(int, row), strict=True))


def deposit_used(bill: Bill) -> bool:
    """Whether what a deposit was for has been given."""
    return entry_by_key(deposit_key(bill)) is not None


def deposit_key(bill: Bill) -> str:
    """What the entry is called that earns a deposit; there is one at most."""
    return f"bill:{bill.id}:used"


def deposit_held(bill: Bill) -> Money:
    """What is held of a deposit: what came for it, less what went back and what was earned, as the books say."""
    place = asset_of(bill.asset_id)
    account = find_account(place.business_id, place.id, chart.DEPOSITS, bill.currency)
    if account is None:
        return Money(0, bill.currency)
    paid = select(Payment.id).join(PaymentIntent).where(PaymentIntent.subject_id == bill.id)
    back = select(Refund.id).where(Refund.payment_id.in_(paid))
    total = db.session.scalar(
        select(func.sum(Posting.amount))
        .join(Entry, Entry.id == Posting.entry_id)
        .where(
            Posting.account_id == account.id,
            or_(
                (Entry.subject == "bill") & (Entry.subject_id == bill.id),
                (Entry.subject == "payment") & Entry.subject_id.in_(paid),
                (Entry.subject == "refund") & Entry.subject_id.in_(back),
            ),
        )
    )
    return Money(account.sign * int(total or 0), bill.currency)


def going_back(bill: Bill) -> bool:
    """Whether a refund of money for a bill was decided and has not come to its end."""
    paid = select(Payment.id).join(PaymentIntent).where(PaymentIntent.subject_id == bill.id)
    under_way = exists().where(Refund.payment_id.in_(paid), Refund.status.in_(OPEN[1:]))
    return bool(db.session.scalar(select(under_way)))


def lock_bill(bill_id: uuid.UUID) -> Bill:
    """A bill, locked and fresh; raises NoSuchBill."""
    locks.taking("bill")
    return _one(select(Bill).where(Bill.id == bill_id).with_for_update())


def _one(question: Select[Bill]) -> Bill:
    found: Bill | None = db.session.scalar(question.execution_options(populate_existing=True))
    if found is None:
        raise no_such_bill()
    return found


def _wanted(asset_id: uuid.UUID, wanted: WantedBills) -> Select[Bill]:
    question = select(Bill).where(Bill.asset_id == asset_id)
    if wanted.status:
        question = question.where(Bill.status == wanted.status)
    if wanted.kind:
        question = question.where(Bill.kind == wanted.kind)
    if wanted.overdue_on:
        question = question.where(Bill.status.in_(UNPAID), Bill.due_on < wanted.overdue_on)
    if wanted.search:
        question = question.join(Customer, Customer.id == Bill.customer_id)
        said = wanted.search
        fits = (
            Customer.name.icontains(said, autoescape=True)
            | Customer.email.icontains(said, autoescape=True)
            | Customer.phone.icontains(said, autoescape=True)
            | Bill.description.icontains(said, autoescape=True)
        )
        if said.isascii() and said.isdigit() and 0 < int(said) < HIGHEST_NUMBER:
            fits = fits | (Bill.number == int(said))
        question = question.where(fits)
    return question
