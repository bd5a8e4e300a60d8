"""What is written of a vehicle by hand: its papers, and what its odometer shows."""

from __future__ import annotations

from typing import Any

from flask import Response, g, url_for

from portal.core.errors import DomainError
from portal.core.words import _, lazy_
from portal.reporting import fleet
from portal.shared.assets.models import Unit
from portal.trades.fleet.services import vehicles
from portal.web.fleet.vehicles import ONE, today_here, vehicle_called
from portal.web.fleet.views import blueprint
from portal.web.forms import BaseForm, StrictStringField, WholeField, as_sent
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast


class DetailsForm(BaseForm):
    """A vehicle's papers, all of them."""

    make = StrictStringField(lazy_("Make"), max_length=60, required=False)
    model = StrictStringField(lazy_("Model"), max_length=60, required=False)
    year = WholeField(lazy_("Year"), maximum=9_999, required=False)
    vin = StrictStringField(lazy_("VIN"), max_length=30, required=False)
    fuel = StrictStringField(lazy_("Fuel"), max_length=60, required=False)
    seats = WholeField(lazy_("Seats"), minimum=1, maximum=1_000, required=False)
    speed_limit_kmh = WholeField(lazy_("Speed limit"), minimum=5, maximum=250, required=False)
    note = StrictStringField(lazy_("Note"), max_length=2_000, multiline=True, required=False)


class OdometerForm(BaseForm):
    """What the dashboard shows, and why it differs."""

    kilometres = WholeField(lazy_("Odometer"), maximum=vehicles.MOST_KM)
    engine_hours = WholeField(lazy_("Engine hours"), maximum=vehicles.MOST_ENGINE_HOURS, required=False)
    reason = StrictStringField(lazy_("Reason"), max_length=300)


@blueprint.route(f"{ONE}/details", methods=["GET", "POST"])
@permission("fleet.manage")
def vehicle_details(asset_number: str, number: str) -> Response:
    """Its make and model, and how fast it may go."""
    unit = vehicle_called(number)
    before = _papers(unit)
    form, undone = DetailsForm(data=before), as_sent(DetailsForm(formdata=None, data=before))
    if form.validate_on_submit():
        try:
            vehicles.amend(unit_id=unit.id, actor=current_actor(), **_filled(form))
        except DomainError as error:
            form.refuse(error)
        else:
            said = _("Vehicle %(number)s: saved.", number=unit.number)
            toast(said, undo=url_for(".vehicle_details", asset_number=asset_number, number=number), **undone)
            return go(_address(unit))
    return _page(unit, form, OdometerForm(formdata=None))


@blueprint.post(f"{ONE}/odometer")
@permission("fleet.manage")
def vehicle_odometer(asset_number: str, number: str) -> Response:
    """Make the odometer show what the dashboard shows; counting goes on from there."""
    unit, form = vehicle_called(number), OdometerForm()
    if form.validate_on_submit():
        try:
            vehicles.set_odometer(unit_id=unit.id, actor=current_actor(), **_filled(form))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("The odometer of %(number)s is set; it counts on from there.", number=unit.number))
            return go(_address(unit))
    return _page(unit, DetailsForm(formdata=None, data=_papers(unit)), form)


def _papers(unit: Unit) -> dict[str, Any]:
    papers = fleet.papers_of(unit.id)
    return {name: getattr(papers, name, None) for name in vehicles.DETAILS}


def _filled(form: BaseForm) -> dict[str, Any]:
    """The form's values; a box left empty is nothing."""
    return {field.name: field.data if field.data != "" else None for field in form if field.name != "csrf_token"}


def _page(unit: Unit, form: DetailsForm, odometer: OdometerForm) -> Response:
    return page(
        "fleet/details.html",
        "odometer" if odometer.errors else "form",
        unit=unit,
        form=form,
        odometer_form=odometer,
        figures=fleet.figures_of(unit.id, today_here()),
        here_it_is=_address(unit),
        status=422 if form.errors or odometer.errors else 200,
    )


def _address(unit: Unit) -> str:
    return url_for(".vehicle", asset_number=g.place.asset_number, number=unit.number)
