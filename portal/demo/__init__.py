"""A lively demo business: a hotel, a fleet, a shop and a depot with a month of history, and people to sign in as."""

from __future__ import annotations

from flask import current_app

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.demo import (
    bills,
    books,
    fleet,
    fleet_office,
    giving_back,
    hardware,
    history,
    hotel,
    hotel_folios,
    mobile,
    payouts,
    people,
    places,
    provider,
    rules,
    telemetry,
    troubles,
)
from portal.demo.devices import devices_main
from portal.shared.assets.models import Asset

__all__ = ["accounts", "devices_main", "seed"]


def seed() -> bool:
    """Load the demo once; False when it is there already."""
    if not _month():
        return False
    payouts.load()  # given as people give them, each command on its own
    giving_back.load()
    fleet_office.load()
    rules.load()
    hotel_folios.load()
    return True


@transactional
def _month() -> bool:
    if db.session.get(Asset, places.HOTEL.id) is not None:
        return False
    now = utcnow()
    places.load(now)
    people.load(now)
    hardware.load(now, current_app.extensions["settings"])
    lives = history.load(now)
    telemetry.load(lives, now)
    fleet.load(now)
    hotel.load(lives, now)
    troubles.load(now)
    bills.load(now)
    books.load()
    provider.load(now)
    mobile.load(now)
    bills.number()
    return True


def accounts() -> list[dict[str, str | None]]:
    """The demo's logins that exist here, the platform admin first."""
    return people.accounts()
