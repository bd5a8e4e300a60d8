"""The incident log: the list, a report, one incident with what was added to it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.clock import utcnow
from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.words import _
from portal.shared.assets.models import UnitKind
from portal.shared.assets.queries import find_unit, unit_of, units_by_id, units_of
from portal.shared.audit.queries import trail
from portal.trades.fleet import incident_queries as queries
from portal.trades.fleet.driver_queries import WantedDrivers, all_drivers_of, drivers_by_id
from portal.trades.fleet.incident_queries import WantedIncidents
from portal.trades.fleet.models import Incident, IncidentKind, IncidentSeverity, IncidentStatus
from portal.trades.fleet.services import incidents as service
from portal.web.download import csv_file, sum_of
from portal.web.fleet import office_words as words
from portal.web.fleet.choices import offered, searched, since
from portal.web.fleet.incident_forms import IncidentForm, NoteForm
from portal.web.fleet.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

ONE = "/<asset_number>/incidents/<int:number>"
DAYS = (7, 30, 365)
KINDS_OF_ALERTS = {"tampering": IncidentKind.TAMPERING, "speeding": IncidentKind.COMPLAINT}


@blueprint.get("/<asset_number>/incidents", endpoint="incidents")
@permission("fleet.view")
def index(asset_number: str) -> Response:
    """Incidents of a place, the latest first."""
    wanted = _wanted()
    found = queries.incidents_of(g.place.id, wanted, cursor=request.args.get("cursor") or None)
    return page(
        "fleet/incidents.html",
        "rows",
        found=found,
        units=units_by_id({each.unit_id for each in found.items}),
        drivers=drivers_by_id({each.driver_id for each in found.items}),
        figures=queries.incident_figures(g.place.id, wanted),
        kinds=[(each.value, words.incident_kind(each)) for each in IncidentKind],
        words=words,
    )


@blueprint.get("/<asset_number>/incidents.csv")
@permission("fleet.view")
def incidents_export(asset_number: str) -> Response:
    """The same list, all of it, for a spreadsheet."""
    found = list(queries.all_incidents_of(g.place.id, _wanted()))
    units = units_by_id({each.unit_id for each in found})
    drivers = drivers_by_id({each.driver_id for each in found})
    heads = ["number", "happened", "vehicle", "driver", "kind", "severity", "status", "where", "coordinates",
             "description", "third_party", "injured", "police_reference", "cost", "currency"]  # fmt: skip
    rows = (
        (
            each.number, each.happened_at, units[each.unit_id].number,
            drivers[each.driver_id].name if each.driver_id else None, each.kind, each.severity, each.status, each.place,
            words.place_words(each.latitude_e7, each.longitude_e7), each.description, each.third_party, each.injured,
            each.police_reference, sum_of(each.cost, each.currency), each.currency,
        )
        for each in found
    )  # fmt: skip
    return csv_file(f"incidents-{g.place.asset_number}", heads, rows)


@blueprint.route("/<asset_number>/incidents/new", methods=["GET", "POST"])
@permission("fleet.manage")
def incidents_new(asset_number: str) -> Response:
    """Report something; `vehicle`, `at` and `alert` of the address are filled in."""
    form = _offered(IncidentForm())
    if request.method == "GET":
        _fill_in(form)
    if form.validate_on_submit():
        made: list[Incident] = []
        actor = current_actor()

        def report() -> None:
            made.append(
                service.report(
                    asset_id=g.place.id,
                    unit_id=form.unit.data,
                    alert_id=_key(form.alert.data),
                    actor=actor,
                    **_said(form),
                )
            )

        try:
            form.just_once(actor, report)
        except DomainError as error:
            form.refuse(error)
        else:
            if not made:
                return go(url_for(".incidents", asset_number=asset_number))
            toast(_("Incident %(number)s is reported.", number=made[0].number))
            return _back(made[0])
    return page("fleet/incident_form.html", "form", form=form, incident=None, status=422 if form.errors else 200)


@blueprint.get(ONE)
@permission("fleet.view")
def incidents_show(asset_number: str, number: int) -> Response:
    """One incident: the facts, what was added, what happened to it."""
    return _show(queries.get_incident(g.place.id, number))


@blueprint.route(f"{ONE}/amend", methods=["GET", "POST"])
@permission("fleet.manage")
def incidents_amend(asset_number: str, number: int) -> Response:
    """Put right what was written down."""
    incident = queries.get_incident(g.place.id, number)
    form = _offered(IncidentForm(data=_as_it_is(incident)))
    del form.unit
    if form.validate_on_submit():
        try:
            service.amend(incident_id=incident.id, actor=current_actor(), **_said(form))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Written down."))
            return _back(incident)
    return page("fleet/incident_form.html", "form", form=form, incident=incident, status=422 if form.errors else 200)


@blueprint.post(f"{ONE}/note")
@permission("fleet.manage")
def incidents_note(asset_number: str, number: int) -> Response:
    """Add what happened next."""
    incident, form = queries.get_incident(g.place.id, number), NoteForm(prefix="note")
    if form.validate_on_submit():
        actor = current_actor()
        said = form.words.data or ""
        form.just_once(actor, lambda: service.add_note(incident_id=incident.id, words=said, actor=actor))
        toast(_("Added."))
        return _back(incident)
    return _show(incident, form)


@blueprint.post(f"{ONE}/close")
@permission("fleet.manage")
def incidents_close(asset_number: str, number: int) -> Response:
    """Nothing is left to do about it; the toast opens it again."""
    incident = queries.get_incident(g.place.id, number)
    service.close(incident_id=incident.id, actor=current_actor())
    undo = url_for(".incidents_reopen", asset_number=asset_number, number=number)
    toast(_("Incident %(number)s is closed.", number=number), undo=undo)
    return _back(incident)


@blueprint.post(f"{ONE}/reopen")
@permission("fleet.manage")
def incidents_reopen(asset_number: str, number: int) -> Response:
    """There is something left to do after all."""
    incident = queries.get_incident(g.place.id, number)
    service.reopen(incident_id=incident.id, actor=current_actor())
    toast(_("Incident %(number)s is open again.", number=number), "info")
    return _back(incident)


def _show(incident: Incident, form: NoteForm | None = None) -> Response:
    return page(
        "fleet/incident.html",
        incident=incident,
        unit=unit_of(incident.unit_id),
        driver=drivers_by_id({incident.driver_id}).get(incident.driver_id) if incident.driver_id else None,
        notes=queries.notes_of(incident.id),
        form=form or NoteForm(formdata=None, prefix="note"),
        moments=words.life_of(
            [each for each in trail(subject="incident", subject_id=incident.id) if each.action != "incident.noted"]
        ),
        words=words,
        status=422 if form else 200,
    )


def _offered(form: IncidentForm) -> IncidentForm:
    every = units_of(g.place.id, UnitKind.VEHICLE)  # a vehicle that has gone may still have had an accident
    form.unit.offer(offered(every, _("Choose a vehicle")))
    people = {each.id: each.name for each in all_drivers_of(g.place.id, WantedDrivers())}
    form.driver.offer([("", _("Whoever had it")), *people.items()])
    form.kind.offer([(each.value, words.incident_kind(each)) for each in IncidentKind])
    form.severity.offer([(each.value, words.severity_words(each)) for each in IncidentSeverity])
    return form


def _fill_in(form: IncidentForm) -> None:
    """From a vehicle's page, or from an alert: its vehicle, its moment, its kind."""
    asked = find_unit(g.place.id, request.args.get("vehicle", "")[:40], UnitKind.VEHICLE)
    form.unit.data = str(asked.id) if asked else ""
    form.happened_at.data = utcnow()
    key = _key(request.args.get("alert"))
    alert = queries.find_alert(g.place.id, key) if key else None
    if alert is not None:
        form.alert.data, form.happened_at.data = str(alert.id), alert.happened_at
        form.unit.data = str(alert.unit_id or form.unit.data)
        form.kind.data = KINDS_OF_ALERTS.get(alert.kind, IncidentKind.OTHER).value


def _key(said: str | None) -> uuid.UUID | None:
    try:
        return parse.uuid(said, "alert") if said else None
    except DomainError:
        return None


def _said(form: IncidentForm) -> dict[str, Any]:
    names = ("happened_at", "place", "position", "description", "third_party", "injured", "police_reference")
    return {
        "driver_id": form.driver.data,
        "kind": IncidentKind(form.kind.data),
        "severity": IncidentSeverity(form.severity.data),
        "cost": form.cost.data.minor if form.cost.data else 0,
        **{name: form[name].data for name in names},
    }


def _as_it_is(incident: Incident) -> dict[str, Any]:
    names = ("kind", "severity", "happened_at", "place", "description", "third_party", "injured", "police_reference")
    where = incident.latitude_e7, incident.longitude_e7
    return {
        "driver": str(incident.driver_id or ""),
        "position": None if None in where else where,
        "cost": Money(incident.cost, incident.currency) if incident.cost else None,
        **{name: getattr(incident, name) for name in names},
    }


def _back(incident: Incident) -> Response:
    return go(url_for(".incidents_show", asset_number=g.place.asset_number, number=incident.number))


def _wanted() -> WantedIncidents:
    """The chips of the address, read leniently: a filter nobody knows filters nothing."""

    def known(key: str, values: type[Any]) -> str | None:
        said = request.args.get(key, "")
        return said if said in set(values) else None

    return WantedIncidents(
        status=known("status", IncidentStatus),
        kind=known("kind", IncidentKind),
        severity=known("severity", IncidentSeverity),
        since=since(*DAYS),
        search=searched(),
    )
