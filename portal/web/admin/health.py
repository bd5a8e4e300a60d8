"""How the portal is, for the people who run it: the parts it leans on, in readable words."""

from __future__ import annotations

from flask import Response, current_app

from portal.reporting import health as reading
from portal.web.admin import blueprint
from portal.web.devices.door import door
from portal.web.guards import permission
from portal.web.htmx import page


@blueprint.get("/health")
@permission("health.view", anywhere=True)
def health() -> Response:
    """Every part, looked at again by itself."""
    found = reading.parts(redis_url=current_app.extensions["settings"].redis_url)
    troubled = [part for part in found if part.state in (reading.State.DOWN, reading.State.DEGRADED)]
    return page("admin/health.html", "health", parts=found, troubled=troubled, door=door())
