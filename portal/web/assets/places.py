"""Opening a place, and what may be changed about it afterwards."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.assets.services import registry
from portal.shared.identity import permissions
from portal.shared.identity.queries import memberships_of
from portal.shared.identity.services import memberships
from portal.web.assets.forms import BankForm, DevicesForm, PlaceForm, PlaceSettingsForm, given
from portal.web.forms import as_sent
from portal.web.guards import current_actor, current_user, may, permission, signed_in, this_user
from portal.web.htmx import go, page, toast

blueprint = Blueprint("places", __name__)


@blueprint.route("/places/new", methods=["GET", "POST"])
@signed_in
def new() -> Response:
    """Open a place and become its owner; whoever has one already needs an owner's right for the next."""
    if memberships_of(current_user.id):
        permissions.enter_anywhere(current_user.id, "assets.create")
    form = PlaceForm()
    if form.validate_on_submit():
        try:
            place = memberships.open_place(owner=this_user(), actor=current_actor(), **given(form))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("%(place)s is open under the number %(number)s.", place=place.name, number=place.asset_number))
            return go(url_for("home.show", asset_number=place.asset_number))
    return page("assets/place_new.html", "form", form=form, status=422 if form.errors else 200)


@blueprint.route("/admin/<asset_number>/place", methods=["GET", "POST"])
@permission("assets.amend")
def settings(asset_number: str) -> Response:
    """Name, address and time zone."""
    form, undone = PlaceSettingsForm(obj=g.place), as_sent(PlaceSettingsForm(formdata=None, obj=g.place))
    if form.validate_on_submit():
        try:
            registry.amend_asset(asset_id=g.place.id, actor=current_actor(), **given(form))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Saved."), undo=request.path, **undone)
            return go(url_for(".settings", asset_number=asset_number))
    return _settings("settings", 422 if form.errors else 200, settings_form=form)


@blueprint.post("/admin/<asset_number>/place/devices")
@permission("settings.amend")
def devices(asset_number: str) -> Response:
    """Whether the broker keeps the last command of each device."""
    form, undone = DevicesForm(), {"retain_commands": "y"} if g.place.retain_commands else {}
    registry.amend_asset(asset_id=g.place.id, retain_commands=bool(form.retain_commands.data), actor=current_actor())
    toast(_("Saved."), undo=request.path, **undone)
    return go(url_for(".settings", asset_number=asset_number))


@blueprint.route("/admin/<asset_number>/place/bank", methods=["GET", "POST"])
@permission("assets.bank")
def bank(asset_number: str) -> Response:
    """Where the place's money is paid out to."""
    form = BankForm(obj=g.place)
    if form.validate_on_submit():
        try:
            registry.amend_bank_details(asset_id=g.place.id, actor=current_actor(), **given(form))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Bank details saved."))
            return go(url_for(".settings" if may("assets.amend") else ".bank", asset_number=asset_number))
    return page("assets/place_bank.html", "form", form=form, status=422 if form.errors else 200)


@blueprint.post("/admin/<asset_number>/place/<any(close, delete):step>")
@permission("assets.create")
def end(asset_number: str, step: str) -> Response:
    """Close the place for good, or delete one that was opened by mistake."""
    if step == "delete":
        registry.delete_asset(asset_id=g.place.id, actor=current_actor())
        toast(_("%(place)s was deleted.", place=g.place.name))
        return go(url_for("home.index"))
    reason = parse.text(request.form.get("reason"), "reason", label=_("Reason").lower(), max_length=300)
    registry.retire_asset(asset_id=g.place.id, reason=reason, actor=current_actor())
    toast(_("%(place)s is closed. Its history stays readable.", place=g.place.name))
    return go(url_for("home.show", asset_number=asset_number))


def _settings(block: str, status: int, **forms: Any) -> Response:
    account = g.place.bank_account_number
    return page(
        "assets/place.html",
        block,
        status=status,
        settings_form=forms["settings_form"],
        devices_form=DevicesForm(formdata=None, obj=g.place),
        bank_ends=account[-4:] if account else None,
    )
