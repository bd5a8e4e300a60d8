"""Drivers: the list, a new one, one driver's page, and who has which vehicle."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.clock import utcnow
from portal.core.errors import DomainError
from portal.core.words import _
from portal.reporting import fleet_office
from portal.shared.assets.models import UnitKind
from portal.shared.assets.queries import get_unit, units_by_id
from portal.shared.audit.queries import trail
from portal.shared.identity.models import Role
from portal.shared.identity.queries import members_of
from portal.trades.fleet import driver_queries as queries
from portal.trades.fleet.driver_queries import WantedDrivers
from portal.trades.fleet.incident_queries import incidents_with
from portal.trades.fleet.models import Driver, DriverStatus
from portal.trades.fleet.services import assignments, drivers
from portal.web.context import shell
from portal.web.download import csv_file
from portal.web.fleet import office_words as words
from portal.web.fleet.choices import offered, searched, vehicles
from portal.web.fleet.driver_forms import AssignForm, DriverForm, HandOverForm, StatusForm, TakeBackForm
from portal.web.fleet.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

ONE = "/<asset_number>/drivers/<int:number>"
WORKING = (DriverStatus.ACTIVE, DriverStatus.AWAY)
#: So many drivers in the boxes of all vehicles are still a light page; with more a box opens where somebody asks.
MOST_CHOICES = 2_000


@blueprint.get("/<asset_number>/drivers", endpoint="drivers")
@permission("fleet.view")
def index(asset_number: str) -> Response:
    """Drivers of a place, each with the vehicle they have now."""
    now = utcnow()
    found = queries.drivers_of(g.place.id, _wanted(), cursor=request.args.get("cursor") or None)
    has = queries.vehicles_now([each.id for each in found.items], now)
    return page(
        "fleet/drivers.html",
        "rows",
        found=found,
        has=has,
        units=units_by_id({each.unit_id for each in has.values()}),
        figures=queries.driver_figures(g.place.id, shell().local_date, now),
        licence=_licence,
        words=words,
    )


@blueprint.get("/<asset_number>/drivers.csv")
@permission("fleet.view")
def drivers_export(asset_number: str) -> Response:
    """The same list, all of it, for a spreadsheet."""
    found = list(queries.all_drivers_of(g.place.id, _wanted()))
    has = queries.vehicles_now([each.id for each in found], utcnow())
    units = units_by_id({each.unit_id for each in has.values()})
    heads = ["number", "name", "phone", "status", "licence", "classes", "valid_until", "vehicle", "since"]
    rows = (
        (
            each.number, each.name, each.phone, each.status, each.licence_number, each.licence_classes,
            each.licence_expires_on, units[has[each.id].unit_id].number if each.id in has else None,
            has[each.id].starts_at if each.id in has else None,
        )
        for each in found
    )  # fmt: skip
    return csv_file(f"drivers-{g.place.asset_number}", heads, rows)


@blueprint.route("/<asset_number>/drivers/new", methods=["GET", "POST"])
@permission("fleet.manage")
def drivers_new(asset_number: str) -> Response:
    """Take a driver on."""
    form = _offered(DriverForm())
    if form.validate_on_submit():
        made: list[Driver] = []
        actor = current_actor()
        try:
            form.just_once(
                actor, lambda: made.append(drivers.register(asset_id=g.place.id, actor=actor, **_said(form)))
            )
        except DomainError as error:
            form.refuse(error)
        else:
            if not made:
                return go(url_for(".drivers", asset_number=asset_number))
            toast(_("%(name)s drives here now.", name=made[0].name))
            return _back(made[0])
    return page("fleet/driver_form.html", "form", form=form, driver=None, status=422 if form.errors else 200)


@blueprint.get(ONE)
@permission("fleet.view")
def drivers_show(asset_number: str, number: int) -> Response:
    """One driver: licence, vehicle, trips, incidents."""
    return _show(queries.get_driver(g.place.id, number))


@blueprint.route(f"{ONE}/amend", methods=["GET", "POST"])
@permission("fleet.manage")
def drivers_amend(asset_number: str, number: int) -> Response:
    """Write down what has changed, a renewed licence above all."""
    driver = queries.get_driver(g.place.id, number)
    form = _offered(DriverForm(data=_as_it_is(driver)), driver)
    if form.validate_on_submit():
        try:
            drivers.amend(driver_id=driver.id, actor=current_actor(), **_said(form))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Written down."))
            return _back(driver)
    return page("fleet/driver_form.html", "form", form=form, driver=driver, status=422 if form.errors else 200)


@blueprint.post(f"{ONE}/status")
@permission("fleet.manage")
def drivers_status(asset_number: str, number: int) -> Response:
    """Away, back, or gone."""
    driver, form = queries.get_driver(g.place.id, number), StatusForm()
    before = driver.status
    if not form.validate_on_submit():
        return _show(driver, refused=_("Choose how the driver stands from the list."))
    drivers.set_status(driver_id=driver.id, status=DriverStatus(form.status.data), actor=current_actor())
    again = url_for(".drivers_status", asset_number=asset_number, number=number)
    undo = again if DriverStatus.LEFT not in (before, form.status.data) else None
    toast(f"{driver.name}: {words.driver_status(form.status.data)}", undo=undo, status=before)
    return _back(driver)


@blueprint.post(f"{ONE}/assign")
@permission("fleet.manage")
def drivers_assign(asset_number: str, number: int) -> Response:
    """Give a driver a vehicle."""
    driver, form = queries.get_driver(g.place.id, number), _vehicles_offered(AssignForm(prefix="assign"))
    if form.validate_on_submit():
        try:
            assignments.assign(
                asset_id=g.place.id,
                unit_id=form.unit.data,
                driver_id=driver.id,
                starts_at=form.starts_at.data,
                ends_at=form.ends_at.data,
                actor=current_actor(),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Given to %(name)s.", name=driver.name))
            return _back(driver)
    return _show(driver, form=form)


@blueprint.get("/<asset_number>/drivers/vehicles")
@permission("fleet.view")
def drivers_wheel(asset_number: str) -> Response:
    """Every vehicle, who has it, and who is next: handed over in one step."""
    return _wheel()


@blueprint.post("/<asset_number>/drivers/vehicles/<vehicle>/hand-over")
@permission("fleet.manage")
def drivers_hand_over(asset_number: str, vehicle: str) -> Response:
    """The vehicle goes to another driver this moment."""
    unit = get_unit(g.place.id, vehicle, UnitKind.VEHICLE)
    form = HandOverForm()
    form.driver.offer(_people())
    if form.validate_on_submit():
        try:
            made = assignments.hand_over(
                asset_id=g.place.id, unit_id=unit.id, driver_id=form.driver.data, actor=current_actor()
            )
        except DomainError as error:
            form.refuse(error)
        else:
            undo = url_for(".drivers_take_back", asset_number=asset_number)
            toast(_("Vehicle %(number)s is handed over.", number=unit.number), undo=undo, assignment=str(made.id))
            return go(url_for(".drivers_wheel", asset_number=asset_number))
    return _wheel(refused={unit.id: " ".join(_sentences(form))})


@blueprint.post("/<asset_number>/drivers/take-back")
@permission("fleet.manage")
def drivers_take_back(asset_number: str) -> Response:
    """Undo a hand-over."""
    form = TakeBackForm()
    if form.validate_on_submit():
        which = parse.uuid(form.assignment.data, "assignment")
        assignments.take_back(asset_id=g.place.id, assignment_id=which, actor=current_actor())
        toast(_("Taken back."), "info")
        return go(url_for(".drivers_wheel", asset_number=asset_number))
    return _wheel(status=422, said=_("Say which hand-over is to be taken back."))


@blueprint.post("/<asset_number>/drivers/assignments/<uuid:assignment_id>/end")
@permission("fleet.manage")
def drivers_end(asset_number: str, assignment_id: uuid.UUID) -> Response:
    """The driver brings the vehicle back."""
    assignments.end(asset_id=g.place.id, assignment_id=assignment_id, actor=current_actor())
    toast(_("The vehicle is back."), "info")
    to = request.form.get("to", "")
    if to.isascii() and to.isdigit():
        return go(url_for(".drivers_show", asset_number=asset_number, number=min(int(to), 2**31)))
    return go(url_for(".drivers_wheel", asset_number=asset_number))


def _show(driver: Driver, form: AssignForm | None = None, refused: str | None = None) -> Response:
    """A driver's page; a form that was refused is shown as it was filled in."""
    form = form or _vehicles_offered(AssignForm(formdata=None, prefix="assign"))
    now, stretches = utcnow(), queries.assignments_of_driver(driver.id)
    trips = fleet_office.trips_of_driver(driver.id, limit=20)
    return page(
        "fleet/driver.html",
        "now",
        driver=driver,
        licence=_licence(driver),
        now=now,
        stretches=stretches,
        current=next(
            (each for each in stretches if each.starts_at <= now and (each.ends_at is None or each.ends_at > now)), None
        ),
        trips=trips,
        month=fleet_office.driver_figures(driver.id, since=now - timedelta(days=30)),
        incidents=incidents_with(driver_id=driver.id),
        units=units_by_id({each.unit_id for each in (*stretches, *trips)}),
        form=form,
        refused=refused,
        moments=words.life_of(trail(subject="driver", subject_id=driver.id)),
        words=words,
        status=422 if form.errors or refused else 200,
    )


def _wheel(refused: dict[uuid.UUID, str] | None = None, status: int = 200, said: str | None = None) -> Response:
    now, refused = utcnow(), refused or {}
    units, people = vehicles(), _people()
    asked = next((each.id for each in units if each.number == request.args.get("vehicle")), None)
    return page(
        "fleet/wheel.html",
        "rows",
        units=units,
        choosing={each.id for each in units} if len(units) * len(people) <= MOST_CHOICES else {asked, *refused},
        has=queries.drivers_now([each.id for each in units], now),
        coming=fleet_office.next_drivers([each.id for each in units], now),
        people=people,
        refused=refused,
        said=said,
        words=words,
        status=422 if refused else status,
    )


def _people() -> list[tuple[object, str]]:
    """Who could be given a vehicle; whose licence has run out is named so that nobody wonders."""
    today = shell().local_date
    return [
        (each.id, _("%(name)s (licence expired)", name=each.name))
        if queries.licence_state(each, today) == "over"
        else (each.id, each.name)
        for each in queries.drivers_at_work(g.place.id)
    ]


def _sentences(form: Any) -> list[str]:
    return [str(said) for said in (*form.form_errors, *(said for field in form for said in field.errors))]


def _vehicles_offered(form: AssignForm) -> AssignForm:
    form.unit.offer(offered(vehicles(), _("Choose a vehicle")))
    return form


def _offered(form: DriverForm, driver: Driver | None = None) -> DriverForm:
    people = [each.user for each in members_of(g.place.id) if each.role == Role.DRIVER]
    form.user_id.offer([("", _("No account")), *((each.id, f"{each.name} · {each.email}") for each in people)])
    if driver is not None and driver.user_id not in {None, *(each.id for each in people)} and not form.is_submitted():
        form.user_id.data = ""  # the account works here no more
    return form


def _said(form: DriverForm) -> dict[str, Any]:
    names = ("name", "licence_number", "licence_classes", "licence_expires_on", "user_id", "note")
    return {"phone": form.phone_number.data, **{name: form[name].data for name in names}}


def _as_it_is(driver: Driver) -> dict[str, Any]:
    names = ("name", "licence_number", "licence_classes", "licence_expires_on", "note")
    return {
        "phone_number": driver.phone,
        "user_id": str(driver.user_id or ""),
        **{name: getattr(driver, name) for name in names},
    }


def _licence(driver: Driver) -> str | None:
    return None if driver.status == DriverStatus.LEFT else queries.licence_state(driver, shell().local_date)


def _back(driver: Driver) -> Response:
    return go(url_for(".drivers_show", asset_number=g.place.asset_number, number=driver.number))


def _wanted() -> WantedDrivers:
    """The chips of the address, read leniently: a filter nobody knows filters nothing."""
    state = request.args.get("state", "")
    by = shell().local_date + queries.LICENCE_SOON if state == "licence" else None
    known = {"away": (DriverStatus.AWAY,), "left": (DriverStatus.LEFT,), "active": (DriverStatus.ACTIVE,)}
    return WantedDrivers(
        statuses=() if by else known.get(state, WORKING),
        licence_by=by,
        search=searched(),
    )
