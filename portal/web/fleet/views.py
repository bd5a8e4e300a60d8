"""The fleet desk's first page: where every vehicle is."""

from __future__ import annotations

from flask import Blueprint, Response, g

from portal.reporting import board
from portal.shared.assets.models import UnitKind
from portal.web.fleet import sections
from portal.web.guards import permission
from portal.web.htmx import page

blueprint = Blueprint("fleet", __name__, url_prefix="/fleet")
blueprint.context_processor(sections.context)


@blueprint.get("/<asset_number>/")
@permission("fleet.view")
def index(asset_number: str) -> Response:
    """Every vehicle of the place and where it said it was."""
    vehicles = [row for row in board.rows(g.place.id) if row.kind == UnitKind.VEHICLE]
    return page("fleet/map.html", vehicles=vehicles)
