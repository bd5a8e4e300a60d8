"""The desk's first page: who comes, who is in, who goes; a hotel with nothing yet is led by the hand."""

from __future__ import annotations

from flask import Response, g

from portal.trades.hotel.queries.inventory import room_types, rooms_at
from portal.trades.hotel.queries.property import property_of
from portal.web.frontdesk.views import blueprint
from portal.web.guards import permission
from portal.web.htmx import page


@blueprint.get("/<asset_number>/")
@permission("hotel.view")
def index(asset_number: str) -> Response:
    """Today at the hotel."""
    property_of(g.place)
    return page("frontdesk/today.html", types=room_types(g.place.id), rooms=rooms_at(g.place.id))
