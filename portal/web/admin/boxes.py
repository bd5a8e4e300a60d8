"""Devices in boxes: prepared by whoever runs the installation, claimed by places with the code on the label."""

from __future__ import annotations

from flask import Response, make_response, request, url_for

from portal.core.errors import DomainError
from portal.core.labels import STOCKS, sheet
from portal.core.words import _
from portal.shared.devices.device_queries import boxes as waiting_boxes
from portal.shared.devices.models import DeviceType
from portal.shared.devices.services import registry
from portal.web.admin import blueprint
from portal.web.devices import words
from portal.web.devices.forms import BoxForm
from portal.web.devices.labels import device_label
from portal.web.download import csv_file
from portal.web.guards import current_actor, platform_admin
from portal.web.htmx import go, page, toast


@blueprint.route("/boxes", methods=["GET", "POST"])
@platform_admin
def boxes() -> Response:
    """Those that wait, and a form for more; what is put into the devices comes as a file, once."""
    form = BoxForm().offer()
    if form.validate_on_submit():
        made: list[registry.Registered] = []
        actor = current_actor()
        try:
            form.just_once(
                actor,
                lambda: made.extend(
                    registry.box(number=form.number.data or 0, type=form.type.data, note=form.note.data, actor=actor)
                ),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            if made:
                heads = ["name", "secret", "claim_code", "type"]
                rows = ((each.device.name, each.secret, each.device.claim_code, each.device.type) for each in made)
                return csv_file("boxed-devices", heads, rows)
            toast(_("These boxes are prepared already; their secrets were in the file."), "warn")
            return go(url_for(".boxes"))
    found = waiting_boxes(cursor=request.args.get("cursor"))
    return page(
        "admin/boxes.html", form=form, found=found, words=words, stocks=STOCKS.values(),
        status=422 if form.errors else 200,
    )  # fmt: skip


@blueprint.get("/boxes/labels")
@platform_admin
def box_labels() -> Response:
    """Labels of the boxes that wait, the last prepared first: as many as one file bears."""
    stock = STOCKS.get(request.args.get("stock", ""), STOCKS["a4-3x8"])
    found = waiting_boxes(limit=200).items
    labels = [device_label(each, None, words.type_words(DeviceType(each.type))) for each in found]
    response = make_response(sheet(labels, stock, title=_("Labels of boxes")))
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = "inline; filename=boxes.pdf"
    return response
