"""Drivers: taken on, amended, away for a while, gone; and telling in time that a licence runs out."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from portal.core.actor import Actor
from portal.core.clock import local_date, utcnow
from portal.core.db import db, written
from portal.core.errors import DomainError
from portal.core.numbers import take_number
from portal.core.outbox import publish
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.audit.services import record
from portal.shared.devices.models import Severity
from portal.shared.devices.services import alerts
from portal.shared.identity.models import Role
from portal.shared.identity.queries import members_of
from portal.trades.fleet import office_errors as errors
from portal.trades.fleet.driver_queries import drivers_to_tell_of, licence_state, lock_driver, unfinished_of_driver
from portal.trades.fleet.models import Driver, DriverStatus
from portal.trades.fleet.office_events import DriverChanged, VehicleAssigned
from portal.trades.fleet.services.assignments import cut_off

STAGES = ("soon", "over")


def _licence_known() -> DomainError:
    return errors.DriverKnown(_("Another driver here has this licence number."), field="licence_number")


def _account_known() -> DomainError:
    return errors.DriverKnown(_("Another driver here signs in with this account."), field="user_id")


rule("uq_driver_licence", _licence_known)
rule("uq_driver_account", _account_known)


@transactional
def register(
    *,
    asset_id: uuid.UUID,
    name: str,
    licence_number: str,
    licence_classes: str,
    licence_expires_on: date,
    actor: Actor,
    phone: str | None = None,
    user_id: uuid.UUID | None = None,
    note: str | None = None,
) -> Driver:
    """Take a driver on; the licence is written down as it stands on the card."""
    _one_of_ours(asset_id, user_id)
    driver = written(
        Driver(
            asset_id=asset_id,
            number=take_number(scope_id=asset_id, series="driver"),
            name=name,
            phone=phone or None,
            licence_number=licence_number.upper(),
            licence_classes=classes(licence_classes),
            licence_expires_on=licence_expires_on,
            user_id=user_id,
            status=DriverStatus.ACTIVE,
            note=note or None,
        )
    )
    _tell("driver.registered", driver, actor, None)
    return driver


@transactional
def amend(
    *,
    driver_id: uuid.UUID,
    name: str,
    licence_number: str,
    licence_classes: str,
    licence_expires_on: date,
    actor: Actor,
    phone: str | None = None,
    user_id: uuid.UUID | None = None,
    note: str | None = None,
) -> Driver:
    """Write down what has changed about a driver; a renewed licence ends what was said about the old one."""
    driver = lock_driver(driver_id)
    if user_id != driver.user_id:
        _one_of_ours(driver.asset_id, user_id)
    before, renewed = _facts(driver), licence_expires_on != driver.licence_expires_on
    driver.name, driver.phone, driver.note = name, phone or None, note or None
    driver.licence_number, driver.licence_classes = licence_number.upper(), classes(licence_classes)
    driver.licence_expires_on, driver.user_id = licence_expires_on, user_id
    db.session.flush()
    _tell("driver.amended", driver, actor, before)
    if renewed:
        _say_no_more(driver)
    return driver


@transactional
def set_status(*, driver_id: uuid.UUID, status: DriverStatus, actor: Actor, reason: str | None = None) -> Driver:
    """Say that a driver is away, back, or has left; who leaves hands every vehicle back at once."""
    driver = lock_driver(driver_id)
    if driver.status == status:
        return driver
    before = _facts(driver)
    driver.status = status
    db.session.flush()
    record(
        f"driver.{_VERBS[status]}",
        actor=actor,
        subject="driver",
        subject_id=driver.id,
        asset_id=driver.asset_id,
        reason=reason or None,
        before=before,
        after=_facts(driver),
    )
    publish(DriverChanged(asset_id=driver.asset_id, subject_id=driver.id))
    if status == DriverStatus.LEFT:
        _hand_everything_back(driver, utcnow(), actor)
        _say_no_more(driver)
    return driver


@transactional
def tell_of_licences() -> int:
    """Raise an alert for each licence that is near its end or past it, once each; returns how many changed."""
    days = {found.id: local_date(timezone) for found, timezone in drivers_to_tell_of()}
    held = [lock_driver(driver_id) for driver_id in days]  # drivers before alerts, as everywhere
    changed = [(each, _stage(each, days[each.id])) for each in held]
    changed = [(driver, stage) for driver, stage in changed if stage != driver.told_of_licence]
    for driver, stage in changed:
        _say_no_more(driver)
        driver.told_of_licence = stage
        if stage is not None:
            _raise(driver, stage)
    return len(changed)


def _raise(driver: Driver, stage: str) -> None:
    alerts.raise_alert(
        asset_id=driver.asset_id,
        kind="licence_expiring",
        key=_key(driver, stage),
        severity=Severity.CRITICAL if stage == "over" else Severity.WARNING,
        facts={
            "driver": driver.name,
            "number": driver.number,
            "expires_on": driver.licence_expires_on.isoformat(),
            "over": stage == "over",
        },
    )


def classes(said: str) -> str:
    """Licence classes as they are printed: "b, ce" is "B, CE"."""
    return ", ".join(dict.fromkeys(said.upper().replace(",", " ").replace("/", " ").split()))


_VERBS = {DriverStatus.ACTIVE: "came_back", DriverStatus.AWAY: "went_away", DriverStatus.LEFT: "left"}


def _one_of_ours(asset_id: uuid.UUID, user_id: uuid.UUID | None) -> None:
    if user_id is not None and not any(
        each.user_id == user_id and each.role == Role.DRIVER for each in members_of(asset_id)
    ):
        raise errors.NoSuchAccount(
            _("Choose the account of somebody who works here as a driver. Invite them first."), field="user_id"
        )


def _hand_everything_back(driver: Driver, now: datetime, actor: Actor) -> None:
    """Ends what runs, and takes away what was only planned."""
    for each in unfinished_of_driver(driver.id, now):
        cut_off(each, now, actor)
        publish(VehicleAssigned(asset_id=driver.asset_id, subject_id=each.unit_id, driver_id=driver.id))


def _stage(driver: Driver, today: date) -> str | None:
    return None if driver.status == DriverStatus.LEFT else licence_state(driver, today)


def _say_no_more(driver: Driver) -> None:
    """What was told of an earlier state of the licence is over."""
    if driver.told_of_licence is not None:
        alerts.clear_by_itself(asset_id=driver.asset_id, key=_key(driver, driver.told_of_licence))
        driver.told_of_licence = None


def _key(driver: Driver, stage: str) -> str:
    return f"licence_expiring:{driver.id}:{stage}"


def _facts(driver: Driver) -> dict[str, Any]:
    return {
        "name": driver.name,
        "phone": driver.phone,
        "licence_number": driver.licence_number,
        "licence_classes": driver.licence_classes,
        "licence_expires_on": driver.licence_expires_on,
        "user_id": driver.user_id,
        "status": driver.status,
        "note": driver.note,
    }


def _tell(action: str, driver: Driver, actor: Actor, before: dict[str, Any] | None) -> None:
    record(
        action,
        actor=actor,
        subject="driver",
        subject_id=driver.id,
        asset_id=driver.asset_id,
        before=before,
        after={"number": driver.number, **_facts(driver)},
    )
    publish(DriverChanged(asset_id=driver.asset_id, subject_id=driver.id))
