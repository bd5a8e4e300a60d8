"""Fleets and their drivers with good defaults, made by the commands themselves."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from portal.core.clock import local_date
from portal.shared.assets.models import Asset
from portal.trades.fleet.models import Driver
from portal.trades.fleet.services import drivers
from tests.factories import assets
from tests.factories.assets import ACTOR

_numbers = count(1)


def place(kind: str = "fleet", **changes: object) -> Asset:
    """A fleet that counts in naira."""
    return assets.place(kind, **{"name": "Swift Cars", **changes})


def driver(asset: Asset, name: str = "Bola Ade", *, licence_days: int = 400, **changes: object) -> Driver:
    """Somebody at work whose licence is good for a year and more; `licence_days` from today."""
    fields = {
        "licence_number": f"LAG{next(_numbers):05}",
        "licence_classes": "B, CE",
        "licence_expires_on": local_date(asset.timezone) + timedelta(days=licence_days),
        **changes,
    }
    return drivers.register(asset_id=asset.id, name=name, actor=ACTOR, **fields)
