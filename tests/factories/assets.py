"""Places and units with good defaults, made by the commands themselves."""

from __future__ import annotations

from itertools import count

from portal.core.actor import system
from portal.shared.assets.models import Asset, Unit
from portal.shared.assets.services import registry

ACTOR = system("tests")
_numbers = count(101)


def place(kind: str = "hotel", **changes: object) -> Asset:
    """An open place in Lagos that counts in naira."""
    fields = {"name": "Marina Hotel", "currency": "NGN", "timezone": "Africa/Lagos", "actor": ACTOR, **changes}
    return registry.register_asset(kind=kind, **fields)


def room(asset: Asset | None = None, **changes: object) -> Unit:
    """A room that costs 10,000 a day, at a hotel of its own unless one is given."""
    fields = {"number": str(next(_numbers)), "price": 1_000_000, "actor": ACTOR, **changes}
    return registry.register_unit(asset_id=(asset or place()).id, kind="room", **fields)


def vehicle(asset: Asset | None = None, **changes: object) -> Unit:
    """A vehicle that costs 25,000 a day, of a fleet of its own unless one is given."""
    fields = {"number": f"V{next(_numbers)}", "plate": "KJA 123 AB", "price": 2_500_000, "actor": ACTOR, **changes}
    return registry.register_unit(asset_id=(asset or place("fleet", name="Swift Cars")).id, kind="vehicle", **fields)
