"""Registering rooms and vehicles, and the labels that stick on their doors."""

from __future__ import annotations

import segno
from flask import Response, current_app, g, request, url_for
from markupsafe import Markup

from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.assets.models import Unit, UnitKind, UnitStatus
from portal.shared.assets.queries import get_unit, kinds_at, units_of
from portal.shared.assets.services import registry
from portal.web.assets import words
from portal.web.assets.board import blueprint
from portal.web.assets.forms import RoomForm, VehicleForm, terms_of
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast


@blueprint.route("/units/<asset_number>/register", methods=["GET", "POST"])
@permission("units.register")
def register(asset_number: str) -> Response:
    """A new room or vehicle; the next one can follow at once with the same terms."""
    kinds = kinds_at(g.place.kind)
    asked = request.args.get("kind", "")
    kind = UnitKind(asked) if asked in kinds else kinds[0]
    form = (RoomForm if kind == UnitKind.ROOM else VehicleForm)()
    if form.validate_on_submit():
        try:
            unit = registry.register_unit(asset_id=g.place.id, kind=kind, actor=current_actor(), **terms_of(form))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("%(unit)s is registered. Its label is %(label)s.", unit=words.called(unit), label=unit.label))
            if "another" in request.form:
                return go(url_for(".register", asset_number=asset_number, kind=kind.value))
            return go(url_for(".show", asset_number=asset_number, kind=kind.value, number=unit.number))
    return page(
        "assets/register.html", "form", form=form, kind=kind, kinds=kinds, words=words,
        status=422 if form.errors else 200,
    )  # fmt: skip


@blueprint.get("/units/<asset_number>/<any(room, vehicle):kind>/<number>/label")
@permission("units.view")
def label(asset_number: str, kind: str, number: str) -> Response:
    """One label to print; scanning it opens the page where the unit can be paid for."""
    return _labels([get_unit(g.place.id, number, kind)])


@blueprint.get("/units/<asset_number>/labels")
@permission("units.register")
def labels(asset_number: str) -> Response:
    """Every label of the place on sheets to print."""
    return _labels([unit for unit in units_of(g.place.id) if unit.status != UnitStatus.RETIRED])


def _labels(units: list[Unit]) -> Response:
    return page(
        "assets/labels.html", labels=[(unit, address(unit), drawn(address(unit))) for unit in units], words=words
    )


def address(unit: Unit) -> str:
    """What a label's code says: the public page of the unit."""
    return f"{current_app.extensions['settings'].public_url}/u/{unit.label}"


def drawn(said: str) -> Markup:
    """A QR code as a drawing without styles; error correction M survives a scratched sticker."""
    return Markup(
        segno.make(said, error="m", micro=False).svg_inline(border=0, svgclass="qr", lineclass=None, omitsize=True)
    )
