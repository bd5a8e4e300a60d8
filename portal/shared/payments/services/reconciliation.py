"""Comparing a provider's list with our payments and the books: begun here, worked off in steps by the clockwork."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from portal.core import locks
from portal.core.actor import Actor, system
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import DomainError
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.assets.queries import assets_of
from portal.shared.audit.services import record
from portal.shared.payments import providers
from portal.shared.payments.errors import AlreadyComparing, BadSpan
from portal.shared.payments.models import Reconciliation
from portal.shared.payments.queries import serving_account
from portal.shared.payments.reconciliation_queries import (
    is_shared,
    last_by_clockwork,
    lock_run,
    running,
    ways_used,
)
from portal.shared.payments.services import reconciliation_comparing, reconciliation_reading

#: What is compared by itself each night, and from which hour of the place's clock.
NIGHTLY = timedelta(days=3)
NIGHT_BEGINS = time(2)
#: Money of the last minutes may still be on its way to us: the night leaves it to the next one.
STILL_COMING = timedelta(minutes=10)
#: After a night that went wrong, the clockwork tries again.
TRY_AGAIN_AFTER = timedelta(hours=1)
LONGEST = timedelta(days=92)
CLOCKWORK = system("reconciliation")
log = structlog.get_logger(__name__)


def _already() -> AlreadyComparing:
    return AlreadyComparing(_("A comparison with this provider is running already. Wait until it is done."))


rule("uq_reconciliation_running", _already)


@transactional
def run(*, business_id: uuid.UUID, provider: str, since: datetime, until: datetime, actor: Actor) -> Reconciliation:
    """Begin a comparison over [since, until) in UTC; the clockwork does it. Raises AlreadyComparing or BadSpan.

    A provider that gives no list is compared with the books only. Settlements, and money nobody started here, are
    taken from a list only where it is this business's alone.
    """
    until = min(until, utcnow())
    if since >= until:
        raise BadSpan(_("The first day must not lie after the last one, nor in the future."), field="since")
    if until - since > LONGEST:
        raise BadSpan(_("Compare at most %(days)s days at once.", days=LONGEST.days), field="since")
    if running(business_id, provider):
        raise _already()
    listed = providers.lists(provider, business_id)
    account = serving_account(business_id, provider)
    made = Reconciliation(
        business_id=business_id,
        provider=provider,
        gateway_account_id=account.id if account else None,
        since=since,
        until=until,
        started_by=actor.key,
        counts={
            "by": actor.name,
            "phase": "charges" if listed else "comparing",
            "listed": listed,
            "whole": account is not None or not is_shared(provider, business_id),
            "read_until": since.isoformat(),
            "read": 0,
            "asked": 0,
        },
    )
    db.session.add(made)
    db.session.flush()
    record(
        "reconciliation.started",
        actor=actor,
        subject="reconciliation",
        subject_id=made.id,
        after={"provider": provider, "since": since, "until": until},
    )
    return made


@transactional
def try_again(*, run_id: uuid.UUID, actor: Actor) -> Reconciliation:
    """Go on with a comparison that failed, from where it stood; raises AlreadyComparing."""
    found = lock_run(run_id)
    if found.status != "failed" or running(found.business_id, found.provider):
        raise _already()
    found.status, found.error, found.finished_at = "running", None, None
    db.session.flush()
    record("reconciliation.resumed", actor=actor, subject="reconciliation", subject_id=found.id)
    return found


def advance() -> int:
    """Take each running comparison one step further; returns how many moved. Another process's are left to it."""
    moved = 0
    for found in running():
        name = f"reconciliation {found.business_id} {found.provider}"
        db.session.commit()
        with locks.only_one(name) as held:
            if held is not None:
                _step(found.id)
                moved += 1
    return moved


def nightly() -> int:
    """Begin the comparisons of this night that have not begun yet; returns how many that were."""
    now, begun = utcnow(), 0
    for business_id, provider in ways_used(now - NIGHTLY):
        zone = next((each.timezone for each in assets_of(business_id)), "UTC")
        last = last_by_clockwork(business_id, provider, CLOCKWORK.key)
        if _is_due(last, now, zone):
            try:
                _tonight(business_id, provider, last, now)
            except AlreadyComparing:
                continue
            begun += 1
    return begun


def _tonight(business_id: uuid.UUID, provider: str, last: Reconciliation | None, now: datetime) -> None:
    if last is not None and last.status == "failed":
        try_again(run_id=last.id, actor=CLOCKWORK)
    else:
        until = now - STILL_COMING
        # Nights on which nothing could be compared are made up for.
        since = max(min(until - NIGHTLY, last.until if last else until), until - LONGEST)
        run(business_id=business_id, provider=provider, since=since, until=until, actor=CLOCKWORK)


def _is_due(last: Reconciliation | None, now: datetime, timezone: str) -> bool:
    here = now.astimezone(ZoneInfo(timezone))
    night = datetime.combine(here.date(), NIGHT_BEGINS, ZoneInfo(timezone)).astimezone(UTC)
    if night > now:
        night -= timedelta(days=1)
    if last is None:
        return True
    if last.status == "failed":
        return (last.finished_at or last.created_at) <= now - TRY_AGAIN_AFTER
    return last.status == "done" and last.created_at < night


def _step(run_id: uuid.UUID) -> None:
    """One step; a provider that does not answer ends it with a sentence, and it can be taken up again."""
    found = db.session.get(Reconciliation, run_id, populate_existing=True)
    if found is None or found.status != "running":
        return
    try:
        if found.counts["phase"] == "comparing":
            reconciliation_comparing.compare(run_id)
        else:
            reconciliation_reading.read(found)
    except DomainError as error:
        db.session.rollback()
        _failed(run_id, error.message)
    except Exception:
        db.session.rollback()
        _failed(run_id, _("Something went wrong in the portal itself; the people who run it can read what."))
        raise


@transactional
def _failed(run_id: uuid.UUID, sentence: str) -> None:
    found = lock_run(run_id)
    found.status, found.error, found.finished_at = "failed", sentence, utcnow()
    log.warning("comparison_failed", run=str(run_id), provider=found.provider)
