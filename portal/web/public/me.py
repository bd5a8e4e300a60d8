"""The customer's own page: a guest or buyer who has an account but works nowhere here."""

from __future__ import annotations

from flask import Blueprint, Response

from portal.shared.identity import queries
from portal.web.guards import current_user, signed_in
from portal.web.htmx import page

blueprint = Blueprint("me", __name__)


@blueprint.get("/me")
@signed_in
def show() -> Response:
    """Who one is here, and where one works, if anywhere."""
    return page("me/show.html", memberships=queries.memberships_of(current_user.id))
