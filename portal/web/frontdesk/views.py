"""The blueprint of the front desk, on which every page of it hangs its views."""

from __future__ import annotations

from flask import Blueprint

from portal.web.frontdesk import sections

blueprint = Blueprint("frontdesk", __name__, url_prefix="/frontdesk")
blueprint.context_processor(sections.context)
