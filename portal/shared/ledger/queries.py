"""Reading the books: balances, legs, and the day a fact may be booked on."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select, text

from portal.core.db import db
from portal.core.words import _
from portal.shared.ledger.chart import plan_of
from portal.shared.ledger.errors import NoSuchEntry
from portal.shared.ledger.models import Account, Balance, Entry, Posting


def first_open_day(asset_id: uuid.UUID, wanted: date) -> date:
    """The day itself, or the first day after the closed months it lies in."""
    found: date = db.session.execute(
        text(
            "select coalesce((select max(starts_on) + interval '1 month' from ledger_period"
            " where asset_id = :place and closed_at is not null"
            " having max(starts_on) >= date_trunc('month', cast(:day as date)))::date, cast(:day as date))"
        ),
        {"place": asset_id, "day": wanted},
    ).scalar_one()
    return found


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


def entries_about(subject: str, subject_id: uuid.UUID) -> Sequence[Entry]:
    """Every entry about one thing, the oldest first."""
    return db.session.scalars(
        select(Entry).where(Entry.subject == subject, Entry.subject_id == subject_id).order_by(Entry.id)
    ).all()


def legs_of(entry_id: int) -> list[tuple[int, int]]:
    """Account ids and signed minor units of an entry."""
    rows = db.session.execute(
        select(Posting.account_id, Posting.amount).where(Posting.entry_id == entry_id).order_by(Posting.id)
    )
    return [(account_id, amount) for account_id, amount in rows]


def find_account(business_id: uuid.UUID, asset_id: uuid.UUID, account: str, currency: str) -> Account | None:
    """The account `code` or `code:owner` of the chart at a place, or None while nothing was ever posted to it."""
    plan, owner = plan_of(account)
    found: Account | None = db.session.scalar(
        select(Account).where(
            Account.business_id == business_id,
            Account.asset_id.is_(None) if plan.business_wide else Account.asset_id == asset_id,
            Account.code == plan.code,
            Account.currency == currency,
            Account.owner == owner,
        )
    )
    return found


def balance_of(account: Account) -> int:
    """What stands on an account, in minor units, positive on its normal side."""
    if account.floor is not None:
        stored = db.session.scalar(select(Balance.balance).where(Balance.account_id == account.id))
        return account.sign * (stored or 0)
    total = db.session.scalar(select(func.sum(Posting.amount)).where(Posting.account_id == account.id))
    return account.sign * int(total or 0)


def standing(business_id: uuid.UUID, asset_id: uuid.UUID, account: str, currency: str) -> int:
    """The balance of `code` or `code:owner` in minor units on its normal side; nothing where it was never used."""
    found = find_account(business_id, asset_id, account, currency)
    return 0 if found is None else balance_of(found)
