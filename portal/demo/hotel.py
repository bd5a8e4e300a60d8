"""The demo hotel as its desk sees it: what it sells, at which prices, and on which nights."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from portal.core.actor import system
from portal.core.clock import local_date
from portal.core.db import db
from portal.demo import hotel_stays
from portal.demo.common import DAYS, insert, key, label
from portal.demo.history import Life
from portal.demo.places import HOTEL, DemoUnit, units
from portal.shared.assets.models import Asset, Unit, UnitStatus
from portal.trades.hotel.models import (
    BusinessDay,
    CancelPolicy,
    DailyRate,
    HotelTax,
    Property,
    RatePlan,
    Room,
    RoomBlock,
    RoomOccupancy,
    RoomType,
)
from portal.trades.hotel.services import inventory

#: Code, name, how many it sleeps, the price of a night in major units.
TYPES = (
    ("STD", "Standard", 2, 28_000), ("DBL", "Double", 2, 42_000), ("DLX", "Deluxe", 3, 65_000),
    ("SUI", "Suite", 4, 120_000), ("MTG", "Meeting room", 20, 15_000),
)  # fmt: skip
#: Floors whose doors nobody pays at: their guests are booked by the desk.
UPSTAIRS = {4: "SSDDDDDX", 5: "SSDDDDXX", 6: "DDDDXXXU"}
LETTERS = {"S": "Standard", "D": "Double", "X": "Deluxe", "U": "Suite"}
AHEAD = 540
#: Room, kind, first day and length counted from today, why.
BLOCKS = (
    ("206", "out_of_order", 0, 6, "Water damage in the ceiling"),
    ("504", "out_of_order", -1, 4, "New air conditioner"),
    ("408", "out_of_service", 0, 3, "Television does not work"),
    ("608", "house_use", 2, 3, "Kept for the auditors"),
)
PLANS = (
    ("BAR", "Best flexible rate", None, 0, "FLEX", True),
    ("NRF", "Non-refundable", "BAR", -100_000, "No refund", True),
    ("CORP", "Companies", "BAR", -150_000, "FLEX", False),
)


def type_id(name: str) -> Any:
    """The key of a type of the demo hotel."""
    return key(f"{HOTEL.name} type {name}")


def plan_id(code: str) -> Any:
    """The key of a plan of the demo hotel."""
    return key(f"{HOTEL.name} plan {code}")


def upstairs() -> list[DemoUnit]:
    """The rooms that are only let by the desk."""
    prices = {name: price for _code, name, _sleeps, price in TYPES}
    return [
        DemoUnit(HOTEL, "room", f"{floor}{door:02}", prices[LETTERS[letter]], room_type=LETTERS[letter])
        for floor, doors in UPSTAIRS.items()
        for door, letter in enumerate(doors, start=1)
    ]


def load(lives: list[Life], now: datetime) -> None:
    """Write the hotel: its set-up, then a month of stays and what is to come."""
    today = local_date(HOTEL.timezone, now)
    _set_up(today, now)
    rooms = [life.unit for life in lives if life.unit.place is HOTEL and life.status != UnitStatus.RETIRED]
    rooms += upstairs()
    _rooms(rooms, now)
    _blocks(today, now)
    _prices(today)
    start = today - timedelta(days=DAYS + 5)
    inventory.open_nights(asset_id=HOTEL.id, start=start, end=today + timedelta(days=AHEAD), actor=system("hotel"))
    hotel_stays.load(lives, now, today, hotel_stays.House(upstairs(), blocked={each[0] for each in BLOCKS}))
    recount()


def _set_up(today: date, now: datetime) -> None:
    opened = now - timedelta(days=DAYS + 3)
    db.session.get_one(Asset, HOTEL.id).business_date = today
    insert(
        Property,
        [
            {
                "asset_id": HOTEL.id, "checkin_minute": 14 * 60, "checkout_minute": 12 * 60, "hold_minutes": 30,
                "balance_limit": 20_000_000, "card_fields": ["document_number"],
            }
        ],
    )  # fmt: skip
    days = [today - timedelta(days=back) for back in range(DAYS, -1, -1)]
    insert(
        BusinessDay,
        [
            {
                "id": key(f"{HOTEL.name} day {back}"), "asset_id": HOTEL.id, "day": day,
                "state": "open" if day == today else "closed",
                "closed_at": None if day == today else now - timedelta(days=(today - day).days - 1, minutes=30),
                "closed_by": None if day == today else "Musa Ibrahim",
            }
            for back, day in enumerate(days)
        ],
    )  # fmt: skip
    insert(
        RoomType,
        [
            {
                "id": type_id(name), "created_at": opened, "asset_id": HOTEL.id, "code": code, "name": name,
                "capacity": sleeps, "adults": min(sleeps, 2), "place": place,
            }
            for place, (code, name, sleeps, _price) in enumerate(TYPES, start=1)
        ],
    )  # fmt: skip
    insert(
        HotelTax,
        [
            {
                "id": key(f"{HOTEL.name} VAT"), "asset_id": HOTEL.id, "name": "VAT", "kind": "percent",
                "rate_ppm": 75_000, "inclusive": True, "applies_to": "all", "from_on": date(2020, 2, 1),
            }
        ],
    )  # fmt: skip


def _rooms(rooms: list[DemoUnit], now: datetime) -> None:
    known = {unit.id for unit in units()}
    opened = now - timedelta(days=DAYS + 3)
    insert(
        Unit,
        [
            {
                "id": unit.id, "created_at": opened, "asset_id": HOTEL.id, "number": unit.number, "kind": "room",
                "label": label(f"{HOTEL.name} {unit.number}", 8), "room_type": unit.room_type,
                "price": unit.price * 100, "period_minutes": unit.period_minutes,
            }
            for unit in rooms
            if unit.id not in known
        ],
    )  # fmt: skip
    insert(
        Room,
        [
            {
                "unit_id": unit.id, "asset_id": HOTEL.id, "room_type_id": type_id(str(unit.room_type)),
                "floor": unit.number[0], "status": "inspected" if unit.number[-1] in "147" else "clean",
                "status_at": now - timedelta(hours=3), "version": 1,
            }
            for unit in rooms
        ],
    )  # fmt: skip


def _blocks(today: date, now: datetime) -> None:
    blocks, taken = [], []
    for number, kind, first, length, reason in BLOCKS:
        start, end = today + timedelta(days=first), today + timedelta(days=first + length)
        block = {
            "id": key(f"{HOTEL.name} block {number}"), "created_at": now - timedelta(hours=30), "asset_id": HOTEL.id,
            "room_id": key(f"{HOTEL.name} {number}"), "kind": kind, "from_on": start,
            "until_on": end, "reason": reason, "made_by": "Musa Ibrahim",
        }  # fmt: skip
        blocks.append(block)
        if kind != "out_of_service":
            during = hotel_stays.during(start, end)
            taken.append({"id": key(f"{HOTEL.name} blocked {number}"), "asset_id": HOTEL.id, "during": during,
                          "room_id": block["room_id"], "block_id": block["id"]})  # fmt: skip
    insert(RoomBlock, blocks)
    insert(RoomOccupancy, taken)


def _prices(today: date) -> None:
    policies = {"FLEX": (1, 18 * 60, "nights", 1, "nights", 1), "No refund": (0, 0, "all", 0, "all", 0)}
    insert(
        CancelPolicy,
        [
            {
                "id": key(f"{HOTEL.name} policy {name}"), "asset_id": HOTEL.id, "name": name, "free_days": days,
                "free_until_minute": minute, "late_kind": late, "late_value": late_value, "no_show_kind": never,
                "no_show_value": never_value,
            }
            for name, (days, minute, late, late_value, never, never_value) in policies.items()
        ],
    )  # fmt: skip
    insert(
        RatePlan,
        [
            {
                "id": plan_id(code), "asset_id": HOTEL.id, "code": code, "name": name,
                "parent_id": plan_id(parent) if parent else None, "derive_kind": "percent" if parent else None,
                "derive_value": value, "rounding": 10_000, "policy_id": key(f"{HOTEL.name} policy {policy}"),
                "public": public, "place": place,
            }
            for place, (code, name, parent, value, policy, public) in enumerate(PLANS, start=1)
        ],
    )  # fmt: skip
    insert(
        DailyRate,
        [
            {
                "rate_plan_id": plan_id("BAR"), "room_type_id": type_id(name), "night": night,
                "price": hotel_stays.price_of(price, night), "extra_adult": 800_000, "extra_child": 300_000,
            }
            for _code, name, _sleeps, price in TYPES
            for night in (today + timedelta(days=n) for n in range(-DAYS, AHEAD))
        ],
    )  # fmt: skip


_RECOUNT = text(
    """
    update inventory_calendar c set booked = n.booked, held = n.held from (
        select n.room_type_id, n.night, count(*) filter (where s.status <> 'held') as booked,
            count(*) filter (where s.status = 'held') as held
        from stay_night n join stay s on s.id = n.stay_id
        where s.asset_id = :asset and not n.released group by 1, 2
    ) n where n.room_type_id = c.room_type_id and n.night = c.night
    """
)


def recount() -> None:
    """Bring the calendar to what was sold: the rows were written without it."""
    db.session.execute(_RECOUNT, {"asset": HOTEL.id})
