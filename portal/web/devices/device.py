"""One device: its facts, its messages, what is missing, what it was told, and every step of its life."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request, url_for
from htmx_flask import request as htmx_request

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _, ngettext
from portal.shared.devices.device_queries import (
    commands_of_device,
    events_of_device,
    fares_of,
    get_device,
    starts_of,
)
from portal.shared.devices.models import Device, DeviceStatus
from portal.shared.devices.services import gaps, registry
from portal.web.assets import unit as unit_pages
from portal.web.assets import words as unit_words
from portal.web.assets.board import blueprint
from portal.web.devices import words
from portal.web.devices.door import door
from portal.web.devices.forms import StepForm
from portal.web.devices.registry import shown_once, unit_choices, unit_of_device
from portal.web.guards import current_actor, may, permission
from portal.web.htmx import go, page, toast

ADDRESS = "/units/<asset_number>/devices/<name>"
BLOCKS = ("state", "messages", "gaps", "told", "controls")


@blueprint.get(ADDRESS)
@permission("devices.view")
def device(asset_number: str, name: str) -> Response:
    """Everything about one device; its parts look again by themselves."""
    return _show(get_device(g.place.id, name))


@blueprint.post(f"{ADDRESS}/<any(bind, unbind, rotate, revoke, restore, retire, note):step>")
@permission("devices.register")
def device_step(asset_number: str, name: str, step: str) -> Response:
    """Fix it, take it off, give it a new secret, cut it off, let it back in, retire it, or write a note."""
    found, form = get_device(g.place.id, name), StepForm()
    if form.validate_on_submit():
        try:
            return _take(step, found, form)
        except DomainError as error:
            toast(error.message, "bad")
    else:
        toast(_("That is too long. Shorten it and try again."), "bad")
    return go(_address(found))


@blueprint.post(f"{ADDRESS}/starts/<int:boot>/give-up")
@permission("devices.register")
def device_give_up(asset_number: str, name: str, boot: int) -> Response:
    """Wait no longer for what is missing from one start."""
    found = get_device(g.place.id, name)
    reason = parse.text(request.form.get("reason"), "reason", label=_("Reason").lower(), max_length=300)
    lost = gaps.give_up(device_id=found.id, boot=boot, reason=reason, actor=current_actor())
    toast(ngettext("%(num)s message counts as lost.", "%(num)s messages count as lost.", lost))
    return go(_address(found))


def _take(step: str, found: Device, form: StepForm) -> Response:
    who: dict[str, Any] = {"device_id": found.id, "asset_id": g.place.id, "actor": current_actor()}
    if step in ("rotate", "restore"):
        made = (registry.rotate if step == "rotate" else registry.restore)(**who)
        return shown_once(made.device, made.secret)
    if step == "bind":
        unit = registry.unit_by_number(g.place, form.unit.data)
        if unit is None:
            toast(_("Choose a room or vehicle."), "bad")
            return go(_address(found))
        registry.bind(unit_id=unit.id, **who)
        toast(_("%(name)s is fixed to %(unit)s.", name=found.name, unit=unit_words.called(unit)))
    elif step == "unbind":
        registry.unbind(**who)
        toast(_("%(name)s is not fixed to anything now.", name=found.name))
    elif step == "note":
        registry.amend(note=form.note.data or "", **who)
        toast(_("Noted."))
    elif step == "revoke":
        registry.revoke(reason=form.reason.data or "", **who)
        toast(_("%(name)s is cut off.", name=found.name))
    else:
        registry.retire(reason=form.reason.data or "", **who)
        toast(_("%(name)s has left service.", name=found.name))
    return go(_address(found))


def _address(found: Device) -> str:
    return url_for(".device", asset_number=g.place.asset_number, name=found.name)


def _show(found: Device) -> Response:
    asked = htmx_request.htmx.target if htmx_request.htmx else None
    unit = unit_of_device(found)
    kind = request.args.get("kind", "")[:40]
    console = unit is not None and bool(found.capabilities) and found.status == DeviceStatus.ACTIVE
    return page(
        "devices/device.html",
        asked if asked in BLOCKS else "state",
        device=found,
        address=_address(found),
        fare=fares_of([found.id])[found.id],
        unit=unit,
        events=events_of_device(found, kind=kind or None, cursor=request.args.get("cursor")) if unit else None,
        kinds=_kinds(unit.kind) if unit else [],
        starts=starts_of(found.id),
        commands=commands_of_device(found),
        units=unit_choices() if may("devices.register") else [],
        topics=words.topics_of(found, g.place.asset_number, (unit.kind, unit.number) if unit else None),
        door=door(),
        words=words,
        unit_words=unit_words,
        console=unit_pages.standing(unit, {}) if console and unit is not None else None,
    )


def _kinds(unit_kind: str) -> list[tuple[str, str]]:
    return [("", _("Everything")), *((each, unit_words.subject_words(each)) for each in SUBJECTS[unit_kind])]


#: What can be filtered by; the rest is found under everything.
SUBJECTS = {
    "room": ("access", "occupancy", "electricity", "temperature", "humidity", "battery"),
    "vehicle": ("location", "ignition", "passenger_count", "fuel", "battery", "tampering"),
}
