"""Letting go of what was kept long enough: whole months of events once their hours are summed, and old dead letters."""

from __future__ import annotations

from datetime import date, timedelta

import structlog
from sqlalchemy import text

from portal.core.actor import system
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.shared.audit.services import record

#: The database itself lets go of no month younger than this, whatever the settings say.
AT_LEAST_MONTHS = 3
#: A refused message is kept so long after it was taken, or came last, for whoever asks what was wrong with it.
DEAD_LETTERS_KEPT = timedelta(days=400)
CLOCKWORK = system("retention")
log = structlog.get_logger(__name__)
_kept_months = 0


def connect(*, kept_months: int) -> None:
    """For how many months single events are kept; 0 keeps them for ever."""
    global _kept_months
    _kept_months = kept_months


def let_go_of_months() -> int:
    """Let go of the oldest month of events that was kept long enough, once all its hours are summed; 1 if it went.

    Hours that nobody has summed yet are marked first, and the month goes at a later run.
    """
    if not _kept_months:
        return 0
    month = _oldest_month()
    if month is None or _months_since(month) <= _kept_months:
        return 0
    if _mark_unsummed(month=month):
        return 0
    _drop(month=month)
    return 1


@transactional
def forget_dead_letters(*, limit: int = 1_000) -> int:
    """Delete refused messages that were taken, or came last, long ago, and what was counted then; how many."""
    asked = {"before": utcnow() - DEAD_LETTERS_KEPT, "n": limit}
    gone = db.session.execute(
        text(
            "delete from dead_letter where id in (select id from dead_letter where last_at < :before"
            " and (replayed_at is null or replayed_at < :before) order by last_at limit :n)"
        ),
        asked,
    )
    db.session.execute(text("delete from letter_tally where day < :before"), asked)
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _oldest_month() -> date | None:
    """The oldest month that has a partition of its own."""
    name: str | None = db.session.scalar(
        text(
            "select min(c.relname) from pg_inherits i join pg_class c on c.oid = i.inhrelid"
            " where i.inhparent = 'asset_event'::regclass and c.relname ~ '^asset_event_p[0-9]{4}_[0-9]{2}$'"
        )
    )
    db.session.rollback()
    return date(int(name[-7:-3]), int(name[-2:]), 1) if name else None


def _months_since(month: date) -> int:
    """How many whole months lie between the end of a month and now."""
    today = utcnow().date()
    return (today.year - month.year) * 12 + today.month - month.month - 1


@transactional
def _mark_unsummed(*, month: date) -> int:
    """Have the hours of a month summed that are not, or not as they are now; returns how many."""
    marked = db.session.execute(
        text(
            """
            insert into reading_hour_due (hour, unit_id)
            select distinct e.hour, e.unit_id
            from (select unit_id, kind, date_trunc('hour', at, 'UTC') as hour, count(*) as said from asset_event
                  where at >= :first and at < cast(:first as timestamptz) + interval '1 month' group by 1, 2, 3) e
            left join reading_hour h using (unit_id, kind, hour) where h.said is distinct from e.said
            on conflict do nothing
            """
        ),
        {"first": f"{month.isoformat()} 00:00:00+00"},
    )
    return int(marked.rowcount)  # type: ignore[attr-defined]


@transactional
def _drop(*, month: date) -> None:
    events = db.session.scalar(text("select drop_event_partition(:month)"), {"month": month})
    record(
        "events.let_go",
        actor=CLOCKWORK,
        subject="event_month",
        subject_id=f"{month:%Y-%m}",
        after={"month": f"{month:%Y-%m}", "events": events, "kept_months": _kept_months},
    )
    log.info("events_let_go", month=f"{month:%Y-%m}", events=events)
