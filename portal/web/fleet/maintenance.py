"""Maintenance: what is due, most urgent first; plans, templates, and copies of them for many vehicles."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g, request, url_for

from portal.core.errors import DomainError
from portal.core.words import _, ngettext
from portal.shared.assets.models import UnitKind
from portal.shared.assets.queries import find_unit, unit_of
from portal.trades.fleet import maintenance_queries as queries
from portal.trades.fleet.due import METRES, SECONDS
from portal.trades.fleet.maintenance_queries import Standing
from portal.trades.fleet.models import MaintenancePlan
from portal.trades.fleet.services import maintenance as service
from portal.web.context import shell
from portal.web.download import csv_file
from portal.web.fleet import office_words as words
from portal.web.fleet.choices import offered, searched, vehicles
from portal.web.fleet.maintenance_forms import CopyForm, PlanForm
from portal.web.fleet.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

PLAN = "/<asset_number>/maintenance/plans/<uuid:plan_id>"
#: So many plans are shown at first: they are the most urgent, and nobody reads a thousand.
MOST_ROWS = 200
INTERVALS = ("every_km", "every_hours", "every_days", "soon_km", "soon_hours", "soon_days")


@blueprint.get("/<asset_number>/maintenance", endpoint="maintenance")
@permission("fleet.view")
def index(asset_number: str) -> Response:
    """What is due on which vehicle, the most urgent first."""
    everything = _standing()
    fitting = _fitting(everything)
    stages = [each.due.stage or "later" for each in everything]
    return page(
        "fleet/maintenance.html",
        "rows",
        found=fitting if request.args.get("all") else fitting[:MOST_ROWS],
        fitting=len(fitting),
        counts={"": len(everything), **{stage: stages.count(stage) for stage in ("over", "soon", "later")}},
        templates=queries.templates_of(g.place.id),
        orders=queries.order_figures(g.place.id, queries.WantedOrders()),
        words=words,
    )


@blueprint.get("/<asset_number>/maintenance.csv")
@permission("fleet.view")
def maintenance_export(asset_number: str) -> Response:
    """The same list for a spreadsheet."""
    heads = ["vehicle", "plate", "plan", "state", "due", "every_km", "every_hours", "every_days", "last_done_on",
             "last_done_km", "last_done_hours", "odometer_km", "engine_hours"]  # fmt: skip
    rows = (
        (
            each.unit.number, each.unit.plate, each.plan.name, each.due.stage, words.reason_words(each.due),
            each.plan.every_km, each.plan.every_hours, each.plan.every_days, each.plan.last_done_on,
            _per(each.plan.last_done_m, METRES), _per(each.plan.last_done_engine_s, SECONDS),
            each.meters.odometer_m // METRES, each.meters.engine_s // SECONDS,
        )
        for each in _fitting(_standing())
    )  # fmt: skip
    return csv_file(f"maintenance-{g.place.asset_number}", heads, rows)


@blueprint.route("/<asset_number>/maintenance/new", methods=["GET", "POST"])
@permission("fleet.maintain")
def maintenance_new(asset_number: str) -> Response:
    """Plan work on a vehicle, or make a template to copy to many."""
    form = _offered(PlanForm())
    if request.method == "GET":
        asked = find_unit(g.place.id, request.args.get("vehicle", "")[:40], UnitKind.VEHICLE)
        form.unit.data = str(asked.id) if asked else ""
    if form.validate_on_submit():
        made: list[MaintenancePlan] = []
        actor = current_actor()

        def make() -> None:
            made.append(service.make_plan(asset_id=g.place.id, unit_id=form.unit.data, actor=actor, **_said(form)))

        try:
            form.just_once(actor, make)
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Planned."))
            if made and made[0].unit_id is None:
                return go(url_for(".maintenance_copy", asset_number=asset_number, plan_id=made[0].id))
            return go(url_for(".maintenance", asset_number=asset_number))
    return page("fleet/plan.html", "form", form=form, plan=None, unit=None, status=422 if form.errors else 200)


@blueprint.route(f"{PLAN}/amend", methods=["GET", "POST"])
@permission("fleet.maintain")
def maintenance_amend(asset_number: str, plan_id: uuid.UUID) -> Response:
    """Change how often work comes round, or what is known of the last time."""
    plan = queries.get_plan(g.place.id, plan_id)
    form = _offered(PlanForm(data=_as_it_is(plan)))
    del form.unit
    if form.validate_on_submit():
        try:
            service.amend_plan(asset_id=g.place.id, plan_id=plan.id, actor=current_actor(), **_said(form))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Written down."))
            return go(url_for(".maintenance", asset_number=asset_number))
    unit = unit_of(plan.unit_id) if plan.unit_id else None
    return page("fleet/plan.html", "form", form=form, plan=plan, unit=unit, status=422 if form.errors else 200)


@blueprint.post(f"{PLAN}/end")
@permission("fleet.maintain")
def maintenance_end(asset_number: str, plan_id: uuid.UUID) -> Response:
    """Plan this work no more."""
    service.end_plan(asset_id=g.place.id, plan_id=plan_id, actor=current_actor())
    toast(_("Planned no more."), "info", undo=url_for(".maintenance_again", asset_number=asset_number, plan_id=plan_id))
    return go(url_for(".maintenance", asset_number=asset_number))


@blueprint.post(f"{PLAN}/again")
@permission("fleet.maintain")
def maintenance_again(asset_number: str, plan_id: uuid.UUID) -> Response:
    """Undo the end of a plan."""
    service.take_up_again(asset_id=g.place.id, plan_id=plan_id, actor=current_actor())
    toast(_("The plan is in force again."))
    return go(url_for(".maintenance", asset_number=asset_number))


@blueprint.route(f"{PLAN}/copy", methods=["GET", "POST"])
@permission("fleet.maintain")
def maintenance_copy(asset_number: str, plan_id: uuid.UUID) -> Response:
    """Give many vehicles the same plan."""
    plan, form = queries.get_plan(g.place.id, plan_id), CopyForm()
    every = vehicles()
    names = queries.plan_names([each.id for each in every])
    lacking = [each for each in every if plan.name not in names[each.id]]
    form.units.choices = [(str(key), said) for key, said in offered(lacking)]
    if form.validate_on_submit():
        if form.units.data:
            made = service.copy_plan(
                asset_id=g.place.id,
                plan_id=plan.id,
                unit_ids=[uuid.UUID(each) for each in form.units.data],
                actor=current_actor(),
            )
            toast(ngettext("%(num)s vehicle has the plan now.", "%(num)s vehicles have the plan now.", made))
            return go(url_for(".maintenance", asset_number=asset_number))
        form.units.errors = [_("Choose the vehicles that get the plan.")]
    return page(
        "fleet/plan_copy.html",
        "form",
        form=form,
        plan=plan,
        have=[each for each in every if plan.name in names[each.id]],
        words=words,
        status=422 if form.errors else 200,
    )


def _standing() -> list[Standing]:
    return queries.standing_of(g.place.id, shell().local_date)


def _fitting(found: list[Standing]) -> list[Standing]:
    """Those the chips and the search of the address ask for."""
    stage = request.args.get("state", "")
    said = (searched() or "").casefold()
    return [
        each
        for each in found
        if stage in ("", each.due.stage or "later") or stage not in ("over", "soon", "later")
        if said in f"{each.unit.number} {each.unit.plate or ''} {each.plan.name}".casefold()
    ]


def _offered(form: PlanForm) -> PlanForm:
    form.unit.offer(offered(vehicles(), _("Many vehicles (a template)")))
    return form


def _said(form: PlanForm) -> dict[str, Any]:
    kilometres, hours = form.last_done_km.data, form.last_done_hours.data
    return {
        **{name: form[name].data for name in ("name", *INTERVALS, "last_done_on")},
        "last_done_m": None if kilometres is None else kilometres * METRES,
        "last_done_engine_s": None if hours is None else hours * SECONDS,
    }


def _as_it_is(plan: MaintenancePlan) -> dict[str, Any]:
    return {
        **{name: getattr(plan, name) for name in ("name", *INTERVALS, "last_done_on")},
        "last_done_km": _per(plan.last_done_m, METRES),
        "last_done_hours": _per(plan.last_done_engine_s, SECONDS),
    }


def _per(value: int | None, size: int) -> int | None:
    return None if value is None else value // size
