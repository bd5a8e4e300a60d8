"""Fences at the desk: the list beside the map, drawing one, changing it, and letting go of it."""

from __future__ import annotations

import uuid

from flask import Response, g, url_for

from portal.core.errors import DomainError
from portal.core.words import _
from portal.reporting import fleet
from portal.trades.fleet.queries.fences import get_fence
from portal.trades.fleet.services import fences as drawing
from portal.web.fleet import words
from portal.web.fleet.fence_forms import COLOUR_WORDS, FenceForm, filled
from portal.web.fleet.maps import tiles
from portal.web.fleet.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast


@blueprint.get("/<asset_number>/fences", endpoint="fences")
@permission("fleet.view")
def fences(asset_number: str) -> Response:
    """Every fence of the place, and the map of them."""
    return page("fleet/fences.html", "list", fences=fleet.fences_of(g.place.id), tiles=tiles(), say=words)


@blueprint.route("/<asset_number>/fences/new", methods=["GET", "POST"])
@permission("fleet.manage")
def fences_new(asset_number: str) -> Response:
    """Draw one."""
    form = FenceForm()
    if form.validate_on_submit():
        try:
            fence = drawing.draw(asset_id=g.place.id, actor=current_actor(), **form.fence())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("%(name)s is watched from now on.", name=fence.name))
            return go(url_for(".fences", asset_number=asset_number))
    return _form(form, None)


@blueprint.route("/<asset_number>/fences/<uuid:fence_id>", methods=["GET", "POST"])
@permission("fleet.manage")
def fences_edit(asset_number: str, fence_id: uuid.UUID) -> Response:
    """Change one; a new shape counts from now on."""
    fence = get_fence(g.place.id, fence_id)
    form = FenceForm(data=filled(fence))
    if form.validate_on_submit():
        try:
            drawing.amend(asset_id=g.place.id, fence_id=fence_id, actor=current_actor(), **form.fence())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("%(name)s: saved.", name=form.name.data), undo=_undo(fence_id))
            return go(url_for(".fences", asset_number=asset_number))
    return _form(form, fence_id)


@blueprint.post("/<asset_number>/fences/<uuid:fence_id>/retire")
@permission("fleet.manage")
def fences_retire(asset_number: str, fence_id: uuid.UUID) -> Response:
    """Watch it no more; taking that back draws the same fence again."""
    fence = drawing.retire(asset_id=g.place.id, fence_id=fence_id, actor=current_actor())
    toast(_("%(name)s is watched no more. What happened there stays readable.", name=fence.name), undo=_undo(fence_id))
    return go(url_for(".fences", asset_number=asset_number))


@blueprint.post("/<asset_number>/fences/<uuid:fence_id>/undo")
@permission("fleet.manage")
def fences_undo(asset_number: str, fence_id: uuid.UUID) -> Response:
    """Undo its last change."""
    fence = drawing.take_back(asset_id=g.place.id, fence_id=fence_id, actor=current_actor())
    toast(_("%(name)s is as it was.", name=fence.name), "info")
    return go(url_for(".fences", asset_number=asset_number))


def _form(form: FenceForm, fence_id: uuid.UUID | None) -> Response:
    return page(
        "fleet/fence.html",
        "form",
        form=form,
        fence_id=fence_id,
        action=_address(fence_id) if fence_id else url_for(".fences_new", asset_number=g.place.asset_number),
        colours=COLOUR_WORDS,
        tiles=tiles(),
        status=422 if form.errors else 200,
    )


def _address(fence_id: uuid.UUID) -> str:
    return url_for(".fences_edit", asset_number=g.place.asset_number, fence_id=fence_id)


def _undo(fence_id: uuid.UUID) -> str:
    return url_for(".fences_undo", asset_number=g.place.asset_number, fence_id=fence_id)
