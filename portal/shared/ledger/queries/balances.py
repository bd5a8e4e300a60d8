"""Accounts, and what stands on them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.ledger.chart import CUSTOMER_CREDIT, plan_of
from portal.shared.ledger.errors import NoSuchAccount
from portal.shared.ledger.models import DEBIT_NORMAL, Account, Balance, Posting


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


def get_account(account_id: int, place: Asset) -> Account:
    """An account of a place or of its whole business; raises NoSuchAccount."""
    found = db.session.get(Account, account_id)
    if found is None or found.business_id != place.business_id or found.asset_id not in (place.id, None):
        raise NoSuchAccount(_("There is no such account in the books of this place."))
    return found


def accounts_at(place: Asset, currency: str | None = None) -> Sequence[Account]:
    """The place's own accounts in the order of the chart, of one currency or of all."""
    question = select(Account).where(Account.asset_id == place.id).order_by(Account.code, Account.owner)
    if currency is not None:
        question = question.where(Account.currency == currency)
    return db.session.scalars(question).all()


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


@dataclass(frozen=True, slots=True)
class Effect:
    """What an entry would do to one account: its code and name, and what stands before and after it.

    In minor units on the account's normal side; `change` is the entry's own, debits positive.
    """

    code: str
    name: str
    change: int
    before: int
    after: int
    refused: bool


def effect(place: Asset, currency: str, legs: Iterable[tuple[str, int]]) -> list[Effect]:
    """What legs of (account of the chart, signed minor units) would do if they were booked now."""
    changes: dict[str, int] = {}
    for account, minor in legs:
        changes[account] = changes.get(account, 0) + minor
    found = []
    for account, change in changes.items():
        plan, owner = plan_of(account)
        sign = 1 if plan.kind in DEBIT_NORMAL else -1
        before = standing(place.business_id, place.id, account, currency)
        after = before + sign * change
        low = plan.floor is not None and after < plan.floor and sign * change < 0
        found.append(Effect(plan.code, plan.called(owner), change, before, after, low))
    return found


def credits_at(
    place: Asset, currency: str, *, owners: Collection[str] | None = None, cursor: str | None = None, limit: int = 50
) -> tuple[Page[Account], dict[int, tuple[int, int]]]:
    """Customers' credit accounts with postings at a place, the latest opened first.

    Beside the page: by account its balance in the whole business and what of it was posted here, in minor units.
    """
    here = select(Posting.id).where(Posting.account_id == Account.id, Posting.asset_id == place.id).exists()
    question = select(Account).where(
        Account.business_id == place.business_id,
        Account.code == CUSTOMER_CREDIT,
        Account.currency == currency,
        here,
    )
    if owners is not None:
        question = question.where(Account.owner.in_(owners))
    page = page_of(question, [Account.id], cursor=cursor, limit=limit)
    ids = [each.id for each in page.items]
    posted = dict(
        db.session.execute(
            select(Posting.account_id, func.sum(Posting.amount))
            .where(Posting.account_id.in_(ids), Posting.asset_id == place.id)
            .group_by(Posting.account_id)
        ).all()
    )
    kept = dict(
        db.session.execute(select(Balance.account_id, Balance.balance).where(Balance.account_id.in_(ids))).all()
    )
    return page, {each: (-kept.get(each, 0), -int(posted.get(each, 0))) for each in ids}
