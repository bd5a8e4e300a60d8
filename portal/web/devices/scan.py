"""Scanning a label, or typing what stands on it: each leads to what the label is stuck on."""

from __future__ import annotations

import re

from flask import Response, g, request, url_for

from portal.core.numbers import ALPHABET
from portal.core.words import _
from portal.shared.assets.queries import find_unit, find_unit_by_label
from portal.shared.devices.device_queries import find_device
from portal.shared.devices.services.registry import normal_code
from portal.web import security
from portal.web.assets.board import blueprint
from portal.web.guards import may, permission
from portal.web.htmx import go, page

BOX = re.compile(f"([{ALPHABET}]{{4}}-){{2}}[{ALPHABET}]{{4}}")
#: What the codes on our labels say: the public page of a unit, or the page of a device.
ADDRESSES = (re.compile(r"/u/(?P<label>[^/?#]+)$"), re.compile(r"/devices/(?P<label>[^/?#]+)$"))


@blueprint.get("/units/<asset_number>/scan")
@permission("units.view")
def scan(asset_number: str) -> Response:
    """The camera, and a field that does without it."""
    typed = request.args.get("label", "").strip()[:300]
    refused = ""
    if typed:
        where = _leads_to(_label(typed))
        if where is not None:
            return go(where)
        refused = _("Nothing at %(place)s has the label %(label)s.", place=g.place.name, label=_label(typed)[:40])
    security.widen("script-src", "'wasm-unsafe-eval'")
    return page("devices/scan.html", typed=typed, refused=refused, status=422 if refused else 200)


def _label(said: str) -> str:
    found = next((match for each in ADDRESSES if (match := each.search(said))), None)
    return found.group("label") if found else said


def _leads_to(label: str) -> str | None:
    place = g.place.asset_number
    found = find_unit_by_label(label)
    unit = found[0] if found is not None and found[1].id == g.place.id else find_unit(g.place.id, label)
    if unit is not None:
        return url_for(".show", asset_number=place, kind=unit.kind, number=unit.number)
    device = find_device(g.place.id, name=label) if may("devices.view") else None
    if device is not None:
        return url_for(".device", asset_number=place, name=device.name)
    code = normal_code(label)
    if BOX.fullmatch(code) and may("devices.register"):
        return url_for(".device_claim", asset_number=place, code=code)
    return None
