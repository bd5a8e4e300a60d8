"""Places with units, ready for devices to speak about."""

from __future__ import annotations

import itertools

from portal.core.db import db
from portal.shared.assets.models import Asset, Business, Unit
from portal.shared.devices.models import Device

_count = itertools.count(1)


def place(kind: str = "hotel", **fields) -> Asset:
    """One place of a business of its own."""
    number = next(_count)
    business = Business(name=f"Business {number}")
    db.session.add(business)
    db.session.flush()
    asset = Asset(
        business_id=business.id,
        asset_number=fields.pop("asset_number", f"H{number:05d}"),
        kind=kind,
        name=f"Place {number}",
        timezone="Africa/Lagos",
        currency="NGN",
        **fields,
    )
    db.session.add(asset)
    db.session.commit()
    return asset


def units(asset: Asset, *numbers: str, kind: str = "room") -> list[Unit]:
    """Units of one place, inactive, at 100.00 a day."""
    made = [
        Unit(asset_id=asset.id, kind=kind, number=n, label=f"L{next(_count):06d}", price=10_000, command_seq=0)
        for n in numbers
    ]
    db.session.add_all(made)
    db.session.commit()
    return made


def room(number: str = "101", **fields) -> Unit:
    """A room in a hotel of its own."""
    return units(place("hotel", **fields), number)[0]


def envelope(
    unit: Unit | None, *capabilities: str, name: str | None = None, asset: Asset | None = None, **fields
) -> Device:
    """A registered device in service that speaks in envelopes, fixed to a unit (or lying about at a place)."""
    lies_at = unit.asset_id if unit is not None else asset and asset.id
    is_room = unit is None or unit.kind == "room"
    device = Device(
        name=name or f"dev-{next(_count):06d}",
        type=fields.pop("type", "lock" if is_room else "tracker"),
        dialect=fields.pop("dialect", "envelope"),
        status=fields.pop("status", "active"),
        asset_id=lies_at,
        unit_id=unit and unit.id,
        capabilities=list(capabilities or (("access",) if is_room else ("ignition",))),
        **fields,
    )
    db.session.add(device)
    db.session.commit()
    return device
