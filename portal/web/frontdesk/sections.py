"""The sections of the front desk: each page shows those that exist as tabs."""

from __future__ import annotations

from functools import partial
from typing import Any

from portal.core.words import lazy_
from portal.web.tabs import Section, tabs_of

#: Endpoint, words and the permission that opens it. A page belongs to the section whose endpoint begins its own.
SECTIONS: tuple[Section, ...] = (
    ("frontdesk.index", lazy_("Today"), "hotel.view"),
    ("frontdesk.chart", lazy_("Chart"), "hotel.view"),
    ("frontdesk.reservations", lazy_("Reservations"), "hotel.book"),
    ("frontdesk.groups", lazy_("Groups"), "hotel.book"),
    ("frontdesk.guests", lazy_("Guests"), "hotel.guests"),
    ("frontdesk.rates", lazy_("Rates"), "hotel.rates"),
    ("frontdesk.housekeeping", lazy_("Housekeeping"), "hotel.housekeeping"),
    ("frontdesk.audit", lazy_("Night audit"), "hotel.audit"),
    ("frontdesk.reports", lazy_("Reports"), "hotel.reports"),
    ("frontdesk.settings", lazy_("Settings"), "hotel.settings"),
)


def context() -> dict[str, Any]:
    """What the desk's templates know beside their own values."""
    return {"sections": partial(tabs_of, SECTIONS)}
