"""Finding drivers, and who has or had which vehicle."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select

from portal.core import locks
from portal.core.db import db
from portal.core.paging import Page, every, page_of
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.trades.fleet.models import Driver, DriverAssignment, DriverStatus
from portal.trades.fleet.office_errors import NoSuchAssignment, NoSuchDriver

#: No place has taken on so many; a larger number is not even looked for.
HIGHEST_NUMBER = 2**31
#: How long before its end a licence is spoken of.
LICENCE_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDrivers:
    """Which drivers of a place to show; `licence_by` is the last day of those whose licence needs somebody."""

    statuses: Collection[str] = ()
    licence_by: date | None = None
    search: str | None = None


def licence_state(driver: Driver, today: date) -> str | None:
    """`over` once the licence has run out, `soon` in its last thirty days, else None; its last day still counts."""
    if driver.licence_expires_on < today:
        return "over"
    return "soon" if driver.licence_expires_on - today <= LICENCE_SOON else None


def get_driver(asset_id: uuid.UUID, number: int) -> Driver:
    """The driver with this number at a place; raises NoSuchDriver."""
    if not 0 < number < HIGHEST_NUMBER:
        raise _no_such_driver()
    return _one(select(Driver).where(Driver.asset_id == asset_id, Driver.number == number))


def find_driver_of_user(asset_id: uuid.UUID, user_id: uuid.UUID) -> Driver | None:
    """The driver that a person who signs in is at this place, or None."""
    return db.session.scalar(
        select(Driver).where(Driver.asset_id == asset_id, Driver.user_id == user_id, Driver.status != DriverStatus.LEFT)
    )


def drivers_of(
    asset_id: uuid.UUID, wanted: WantedDrivers, *, cursor: str | None = None, limit: object = 50
) -> Page[Any]:
    """One page of a place's drivers, the latest taken on first."""
    return page_of(_wanted(asset_id, wanted), (Driver.number, Driver.id), cursor=cursor, limit=limit)


def all_drivers_of(asset_id: uuid.UUID, wanted: WantedDrivers) -> Iterator[Driver]:
    """Every driver that is wanted, page by page."""
    return every(lambda cursor: drivers_of(asset_id, wanted, cursor=cursor, limit=200))


def drivers_at_work(asset_id: uuid.UUID) -> Sequence[Driver]:
    """Everybody who could be given a vehicle, by name."""
    return db.session.scalars(
        select(Driver)
        .where(Driver.asset_id == asset_id, Driver.status == DriverStatus.ACTIVE)
        .order_by(func.lower(Driver.name), Driver.number)
    ).all()


def drivers_by_id(ids: Collection[uuid.UUID | None]) -> dict[uuid.UUID, Driver]:
    """Drivers by key, for rows that name them."""
    wanted = {each for each in ids if each is not None}
    return {each.id: each for each in db.session.scalars(select(Driver).where(Driver.id.in_(wanted)))} if wanted else {}


def driver_figures(asset_id: uuid.UUID, today: date, now: datetime) -> dict[str, int]:
    """How many drivers are at work, away, behind a wheel just now, and have a licence to renew."""
    row = db.session.execute(
        select(
            func.count().filter(Driver.status == DriverStatus.ACTIVE),
            func.count().filter(Driver.status == DriverStatus.AWAY),
            func.count().filter(Driver.licence_expires_on <= today + LICENCE_SOON),
        ).where(Driver.asset_id == asset_id, Driver.status != DriverStatus.LEFT)
    ).one()
    driving = db.session.scalar(
        select(func.count()).where(DriverAssignment.asset_id == asset_id, DriverAssignment.during.contains(now))
    )
    return {**dict(zip(("active", "away", "licences"), map(int, row), strict=True)), "driving": int(driving or 0)}


def licences_told_of(asset_id: uuid.UUID) -> int:
    """How many drivers of a place have a licence that runs out soon or has, as far as it was told of."""
    told = select(func.count()).where(Driver.asset_id == asset_id, Driver.told_of_licence.isnot(None))
    return int(db.session.scalar(told) or 0)


def driver_at(unit_id: uuid.UUID, moment: datetime) -> Driver | None:
    """Who had the vehicle at a moment, or None."""
    return db.session.scalar(
        select(Driver)
        .join(DriverAssignment, DriverAssignment.driver_id == Driver.id)
        .where(DriverAssignment.unit_id == unit_id, DriverAssignment.during.contains(moment))
    )


def drivers_now(unit_ids: Collection[uuid.UUID], now: datetime) -> dict[uuid.UUID, tuple[DriverAssignment, Driver]]:
    """Who has which of these vehicles at a moment, by vehicle."""
    rows = db.session.execute(
        select(DriverAssignment, Driver)
        .join(Driver, Driver.id == DriverAssignment.driver_id)
        .where(DriverAssignment.unit_id.in_(unit_ids), DriverAssignment.during.contains(now))
    )
    return {assignment.unit_id: (assignment, driver) for assignment, driver in rows}


def vehicles_now(driver_ids: Collection[uuid.UUID], now: datetime) -> dict[uuid.UUID, DriverAssignment]:
    """What each of these drivers has at a moment, by driver."""
    rows = db.session.scalars(
        select(DriverAssignment).where(
            DriverAssignment.driver_id.in_(driver_ids), DriverAssignment.during.contains(now)
        )
    )
    return {each.driver_id: each for each in rows}


def drivers_during(unit_ids: Collection[uuid.UUID], since: datetime, until: datetime) -> Sequence[DriverAssignment]:
    """Every stretch of these vehicles that touches the time between two moments, in order, in one question."""
    return db.session.scalars(
        select(DriverAssignment)
        .where(
            DriverAssignment.unit_id.in_(unit_ids),
            DriverAssignment.during.op("&&")(func.tstzrange(since, until)),
        )
        .order_by(DriverAssignment.unit_id, func.lower(DriverAssignment.during))
    ).all()


def assignments_of_driver(driver_id: uuid.UUID, *, limit: int = 50) -> Sequence[DriverAssignment]:
    """A driver's stretches, the latest first."""
    return _latest(select(DriverAssignment).where(DriverAssignment.driver_id == driver_id), limit)


def assignments_of_unit(unit_id: uuid.UUID, *, limit: int = 50) -> Sequence[DriverAssignment]:
    """A vehicle's stretches, the latest first."""
    return _latest(select(DriverAssignment).where(DriverAssignment.unit_id == unit_id), limit)


def get_assignment(asset_id: uuid.UUID, assignment_id: uuid.UUID) -> DriverAssignment:
    """One stretch at a place, as it stands now; raises NoSuchAssignment."""
    found: DriverAssignment | None = db.session.scalar(
        select(DriverAssignment)
        .where(DriverAssignment.id == assignment_id, DriverAssignment.asset_id == asset_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NoSuchAssignment(_("There is no such assignment here. Perhaps it was taken back."))
    return found


def find_clash(
    column: Any, key: uuid.UUID, during: Any, apart_from: uuid.UUID | None = None
) -> DriverAssignment | None:
    """The first stretch of a driver or of a vehicle that another one would overlap, or None."""
    return db.session.scalar(
        select(DriverAssignment)
        .where(
            column == key, DriverAssignment.during.overlaps(during), DriverAssignment.id.is_distinct_from(apart_from)
        )
        .order_by(func.lower(DriverAssignment.during))
        .limit(1)
        .execution_options(populate_existing=True)
    )


def unfinished_of_driver(driver_id: uuid.UUID, now: datetime) -> Sequence[DriverAssignment]:
    """What a driver has now or is to have, fresh, in the order of time."""
    end = func.upper(DriverAssignment.during)
    return db.session.scalars(
        select(DriverAssignment)
        .where(DriverAssignment.driver_id == driver_id, or_(end.is_(None), end > now))
        .order_by(func.lower(DriverAssignment.during))
        .execution_options(populate_existing=True)
    ).all()


def lock_driver(driver_id: uuid.UUID) -> Driver:
    """The driver, locked and fresh until the transaction ends; raises NoSuchDriver."""
    locks.taking("driver")
    return _one(select(Driver).where(Driver.id == driver_id).with_for_update(key_share=True))


def drivers_to_tell_of() -> Sequence[tuple[Driver, str]]:
    """Drivers whose licence is near its end or past it, or was, each with the time zone of the place."""
    near = func.current_date() + 32  # each place's own day is looked at by the caller
    rows = db.session.execute(
        select(Driver, Asset.timezone)
        .join(Asset, Asset.id == Driver.asset_id)
        .where(
            or_(
                Driver.told_of_licence.isnot(None),
                (Driver.status != DriverStatus.LEFT) & (Driver.licence_expires_on <= near),
            )
        )
        .order_by(Driver.id)
    )
    return [(driver, timezone) for driver, timezone in rows]


def _latest(question: Select[DriverAssignment], limit: int) -> Sequence[DriverAssignment]:
    return db.session.scalars(question.order_by(func.lower(DriverAssignment.during).desc()).limit(limit)).all()


def _one(question: Select[Driver]) -> Driver:
    found: Driver | None = db.session.scalar(question.execution_options(populate_existing=True))
    if found is None:
        raise _no_such_driver()
    return found


def _no_such_driver() -> NoSuchDriver:
    return NoSuchDriver(_("There is no such driver here. Look at the number again."), field="driver")


def _wanted(asset_id: uuid.UUID, wanted: WantedDrivers) -> Select[Driver]:
    question = select(Driver).where(Driver.asset_id == asset_id)
    if wanted.statuses:
        question = question.where(Driver.status.in_(wanted.statuses))
    if wanted.licence_by is not None:
        question = question.where(Driver.status != DriverStatus.LEFT, Driver.licence_expires_on <= wanted.licence_by)
    if wanted.search:
        said = wanted.search
        fits = (
            Driver.name.icontains(said, autoescape=True)
            | Driver.phone.icontains(said, autoescape=True)
            | Driver.licence_number.icontains(said, autoescape=True)
        )
        if said.isascii() and said.isdigit() and 0 < int(said) < HIGHEST_NUMBER:
            fits = fits | (Driver.number == int(said))
        question = question.where(fits)
    return question
