"""Posting business facts to the books, and reversing them: the only hand that writes entries."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert as pg_insert

from portal.core import locks
from portal.core.actor import Actor
from portal.core.clock import local_date, utcnow
from portal.core.db import db
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.audit.services import record
from portal.shared.ledger.chart import FACTS, Plan, plan_of
from portal.shared.ledger.errors import AlreadyReversed, FollowsAFact, NoSuchAccount, ReasonMissing, Unbalanced
from portal.shared.ledger.events import EntryMade
from portal.shared.ledger.models import Account
from portal.shared.ledger.queries import find_reversal, first_open_day, get_entry, hold_open_day, legs_of
from portal.shared.ledger.services.rules import by_people, check, closed


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of an entry: an account of the chart (`code` or `code:owner`) and signed minor units, debit positive."""

    account: str | int
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry that is about to be booked. `on` is the day of the books; without it, the day it happened."""

    fact: str
    key: str
    legs: Sequence[Leg]
    subject: str
    subject_id: uuid.UUID | None
    occurred_at: datetime
    memo: str | None = None
    reverses: int | None = None
    on: date | None = None


def draft(
    fact: str,
    *,
    key: str,
    amounts: Mapping[str, int],
    subject: str,
    subject_id: uuid.UUID | None,
    occurred_at: datetime,
    memo: str | None = None,
    **roles: str,
) -> Draft:
    """A fact by its line in the chart: `amounts` in minor units by the names of that line; `roles` say which accounts
    money, earned, credit and counter are."""
    legs = []
    for line in FACTS[fact].lines:
        minor = amounts.get(line.amount, 0)
        if minor:
            account = roles[line.account[1:-1]] if line.account.startswith("<") else line.account
            legs.append(Leg(account, line.side * minor))
    return Draft(
        fact=fact, key=key, legs=legs, subject=subject, subject_id=subject_id, occurred_at=occurred_at, memo=memo
    )


@transactional
def post(*, place: Asset, currency: str, drafts: Sequence[Draft], actor: Actor) -> list[int]:
    """Book facts of one place in one currency; returns their entries' ids. A key that was booked is AlreadyPosted.

    A fact of a closed month is booked on the first open day after it, with the true moment kept beside.
    """
    locks.taking("ledger_account")
    for each in drafts:
        if len(each.legs) < 2 or sum(leg.minor for leg in each.legs) != 0:
            raise Unbalanced(_("Debits and credits of an entry must be equal."), field="legs")
    open_day: dict[date, date] = {}
    days = []
    for each in drafts:
        day = each.on or local_date(place.timezone, each.occurred_at)
        if day not in open_day:
            open_day[day] = first_open_day(place.id, day) if open_day else hold_open_day(place.id, day)
        if each.on is not None and open_day[day] != day:
            raise closed(open_day[day])
        days.append(open_day[day])
    return _write(place, currency, actor, drafts, days)


@transactional
def make(
    *, place: Asset, currency: str, legs: Sequence[Leg], memo: str, key: str, actor: Actor, on: date | None = None
) -> int:
    """An entry made by hand, with the words that explain it; raises PeriodClosed for a day in a closed month."""
    if not memo.strip():
        raise ReasonMissing(_("Say what this entry is for; it is kept with it."), field="memo")
    check(place=place, currency=currency, amounts=[leg.minor for leg in legs], on=on)
    made = Draft(
        fact="entry.made",
        key=f"made:{key}",
        legs=legs,
        subject="manual",
        subject_id=None,
        occurred_at=utcnow(),
        memo=memo.strip(),
        on=on,
    )
    (entry_id,) = post(place=place, currency=currency, drafts=[made], actor=actor)
    _told("ledger_entry.made", entry_id, place, actor, memo)
    return entry_id


@transactional
def reverse(*, entry_id: int, place: Asset, reason: str, actor: Actor, key: str | None = None) -> int:
    """The same entry with its sides swapped, booked today; an entry is reversed once (AlreadyReversed)."""
    if not reason.strip():
        raise ReasonMissing(_("Say why the entry is reversed; it is kept with it."), field="reason")
    entry = get_entry(entry_id, place.id)
    if find_reversal(entry_id) is not None:
        raise AlreadyReversed(_("This entry has been reversed already."))
    swapped = Draft(
        fact="entry.reversed",
        key=key or f"reversed:{entry_id}",
        legs=[Leg(account_id, -amount) for account_id, amount in legs_of(entry_id)],
        subject=entry.subject,
        subject_id=entry.subject_id,
        occurred_at=utcnow(),
        memo=reason.strip(),
        reverses=entry_id,
    )
    (reversal,) = post(place=place, currency=entry.currency, drafts=[swapped], actor=actor)
    _told("ledger_entry.reversed", entry_id, place, actor, reason)
    return reversal


@transactional
def correct(*, entry_id: int, place: Asset, reason: str, actor: Actor) -> int:
    """Reverse an entry by hand: one that people made; raises FollowsAFact for what a desk posted.

    A desk that finds its own entry reversed behind its back would go on as if the money were still there.
    """
    if not by_people(get_entry(entry_id, place.id)):
        raise FollowsAFact(
            _("This entry follows what happened at a desk. Undo it there: refund the payment, cancel the bill.")
        )
    return reverse(entry_id=entry_id, place=place, reason=reason, actor=actor)


#: Every leg with its account, found by its natural key, or none of them; in the order of the accounts' ids, so that
#: two commands meet on bounded accounts in the same order.
_LEGS = """
    found as materialized (
      select e.id as entry_id, l.amount, a.id
        from unnest(cast(:leg_keys as text[]), cast(:amounts as bigint[]), cast(:accounts as bigint[]),
                    cast(:places as uuid[]), cast(:codes as text[]), cast(:owners as text[]))
             as l (key, amount, account_id, place, code, owner)
        join e on e.key = l.key
        left join lateral (
          select id from ledger_account where id = l.account_id
          union all
          select id from ledger_account where business_id = :business and asset_id = l.place
             and code = l.code and currency = :currency and owner = l.owner
          union all
          select id from ledger_account where business_id = :business and asset_id is null and l.place is null
             and code = l.code and currency = :currency and owner = l.owner
        ) a on true)
    insert into ledger_posting (entry_id, account_id, currency, amount)
    select entry_id, id, :currency, amount from found
     where not exists (select from found where id is null) order by id, entry_id
    returning entry_id
    """
_BOOK = text(
    """
    with e as (
      insert into ledger_entry (fact, key, asset_id, currency, booked_on, occurred_at, subject, subject_id, reverses,
                                actor, memo)
      select d.fact, d.key, :place, :currency, d.booked_on, d.occurred_at, d.subject, d.subject_id, d.reverses,
             :actor, d.memo
        from unnest(cast(:facts as text[]), cast(:keys as text[]), cast(:days as date[]),
                    cast(:moments as timestamptz[]), cast(:subjects as text[]), cast(:subject_ids as uuid[]),
                    cast(:reverses as bigint[]), cast(:memos as text[])) with ordinality
             as d (fact, key, booked_on, occurred_at, subject, subject_id, reverses, memo, n)
       order by d.n returning id, key),
    """
    + _LEGS
)
_ADD_LEGS = text("with e as (select id, key from ledger_entry where key = any(:keys))," + _LEGS)
_IDS = text("select key, id from ledger_entry where key = any(:keys)")


def _write(place: Asset, currency: str, actor: Actor, drafts: Sequence[Draft], days: list[date]) -> list[int]:
    """Write entries with their legs in one statement; accounts that are used here for the first time are opened."""
    legs = [(each.key, leg) for each in drafts for leg in each.legs]
    named = [plan_of(leg.account) if isinstance(leg.account, str) else None for _key, leg in legs]
    asked = {
        "business": place.business_id,
        "place": place.id,
        "currency": currency,
        "actor": actor.key,
        "facts": [each.fact for each in drafts],
        "keys": [each.key for each in drafts],
        "days": days,
        "moments": [each.occurred_at for each in drafts],
        "subjects": [each.subject for each in drafts],
        "subject_ids": [each.subject_id and str(each.subject_id) for each in drafts],
        "reverses": [each.reverses for each in drafts],
        "memos": [each.memo for each in drafts],
        "leg_keys": [key for key, _leg in legs],
        "amounts": [leg.minor for _key, leg in legs],
        "accounts": [leg.account if isinstance(leg.account, int) else None for _key, leg in legs],
        "places": [None if each is None or each[0].business_wide else str(place.id) for each in named],
        "codes": [each and each[0].code for each in named],
        "owners": [each and each[1] for each in named],
    }
    connection = db.session.connection()
    written = connection.scalars(_BOOK, asked).all()
    if not written:
        _open_accounts(place, currency, [each for each in named if each])
        written = connection.scalars(_ADD_LEGS, asked).all()
    if not written:
        raise NoSuchAccount(_("There is no such account in the books of this place."))
    if len(drafts) == 1:
        return [written[0]]
    ids = {key: entry_id for key, entry_id in db.session.execute(_IDS, asked)}
    return [ids[each.key] for each in drafts]


def _open_accounts(place: Asset, currency: str, named: list[tuple[Plan, str]]) -> None:
    rows = [
        {
            "business_id": place.business_id,
            "asset_id": None if plan.business_wide else place.id,
            "code": plan.code,
            "name": plan.called(owner),
            "kind": plan.kind,
            "currency": currency,
            "owner": owner,
            "floor": plan.floor,
        }
        for plan, owner in sorted(named, key=lambda each: (each[0].code, each[1]))
    ]
    db.session.execute(pg_insert(Account).on_conflict_do_nothing(), rows)


def _told(action: str, entry_id: int, place: Asset, actor: Actor, reason: str) -> None:
    record(
        action,
        actor=actor,
        subject="ledger_entry",
        subject_id=entry_id,
        asset_id=place.id,
        reason=reason.strip(),
    )
    publish(EntryMade(asset_id=place.id))
