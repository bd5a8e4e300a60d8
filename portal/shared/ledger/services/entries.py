"""Posting a business fact to the books, and reversing it: the only hand that writes entries."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, Text, column, insert, select, values
from sqlalchemy.dialects.postgresql import insert as pg_insert

from portal.core import locks
from portal.core.actor import Actor
from portal.core.clock import local_date, utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.audit.services import record
from portal.shared.ledger.chart import FACTS, plan_of
from portal.shared.ledger.errors import ReasonMissing, Unbalanced
from portal.shared.ledger.models import Account, Entry, Posting
from portal.shared.ledger.queries import first_open_day, get_entry, legs_of


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of an entry: an account of the chart (`code` or `code:owner`) and signed minor units, debit positive."""

    account: str
    minor: int


@transactional
def post(
    *,
    fact: str,
    key: str,
    place: Asset,
    currency: str,
    amounts: Mapping[str, int],
    actor: Actor,
    subject: str,
    subject_id: uuid.UUID | None,
    occurred_at: datetime,
    memo: str | None = None,
    **roles: str,
) -> int:
    """Book a fact by its line in the chart; returns the entry's id.

    `amounts` in minor units by the names of that line; `roles` say which accounts money, earned, credit and counter are.
    A fact of a closed month is booked on the first open day after it, with the true moment kept beside.
    """
    legs = []
    for line in FACTS[fact].lines:
        minor = amounts.get(line.amount, 0)
        if minor:
            account = roles[line.account[1:-1]] if line.account.startswith("<") else line.account
            legs.append(Leg(account, line.side * minor))
    return _book(
        fact=fact,
        key=key,
        place=place,
        currency=currency,
        legs=legs,
        actor=actor,
        subject=subject,
        subject_id=subject_id,
        occurred_at=occurred_at,
        memo=memo,
    )


@transactional
def make(
    *,
    place: Asset,
    currency: str,
    legs: list[Leg],
    memo: str,
    key: str,
    actor: Actor,
    on: date | None = None,
) -> int:
    """An entry made by hand, with the words that explain it; raises PeriodClosed for a day in a closed month."""
    if not memo.strip():
        raise ReasonMissing(_("Say what this entry is for; it is kept with it."), field="memo")
    if len(legs) < 2 or sum(each.minor for each in legs) != 0:
        raise Unbalanced(_("Debits and credits of an entry must be equal."), field="legs")
    entry_id = _book(
        fact="entry.made",
        key=f"made:{key}",
        place=place,
        currency=currency,
        legs=legs,
        actor=actor,
        subject="manual",
        subject_id=None,
        occurred_at=utcnow(),
        memo=memo.strip(),
        on=on,
    )
    _told("ledger_entry.made", entry_id, place, actor, memo)
    return entry_id


@transactional
def reverse(*, entry_id: int, place: Asset, reason: str, actor: Actor, key: str | None = None) -> int:
    """The same entry with its sides swapped, booked today; an entry is reversed once (AlreadyReversed)."""
    if not reason.strip():
        raise ReasonMissing(_("Say why the entry is reversed; it is kept with it."), field="reason")
    entry = get_entry(entry_id, place.id)
    reversal = _book(
        fact="entry.reversed",
        key=key or f"reversed:{entry_id}",
        place=place,
        currency=entry.currency,
        legs=[Leg(str(account), -amount) for account, amount in legs_of(entry_id)],
        actor=actor,
        subject=entry.subject,
        subject_id=entry.subject_id,
        occurred_at=utcnow(),
        memo=reason.strip(),
        reverses=entry_id,
        by_id=True,
    )
    _told("ledger_entry.reversed", entry_id, place, actor, reason)
    return reversal


def _book(
    *,
    fact: str,
    key: str,
    place: Asset,
    currency: str,
    legs: list[Leg],
    actor: Actor,
    subject: str,
    subject_id: uuid.UUID | None,
    occurred_at: datetime,
    memo: str | None,
    reverses: int | None = None,
    on: date | None = None,
    by_id: bool = False,
) -> int:
    locks.taking("ledger_account")
    if len(legs) < 2 or sum(each.minor for each in legs) != 0:
        raise Unbalanced(_("Debits and credits of an entry must be equal."))
    day = on or first_open_day(place.id, place.business_date or local_date(place.timezone, occurred_at))
    entry_id: int = db.session.execute(
        insert(Entry)
        .values(
            fact=fact,
            key=key,
            asset_id=place.id,
            currency=currency,
            booked_on=day,
            occurred_at=occurred_at,
            subject=subject,
            subject_id=subject_id,
            reverses=reverses,
            actor=actor.key,
            memo=memo,
        )
        .returning(Entry.id)
    ).scalar_one()
    if by_id:
        wanted = [(int(each.account), each.minor) for each in legs]
    else:
        accounts = _accounts(place, currency, {each.account for each in legs})
        wanted = [(accounts[each.account], each.minor) for each in legs]
    # In the order of their ids, so that two entries meet on bounded accounts in the same order.
    db.session.execute(
        insert(Posting),
        [
            {"entry_id": entry_id, "account_id": account_id, "currency": currency, "amount": minor}
            for account_id, minor in sorted(wanted)
        ],
    )
    return entry_id


def _accounts(place: Asset, currency: str, wanted: set[str]) -> dict[str, int]:
    """The ids of these accounts at a place, opened now where they are used for the first time."""
    found = _look_up(place, currency, wanted)
    missing = wanted - found.keys()
    if missing:
        rows = []
        for account in sorted(missing):
            plan, owner = plan_of(account)
            rows.append(
                {
                    "business_id": place.business_id,
                    "asset_id": None if plan.business_wide else place.id,
                    "code": plan.code,
                    "name": plan.name.format(owner=owner.replace("_", " ").title()),
                    "kind": plan.kind,
                    "currency": currency,
                    "owner": owner,
                    "floor": plan.floor,
                }
            )
        db.session.execute(pg_insert(Account).on_conflict_do_nothing(), rows)
        found = _look_up(place, currency, wanted)
    return found


def _look_up(place: Asset, currency: str, wanted: set[str]) -> dict[str, int]:
    asked = values(column("code", Text), column("owner", Text), column("wide", BigInteger), name="asked").data(
        [(plan.code, owner, int(plan.business_wide)) for plan, owner in map(plan_of, sorted(wanted))]
    )
    rows = db.session.execute(
        select(Account.code, Account.owner, Account.id)
        .join(asked, (Account.code == asked.c.code) & (Account.owner == asked.c.owner))
        .where(
            Account.business_id == place.business_id,
            Account.currency == currency,
            Account.asset_id.is_not_distinct_from(None) & (asked.c.wide == 1) | (Account.asset_id == place.id),
        )
    )
    return {f"{code}:{owner}" if owner else code: account_id for code, owner, account_id in rows}


def _told(action: str, entry_id: int, place: Asset, actor: Actor, reason: str) -> None:
    record(
        action,
        actor=actor,
        subject="ledger_entry",
        subject_id=None,
        asset_id=place.id,
        reason=reason.strip(),
        after={"entry": entry_id},
    )
