"""The admin desk's first page: what there is to look after."""

from __future__ import annotations

from flask import Response

from portal.web.admin import blueprint, sections
from portal.web.context import may
from portal.web.guards import current_user, permission
from portal.web.htmx import page


@blueprint.get("/<asset_number>/")
@permission("people.view")
def index(asset_number: str) -> Response:
    """What this person may look after here."""
    return page(
        "admin/index.html",
        sections=sections(asset_number, may=may, platform_admin=current_user.platform_admin),
    )
