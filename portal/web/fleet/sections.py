"""The sections of the fleet desk: each page shows them as tabs."""

from __future__ import annotations

from functools import partial
from typing import Any

from portal.core.words import lazy_
from portal.web.tabs import Section, tabs_of

#: Endpoint, words and the permission that opens it. A page belongs to the section whose endpoint begins its own.
SECTIONS: tuple[Section, ...] = (
    ("fleet.index", lazy_("Map"), "fleet.view"),
    ("fleet.trips", lazy_("Trips"), "fleet.view"),
    ("fleet.drivers", lazy_("Drivers"), "fleet.view"),
    ("fleet.fences", lazy_("Fences"), "fleet.view"),
    ("fleet.maintenance", lazy_("Maintenance"), "fleet.view"),
    ("fleet.incidents", lazy_("Incidents"), "fleet.view"),
    ("fleet.utilisation", lazy_("Utilisation"), "fleet.view"),
    ("units.alerts", lazy_("Alerts"), "alerts.view"),
)


def context() -> dict[str, Any]:
    """What the desk's templates know beside their own values."""
    return {"sections": partial(tabs_of, SECTIONS)}
