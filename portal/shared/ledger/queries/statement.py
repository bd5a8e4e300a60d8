"""The statement of one account: its legs, the latest first, with the balance after each."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, false, func, select, tuple_
from sqlalchemy.orm import contains_eager

from portal.core.db import db
from portal.core.paging import page_of
from portal.shared.ledger.models import Account, Posting

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """One leg, and what stood on the account after it, in minor units on the account's normal side."""

    leg: Posting
    balance: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One page of legs, and the figures of the whole stretch of days.

    `opening`, `closing` and `brought_forward` (what stood before the oldest line of this page) are in minor units on
    the account's normal side; `debits` and `credits` are what came on either side.
    """

    opening: int
    debits: int
    credits: int
    closing: int
    lines: Sequence[Line]
    brought_forward: int
    next: str | None


def statement(
    account: Account,
    since: date | None,
    until: date | None,
    *,
    only_at: uuid.UUID | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Statement:
    """A page of an account's legs booked between two days, both included; `only_at` leaves other places' legs out."""
    question = _legs(account, only_at).join(Posting.entry).options(contains_eager(Posting.entry))
    page = page_of(_between(question, since, until), [Posting.booked_on, Posting.id], cursor=cursor, limit=limit)
    before = Posting.booked_on < since if since is not None else None
    upto = None
    if page.items:
        upto = tuple_(Posting.booked_on, Posting.id) <= tuple_(page.items[0].booked_on, page.items[0].id)
    opening, debits, credits, shown = _sums(account, only_at, before, until, upto)
    balance = shown
    lines = []
    for leg in page.items:
        lines.append(Line(leg, account.sign * balance))
        balance -= leg.amount
    sign = account.sign
    closing = opening + debits - credits
    forward = balance if page.items else closing
    return Statement(sign * opening, debits, credits, sign * closing, lines, sign * forward, page.next)


def statement_lines(
    account: Account, since: date | None, until: date | None, *, only_at: uuid.UUID | None = None
) -> Iterator[Line]:
    """Every line of the stretch, the oldest first, for an export."""
    before = Posting.booked_on < since if since is not None else None
    balance = _sums(account, only_at, before, until, None)[0]
    question = _legs(account, only_at).join(Posting.entry).options(contains_eager(Posting.entry))
    legs = db.session.scalars(
        _between(question, since, until).order_by(Posting.booked_on, Posting.id).execution_options(yield_per=BATCH)
    )
    for leg in legs:
        balance += leg.amount
        yield Line(leg, account.sign * balance)


def _legs(account: Account, only_at: uuid.UUID | None) -> Select[Posting]:
    question = select(Posting).where(Posting.account_id == account.id)
    return question if only_at is None else question.where(Posting.asset_id == only_at)


def _between(question: Select[Posting], since: date | None, until: date | None) -> Select[Posting]:
    if since is not None:
        question = question.where(Posting.booked_on >= since)
    return question if until is None else question.where(Posting.booked_on <= until)


def _sums(
    account: Account,
    only_at: uuid.UUID | None,
    before: ColumnElement[bool] | None,
    until: date | None,
    upto: ColumnElement[bool] | None,
) -> tuple[int, int, int, int]:
    """Opening, debits and credits of the stretch, and what stood after the newest line shown; debits positive."""
    amount = Posting.amount
    early = false() if before is None else before
    columns = (
        func.sum(amount).filter(early),
        func.sum(amount).filter(~early, amount > 0),
        func.sum(-amount).filter(~early, amount < 0),
        func.sum(amount).filter(false() if upto is None else upto),
    )
    question = _legs(account, only_at).with_only_columns(*columns)
    if until is not None:
        question = question.where(Posting.booked_on <= until)
    opening, debits, credits, shown = db.session.execute(question).one()
    return int(opening or 0), int(debits or 0), int(credits or 0), int(shown or 0)
