"""The rules of a place: the list, the form of each kind, and how often a rule would have been met."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, abort, g, request, url_for

from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.assets.queries import units_of
from portal.shared.devices import rule_words
from portal.shared.devices.alert_queries import get_rule, rules_of
from portal.shared.devices.models import AlertRule, RuleKind
from portal.shared.devices.services import alert_rules
from portal.shared.identity.permissions import role_words
from portal.trades.hotel.queries.senses import watch_of
from portal.trades.hotel.services import room_senses
from portal.web.alerts import alert_words
from portal.web.alerts.rule_forms import FORMS, RoomWatchForm, RuleForm, filled_from, units_words
from portal.web.assets.board import blueprint
from portal.web.assets.words import called
from portal.web.forms import as_sent
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

BASE = "/units/<asset_number>/alerts/rules"
#: What each kind of rule is for, and its drawing.
ICONS = {"threshold": "gauge", "absence": "bell-off", "geofence": "map-pin", "schedule": "clock"}


@blueprint.get(BASE)
@permission("alerts.rules")
def alerts_rules(asset_number: str) -> Response:
    """Every rule of the place, in a line each, and what is told of its rooms."""
    return _list()


@blueprint.post("/units/<asset_number>/alerts/rooms")
@permission("alerts.rules")
def alerts_rules_rooms(asset_number: str) -> Response:
    """Change when the place is told of its rooms."""
    form, undone = RoomWatchForm(), _room_form()
    if form.validate_on_submit():
        try:
            room_senses.choose(asset_id=g.place.id, chosen=form.chosen(), actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            sent = {name: value for name, value in as_sent(undone).items() if value not in ("", "False")}
            toast(_("Saved."), undo=request.path, **sent)
            return go(url_for(".alerts_rules", asset_number=asset_number))
    return _list(form)


def _room_form() -> RoomWatchForm:
    watch = watch_of(g.place.id)
    return RoomWatchForm(formdata=None, obj=watch)


def _list(room_form: RoomWatchForm | None = None) -> Response:
    found, fences = rules_of(g.place.id), alert_rules.fences_of(g.place.id)
    names = {unit.id: called(unit) for unit in units_of(g.place.id)}
    return page(
        "alerts/rules.html",
        "rules",
        status=422 if room_form else 200,
        room_form=(room_form or _room_form()) if g.place.kind == "hotel" else None,
        rules=[
            {
                "rule": rule,
                "says": rule_words.condition_words(rule.kind, rule.condition, _fence(rule, fences)),
                "units": units_words(rule, names),
                "to": role_words(rule.escalate_to) if rule.escalate_to else None,
            }
            for rule in found
        ],
        kinds=_kinds(),
        icons=ICONS,
        alert_words=alert_words,
        rule_words=rule_words,
    )


@blueprint.route(f"{BASE}/new/<any(threshold, absence, geofence, schedule):kind>", methods=["GET", "POST"])
@permission("alerts.rules")
def alerts_rules_new(asset_number: str, kind: str) -> Response:
    """Write a rule of one kind."""
    form = _form(kind)
    if form.validate_on_submit():
        try:
            made = alert_rules.write(asset_id=g.place.id, kind=kind, draft=form.draft(), actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("“%(name)s” is at work.", name=made.name))
            return go(url_for(".alerts_rules", asset_number=asset_number))
    return _show(form, kind)


@blueprint.route(f"{BASE}/<uuid:rule_id>", methods=["GET", "POST"])
@permission("alerts.rules")
def alerts_rules_amend(asset_number: str, rule_id: uuid.UUID) -> Response:
    """Change a rule."""
    rule = get_rule(g.place.id, rule_id)
    form = _form(rule.kind, data=filled_from(rule))
    if form.validate_on_submit():
        try:
            alert_rules.amend(asset_id=g.place.id, rule_id=rule_id, draft=form.draft(), actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("“%(name)s” is changed; what it raised is looked at anew.", name=form.name.data))
            return go(url_for(".alerts_rules", asset_number=asset_number))
    return _show(form, rule.kind, rule)


@blueprint.post(f"{BASE}/<uuid:rule_id>/<any(on, off, delete):step>")
@permission("alerts.rules")
def alerts_rules_step(asset_number: str, rule_id: uuid.UUID, step: str) -> Response:
    """Switch a rule off or on, or delete it."""
    one: dict[str, Any] = {"asset_id": g.place.id, "rule_id": rule_id, "actor": current_actor()}
    if step == "delete":
        name = get_rule(g.place.id, rule_id).name
        alert_rules.remove(**one)
        toast(_("“%(name)s” is deleted. What it raised stays readable.", name=name))
    else:
        rule = alert_rules.switch(active=step == "on", **one)
        said = (
            _("“%(name)s” is at work.", name=rule.name)
            if rule.active
            else _("“%(name)s” is switched off, and what it raised ended.", name=rule.name)
        )
        back = url_for(
            ".alerts_rules_step", asset_number=asset_number, rule_id=rule_id, step="off" if rule.active else "on"
        )
        toast(said, undo=back)
    return go(url_for(".alerts_rules", asset_number=asset_number))


@blueprint.get(f"{BASE}/preview/<any(threshold, absence, geofence, schedule):kind>")
@permission("alerts.rules")
def alerts_rules_preview(asset_number: str, kind: str) -> Response:
    """How often the rule on the form would have been met in the last seven days."""
    form = _form(kind, formdata=request.args, meta={"csrf": False})
    form.name.data = form.name.data or "-"
    times, refused = None, None
    try:
        times = alert_rules.would_have_raised(asset_id=g.place.id, kind=kind, draft=form.draft())
    except (DomainError, ValueError) as error:
        refused = error.message if isinstance(error, DomainError) else _("Choose one from the list.")
    return page("alerts/preview.html", "preview", times=times, refused=refused)


def _form(kind: str, **given: Any) -> RuleForm:
    if kind not in _kinds():
        abort(404)
    form = FORMS[kind](**given)
    form.offer()
    if kind == RuleKind.SCHEDULE and request.method == "GET" and "data" not in given and "formdata" not in given:
        form.days.data = [str(day) for day in range(rule_words.DAYS)]
    return form


def _show(form: RuleForm, kind: str, rule: AlertRule | None = None) -> Response:
    return page(
        "alerts/rule.html", "form", form=form, kind=kind, rule=rule, rule_words=rule_words,
        fences=bool(alert_rules.fences_of(g.place.id)), status=422 if form.errors else 200,
    )  # fmt: skip


def _kinds() -> list[str]:
    """The kinds of rule that make sense at this place."""
    moving = g.place.kind in ("fleet", "depot")
    return [kind.value for kind in RuleKind if moving or kind != RuleKind.GEOFENCE]


def _fence(rule: AlertRule, fences: Any) -> str | None:
    key = rule.condition.get("geofence_id")
    return fences.get(uuid.UUID(key)) if key else None
