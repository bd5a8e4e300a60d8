"""The pages of the driver's desk; whatever they show is the driver's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, g, url_for

from portal.core.clock import local_date, utcnow
from portal.core.errors import DomainError
from portal.core.words import _
from portal.reporting import fleet_office
from portal.shared.assets.queries import unit_of, units_by_id
from portal.trades.fleet import driver_queries, maintenance_queries
from portal.trades.fleet.incident_queries import checks_of_unit, incidents_with
from portal.trades.fleet.models import Driver, DriverAssignment, Incident, IncidentKind, IncidentSeverity, VehicleCheck
from portal.trades.fleet.office_errors import NoVehicleNow
from portal.trades.fleet.services import checks, incidents
from portal.web.context import shell
from portal.web.driving import blueprint
from portal.web.driving.forms import CheckForm, ReportForm
from portal.web.fleet import office_words as words
from portal.web.guards import current_actor, current_user, permission
from portal.web.htmx import go, page, toast


@blueprint.get("/<asset_number>/")
@permission("fleet.own")
def index(asset_number: str) -> Response:
    """My vehicle now, whether it was looked round today, and what comes next."""
    driver = _me()
    has = _mine(driver)
    return page(
        "driving/home.html",
        "now",
        driver=driver,
        has=has,
        unit=unit_of(has.unit_id) if has else None,
        licence=driver_queries.licence_state(driver, shell().local_date) if driver else None,
        checked=_checked_today(has),
        due=[each for each in _due(has) if each.due.stage],
        meters=maintenance_queries.meters_of([has.unit_id])[has.unit_id] if has else None,
        week=fleet_office.driver_figures(driver.id, since=utcnow() - timedelta(days=7)) if driver else None,
        mine=incidents_with(driver_id=driver.id, limit=5) if driver else [],
        words=words,
    )


@blueprint.get("/<asset_number>/trips")
@permission("fleet.own")
def trips(asset_number: str) -> Response:
    """My latest trips."""
    driver = _me()
    found = fleet_office.trips_of_driver(driver.id, limit=100) if driver else []
    return page(
        "driving/trips.html",
        driver=driver,
        trips=found,
        units=units_by_id({each.unit_id for each in found}),
        words=words,
    )


@blueprint.route("/<asset_number>/check", methods=["GET", "POST"])
@permission("fleet.own")
def check(asset_number: str) -> Response:
    """Look round the vehicle before setting out."""
    driver, form = _me(), CheckForm()
    has = _mine(driver)
    if driver is not None and has is not None and form.validate_on_submit():
        made: list[VehicleCheck] = []
        actor, me = current_actor(), driver

        def keep() -> None:
            made.append(checks.check(driver=me, in_order=form.in_order(), note=form.note.data, actor=actor))

        try:
            form.just_once(actor, keep)
        except DomainError as error:
            form.refuse(error)
        else:
            if made and made[0].incident_id:
                toast(_("Kept. The office has been told what is not in order."), "warn")
            else:
                toast(_("Kept. Have a good trip."))
            return go(url_for(".index", asset_number=asset_number))
    return _form("driving/check.html", form, has, driver)


@blueprint.route("/<asset_number>/report", methods=["GET", "POST"])
@permission("fleet.own")
def report(asset_number: str) -> Response:
    """Tell the office what went wrong with my vehicle."""
    driver, form = _me(), ReportForm()
    has = _mine(driver)
    form.kind.offer([(each.value, words.incident_kind(each)) for each in IncidentKind])
    form.severity.offer([(each.value, words.severity_words(each)) for each in IncidentSeverity])
    if not form.is_submitted():
        form.happened_at.data = utcnow()
    if driver is not None and has is not None and form.validate_on_submit():
        made: list[Incident] = []
        actor, facts = current_actor(), _said(form, driver, has)
        try:
            form.just_once(actor, lambda: made.append(incidents.report(actor=actor, **facts)))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Reported. The office can see it now."))
            return go(url_for(".index", asset_number=asset_number))
    return _form("driving/report.html", form, has, driver)


def _form(template: str, form: Any, has: DriverAssignment | None, driver: Driver | None) -> Response:
    """A form about the vehicle the driver has; without one it says so, and nothing was kept."""
    if has is None and form.is_submitted():
        raise NoVehicleNow(_("You have no vehicle at the moment. Ask the office to give you one."))
    unit = unit_of(has.unit_id) if has else None
    return page(template, "form", form=form, unit=unit, driver=driver, status=422 if form.errors else 200)


def _me() -> Driver | None:
    """The driver that the person signed in is at this place, or None."""
    return driver_queries.find_driver_of_user(g.place.id, current_user.id)


def _mine(driver: Driver | None) -> DriverAssignment | None:
    return driver_queries.vehicles_now([driver.id], utcnow()).get(driver.id) if driver else None


def _checked_today(has: DriverAssignment | None) -> VehicleCheck | None:
    """The look round of today by whoever has the vehicle now."""
    latest = checks_of_unit(has.unit_id, limit=1) if has else ()
    today = shell().local_date
    return next(
        (
            each
            for each in latest
            if has is not None
            and each.driver_id == has.driver_id
            and local_date(g.place.timezone, each.created_at) == today
        ),
        None,
    )


def _due(has: DriverAssignment | None) -> list[maintenance_queries.Standing]:
    if has is None:
        return []
    return maintenance_queries.standing_of(g.place.id, shell().local_date, unit_id=has.unit_id)


def _said(form: ReportForm, driver: Driver, has: DriverAssignment) -> dict[str, Any]:
    names = ("happened_at", "place", "description", "injured", "third_party")
    return {
        "asset_id": g.place.id,
        "unit_id": has.unit_id,
        "driver_id": driver.id,
        "kind": IncidentKind(form.kind.data),
        "severity": IncidentSeverity(form.severity.data),
        **{name: form[name].data for name in names},
    }
