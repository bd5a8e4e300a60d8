"""The devices of a place: the list, registering one, claiming a boxed one, and the secret that is shown once."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g, request, url_for

from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.assets.models import Unit, UnitStatus
from portal.shared.assets.queries import units_by_id, units_of
from portal.shared.devices.device_queries import Fare, devices_at, fares_of, find_box, page_of_devices, standing_counts
from portal.shared.devices.models import Device, DeviceStatus
from portal.shared.devices.services import registry
from portal.web.assets import words as unit_words
from portal.web.assets.board import blueprint
from portal.web.devices import words
from portal.web.devices.door import door, lines
from portal.web.devices.forms import ClaimForm, RegisterForm
from portal.web.download import csv_file
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast


@blueprint.get("/units/<asset_number>/devices/")
@permission("devices.view")
def devices(asset_number: str) -> Response:
    """Every device, how it fares, and what it is fixed to."""
    found = page_of_devices(g.place.id, **_filters(), cursor=request.args.get("cursor"))
    counts = standing_counts(g.place.id)
    return page(
        "devices/list.html",
        "devices",
        found=found,
        fares=fares_of([each.id for each in found.items]),
        units=units_by_id({each.unit_id for each in found.items if each.unit_id}),
        counts=counts | {"": sum(counts.values()) - counts.get(DeviceStatus.RETIRED, 0)},
        any_devices=bool(counts),
        chips=[(each, words.standing_words(each)) for each in _chips(counts)],
        words=words,
        called=unit_words.called,
        door=door(),
    )


@blueprint.get("/units/<asset_number>/devices.csv")
@permission("devices.view")
def devices_export(asset_number: str) -> Response:
    """The rows the list shows, for a spreadsheet; never a secret."""
    found = devices_at(g.place.id, **_filters())
    fares, units = fares_of([each.id for each in found]), units_by_id({each.unit_id for each in found if each.unit_id})
    heads = ["name", "type", "dialect", "state", "unit_kind", "unit", "capabilities", "last_heard_at", "note"]
    return csv_file(f"devices-{asset_number}", heads, (_cells(each, fares, units) for each in found))


@blueprint.route("/units/<asset_number>/devices/register", methods=["GET", "POST"])
@permission("devices.register")
def device_register(asset_number: str) -> Response:
    """A new device; its secret is shown on the page that answers, and never again."""
    form = RegisterForm(data={"unit": request.args.get("unit", "")}).offer(unit_choices())
    if form.validate_on_submit():
        made: list[registry.Registered] = []
        actor = current_actor()
        try:
            unit = registry.unit_by_number(g.place, form.unit.data)
            form.just_once(
                actor,
                lambda: made.append(
                    registry.register(
                        asset_id=g.place.id, type=form.type.data, dialect=form.dialect.data, name=form.name.data,
                        unit_id=unit.id if unit else None, note=form.note.data, actor=actor,
                    )
                ),
            )  # fmt: skip
        except DomainError as error:
            form.refuse(error)
        else:
            if made:
                return shown_once(made[0].device, made[0].secret)
            toast(_("This device is registered already; its secret was shown then."), "warn")
            return go(url_for(".devices", asset_number=asset_number))
    return page("devices/register.html", "form", form=form, door=door(), status=422 if form.errors else 200)


@blueprint.route("/units/<asset_number>/devices/claim", methods=["GET", "POST"])
@permission("devices.register")
def device_claim(asset_number: str) -> Response:
    """Make the device in a box one's own, by the code on its label."""
    code = registry.normal_code(request.args.get("code", "")[:40])
    form = ClaimForm(data={"claim_code": code}).offer(unit_choices())
    if form.validate_on_submit():
        try:
            unit = registry.unit_by_number(g.place, form.unit.data)
            device, secret = registry.claim(
                claim_code=form.claim_code.data or "", asset_id=g.place.id, unit_id=unit.id if unit else None,
                actor=current_actor(),
            )  # fmt: skip
        except DomainError as error:
            form.refuse(error)
        else:
            if secret is not None:
                return shown_once(device, secret)
            toast(_("%(name)s is yours. It signs in with the secret it came with.", name=device.name))
            return go(url_for(".device", asset_number=asset_number, name=device.name))
    box = find_box(code) if code else None
    return page("devices/claim.html", "form", form=form, box=box, words=words, status=422 if form.errors else 200)


def shown_once(device: Device, secret: str) -> Response:
    """The one page a secret stands on."""
    unit = unit_of_device(device)
    return page(
        "devices/secret.html", device=device, secret=secret, door=door(), words=words,
        lines=lines(device, secret, g.place.asset_number, unit),
    )  # fmt: skip


def unit_of_device(device: Device) -> Unit | None:
    """What a device is fixed to."""
    return units_by_id({device.unit_id}).get(device.unit_id) if device.unit_id else None


def unit_choices() -> list[tuple[str, str]]:
    """The units of the place a device may be fixed to, as a form offers them."""
    return [
        (f"{unit.kind}-{unit.number}", unit_words.called(unit))
        for unit in units_of(g.place.id)
        if unit.status != UnitStatus.RETIRED
    ]


def _filters() -> dict[str, Any]:
    asked = request.args
    return {
        "type": asked.get("type", "") if asked.get("type") in words.TYPES else "",
        "dialect": asked.get("dialect", "") if asked.get("dialect") in ("envelope", "plain") else "",
        "state": asked.get("state", "")[:20],
        "unbound": asked.get("fixed") == "no",
        "asked": asked.get("q", "").strip()[:60],
    }


def _chips(counts: dict[str, int]) -> list[str]:
    return ["", *words.STANDINGS, *(each for each in ("revoked", "retired") if counts.get(each))]


def _cells(device: Device, fares: dict[uuid.UUID, Fare], units: dict[uuid.UUID, Unit]) -> list[object]:
    unit = units.get(device.unit_id) if device.unit_id else None
    fare = fares[device.id]
    return [
        device.name, device.type, device.dialect, fare.standing, unit.kind if unit else None,
        unit.number if unit else None, " ".join(device.capabilities), fare.state.seen_at if fare.state else None,
        device.note,
    ]  # fmt: skip
