"""A room type's calendar for other channels, at an address nobody can guess; it names nobody."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from portal.core.clock import utcnow
from portal.shared.assets.queries import asset_of
from portal.trades.hotel import ical
from portal.trades.hotel.queries.channels import find_type_by_token, full_stretches
from portal.trades.hotel.queries.property import business_date
from portal.web.guards import public

blueprint = Blueprint("calendars", __name__)


@blueprint.get("/ical/<token>.ics")
@public
def calendar(token: str) -> Response:
    """When nothing of the type is to be had."""
    room_type = find_type_by_token(token[:80])
    if room_type is None:
        abort(404)
    stretches = full_stretches(room_type.id, business_date(asset_of(room_type.asset_id)))
    named = [(f"{room_type.id}-{start:%Y%m%d}", start, end) for start, end in stretches]
    return Response(ical.written(room_type.name, named, utcnow()), mimetype="text/calendar")
