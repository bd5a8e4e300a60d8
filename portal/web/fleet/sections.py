"""The sections of the fleet desk: each page shows them as tabs."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request, url_for

from portal.core.words import LazyText, lazy_

#: Endpoint, words and the permission that opens it. A page belongs to the section whose endpoint begins its own.
SECTIONS: tuple[tuple[str, LazyText, str], ...] = (
    ("fleet.index", lazy_("Map"), "fleet.view"),
    ("fleet.trips", lazy_("Trips"), "fleet.view"),
    ("fleet.drivers", lazy_("Drivers"), "fleet.view"),
    ("fleet.fences", lazy_("Fences"), "fleet.view"),
    ("fleet.maintenance", lazy_("Maintenance"), "fleet.view"),
    ("fleet.incidents", lazy_("Incidents"), "fleet.view"),
    ("fleet.utilisation", lazy_("Utilisation"), "fleet.view"),
    ("units.alerts", lazy_("Alerts"), "alerts.view"),
)


def sections() -> list[tuple[LazyText, str, bool]]:
    """The tabs this person may open here: words, address, and whether it is the one that is open."""
    rights = g.get("permissions", frozenset())
    return [
        (words, url_for(endpoint, asset_number=g.place.asset_number), _open(endpoint))
        for endpoint, words, permission in SECTIONS
        if permission in rights and endpoint in current_app.view_functions
    ]


def context() -> dict[str, Any]:
    """What the desk's templates know beside their own values."""
    return {"sections": sections}


def _open(endpoint: str) -> bool:
    here = request.endpoint or ""
    return here == endpoint or (endpoint != "fleet.index" and here.startswith(f"{endpoint}_"))
