"""Closing a month of a place's books, and opening it again: in order, by name, for a reason.

What happened in a closed month and is only heard of later is booked on the first open day after it.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from portal.core import locks
from portal.core.actor import Actor
from portal.core.clock import local_date, utcnow
from portal.core.db import db
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.audit.services import record
from portal.shared.ledger import events
from portal.shared.ledger.errors import MonthNotOver, PeriodOrder, ReasonMissing
from portal.shared.ledger.models import Period
from portal.shared.ledger.queries import last_closed, lock_period, next_to_close
from portal.shared.ledger.queries.periods import month_after


@transactional
def close(*, place: Asset, month: date, actor: Actor) -> Period:
    """Close the month a day lies in; raises PeriodOrder out of turn, MonthNotOver before it has ended."""
    locks.taking("ledger_account")
    starts_on = month.replace(day=1)
    period = lock_period(place.id, starts_on)
    due = next_to_close(place.id)
    if due is None:
        raise PeriodOrder(_("Nothing is in the books of this place yet, so there is no month to close."))
    if starts_on < due:
        raise PeriodOrder(_("%(month)s is closed already.", month=named(starts_on)))
    if starts_on > due:
        raise PeriodOrder(_("Months close in order. Close %(month)s first.", month=named(due)))
    if not ended(place, starts_on):
        raise MonthNotOver(_("%(month)s has not ended here yet. Close it when it has.", month=named(starts_on)))
    if period is None:
        period = Period(asset_id=place.id, starts_on=starts_on)
        db.session.add(period)
    # After the lock, by the clock that entries are stamped with: whatever is in the month was written before.
    period.closed_at, period.closed_by = db.session.scalar(select(func.clock_timestamp())), actor.key
    _told("ledger_period.closed", period, place, actor)
    publish(events.BooksClosed(asset_id=place.id, subject_id=period.id, month=f"{starts_on:%Y-%m}"))
    return period


@transactional
def reopen(*, place: Asset, month: date, reason: str, actor: Actor) -> Period:
    """Open the latest closed month again; raises PeriodOrder for any other, ReasonMissing without a reason."""
    if not reason.strip():
        raise ReasonMissing(_("Say why the month is opened again; it is kept with it."), field="reason")
    locks.taking("ledger_account")
    starts_on = month.replace(day=1)
    period = lock_period(place.id, starts_on)
    latest = last_closed(place.id)
    if latest is None or period is None or period.closed_at is None:
        raise PeriodOrder(_("%(month)s is not closed.", month=named(starts_on)))
    if starts_on != latest:
        raise PeriodOrder(
            _("Months open again from the latest backwards. Reopen %(month)s first.", month=named(latest))
        )
    period.closed_at, period.reopened_at, period.reopened_by = None, utcnow(), actor.key
    period.reason = reason.strip()
    _told("ledger_period.reopened", period, place, actor, reason=reason.strip())
    publish(events.BooksReopened(asset_id=place.id, subject_id=period.id, month=f"{starts_on:%Y-%m}"))
    return period


def ended(place: Asset, month: date) -> bool:
    """Whether a month is over by the clock of the place, and by its business date where it keeps one."""
    today = local_date(place.timezone)
    return min(today, place.business_date or today) >= month_after(month.replace(day=1))


def named(month: date) -> str:
    """A month as it is written in a sentence."""
    return f"{month:%B %Y}"


def _told(action: str, period: Period, place: Asset, actor: Actor, reason: str | None = None) -> None:
    record(
        action,
        actor=actor,
        subject="ledger_period",
        subject_id=f"{place.asset_number} {period.starts_on:%Y-%m}",
        asset_id=place.id,
        reason=reason,
        after={"month": f"{period.starts_on:%Y-%m}", "closed": period.closed_at is not None},
    )
