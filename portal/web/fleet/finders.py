"""What the palette and the search page find of a fleet: drivers, work orders and incidents."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for

from portal.core.words import lazy_
from portal.shared.assets.models import Asset, AssetKind
from portal.trades.fleet.driver_queries import WantedDrivers, drivers_of
from portal.trades.fleet.incident_queries import WantedIncidents, incidents_of
from portal.trades.fleet.maintenance_queries import WantedOrders, orders_of
from portal.web.fleet import office_words as words
from portal.web.home.search import SOURCES, Hit, Source

MOST = 6


def drivers(place: Asset, asked: str) -> Iterator[Hit]:
    """Drivers by name, telephone, licence or number."""
    if place.kind == AssetKind.FLEET:
        for each in drivers_of(place.id, WantedDrivers(search=asked), limit=MOST).items:
            state = words.driver_status(each.status)
            yield _hit(place, "drivers_show", each.number, each.name, "steering-wheel", state)


def orders(place: Asset, asked: str) -> Iterator[Hit]:
    """Work orders by title, workshop, vehicle or number."""
    if place.kind == AssetKind.FLEET:
        for each in orders_of(place.id, WantedOrders(search=asked), limit=MOST).items:
            named = f"{each.number} · {each.title}"
            yield _hit(place, "maintenance_order", each.number, named, "tool", words.order_status(each.status))


def incidents(place: Asset, asked: str) -> Iterator[Hit]:
    """Incidents by what happened, where, to which vehicle, with whom, or by number."""
    if place.kind == AssetKind.FLEET:
        for each in incidents_of(place.id, WantedIncidents(search=asked), limit=MOST).items:
            named = f"{each.number} · {each.description[:80]}"
            yield _hit(place, "incidents_show", each.number, named, "alert-triangle", words.incident_kind(each.kind))


def _hit(place: Asset, page: str, number: int, named: str, icon: str, about: str) -> Hit:
    return Hit(named, url_for(f"fleet.{page}", asset_number=place.asset_number, number=number), icon, about)


SOURCES += [
    Source(lazy_("Drivers"), "fleet.view", drivers),
    Source(lazy_("Work orders"), "fleet.view", orders),
    Source(lazy_("Incidents"), "fleet.view", incidents),
]
