"""The list of what the hotel charges beside its rooms."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g, url_for

from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.words import _
from portal.trades.hotel.queries.folios import charge_codes
from portal.trades.hotel.services import charge_codes as service
from portal.web.frontdesk.settings_forms import AmendChargeForm, ChargeCodeForm
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

LIST = "/<asset_number>/settings/charges"


@blueprint.get(LIST)
@permission("hotel.settings")
def settings_charges(asset_number: str) -> Response:
    """What is charged, and what it costs."""
    return page("frontdesk/charges.html", charges=charge_codes(g.place.id, retired=True))


@blueprint.route(f"{LIST}/new", methods=["GET", "POST"])
@permission("hotel.settings")
def settings_charges_new(asset_number: str) -> Response:
    """Another charge."""
    form = ChargeCodeForm()
    if form.validate_on_submit():
        actor = current_actor()
        try:
            said = {"code": form.code.data, **_said(form)}
            form.just_once(actor, lambda: service.add(asset_id=g.place.id, actor=actor, **said))
        except DomainError as error:
            form.refuse(error)
        else:
            return _back(_("%(name)s can be charged.", name=form.name.data))
    return page("frontdesk/charge_form.html", "form", form=form, charge=None, status=422 if form.errors else 200)


@blueprint.route(f"{LIST}/<uuid:charge_id>", methods=["GET", "POST"])
@permission("hotel.settings")
def settings_charges_amend(asset_number: str, charge_id: uuid.UUID) -> Response:
    """Change a charge; what stands on folios stays."""
    found = service.get_charge(g.place.id, charge_id)
    price = None if found.price is None else Money(found.price, g.place.currency)
    form = AmendChargeForm(
        data={"name": found.name, "price": price, "tax_ppm": found.tax_ppm, "inclusive": found.inclusive}
    )
    if form.validate_on_submit():
        try:
            service.amend(asset_id=g.place.id, charge_id=charge_id, actor=current_actor(), **_said(form))
        except DomainError as error:
            form.refuse(error)
        else:
            return _back(_("Saved."))
    return page("frontdesk/charge_form.html", "form", form=form, charge=found, status=422 if form.errors else 200)


@blueprint.post(f"{LIST}/<uuid:charge_id>/<any(retire, restore):step>")
@permission("hotel.settings")
def settings_charges_step(asset_number: str, charge_id: uuid.UUID, step: str) -> Response:
    """Offer a charge no more, or again."""
    act = service.retire if step == "retire" else service.restore
    found = act(asset_id=g.place.id, charge_id=charge_id, actor=current_actor())
    if step == "restore":
        return _back(_("%(name)s can be charged again.", name=found.name))
    undo = url_for(".settings_charges_step", asset_number=asset_number, charge_id=charge_id, step="restore")
    return _back(_("%(name)s is charged no more.", name=found.name), undo=undo)


def _said(form: Any) -> dict[str, Any]:
    return {
        "name": form.name.data,
        "price": form.price.data.minor if form.price.data else None,
        "tax_ppm": form.tax_ppm.data or 0,
        "inclusive": bool(form.inclusive.data),
    }


def _back(words: str, **more: Any) -> Response:
    toast(words, **more)
    return go(url_for(".settings_charges", asset_number=g.place.asset_number))
