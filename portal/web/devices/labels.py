"""Sheets of labels for units and devices: which, on what stock, and from which place of a begun sheet."""

from __future__ import annotations

import re

from flask import Response, current_app, g, make_response, request, url_for

from portal.core.labels import STOCKS, Label, sheet
from portal.core.words import _
from portal.shared.assets.models import UnitStatus
from portal.shared.assets.queries import units_of
from portal.shared.devices.device_queries import devices_at
from portal.shared.devices.models import Device, DeviceStatus
from portal.web.assets import words as unit_words
from portal.web.assets.board import blueprint
from portal.web.assets.register import address
from portal.web.devices import words
from portal.web.guards import permission
from portal.web.htmx import page

MOST = 2_000


@blueprint.get("/units/<asset_number>/label-sheet")
@permission("units.register")
def label_sheet(asset_number: str) -> Response:
    """What to print; the answer is the page, or with `print` the document."""
    what = "devices" if request.args.get("what") == "devices" else "units"
    stock = STOCKS.get(request.args.get("stock", ""), STOCKS["a4-3x8"])
    start = _number("start", stock.labels)
    chosen = _labels(what, request.args.get("name", "").strip()[:40], request.args.get("only", "")[:400])
    if "print" in request.args and chosen:
        title = _("Labels of %(place)s", place=g.place.name)
        response = make_response(sheet(chosen, stock, start=start, title=title))
        response.mimetype = "application/pdf"
        response.headers["Content-Disposition"] = f"inline; filename=labels-{asset_number}.pdf"
        return response
    sheets = -(-(len(chosen) + start - 1) // stock.labels)
    return page(
        "devices/labels.html", what=what, stock=stock, stocks=STOCKS.values(), start=start, number=len(chosen),
        sheets=sheets, first=chosen[0] if chosen else None,
    )  # fmt: skip


def device_label(device: Device, place_number: str | None, about: str) -> Label:
    """What sticks on a device; a boxed one has its claim code, for it belongs to nobody yet."""
    if device.status == DeviceStatus.BOXED:
        code = device.claim_code or device.name
        return Label(device.name, about, code, code)
    public = current_app.extensions["settings"].public_url
    path = url_for("units.device", asset_number=place_number, name=device.name)
    return Label(device.name, about, device.name, f"{public}{path}")


def _labels(what: str, name: str, only: str) -> list[Label]:
    wanted = _wanted(only)
    if what == "devices":
        found = devices_at(g.place.id)
        return [
            device_label(each, g.place.asset_number, f"{words.type_words(each.type)} · {g.place.name}")
            for each in found
            if (not name or each.name == name) and (not wanted or _fits(each.name, wanted))
        ][:MOST]
    return [
        Label(unit_words.called(unit), g.place.name, unit.label, address(unit))
        for unit in units_of(g.place.id)
        if unit.status != UnitStatus.RETIRED and (not wanted or _fits(unit.number, wanted))
    ][:MOST]


def _wanted(only: str) -> list[tuple[str, str]]:
    """What was typed as `101-120, 205`: pairs of the first and the last."""
    parts = [part for part in re.split(r"[,;\s]+", only) if part]
    return [
        (found.group(1), found.group(2)) if (found := re.fullmatch(r"(\d{1,9})[-–](\d{1,9})", part)) else (part, part)
        for part in parts
    ]


def _fits(number: str, wanted: list[tuple[str, str]]) -> bool:
    plain = number.isascii() and number.isdigit()
    return any(
        (low == high and low.casefold() == number.casefold())
        or (plain and low.isdigit() and high.isdigit() and int(low) <= int(number) <= int(high))
        for low, high in wanted
    )


def _number(name: str, most: int) -> int:
    given = request.args.get(name, "1")
    return min(max(int(given), 1), most) if given.isascii() and given.isdigit() and len(given) < 5 else 1
