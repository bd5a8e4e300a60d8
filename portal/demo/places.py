"""The demo's business, its four places, and their rooms and vehicles."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from portal.demo.common import DAYS, insert, key, label
from portal.shared.assets.models import Asset, Business, Unit

BUSINESS = "Lagoon Holdings"


@dataclass(frozen=True)
class DemoPlace:
    """One place of the demo; its number is the same in every installation."""

    kind: str
    name: str
    location: str
    timezone: str
    currency: str

    @property
    def id(self) -> uuid.UUID:
        return key(self.name)

    @property
    def asset_number(self) -> str:
        return label(self.name)


HOTEL = DemoPlace("hotel", "Marina Hotel", "14 Marina Road, Lagos", "Africa/Lagos", "NGN")
FLEET = DemoPlace("fleet", "Swift Cars", "Mombasa Road, Nairobi", "Africa/Nairobi", "KES")
SHOP = DemoPlace("shop", "Marina Corner Shop", "16 Marina Road, Lagos", "Africa/Lagos", "NGN")
DEPOT = DemoPlace("depot", "Athi River Gas Depot", "Namanga Road, Athi River", "Africa/Nairobi", "KES")
PLACES = (HOTEL, FLEET, SHOP, DEPOT)


@dataclass(frozen=True)
class DemoUnit:
    """A room or a vehicle; `price` is in major units for one period."""

    place: DemoPlace
    kind: str
    number: str
    price: int
    room_type: str | None = None
    plate: str | None = None
    period_minutes: int = 1440

    @property
    def id(self) -> uuid.UUID:
        return key(f"{self.place.name} {self.number}")


@cache
def units() -> tuple[DemoUnit, ...]:
    """Every unit of the demo, in the order people count them."""
    return (*_rooms(), *_vehicles())


def _rooms() -> Iterator[DemoUnit]:
    types = {"Standard": 28_000, "Double": 42_000, "Deluxe": 65_000, "Suite": 120_000}
    for floor, plan in enumerate(("SSSDDDDX", "SSDDDXXX", "DDDXXXUU"), start=1):
        for door, letter in enumerate(plan, start=1):
            name = {"S": "Standard", "D": "Double", "X": "Deluxe", "U": "Suite"}[letter]
            yield DemoUnit(HOTEL, "room", f"{floor}{door:02}", types[name], room_type=name)
    yield DemoUnit(HOTEL, "room", "G01", 15_000, room_type="Meeting room", period_minutes=240)


def _vehicles() -> Iterator[DemoUnit]:
    cars = (
        ("Toyota Axio", 4_500), ("Toyota Axio", 4_500), ("Toyota Axio", 4_500), ("Nissan Note", 3_800),
        ("Nissan Note", 3_800), ("Mazda Demio", 3_500), ("Mazda Demio", 3_500), ("Toyota Noah", 7_500),
        ("Toyota Noah", 7_500), ("Toyota Hiace", 11_000), ("Toyota Hilux", 9_500), ("Isuzu NQR lorry", 16_000),
    )  # fmt: skip
    for number, (make, price) in enumerate(cars, start=1):
        plate = f"KD{'GHJKLMNPQRST'[number - 1]} {(number * 137) % 900 + 100}{'ABCDEFGHJKLM'[number - 1]}"
        yield DemoUnit(FLEET, "vehicle", f"KD{number:02}", price, room_type=make, plate=plate)
    yield DemoUnit(DEPOT, "vehicle", "T1", 14_000, room_type="Isuzu FRR tanker", plate="KCZ 418Q")
    yield DemoUnit(DEPOT, "vehicle", "T2", 12_000, room_type="Mitsubishi Canter", plate="KDB 207W")


def load(now: datetime) -> None:
    """Write the places as they were entered before the month of history began."""
    opened = now - timedelta(days=DAYS + 3)
    business = key(BUSINESS)
    insert(Business, [{"id": business, "created_at": opened, "name": BUSINESS}])
    insert(
        Asset,
        [
            {
                "id": place.id, "created_at": opened, "business_id": business, "asset_number": place.asset_number,
                "kind": place.kind, "name": place.name, "timezone": place.timezone, "currency": place.currency,
                "location": place.location, "bank_name": "First Bank" if place.currency == "NGN" else "Equity Bank",
                "bank_account_name": BUSINESS, "bank_account_number": "0011223344",
            }
            for place in PLACES
        ],
    )  # fmt: skip
    insert(
        Unit,
        [
            {
                "id": unit.id, "created_at": opened, "asset_id": unit.place.id, "number": unit.number,
                "kind": unit.kind, "label": label(f"{unit.place.name} {unit.number}", 8), "room_type": unit.room_type,
                "plate": unit.plate, "price": unit.price * 100, "period_minutes": unit.period_minutes,
            }
            for unit in units()
        ],
    )  # fmt: skip
