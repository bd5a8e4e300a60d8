"""Letters the portal wrote, for the people who run it."""

from __future__ import annotations

from flask import Response, current_app

from portal.shared.identity import queries
from portal.web.admin import blueprint
from portal.web.guards import platform_admin
from portal.web.htmx import page


@blueprint.get("/mail")
@platform_admin
def mail() -> Response:
    """The latest letters, whether or not a mail server took them."""
    settings = current_app.extensions["settings"]
    letters = queries.latest_mail()
    return page(
        "admin/mail.html",
        letters=letters,
        papers=queries.attachment_names({each.id for each in letters}),
        server=bool(settings.smtp_url),
        folder=settings.var_dir / "mail",
    )
