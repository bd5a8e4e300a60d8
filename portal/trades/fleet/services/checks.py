"""The driver's look round the vehicle before setting out; what is not in order becomes an incident."""

from __future__ import annotations

from collections.abc import Mapping

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import written
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import LazyText, _, lazy_
from portal.shared.audit.services import record
from portal.trades.fleet import office_errors as errors
from portal.trades.fleet.driver_queries import vehicles_now
from portal.trades.fleet.models import Driver, IncidentKind, IncidentSeverity, VehicleCheck
from portal.trades.fleet.office_events import VehicleChecked
from portal.trades.fleet.services import incidents

#: What is looked at, in the order of a walk round the vehicle.
ITEMS: dict[str, LazyText] = {
    "tyres": lazy_("Tyres and wheels"),
    "lights": lazy_("Lights and indicators"),
    "brakes": lazy_("Brakes"),
    "steering": lazy_("Steering"),
    "mirrors": lazy_("Mirrors, glass and wipers"),
    "belts": lazy_("Seat belts and doors"),
    "fluids": lazy_("Oil, water, no leaks"),
    "safety": lazy_("Extinguisher, triangle, first aid"),
    "papers": lazy_("Papers on board"),
    "body": lazy_("Bodywork without new damage"),
}
#: Nobody should drive with one of these out of order.
GRAVE = frozenset({"tyres", "brakes", "steering", "lights"})


@transactional
def check(*, driver: Driver, in_order: Mapping[str, bool], actor: Actor, note: str | None = None) -> VehicleCheck:
    """Keep what a driver found on the vehicle they have now; what was not looked at counts as not in order."""
    now = utcnow()
    has = vehicles_now([driver.id], now).get(driver.id)
    if has is None:
        raise errors.NoVehicleNow(_("You have no vehicle at the moment. Ask the office to give you one."))
    items = {name: bool(in_order.get(name)) for name in ITEMS}
    odd = [name for name, good in items.items() if not good]
    incident = None
    if odd:
        found = ", ".join(str(ITEMS[name]) for name in odd)
        said = _("Not in order before setting out: %(items)s.", items=found)
        incident = incidents.report(
            asset_id=driver.asset_id,
            unit_id=has.unit_id,
            driver_id=driver.id,
            kind=IncidentKind.OTHER,
            severity=IncidentSeverity.SERIOUS if GRAVE & set(odd) else IncidentSeverity.MINOR,
            happened_at=now,
            description=f"{said} {note}" if note else said,
            actor=actor,
        )
    made = written(
        VehicleCheck(
            asset_id=driver.asset_id,
            unit_id=has.unit_id,
            driver_id=driver.id,
            items=items,
            note=note or None,
            incident_id=incident.id if incident else None,
        )
    )
    record(
        "vehicle.checked",
        actor=actor,
        subject="unit",
        subject_id=has.unit_id,
        asset_id=driver.asset_id,
        after={"not_in_order": odd},
    )
    publish(VehicleChecked(asset_id=driver.asset_id, subject_id=has.unit_id, in_order=not odd))
    return made
