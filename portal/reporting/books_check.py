"""Recomputing the books from their postings: what the database enforces as it happens, looked at again afterwards.

Each check is one statement, so that it sees one moment of a portal that goes on working. Whoever changes rows
past every trigger, with the database owner's keys, is found here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from portal.core import runs
from portal.core.db import db
from portal.core.money import Money
from portal.core.words import _

#: What the nightly check keeps its word under, for the health page and the bell.
BEAT = "books"
#: How many of the things that are wrong are named; the rest are counted.
NAMED = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its name for machines, a sentence when all is well, and a sentence for each thing that is not."""

    name: str
    checked: int
    said: str
    wrong: Sequence[str]

    @property
    def well(self) -> bool:
        """Whether nothing was off."""
        return not self.wrong


@dataclass(frozen=True, slots=True)
class Check:
    """How much there is to look at, the rows that are wrong, and the words for both."""

    name: str
    counted: str
    off: str
    well: Callable[[int], str]
    words: Callable[..., str]


def run() -> list[Finding]:
    """Every check, in the order an auditor would ask."""
    return [_look(check) for check in CHECKS]


def last() -> tuple[float, dict[str, Any]] | None:
    """Seconds since the nightly check, and what it found: how many entries, and a sentence for each thing wrong."""
    return runs.heartbeats().get(BEAT)


def _look(check: Check) -> Finding:
    checked = int(db.session.execute(text(check.counted)).scalar_one())
    rows = db.session.execute(text(f"{check.off} limit {NAMED + 1}")).all()
    wrong = [check.words(*row) for row in rows[:NAMED]]
    if len(rows) > NAMED:
        more = db.session.execute(text(f"select count(*) from ({check.off}) as off")).scalar_one() - NAMED
        wrong.append(_("And %(n)s more like these.", n=more))
    return Finding(check.name, checked, check.well(checked), wrong)


def _money(minor: Any, currency: str) -> str:
    return str(Money(int(minor), currency))


CHECKS = (
    Check(
        "entries balance",
        "select count(*) from ledger_entry",
        "select e.id, count(p.id), coalesce(sum(p.amount), 0), e.currency from ledger_entry e"
        " left join ledger_posting p on p.entry_id = e.id group by e.id"
        " having count(p.id) < 2 or coalesce(sum(p.amount), 0) <> 0 order by e.id",
        lambda n: _("%(n)s entries balance, each with two postings or more.", n=f"{n:,}"),
        lambda entry, legs, off, currency: _(
            "Entry %(entry)s has %(legs)s postings and is off by %(off)s.",
            entry=entry,
            legs=legs,
            off=_money(off, currency),
        ),
    ),
    Check(
        "postings belong to their entries",
        "select count(*) from ledger_posting",
        "select p.id, p.entry_id from ledger_posting p left join ledger_entry e on e.id = p.entry_id"
        " left join ledger_account a on a.id = p.account_id left join asset s on s.id = e.asset_id"
        " where (p.asset_id, p.booked_on, p.currency) is distinct from (e.asset_id, e.booked_on, e.currency)"
        " or a.currency is distinct from p.currency or a.business_id is distinct from s.business_id"
        " or a.asset_id <> p.asset_id order by p.id",
        lambda n: _("%(n)s postings stand at the place, on the day and in the currency of their entry.", n=f"{n:,}"),
        lambda posting, entry: _(
            "Posting %(posting)s does not stand where its entry %(entry)s does: its place, day, currency or account"
            " is another.",
            posting=posting,
            entry=entry,
        ),
    ),
    Check(
        "sums are zero",
        "select count(*) from (select from ledger_posting group by asset_id, currency) as books",
        "select s.asset_number, p.currency, sum(p.amount) from ledger_posting p left join asset s on s.id = p.asset_id"
        " group by s.asset_number, p.currency having sum(p.amount) <> 0 order by 1, 2",
        lambda n: _("The postings of each place and currency sum to zero: %(n)s sums.", n=f"{n:,}"),
        lambda place, currency, off: _(
            "The books of %(place)s are off by %(off)s.", place=place or "–", off=_money(off, currency)
        ),
    ),
    Check(
        "kept balances",
        "select count(*) from ledger_account where floor is not null",
        "select a.id, a.name, a.owner, a.currency, coalesce(b.balance, 0), coalesce(p.total, 0) from ledger_account a"
        " left join ledger_balance b on b.account_id = a.id left join"
        " (select account_id, sum(amount) as total from ledger_posting group by account_id) p on p.account_id = a.id"
        " where (a.floor is not null and coalesce(b.balance, 0) <> coalesce(p.total, 0))"
        " or (a.floor is null and b.balance is not null) order by a.id",
        lambda n: _("%(n)s kept balances are what their postings make.", n=f"{n:,}"),
        lambda account, name, owner, currency, kept, real: _(
            "Account %(account)s (%(name)s) is kept at %(kept)s, and its postings make %(real)s.",
            account=account,
            name=f"{name} {owner}".strip(),
            kept=_money(kept, currency),
            real=_money(real, currency),
        ),
    ),
    Check(
        "floors",
        "select count(*) from ledger_account where floor is not null",
        "select a.id, a.name, a.owner, a.currency, sum(p.amount), a.floor from ledger_account a"
        " join ledger_posting p on p.account_id = a.id where a.floor is not null group by a.id"
        " having case when a.kind in ('asset', 'expense') then 1 else -1 end * sum(p.amount) < a.floor order by a.id",
        lambda n: _("None of %(n)s bounded accounts is below its floor.", n=f"{n:,}"),
        lambda account, name, owner, currency, stands, _floor: _(
            "Account %(account)s (%(name)s) is below its floor: it stands at %(stands)s.",
            account=account,
            name=f"{name} {owner}".strip(),
            stands=_money(stands, currency),
        ),
    ),
    Check(
        "closed months",
        "select count(*) from ledger_period where closed_at is not null",
        "select e.id, to_char(d.starts_on, 'YYYY-MM'), s.asset_number from ledger_period d"
        " join ledger_entry e on e.asset_id = d.asset_id and date_trunc('month', e.booked_on)::date = d.starts_on"
        " left join asset s on s.id = d.asset_id where d.closed_at is not null and e.posted_at > d.closed_at"
        " order by e.id",
        lambda n: _("Nothing was booked into the %(n)s closed months after they were closed.", n=f"{n:,}"),
        lambda entry, month, place: _(
            "Entry %(entry)s was booked into %(month)s at %(place)s after that month was closed.",
            entry=entry,
            month=month,
            place=place,
        ),
    ),
    Check(
        "payments have their entries",
        "select count(*) from payment",
        "select i.reference, (e.id is null) from payment y join payment_intent i on i.id = y.intent_id"
        " left join ledger_entry e on e.key = 'payment:' || y.id left join ledger_entry t"
        " on t.key = 'payment:' || y.id || '\\:accepted'"
        " where e.id is null or (e.fact = 'payment.held' and y.counted and t.id is null) order by i.reference",
        lambda n: _("%(n)s payments are in the books.", n=f"{n:,}"),
        lambda reference, missing: (
            _("Payment %(reference)s is not in the books.", reference=reference)
            if missing
            else _("Payment %(reference)s was taken, and the books still hold it.", reference=reference)
        ),
    ),
    Check(
        "entries fit their payments",
        "select count(*) from ledger_entry where fact in ('payment.settled', 'payment.held') and subject = 'payment'",
        "select e.id, i.reference, sum(p.amount) filter (where p.amount > 0), y.charged, y.currency"
        " from payment y join payment_intent i on i.id = y.intent_id join ledger_entry e on e.key = 'payment:' || y.id"
        " join ledger_posting p on p.entry_id = e.id group by e.id, i.reference, y.id"
        " having sum(p.amount) filter (where p.amount > 0) is distinct from y.charged"
        " or e.asset_id <> y.asset_id or e.currency <> y.currency order by e.id",
        lambda n: _("%(n)s entries of payments say what the payments say.", n=f"{n:,}"),
        lambda entry, reference, booked, charged, currency: _(
            "Entry %(entry)s does not fit payment %(reference)s: %(booked)s is booked, %(charged)s came.",
            entry=entry,
            reference=reference,
            booked=_money(booked or 0, currency),
            charged=_money(charged, currency),
        ),
    ),
    Check(
        "entries are about something",
        "select count(*) from ledger_entry where subject = 'payment'",
        "select e.id from ledger_entry e left join payment y on y.id = e.subject_id"
        " where e.subject = 'payment' and y.id is null order by e.id",
        lambda n: _("%(n)s entries about payments lead to a payment that is there.", n=f"{n:,}"),
        lambda entry: _("Entry %(entry)s is about a payment that is not there.", entry=entry),
    ),
    Check(
        "money that moves has its entries",
        "select (select count(*) from refund) + (select count(*) from payout) + (select count(*) from mobile_receipt)",
        "select kind, name from ("
        "select 'refund' as kind, i.reference as name from refund r join payment y on y.id = r.payment_id"
        " join payment_intent i on i.id = y.intent_id left join ledger_entry a"
        " on a.key = 'refund\\:' || r.id || '\\:approved' left join ledger_entry d"
        " on d.key = 'refund\\:' || r.id || '\\:processed'"
        " where (r.status not in ('requested', 'declined') and a.id is null)"
        " or (r.status = 'processed' and d.id is null)"
        " union all select 'payout', o.reference from payout o where"
        " (o.status in ('approved', 'submitting', 'otp', 'pending', 'received', 'success')"
        " and o.reserve_entry_id is null) or (o.status = 'success' and o.close_entry_id is null)"
        " union all select 'receipt', m.transaction_id from mobile_receipt m left join ledger_entry e"
        " on e.key = 'mobile_receipt\\:' || m.id"
        " where m.status not in ('unverified', 'refused') and e.id is null) as lost order by kind, name",
        lambda n: _(
            "%(n)s refunds, payouts and mobile payments are in the books as far as they have come.", n=f"{n:,}"
        ),
        lambda kind, name: {
            "refund": _("A refund of payment %(name)s is not in the books.", name=name),
            "payout": _("Payout %(name)s is not in the books.", name=name),
            "receipt": _("Mobile payment %(name)s is not in the books.", name=name),
        }[kind],
    ),
)
