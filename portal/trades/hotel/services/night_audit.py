"""The night audit: every guest in house is charged the night as it was agreed, those who did not come are no-shows,
what the day came to is kept, and the next day opens.

Closing goes in small commits, each of which may be the last one before a crash: what was charged is never charged
again, so that whoever goes on, goes on where it stopped.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import structlog

from portal.core.actor import Actor, ActorKind
from portal.core.clock import utcnow
from portal.core.db import db, written
from portal.core.errors import DomainError
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.core.written import day as written_day
from portal.core.written import on_paper
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of, lock_asset
from portal.shared.audit.services import record
from portal.trades.hotel.errors import NotYet
from portal.trades.hotel.events import DayClosed
from portal.trades.hotel.models import BusinessDay, DayState, Stay, StayStatus
from portal.trades.hotel.queries.night_audit import (
    Checklist,
    checklist,
    day_of,
    day_open,
    days_to_close,
    reservations_missing,
    stays_to_charge,
    totals_of,
)
from portal.trades.hotel.queries.property import lock_day
from portal.trades.hotel.queries.stays import lock_stays, nights_of_stays, stays_of
from portal.trades.hotel.services import cancellations
from portal.trades.hotel.services.folios import post_nights

#: One commit covers so many stays: a killed closing loses at most these, and they are found again.
BATCH = 50
log = structlog.get_logger(__name__)
#: Says what was sold on a night, as the reports count it; `wiring` says who.
_figures: list[Callable[[uuid.UUID, date], dict[str, Any]]] = []


def connect(figures: Callable[[uuid.UUID, date], dict[str, Any]]) -> None:
    """Say who counts what was sold on a night."""
    _figures[:] = [figures]


@transactional
def ask(*, asset_id: uuid.UUID, day: date, actor: Actor) -> BusinessDay:
    """Have the clockwork close this day; raises NotYet while something keeps it open."""
    held = lock_day(asset_id)
    _must_be_open(held, day)
    _nothing_blocks(asset_of(asset_id))
    if held.closing_at is None:
        held.closing_at = utcnow()
        held.closing_by = {"kind": actor.kind, "name": actor.name, "user": str(actor.user_id or "")}
        held.totals = None
        _note("business_day.closing", held, actor)
    return held


def close_asked() -> int:
    """Close the days that somebody asked to be closed; one that cannot be is told, and stays open."""
    done = 0
    for asset_id, day in days_to_close():
        db.session.rollback()
        found = day_of(asset_id, day)
        by = (found.closing_by if found else None) or {}
        actor = Actor(ActorKind(by.get("kind", "system")), by.get("name", "night audit"), _uuid(by.get("user")))
        try:
            close_day(asset_id=asset_id, day=day, actor=actor)
            done += 1
        except DomainError as error:
            db.session.rollback()
            log.info("day_not_closed", asset_id=str(asset_id), why=error.code)
            _given_up(asset_id=asset_id, day=day, why=error.message, actor=actor)
    return done


def close_day(*, asset_id: uuid.UUID, day: date, actor: Actor) -> BusinessDay:
    """Close a business day, whoever else does at the same moment, and whatever was done of it before.

    A day that is closed is given back as it is. Raises NotYet while something keeps it open.
    """
    while _charge_some(asset_id=asset_id, day=day, actor=actor):
        pass
    while _miss_some(asset_id=asset_id, day=day, actor=actor):
        pass
    return _finish(asset_id=asset_id, day=day, actor=actor)


@transactional
def _charge_some(*, asset_id: uuid.UUID, day: date, actor: Actor) -> int:
    """Charge the nights of some stays; nobody closes the day beside us, and nobody posts to it."""
    if lock_day(asset_id).day != day:
        return 0
    place = asset_of(asset_id)
    _nothing_blocks(place)
    return _charge(place, day, stays_to_charge(asset_id, day, BATCH), actor)


def _charge(place: Asset, day: date, stay_ids: Sequence[uuid.UUID], actor: Actor) -> int:
    stays = lock_stays(stay_ids)
    nights = nights_of_stays(stays)
    due = [
        (stay, night)
        for stay in stays.values()
        for night in nights[stay.id]
        if stay.status == StayStatus.IN_HOUSE and night.night <= day and not night.released
    ]
    post_nights(place, day, due, actor)
    return len(stay_ids)


@transactional
def _miss_some(*, asset_id: uuid.UUID, day: date, actor: Actor) -> int:
    """Guests of one reservation did not come."""
    if lock_day(asset_id).day != day:
        return 0
    missing = reservations_missing(asset_id, day, 1)
    for reservation_id in missing:
        due = [each.id for each in stays_of(reservation_id) if _is_missing(each, day)]
        cancellations.no_show(reservation_id=reservation_id, stay_ids=due, actor=actor)
    return len(missing)


def _is_missing(stay: Stay, day: date) -> bool:
    return stay.status == StayStatus.CONFIRMED and stay.arrival <= day


@transactional
def _finish(*, asset_id: uuid.UUID, day: date, actor: Actor) -> BusinessDay:
    """Freeze what the day came to and open the next one, if nothing was left over meanwhile."""
    place = lock_asset(asset_id)
    held = lock_day(asset_id)
    if held.day != day:
        found = day_of(asset_id, day)
        if found is None or found.state != DayState.CLOSED:
            _must_be_open(held, day)
        assert found is not None
        return found
    seen = _nothing_blocks(place)
    if seen["arrivals"].count:
        raise NotYet(_("Somebody was booked for this day just now. Close it again."))
    _charge(place, day, stays_to_charge(asset_id, day, 10_000), actor)
    held.totals = {
        "lines": totals_of(asset_id, day),
        "figures": _figures[0](asset_id, day) if _figures else {},
        "in_house": seen["in_house"].count,
    }
    held.state, held.closed_at, held.closed_by, held.closing_at = DayState.CLOSED, utcnow(), actor.name, None
    db.session.flush()
    next_day = day + timedelta(days=1)
    written(BusinessDay(asset_id=asset_id, day=next_day, state=DayState.OPEN))
    place.business_date = next_day
    _note("business_day.closed", held, actor)
    publish(DayClosed(asset_id=asset_id, subject_id=held.id, day=day.isoformat()))
    return held


@transactional
def _given_up(*, asset_id: uuid.UUID, day: date, why: str, actor: Actor) -> None:
    held = lock_day(asset_id)
    if held.day == day:
        held.closing_at, held.totals = None, {"refused": why}
        _note("business_day.not_closed", held, actor, reason=why)


def _must_be_open(held: BusinessDay, day: date) -> None:
    if held.day != day:
        raise NotYet(
            _("%(day)s is not open. The business date is %(now)s.", day=written_day(day), now=written_day(held.day)),
            business_date=held.day.isoformat(),
        )


def _nothing_blocks(place: Asset) -> Checklist:
    """Refuse to close a day that is not over, or on which something has to be put right first."""
    seen = checklist(place)
    if seen.too_early:
        when = on_paper(seen.opens_at, place.timezone)
        raise NotYet(_("%(day)s is not over: it can be closed from %(when)s.", day=written_day(seen.day), when=when))
    if seen.blocking:
        raise NotYet(
            _("Something has to be put right before the day is closed. The checklist says what."),
            blocking={each.name: each.count for each in seen.blocking},
        )
    return seen


def is_closing(place: Asset) -> bool:
    """Whether the open day of a hotel is being closed."""
    return day_open(place.id).closing_at is not None


def _note(action: str, held: BusinessDay, actor: Actor, reason: str | None = None) -> None:
    record(
        action, actor=actor, subject="business_day", subject_id=held.id, asset_id=held.asset_id, reason=reason,
        after={"day": held.day},
    )  # fmt: skip


def _uuid(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None
