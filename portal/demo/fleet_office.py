"""The fleet's office: its drivers and who has what, maintenance that comes round, work orders and incidents."""

from __future__ import annotations

from datetime import timedelta

from portal.core.actor import Actor, ActorKind
from portal.core.clock import local_date, utcnow
from portal.demo.common import key
from portal.demo.people import PEOPLE
from portal.demo.places import FLEET
from portal.shared.assets.models import UnitKind
from portal.shared.assets.queries import asset_of, units_of
from portal.shared.identity.models import Role
from portal.trades.fleet.models import DriverStatus, IncidentKind, IncidentSeverity, LineKind
from portal.trades.fleet.services import assignments, drivers, incidents, maintenance, work_orders

#: Name, telephone, licence, classes, and in how many days it runs out.
DRIVERS = (
    ("Kiprop Cheruiyot", "+254711200101", "DL-KE-204518", "B, C1", 540),
    ("Achieng Wambui", "+254711200102", "DL-KE-311907", "B", 812),
    ("Baraka Mwangi", "+254711200103", "DL-KE-098321", "B, CE", 12),
    ("Njeri Kariuki", "+254711200104", "DL-KE-276640", "B", -9),
    ("Omondi Were", "+254711200105", "DL-KE-150233", "B, C1", 233),
)


def load() -> None:
    """Take people on and write things down, as the office would have done it."""
    place, now = asset_of(FLEET.id), utcnow()
    today, office = local_date(place.timezone), _person(Role.MANAGER)
    cars = units_of(place.id, UnitKind.VEHICLE)
    staff = [
        drivers.register(
            asset_id=place.id,
            name=name,
            phone=phone,
            licence_number=licence,
            licence_classes=classes,
            licence_expires_on=today + timedelta(days=days),
            user_id=_person(Role.DRIVER).user_id if name == _person(Role.DRIVER).name else None,
            actor=office,
        )
        for name, phone, licence, classes, days in DRIVERS
    ]
    for driver, car, hours in zip(staff[:3], cars, (30, 53, 4), strict=False):
        assignments.assign(
            asset_id=place.id, unit_id=car.id, driver_id=driver.id, starts_at=now - timedelta(hours=hours), actor=office
        )
    drivers.set_status(driver_id=staff[4].id, status=DriverStatus.AWAY, actor=office)
    oil = maintenance.make_plan(
        asset_id=place.id, name="Oil and filters", every_km=10_000, every_days=180, actor=office
    )
    maintenance.copy_plan(asset_id=place.id, plan_id=oil.id, unit_ids=[each.id for each in cars[3:]], actor=office)
    for car, days in zip(cars, (374, 356, 120), strict=False):
        maintenance.make_plan(asset_id=place.id, unit_id=car.id, name="Inspection", every_days=365, actor=office,
                              last_done_on=today - timedelta(days=days))  # fmt: skip
    brakes = work_orders.open_order(asset_id=place.id, unit_id=cars[-1].id, title="Front brakes", actor=office,
                                    supplier="Kirinyaga Road Garage")  # fmt: skip
    work_orders.add_line(order_id=brakes.id, kind=LineKind.PART, description="Brake pads, front", quantity=1_000,
                         unit_price=680_000, actor=office)  # fmt: skip
    work_orders.add_line(order_id=brakes.id, kind=LineKind.LABOUR, description="Fitting", quantity=1_500,
                         unit_price=150_000, actor=office)  # fmt: skip
    work_orders.finish(order_id=brakes.id, actor=office)
    work_orders.open_order(asset_id=place.id, unit_id=cars[0].id, title="Inspection overdue", actor=office)
    bump = incidents.report(asset_id=place.id, unit_id=cars[1].id, kind=IncidentKind.ACCIDENT, actor=office,
                            severity=IncidentSeverity.MINOR, happened_at=now - timedelta(hours=20), cost=1_250_000,
                            place="Haile Selassie Avenue, at the roundabout",
                            description="A matatu touched the rear bumper while waiting. Nobody was hurt.",
                            third_party="KCB 771L, Britam policy 0093812", police_reference="OB 14/29/11")  # fmt: skip
    incidents.add_note(incident_id=bump.id, words="Their insurer accepts it and sends an assessor.", actor=office)
    incidents.report(asset_id=place.id, unit_id=cars[2].id, kind=IncidentKind.BREAKDOWN, actor=office,
                     severity=IncidentSeverity.SERIOUS, happened_at=now - timedelta(days=3),
                     place="Mombasa Road, Sameer Park", description="Lost coolant; towed to the yard.")  # fmt: skip


def _person(role: Role) -> Actor:
    person = next(each for each in PEOPLE if each.role == role)
    return Actor(ActorKind.USER, person.name, key(person.email))
