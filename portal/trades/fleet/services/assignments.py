"""Who drives what: given for a time, ended, handed over in one step, and that step taken back."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range

from portal.core.actor import Actor
from portal.core.clock import local_date, utcnow
from portal.core.db import db, written
from portal.core.errors import DomainError
from portal.core.outbox import publish
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.core.written import on_paper
from portal.shared.assets.models import Asset, Unit, UnitKind, UnitStatus
from portal.shared.assets.queries import asset_of, lock_unit
from portal.shared.assets.services.units import called
from portal.shared.audit.services import record
from portal.trades.fleet import office_errors as errors
from portal.trades.fleet.driver_queries import driver_at, drivers_by_id, find_clash, get_assignment, lock_driver
from portal.trades.fleet.models import Driver, DriverAssignment, DriverStatus
from portal.trades.fleet.office_events import VehicleAssigned
from portal.trades.fleet.queries.live import hold_track

#: How long a hand-over can be taken back by the button that follows it.
TAKEN_BACK_WITHIN = timedelta(minutes=15)


def _driver_busy() -> DomainError:
    return errors.DriverBusy(_("The driver has just been given another vehicle for that time."), field="driver")


def _vehicle_busy() -> DomainError:
    return errors.VehicleBusy(_("Somebody has just given the vehicle to another driver for that time."), field="unit")


# A trip is its driver's who had the vehicle when it began.
_STAMP = text(
    """
    update trip set driver_id = found.driver_id
    from (
        select t.id, a.driver_id from trip t
        left join driver_assignment a on a.unit_id = t.unit_id and a.during @> t.started_at
        where t.unit_id = any(:units) and t.started_at >= :since
    ) found
    where trip.id = found.id and trip.driver_id is distinct from found.driver_id
    """
)

rule("ex_driver_assignment_one_vehicle", _driver_busy)
rule("ex_driver_assignment_one_driver", _vehicle_busy)


@transactional
def assign(
    *,
    asset_id: uuid.UUID,
    unit_id: uuid.UUID,
    driver_id: uuid.UUID,
    actor: Actor,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> DriverAssignment:
    """Give a driver a vehicle, from now or another moment on, until an end or until further notice."""
    unit = _vehicle(asset_id, unit_id)
    starts_at = starts_at or utcnow()
    driver = _fit_to_drive(asset_id, driver_id, starts_at)
    return _give(unit, driver, _stretch(starts_at, ends_at), actor)


@transactional
def end(*, asset_id: uuid.UUID, assignment_id: uuid.UUID, actor: Actor, at: datetime | None = None) -> None:
    """The driver brings the vehicle back, now or at a moment; what had not begun is taken away altogether."""
    found = get_assignment(asset_id, assignment_id)
    lock_unit(found.unit_id)
    hold_track(found.unit_id)
    lock_driver(found.driver_id)
    found, at = get_assignment(asset_id, assignment_id), at or utcnow()
    if found.ends_at is not None and found.ends_at <= at:
        raise errors.AssignmentOver(_("This driver has brought the vehicle back already."))
    cut_off(found, at, actor)
    publish(VehicleAssigned(asset_id=asset_id, subject_id=found.unit_id, driver_id=found.driver_id))


@transactional
def hand_over(
    *, asset_id: uuid.UUID, unit_id: uuid.UUID, driver_id: uuid.UUID, actor: Actor, at: datetime | None = None
) -> DriverAssignment:
    """The vehicle goes from whoever has it to another driver, without a moment between; nobody had it is fine too."""
    unit, at = _vehicle(asset_id, unit_id), at or utcnow()
    before = driver_at(unit_id, at)
    if before is not None and before.id == driver_id:
        raise errors.VehicleBusy(
            _("%(driver)s has %(unit)s already.", driver=before.name, unit=called(unit)), field="driver"
        )
    for each in sorted({driver_id, *([before.id] if before else [])}):
        lock_driver(each)
    driver = _fit_to_drive(asset_id, driver_id, at)
    cut = find_clash(DriverAssignment.unit_id, unit_id, Range(at, at, bounds="[]"))
    was_to_end_at = cut.ends_at if cut is not None else None
    kept = cut is not None and cut.starts_at < at
    if cut is not None:
        cut_off(cut, at, actor)
    return _give(
        unit,
        driver,
        _stretch(at, was_to_end_at),
        actor,
        cut_short_id=cut.id if cut is not None and kept else None,
        was_to_end_at=was_to_end_at,
    )


@transactional
def take_back(*, asset_id: uuid.UUID, assignment_id: uuid.UUID, actor: Actor) -> None:
    """Undo a hand-over of the last minutes: who had the vehicle before has it as if nothing had been."""
    found = get_assignment(asset_id, assignment_id)
    unit = lock_unit(found.unit_id)
    hold_track(unit.id)
    cut = get_assignment(asset_id, found.cut_short_id) if found.cut_short_id else None
    for each in sorted({found.driver_id, *([cut.driver_id] if cut else [])}):
        lock_driver(each)
    found = get_assignment(asset_id, assignment_id)
    if found.ended_by is not None or utcnow() - found.created_at > TAKEN_BACK_WITHIN:
        raise errors.HandOverTooOld(_("This was too long ago to take back. Hand the vehicle over once more instead."))
    if cut is not None and (was := drivers_by_id({cut.driver_id})[cut.driver_id]).status == DriverStatus.LEFT:
        raise errors.DriverNotAvailable(_("%(name)s does not drive here any more.", name=was.name))
    _note("assignment.taken_back", found, actor, before=_facts(found), after=None)
    until = found.was_to_end_at
    db.session.delete(found)
    db.session.flush()
    if cut is not None:
        whole = Range(cut.starts_at, until)
        _free(unit, drivers_by_id({cut.driver_id})[cut.driver_id], whole, apart_from=cut.id)
        cut.during, cut.ended_by = whole, None
        db.session.flush()
    stamp_trips(unit_ids=[unit.id], since=found.starts_at)
    publish(VehicleAssigned(asset_id=asset_id, subject_id=unit.id, driver_id=found.driver_id))


@transactional
def stamp_trips(*, unit_ids: Collection[uuid.UUID], since: datetime) -> int:
    """Write down whose trips these vehicles' trips from a moment on were; returns how many changed hands."""
    found = db.session.execute(_STAMP, {"units": list(unit_ids), "since": since}) if unit_ids else None
    return int(found.rowcount) if found is not None else 0  # type: ignore[attr-defined]


def cut_off(found: DriverAssignment, at: datetime, actor: Actor) -> None:
    """Inside a command that holds the driver: end a stretch at a moment, or take away one that had not begun."""
    before = _facts(found)
    if found.starts_at >= at:
        _note("assignment.taken_away", found, actor, before=before, after=None)
        db.session.delete(found)
    else:
        found.during, found.ended_by = Range(found.starts_at, at), actor.name
        _note("assignment.ended", found, actor, before=before, after=_facts(found))
    db.session.flush()
    stamp_trips(unit_ids=[found.unit_id], since=min(found.starts_at, at))


def _give(unit: Unit, driver: Driver, during: Range[Any], actor: Actor, **handed: Any) -> DriverAssignment:
    _free(unit, driver, during)
    made = written(
        DriverAssignment(
            asset_id=unit.asset_id,
            driver_id=driver.id,
            unit_id=unit.id,
            during=during,
            assigned_by=actor.name,
            **handed,
        )
    )
    _note("assignment.made", made, actor, before=None, after=_facts(made))
    stamp_trips(unit_ids=[unit.id], since=made.starts_at)
    publish(VehicleAssigned(asset_id=unit.asset_id, subject_id=unit.id, driver_id=driver.id))
    return made


def _vehicle(asset_id: uuid.UUID, unit_id: uuid.UUID) -> Unit:
    """The vehicle, locked: everybody who gives it away waits here."""
    unit = lock_unit(unit_id)
    if unit.asset_id != asset_id or unit.kind != UnitKind.VEHICLE:
        raise errors.NotAVehicle(_("Choose a vehicle of this place."), field="unit")
    if unit.status == UnitStatus.RETIRED:
        raise errors.VehicleBusy(_("%(unit)s has left service for good.", unit=called(unit)), field="unit")
    hold_track(unit.id)
    return unit


def _fit_to_drive(asset_id: uuid.UUID, driver_id: uuid.UUID, from_when: datetime) -> Driver:
    """The driver, locked, who is there and whose licence is good on the day the vehicle is taken."""
    driver = lock_driver(driver_id)
    if driver.asset_id != asset_id:
        raise errors.NoSuchDriver(_("There is no such driver here. Look at the number again."), field="driver")
    if driver.status == DriverStatus.AWAY:
        raise errors.DriverNotAvailable(_("%(name)s is away just now.", name=driver.name), field="driver")
    if driver.status == DriverStatus.LEFT:
        raise errors.DriverNotAvailable(_("%(name)s does not drive here any more.", name=driver.name), field="driver")
    zone = asset_of(asset_id).timezone
    first = max(local_date(zone, from_when), local_date(zone))
    if driver.licence_expires_on < first:
        raise errors.LicenceExpired(
            _(
                "The licence of %(name)s runs out on %(day)s. Write down the renewed licence first.",
                name=driver.name,
                day=driver.licence_expires_on.isoformat(),
            ),
            field="driver",
        )
    return driver


def _free(unit: Unit, driver: Driver, during: Range[Any], *, apart_from: uuid.UUID | None = None) -> None:
    """Complain in words when either has something else at that time."""
    place = asset_of(unit.asset_id)
    clash = find_clash(DriverAssignment.unit_id, unit.id, during, apart_from)
    if clash is not None:
        other = drivers_by_id({clash.driver_id})[clash.driver_id]
        raise errors.VehicleBusy(
            _(
                "%(driver)s has %(unit)s %(when)s. Hand it over, or choose another time.",
                driver=other.name,
                unit=called(unit),
                when=_when(clash, place),
            ),
            field="unit",
        )
    clash = find_clash(DriverAssignment.driver_id, driver.id, during, apart_from)
    if clash is not None:
        raise errors.DriverBusy(
            _(
                "%(driver)s has another vehicle %(when)s. End that first, or choose another time.",
                driver=driver.name,
                when=_when(clash, place),
            ),
            field="driver",
        )


def _when(found: DriverAssignment, place: Asset) -> str:
    since = on_paper(found.starts_at, place.timezone)
    if found.ends_at is None:
        return (
            _("since %(moment)s", moment=since)
            if found.starts_at <= utcnow()
            else _("from %(moment)s on", moment=since)
        )
    return _("from %(since)s until %(until)s", since=since, until=on_paper(found.ends_at, place.timezone))


def _stretch(starts_at: datetime, ends_at: datetime | None) -> Range[Any]:
    if ends_at is not None and ends_at <= starts_at:
        raise errors.BadStretch(_("The end must be after the beginning."), field="ends_at")
    return Range(starts_at, ends_at)


def _facts(found: DriverAssignment) -> dict[str, Any]:
    return {
        "driver_id": found.driver_id,
        "unit_id": found.unit_id,
        "starts_at": found.starts_at.isoformat(),
        "ends_at": found.ends_at.isoformat() if found.ends_at else None,
    }


def _note(action: str, found: DriverAssignment, actor: Actor, **change: Any) -> None:
    record(action, actor=actor, subject="unit", subject_id=found.unit_id, asset_id=found.asset_id, **change)
