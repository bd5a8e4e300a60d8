"""The journal: every entry of a place, found by what it says, what it is about, its account, amount or day."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, or_, select

from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.shared.ledger.models import Account, Entry, Posting

BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the journal is searched for; amounts in minor units, days included at both ends.

    `text`, `amount`, `entry_id` and `subject_ids` are what one search may mean: any of them fits.
    """

    fact: str | None = None
    account_id: int | None = None
    since: date | None = None
    until: date | None = None
    text: str | None = None
    amount: int | None = None
    entry_id: int | None = None
    subject_ids: Collection[uuid.UUID] = ()


def journal(asset_id: uuid.UUID, wanted: Wanted, *, cursor: str | None = None, limit: int = 50) -> Page[Entry]:
    """A page of a place's entries, the latest booked first."""
    return page_of(_question(asset_id, wanted), [Entry.booked_on, Entry.id], cursor=cursor, limit=limit)


def journal_legs(asset_id: uuid.UUID, wanted: Wanted) -> Iterator[tuple[Entry, Account, Posting]]:
    """Every leg of every such entry, the oldest first, for an export."""
    question = (
        _question(asset_id, wanted)
        .join(Posting, Posting.entry_id == Entry.id)
        .join(Account, Account.id == Posting.account_id)
        .add_columns(Account, Posting)
        .order_by(Entry.booked_on, Entry.id, Posting.id)
    )
    yield from db.session.execute(question.execution_options(yield_per=BATCH))


def _question(asset_id: uuid.UUID, wanted: Wanted) -> Select[Entry]:
    question = select(Entry).where(Entry.asset_id == asset_id)
    if wanted.fact is not None:
        question = question.where(Entry.fact == wanted.fact)
    if wanted.account_id is not None:
        of_account = select(Posting.entry_id).where(
            Posting.account_id == wanted.account_id, Posting.asset_id == asset_id
        )
        question = question.where(Entry.id.in_(of_account))
    if wanted.since is not None:
        question = question.where(Entry.booked_on >= wanted.since)
    if wanted.until is not None:
        question = question.where(Entry.booked_on <= wanted.until)
    meanings = _meanings(asset_id, wanted)
    return question.where(or_(*meanings)) if meanings else question


def _meanings(asset_id: uuid.UUID, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.text is not None:
        found.append(func.strpos(func.lower(Entry.memo), wanted.text.lower()) > 0)
    if wanted.entry_id is not None:
        found.append(Entry.id == wanted.entry_id)
    if wanted.subject_ids:
        found.append(Entry.subject_id.in_(wanted.subject_ids))
    if wanted.amount is not None:
        legs = select(Posting.entry_id).where(
            Posting.asset_id == asset_id, Posting.amount.in_((wanted.amount, -wanted.amount))
        )
        found.append(Entry.id.in_(legs))
    return found
