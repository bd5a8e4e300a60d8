"""The trial balance: what stood, came, went and stands on every account of a place, in one currency."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, text

from portal.core.db import db
from portal.shared.ledger.models import Account, Entry


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One account, in minor units with debits positive. Customers' credit is one line: `account_id` is None then."""

    code: str
    name: str
    kind: str
    account_id: int | None
    accounts: int
    opening: int
    debits: int
    credits: int

    @property
    def closing(self) -> int:
        """What stands at the end."""
        return self.opening + self.debits - self.credits


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account that was ever used, in the order of the chart."""

    lines: Sequence[TrialLine]

    def sum_of(self, column: str) -> int:
        """The sum of opening, debits, credits or closing over all lines, in minor units."""
        return sum(getattr(each, column) for each in self.lines)

    def side(self, column: str, sign: int) -> int:
        """The sum of what stands on one side of a column: debits (1) or credits (-1), as a positive number."""
        return sum(max(0, sign * getattr(each, column)) for each in self.lines)

    @property
    def balanced(self) -> bool:
        """Whether both sides are equal, as they must be."""
        return self.sum_of("opening") == self.sum_of("closing") == 0 and self.sum_of("debits") == self.sum_of("credits")


# Grouped by account before the accounts are looked up: a place has few accounts and very many postings.
_LINES = """
with moved as (
  select account_id,
         coalesce(sum(amount) filter (where booked_on < :since), 0) as opening,
         coalesce(sum(amount) filter (where booked_on >= :since and amount > 0), 0) as debits,
         coalesce(-sum(amount) filter (where booked_on >= :since and amount < 0), 0) as credits
    from ledger_posting
   where asset_id = :place and currency = :currency and booked_on <= :until group by account_id)
select a.code, min(a.name), a.kind, case when a.asset_id is not null then a.id end, count(*),
       sum(m.opening)::bigint, sum(m.debits)::bigint, sum(m.credits)::bigint
  from moved m join ledger_account a on a.id = m.account_id
 group by a.code, a.kind, 4 order by a.code, min(a.owner)
"""


def trial_balance(asset_id: uuid.UUID, currency: str, since: date, until: date) -> TrialBalance:
    """What was posted at a place in one currency: up to a day, from a day to a day (both included), and its end."""
    rows = db.session.execute(
        text(_LINES), {"place": asset_id, "currency": currency, "since": since, "until": until}
    ).all()
    return TrialBalance([TrialLine(*row) for row in rows])


def currencies_at(asset_id: uuid.UUID) -> Sequence[str]:
    """The currencies a place has accounts in."""
    return db.session.scalars(
        select(Account.currency).where(Account.asset_id == asset_id).distinct().order_by(Account.currency)
    ).all()


def first_day(asset_id: uuid.UUID) -> date | None:
    """The day of the first entry of a place, or None while its books are empty."""
    found: date | None = db.session.scalar(select(func.min(Entry.booked_on)).where(Entry.asset_id == asset_id))
    return found
