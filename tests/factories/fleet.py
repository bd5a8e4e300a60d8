"""Drivers, plans, work orders and incidents with good defaults, made by the commands themselves."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from portal.core.clock import local_date, utcnow
from portal.shared.assets.models import Asset, Unit
from portal.trades.fleet.models import Driver, Incident, MaintenancePlan, WorkOrder
from portal.trades.fleet.services import drivers, incidents, maintenance, work_orders
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


def plan(unit: Unit, name: str = "Oil and filters", **changes: object) -> MaintenancePlan:
    """Every 10,000 km, last done when the odometer stood at nothing."""
    fields = {"every_km": 10_000, **changes} if "every_days" not in changes else changes
    return maintenance.make_plan(asset_id=unit.asset_id, unit_id=unit.id, name=name, actor=ACTOR, **fields)


def order(unit: Unit, title: str = "Change the oil", **changes: object) -> WorkOrder:
    """An open work order."""
    return work_orders.open_order(asset_id=unit.asset_id, unit_id=unit.id, title=title, actor=ACTOR, **changes)


def incident(unit: Unit, **changes: object) -> Incident:
    """A small accident, just now."""
    fields = {
        "kind": "accident",
        "severity": "minor",
        "happened_at": utcnow(),
        "description": "Touched a gate",
        **changes,
    }
    return incidents.report(asset_id=unit.asset_id, unit_id=unit.id, actor=ACTOR, **fields)
