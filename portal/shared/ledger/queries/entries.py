"""Entries and their legs."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import select

from portal.core.db import db
from portal.core.words import _
from portal.shared.ledger.errors import NoSuchEntry
from portal.shared.ledger.models import Account, Entry, Posting


def get_entry(entry_id: int, asset_id: uuid.UUID) -> Entry:
    """An entry of a place; raises NoSuchEntry."""
    found: Entry | None = db.session.scalar(select(Entry).where(Entry.id == entry_id, Entry.asset_id == asset_id))
    if found is None:
        raise NoSuchEntry(_("There is no such entry in the books of this place."))
    return found


def entry_by_key(key: str) -> Entry | None:
    """The entry of a business fact, or None while it is not in the books."""
    found: Entry | None = db.session.scalar(select(Entry).where(Entry.key == key))
    return found


def find_reversal(entry_id: int) -> Entry | None:
    """The entry that reverses another, or None."""
    found: Entry | None = db.session.scalar(select(Entry).where(Entry.reverses == entry_id))
    return found


def entries_about(subject: str, *subject_ids: uuid.UUID) -> Sequence[Entry]:
    """Every entry about one thing, or about several of one kind, the oldest first."""
    return db.session.scalars(
        select(Entry).where(Entry.subject == subject, Entry.subject_id.in_(subject_ids)).order_by(Entry.id)
    ).all()


def legs_of(entry_id: int) -> list[tuple[int, int]]:
    """Account ids and signed minor units of an entry."""
    rows = db.session.execute(
        select(Posting.account_id, Posting.amount).where(Posting.entry_id == entry_id).order_by(Posting.id)
    )
    return [(account_id, amount) for account_id, amount in rows]


def legs_with_accounts(entry_ids: Collection[int]) -> dict[int, list[tuple[Account, Posting]]]:
    """The legs of several entries, each with its account: debits first, as an entry is read."""
    found: dict[int, list[tuple[Account, Posting]]] = {entry_id: [] for entry_id in entry_ids}
    if found:
        rows = db.session.execute(
            select(Account, Posting)
            .join(Posting, Posting.account_id == Account.id)
            .where(Posting.entry_id.in_(found))
            .order_by(Posting.entry_id, Posting.amount < 0, Account.code, Posting.id)
        )
        for account, leg in rows:
            found[leg.entry_id].append((account, leg))
    return found
