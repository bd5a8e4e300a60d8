"""One unit: its page, its panel beside the board, and everything a person can do to it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask import Response, abort, g, request, url_for
from htmx_flask import request as htmx_request

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.paging import BadCursor
from portal.core.words import _
from portal.reporting import board, revenue, timeline, wishes
from portal.shared.access import queries as access
from portal.shared.access.services import grants
from portal.shared.assets.models import Unit, UnitStatus
from portal.shared.assets.queries import get_unit
from portal.shared.assets.services import registry
from portal.shared.devices import queries as devices
from portal.shared.devices.device_queries import fixed_to
from portal.shared.devices.services import approvals, commands
from portal.shared.devices.services.commands import takes_two
from portal.shared.identity.errors import PasswordNeeded
from portal.shared.identity.permissions import reason_needed
from portal.web.alerts.inbox import standing_about
from portal.web.assets import words
from portal.web.assets.board import blueprint
from portal.web.assets.forms import ControlForm, GrantForm, ReasonForm, RoomTermsForm, VehicleTermsForm, given, terms_of
from portal.web.auth.held import ask
from portal.web.devices import words as device_words
from portal.web.forms import as_sent
from portal.web.guards import current_actor, may, permission, require
from portal.web.htmx import go, local_path, page, toast

ADDRESS = "/units/<asset_number>/<any(room, vehicle):kind>/<number>"


@blueprint.get(ADDRESS)
@permission("units.view")
def show(asset_number: str, kind: str, number: str) -> Response:
    """Its figures, its grants, its controls, and what happened to it."""
    return _show(_unit(kind, number))


@blueprint.get(f"{ADDRESS}/panel")
@permission("units.view")
def panel(asset_number: str, kind: str, number: str) -> Response:
    """The short form of its page, beside the board."""
    return _panel(_unit(kind, number))


@blueprint.post(f"{ADDRESS}/control")
@permission("units.control")
def control(asset_number: str, kind: str, number: str) -> Response:
    """Tell its lock, power or engine something; outside a stay that is an override."""
    unit, form = _unit(kind, number), ControlForm()
    right = _right_to_control(unit)
    try:
        require(right, asset_id=g.place.id)
    except PasswordNeeded as needed:
        return ask(needed)
    if form.validate_on_submit():
        asked = given(form)
        try:
            needs_reason = reason_needed(right, g.role)
            actor = current_actor()
            told = commands.control(
                unit_id=unit.id, actor=actor, decided_on=unit.status, needs_reason=needs_reason, **asked
            )
        except DomainError as error:
            form.refuse(error)
        else:
            said = words.action_words(asked["capability"], asked["action"])
            toast(words.told_words(told.held, unit=words.called(unit), command=said))
            return _back(unit)
    return _back(unit, control=form)


@blueprint.post(f"{ADDRESS}/wishes/<uuid:command_id>/approve")
@permission("units.approve_stop")
def approve(asset_number: str, kind: str, number: str, command_id: uuid.UUID) -> Response:
    """Agree to what another person asked for, as the second one."""
    unit = _wished(kind, number, command_id)
    decided_on = parse.code(request.form.get("decided_on"), "decided_on", max_length=20)
    told = approvals.approve(asset_id=g.place.id, command_id=command_id, actor=current_actor(), decided_on=decided_on)
    said = words.action_words(told.capability, told.action)
    toast(words.told_words(told.held, unit=words.called(unit), command=said))
    return _back(unit)


@blueprint.post(f"{ADDRESS}/wishes/<uuid:command_id>/refuse")
@permission("units.control")
def refuse(asset_number: str, kind: str, number: str, command_id: uuid.UUID) -> Response:
    """Say no to what another person asked for, or take the own wish back."""
    unit, actor = _wished(kind, number, command_id), current_actor()
    if devices.get_command(g.place.id, command_id).actor != actor.key:
        require("units.approve_stop", asset_id=g.place.id)
    approvals.refuse(asset_id=g.place.id, command_id=command_id, actor=actor)
    toast(_("%(unit)s is left as it is.", unit=words.called(unit)))
    return _back(unit)


@blueprint.post(f"{ADDRESS}/grant")
@permission("units.grant")
def grant(asset_number: str, kind: str, number: str) -> Response:
    """Let it without a payment, for so many minutes, with a reason."""
    unit, form = _unit(kind, number), GrantForm()
    if form.validate_on_submit():
        actor = current_actor()
        try:
            form.just_once(actor, lambda: grants.grant_direct(unit_id=unit.id, actor=actor, **given(form)))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("%(unit)s is let; its door is being told.", unit=words.called(unit)))
            return _back(unit)
    return _back(unit, grant=form)


@blueprint.post(f"{ADDRESS}/grants/<uuid:grant_id>/end")
@permission("units.grant")
def end_grant(asset_number: str, kind: str, number: str, grant_id: uuid.UUID) -> Response:
    """End somebody's access before its time."""
    unit, form = _unit(kind, number), ReasonForm()
    if access.get_grant(grant_id, asset_id=g.place.id).unit_id != unit.id:
        abort(404)
    if form.validate_on_submit():
        grants.revoke(grant_id=grant_id, actor=current_actor(), **given(form))
        toast(_("The access to %(unit)s has ended.", unit=words.called(unit)))
    else:
        toast(_("Write down why. It is kept in the audit trail."), "bad")
    return go(_address(unit))


@blueprint.route(f"{ADDRESS}/terms", methods=["GET", "POST"])
@permission("units.amend")
def amend(asset_number: str, kind: str, number: str) -> Response:
    """Its price, its period and how it is described."""
    unit = _unit(kind, number)
    before = {"price": unit.price_in(g.place.currency), "period_minutes": unit.period_minutes,
              "room_type": unit.room_type, "plate": unit.plate}  # fmt: skip
    terms = RoomTermsForm if unit.kind == "room" else VehicleTermsForm
    form, undone = terms(data=before), as_sent(terms(formdata=None, data=before))
    if form.validate_on_submit():
        try:
            registry.amend_unit(unit_id=unit.id, actor=current_actor(), **terms_of(form))
        except DomainError as error:
            form.refuse(error)
        else:
            said = _("%(unit)s: saved. Payments on their way keep their price.", unit=words.called(unit))
            toast(said, undo=request.path, **undone)
            return go(_address(unit))
    return page(
        "assets/terms.html", "form", form=form, unit=unit, words=words, back=_address(unit),
        grant=access.grant_in_force(unit.id),
        status=422 if form.errors else 200,
    )  # fmt: skip


@blueprint.post(f"{ADDRESS}/<any(suspend, resume, retire, delete):step>")
@permission("units.amend")
def change(asset_number: str, kind: str, number: str, step: str) -> Response:
    """Take it out of use, put it back, or take it out of service for good."""
    unit, actor = _unit(kind, number), current_actor()
    reason = parse.text(request.form.get("reason"), "reason", label=_("Reason").lower(), min_length=0, max_length=300)
    if step == "resume":
        registry.resume(unit_id=unit.id, actor=actor)
        toast(_("%(unit)s is back in use.", unit=words.called(unit)))
    elif step == "delete":
        registry.delete_unit(unit_id=unit.id, actor=actor)
        toast(_("%(unit)s was deleted.", unit=words.called(unit)))
        return go(url_for(".index", asset_number=asset_number))
    elif step == "suspend":
        registry.suspend(unit_id=unit.id, reason=reason, actor=actor)
        said = _("%(unit)s is out of use until somebody puts it back.", unit=words.called(unit))
        toast(said, undo=f"{_address(unit)}/resume")
    else:
        registry.retire(unit_id=unit.id, reason=reason, actor=actor)
        toast(_("%(unit)s has left service.", unit=words.called(unit)))
    return go(_address(unit))


def _unit(kind: str, number: str) -> Unit:
    return get_unit(g.place.id, number, kind)


def _wished(kind: str, number: str, command_id: uuid.UUID) -> Unit:
    """The unit that a command in the address is really for."""
    unit = _unit(kind, number)
    if devices.get_command(g.place.id, command_id).unit_id != unit.id:
        abort(404)
    return unit


def _address(unit: Unit) -> str:
    return url_for("units.show", asset_number=g.place.asset_number, kind=unit.kind, number=unit.number)


def _back(unit: Unit, **refused: Any) -> Response:
    """Where the form came from: the panel shows itself again; the page is visited anew, or shown with the refusal."""
    if htmx_request.htmx and htmx_request.htmx.target == "panel":
        return _panel(_unit(unit.kind, unit.number), **refused)
    return _show(unit, **refused) if refused else go(local_path(request.form.get("back"), None) or _address(unit))


def _panel(unit: Unit, **refused: Any) -> Response:
    return page("assets/panel.html", "panel", unit=unit, status=422 if refused else 200, **standing(unit, refused))


def _show(unit: Unit, **refused: Any) -> Response:
    only = request.args.get("only", "")
    happened = timeline.of_unit(unit.id, only=only or None, before=_before())
    money_seen = may("units.price")
    return page(
        "assets/unit.html",
        _wanted(refused),
        unit=unit,
        status=422 if refused else 200,
        earned=revenue.of_unit(unit.id) if money_seen and may("payments.view") else None,
        grants=access.grants_of(unit.id, limit=8),
        devices=fixed_to(unit.id) if may("devices.view") else [],
        device_words=device_words,
        happened=happened,
        next=f"{happened.next[0].isoformat()}~{happened.next[1]}" if happened.next else None,
        **standing(unit, refused),
    )


def _wanted(refused: dict[str, Any]) -> str:
    """The block htmx asks for: each refreshes itself, and a refused form comes back with its controls."""
    asked = htmx_request.htmx.target if htmx_request.htmx else None
    return "controls" if refused else asked if asked in ("state", "timeline") else "state"


def _right_to_control(unit: Unit) -> str:
    return "units.control" if unit.status == UnitStatus.ACTIVE else "units.override"


def standing(unit: Unit, refused: dict[str, Any]) -> dict[str, Any]:
    """What the controls of a unit need to be shown, with the forms that were refused."""
    right = _right_to_control(unit)
    return {
        "row": board.row_of(unit.id),
        "asked": wishes.of_unit(unit.id) if takes_two(unit.kind) else [],
        "me": current_actor().key,
        "control_form": refused.get("control") or ControlForm(formdata=None),
        "grant_form": refused.get("grant") or GrantForm(formdata=None, data={"minutes": unit.period_minutes}),
        "may_control": may(right) and unit.status != UnitStatus.RETIRED,
        "needs_reason": reason_needed(right, g.role),
        "words": words,
        "address": _address(unit),
        **standing_about(unit),
    }


def _before() -> tuple[datetime, str] | None:
    cursor = request.args.get("cursor")
    if not cursor:
        return None
    at, _tilde, key = cursor.partition("~")
    try:
        return parse.timestamp(at, "cursor"), parse.code(key, "cursor", max_length=40)
    except DomainError:
        raise BadCursor(_("This page marker is not valid. Start again from the first page."), field="cursor") from None
