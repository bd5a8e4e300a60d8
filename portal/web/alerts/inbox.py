"""The alerts inbox of a place: what stands and what is over, and what people do about it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response, g, make_response, redirect, request, url_for
from htmx_flask import request as htmx_request

from portal.core import parse
from portal.core.words import _, lazy_, ngettext
from portal.shared.assets.models import Asset, Unit, UnitKind
from portal.shared.assets.queries import find_unit, units_by_id
from portal.shared.devices.alert_queries import (
    MOST_AT_ONCE,
    Wanted,
    counts_of,
    export_of,
    get_alert,
    open_counts,
    page_of_alerts,
    standing_of_units,
)
from portal.shared.devices.models import Alert
from portal.shared.devices.services import alert_handling
from portal.shared.identity.models import Role
from portal.shared.identity.permissions import permissions_in
from portal.shared.identity.queries import members_of
from portal.shared.notifications.queries import unread
from portal.web.alerts import alert_words
from portal.web.assets import words
from portal.web.assets.board import blueprint
from portal.web.context import ACTIONS, NOTICES, Action, Notice
from portal.web.download import csv_file
from portal.web.guards import current_actor, current_user, permission
from portal.web.htmx import go, page, toast

SHOWN = ("open", "mine", "critical", "cleared", "all")
STEP = "/units/<asset_number>/alerts/<uuid:alert_id>/<any(acknowledge, assign, clear, reopen):step>"
#: Whatever changes an alert; the list looks again when one of them is heard.
LIVE = ", ".join(
    [*(f"devices.alert.{what} from:body delay:200ms" for what in ("raised", "changed", "cleared")), "every 60s"]
)


@blueprint.get("/units/<asset_number>/alerts")
@permission("alerts.view")
def alerts(asset_number: str) -> Response:
    """What stands, or what the chips ask for, the latest first."""
    wanted = _wanted()
    found = page_of_alerts(g.place.id, wanted, cursor=request.args.get("cursor") or None)
    counts, kinds = counts_of(g.place.id, current_user.id)
    return page(
        "alerts/list.html",
        "alerts",
        found=found,
        counts=counts,
        kinds=sorted(kinds.items(), key=lambda each: alert_words.kind_words(each[0])),
        open_here=[alert.id for alert in found.items if alert.status == "open"],
        filtered=bool(set(request.args) - {"show", "cursor"}),
        **_about(found.items),
    )


@blueprint.get("/units/<asset_number>/alerts.csv")
@permission("alerts.view")
def alerts_export(asset_number: str) -> Response:
    """The alerts the chips ask for, for a spreadsheet."""
    found = export_of(g.place.id, _wanted())
    about = _about(found)
    heads = ["happened", "severity", "kind", "unit_kind", "unit", "says", "times", "status", "acknowledged",
             "acknowledged_by", "assigned_to", "cleared", "cleared_by", "note", "known_late"]  # fmt: skip
    rows = (
        (
            each.happened_at, each.severity, each.kind, *_unit_cells(about["units"].get(each.unit_id)),
            alert_words.sentence(each.kind, each.facts), each.times, each.status, each.acknowledged_at,
            each.acknowledged_by, about["people"].get(each.assigned_to), each.cleared_at,
            each.cleared_by or ("itself" if each.cleared_at else None), each.note, "yes" if each.late else "no",
        )
        for each in found
    )  # fmt: skip
    return csv_file(f"alerts-{g.place.asset_number}", heads, rows)


@blueprint.get("/units/<asset_number>/alerts/<uuid:alert_id>")
@permission("alerts.view")
def alerts_show(asset_number: str, alert_id: uuid.UUID) -> Response:
    """One alert, beside the list or on a page of its own."""
    alert = get_alert(g.place.id, alert_id)
    return page("alerts/alert.html", "panel", alert=alert, **_about([alert]))


@blueprint.post(STEP)
@permission("alerts.handle")
def alerts_step(asset_number: str, alert_id: uuid.UUID, step: str) -> Response:
    """Acknowledge it, give it to somebody, clear it, or take the last of these back."""
    one: dict[str, Any] = {"asset_id": g.place.id, "alert_id": alert_id, "actor": current_actor()}
    back = url_for(".alerts_step", asset_number=asset_number, alert_id=alert_id, step="reopen")
    if step == "acknowledge":
        alert = alert_handling.acknowledge(**one)
        mine = alert.acknowledged_by == current_user.name
        if mine:
            toast(_("Acknowledged: %(what)s.", what=_called(alert)), undo=back)
        else:
            toast(_("%(who)s has acknowledged it already.", who=alert.acknowledged_by), "info")
    elif step == "clear":
        note = parse.text(request.form.get("note"), "note", label=_("note"), min_length=0, max_length=300)
        alert = alert_handling.clear(note=note or None, **one)
        toast(_("Cleared: %(what)s.", what=_called(alert)), undo=back)
    elif step == "assign":
        _assign(one, url_for(".alerts_step", asset_number=asset_number, alert_id=alert_id, step="assign"))
    else:
        alert = alert_handling.take_back(**one)
        toast(_("%(what)s: taken back.", what=_called(alert)))
    return _on(alert_id)


@blueprint.post("/units/<asset_number>/alerts/acknowledge")
@permission("alerts.handle")
def alerts_acknowledge(asset_number: str) -> Response:
    """Acknowledge several at once, or take that back."""
    named = [parse.uuid(each, "ids") for each in request.form.get("ids", "").split(",")[:MOST_AT_ONCE] if each]
    if "back" in request.form:
        alert_handling.take_all_back(asset_id=g.place.id, alert_ids=named, actor=current_actor())
        toast(_("Taken back."))
        return _on()
    seen = alert_handling.acknowledge_all(asset_id=g.place.id, alert_ids=named, actor=current_actor())
    if seen:
        said = ngettext("%(num)s alert acknowledged.", "%(num)s alerts acknowledged.", len(seen))
        toast(said, undo=request.path, ids=",".join(map(str, seen)), back="yes")
    else:
        toast(_("Somebody else was faster: nothing was left to acknowledge."), "info")
    return _on()


def standing_about(unit: Unit) -> dict[str, Any]:
    """What stands about one unit, for its page."""
    found = standing_of_units([unit.id]) if "alerts.view" in g.permissions else []
    return {"alerts": found, "alert_words": alert_words}


def _waiting(place: Asset) -> list[Notice]:
    """The line under the bell while alerts stand that nobody has acknowledged."""
    number, critical = g.open_alerts if "open_alerts" in g else open_counts([place.id]).get(place.id, (0, 0))
    said = ngettext("%(num)s alert not acknowledged", "%(num)s alerts not acknowledged", number)
    if critical:
        said = _("%(alerts)s, %(n)s cannot wait", alerts=said, n=critical)
    to = url_for("units.alerts", asset_number=place.asset_number, show="open")
    line = [Notice(said, to, "alert-circle" if critical else "alert-triangle")] if number else []
    return [*line, *_told(place)]


def _told(place: Asset) -> list[Notice]:
    """What this person was told: alerts handed to them, and those nobody acknowledged in time."""
    return [
        Notice(
            alert_words.notice_words(each.kind, each.facts),
            url_for("units.alerts_show", asset_number=place.asset_number, alert_id=each.subject.removeprefix("alert:")),
            "user-check" if each.kind == "alert_assigned" else "clock",
            each.created_at,
            personal=True,
        )
        for each in unread(current_user.id, place.id, ("alert_assigned", "alert_escalated"))
    ]


NOTICES.append(("alerts.view", _waiting))
ACTIONS.append(Action(lazy_("See the alerts"), "units.alerts", "alerts.view", "alert-triangle"))


def _assign(one: dict[str, Any], address: str) -> None:
    chosen = request.form.get("user_id", "")
    before = get_alert(one["asset_id"], one["alert_id"]).assigned_to
    to = current_user.id if chosen == "me" else parse.uuid(chosen, "user_id") if chosen else None
    alert_handling.assign(user_id=to, **one)
    named = {each.user_id: each.user.name for each in members_of(g.place.id)}
    if to is None:
        said = _("Nobody in particular looks after it now.")
    elif to == current_user.id:
        said = _("You look after it now.")
    else:
        said = _("%(who)s looks after it now, and is told so.", who=named.get(to, ""))
    toast(said, undo=address, user_id=str(before or ""))


def _wanted() -> Wanted:
    """The chips of the address, read leniently: a filter nobody knows filters nothing."""
    asked = request.args
    show, kind = asked.get("show", ""), asked.get("kind", "")
    unit = _unit(asked.get("unit", ""))
    return Wanted(
        show=show if show in SHOWN else "standing",
        kind=kind if kind in alert_words.KINDS else None,
        unit_id=unit.id if unit else None,
        user_id=current_user.id,
    )


def _unit(asked: str) -> Unit | None:
    """A unit as an address names it: `room-204`."""
    kind, _dash, number = asked.partition("-")
    return find_unit(g.place.id, number[:32], kind) if kind in set(UnitKind) and number.isprintable() else None


def _about(found: Sequence[Alert]) -> dict[str, Any]:
    """What the templates need to speak of some alerts: their units and the people who look after them."""
    here = members_of(g.place.id)
    return {
        "units": units_by_id({each.unit_id for each in found if each.unit_id}),
        "people": {each.user_id: each.user.name for each in here},
        "handlers": [
            (each.user_id, each.user.name)
            for each in here
            if each.user.active and "alerts.handle" in permissions_in(Role(each.role))
        ],
        "alert_words": alert_words,
        "alerts_live": LIVE,
        "words": words,
        "filters": {name: value for name, value in request.args.items() if name in ("show", "kind", "unit")},
        "unit_asked": _unit(request.args.get("unit", "")),
    }


def _called(alert: Alert) -> str:
    unit = units_by_id([alert.unit_id]).get(alert.unit_id) if alert.unit_id else None
    named = alert_words.headline(alert.kind, alert.facts)
    return f"{words.called(unit)}, {named}" if unit else named


def _unit_cells(unit: Unit | None) -> tuple[str | None, str | None]:
    return (unit.kind, unit.number) if unit else (None, None)


def _on(alert_id: uuid.UUID | None = None) -> Response:
    """Back to where the button stood: the list under the same chips, the panel, or the alert's page."""
    kept = ("show", "kind", "unit", "cursor")
    filters: dict[str, Any] = {name: value for name, value in request.args.items() if name in kept}
    target = htmx_request.htmx.target if htmx_request.htmx else None
    if target == "panel" and alert_id is not None:
        return make_response(
            redirect(url_for(".alerts_show", asset_number=g.place.asset_number, alert_id=alert_id), 303)
        )
    to = url_for(".alerts", asset_number=g.place.asset_number, **filters)
    if target == "alerts":
        return make_response(redirect(to, 303))
    return go(to)
