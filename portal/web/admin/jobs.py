"""The clockwork and what it announces: the last run of each job, and announcements that could not be delivered."""

from __future__ import annotations

from flask import Response

from portal.core import outbox, runs
from portal.web.admin import blueprint
from portal.web.guards import permission
from portal.web.htmx import page


@blueprint.get("/jobs")
@permission("jobs.view", anywhere=True)
def jobs() -> Response:
    """Each job by name, how its last run went, and what waits in the outbox."""
    return page("admin/jobs.html", "jobs", jobs=runs.jobs(), stuck=outbox.undelivered())
