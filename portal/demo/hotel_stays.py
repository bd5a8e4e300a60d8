"""Who stayed at the demo hotel, who is in, and who is to come: at the doors downstairs, by the desk upstairs."""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import Range

from portal.core.db import db
from portal.core.money import PPM, round_minor
from portal.demo.common import DAYS, dice, insert, key, key_at, label
from portal.demo.history import Life
from portal.demo.names import guest
from portal.demo.places import BUSINESS, HOTEL, DemoUnit
from portal.shared.access.models import AccessGrant
from portal.shared.assets.models import Unit, UnitStatus
from portal.shared.customers.models import Customer
from portal.trades.hotel.models import (
    BookingGroup,
    GuestProfile,
    HousekeepingTask,
    Reservation,
    Room,
    RoomOccupancy,
    Stay,
    StayNight,
    Waiting,
)
from portal.trades.hotel.times import moment, nights_between

IN, OUT = 14 * 60, 12 * 60
SOURCES = ("desk", "phone", "phone", "web", "web", "web", "booking.com", "booking.com", "company", "walk_in")
#: So far ahead the desk has bookings.
BOOKED_AHEAD = 60
VIPS = ("Ngozi Adebayo", "Emeka Okonkwo", "Salma Hassan")
NOTES = ("With a small child, needs a cot.", "Late arrival, after 22:00.", "Wants a quiet room.", "Anniversary.")


@dataclass(frozen=True)
class House:
    """The rooms the desk lets, and those of them that are out of use for a while."""

    rooms: list[DemoUnit]
    blocked: set[str]


@dataclass
class Rows:
    """What is to be written, by table, and who has been a guest before."""

    rows: dict[type[Any], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    guests: dict[str, uuid.UUID] = field(default_factory=dict)
    count: int = 0
    #: Rooms somebody is in.
    inside: set[uuid.UUID] = field(default_factory=set)
    #: How many are to arrive today.
    arriving: int = 0
    chance: random.Random = field(default_factory=lambda: dice("hotel stays"))

    def guest_id(self, name: str, at: datetime) -> uuid.UUID:
        """The customer of that name, who is written down the first time."""
        if name not in self.guests:
            self.guests[name] = key(f"guest {name}")
            number = 8_030_000_000 + self.chance.randrange(9_999_999)
            self.rows[Customer].append({
                "id": self.guests[name], "created_at": at, "business_id": key(BUSINESS), "kind": "person",
                "name": name, "email": f"{name.lower().replace(' ', '.')}@guests.example", "phone": f"+234{number}",
            })  # fmt: skip
            self.rows[GuestProfile].append({
                "customer_id": self.guests[name], "nationality": self.chance.choice(("NG", "NG", "GH", "KE", "GB")),
                "document_kind": "passport",
                "document_number": f"A{self.chance.randrange(10**8):08}" if self.chance.random() < 0.9 else None,
                "vip": name in VIPS,
            })  # fmt: skip
        return self.guests[name]


def during(arrival: date, departure: date) -> Range[datetime]:
    """The time a room is somebody's who comes and goes at the hotel's hours."""
    return Range(moment(HOTEL.timezone, arrival, IN), moment(HOTEL.timezone, departure, OUT), bounds="[)")


def price_of(price: int, night: date) -> int:
    """A night's price in minor units: dearer on Fridays and Saturdays."""
    return price * (115 if night.weekday() in (4, 5) else 100)


def load(lives: list[Life], now: datetime, today: date, house: House) -> None:
    """Write every stay, and leave rooms, keys and tasks as they left them."""
    made = Rows()
    for life in lives:
        if life.unit.place is HOTEL and life.status != UnitStatus.RETIRED:
            for stay in life.stays:
                _door(made, life.unit, stay.holder, stay.begins, stay.ends, now)
            if life.unit.period_minutes == 1440 and life.unit.number not in house.blocked:
                ends = life.stays[-1].ends if life.stays else now
                _to_come(made, life.unit, max(_local(ends), today) + timedelta(days=1), today, now)
    for unit in house.rooms:
        _lived(made, unit, now, today, blocked=unit.number in house.blocked)
    _called_off(made, house.rooms, now, today)
    _wedding(made, house.rooms, now, today)
    for model in (Customer, GuestProfile, BookingGroup, Reservation, Stay, StayNight, RoomOccupancy, Waiting):
        insert(model, _even(made.rows[model]))
    _keys(made, now)
    _cleanliness(made, now, today)


def _even(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of one shape, so that they go in one statement."""
    names = {name for row in rows for name in row}
    return [{name: row.get(name) for name in names} for row in rows]


def _local(at: datetime) -> date:
    return at.astimezone(ZoneInfo(HOTEL.timezone)).date()


def _door(made: Rows, unit: DemoUnit, holder: str, begins: datetime, ends: datetime, now: datetime) -> None:
    """A stay that was paid for at the door, by the hours it lasted."""
    arrival, departure = _local(begins), _local(ends)
    status = "confirmed" if begins > now else "in_house" if ends > now else "checked_out"
    stay = _stay(made, unit, holder, arrival, departure, begins, status, source="door", plan=None)
    came, left = begins if begins <= now else None, ends if ends <= now else None
    stay |= {"starts_at": begins, "ends_at": ends, "arrived_at": came, "departed_at": left}
    _nights(made, stay, unit.price, plain=True)
    _take(made, stay, unit, Range(begins, ends, bounds="[)"))


def _lived(made: Rows, unit: DemoUnit, now: datetime, today: date, *, blocked: bool) -> None:
    """A room's month and weeks to come, one booking after the other; the further ahead, the emptier."""
    chance, at = made.chance, today - timedelta(days=DAYS - made.chance.randrange(4))
    while at < today + timedelta(days=BOOKED_AHEAD):
        leave = at + timedelta(days=chance.choice((1, 1, 2, 2, 2, 3, 3, 4, 7)))
        if not (blocked and leave > today - timedelta(days=2) and at < today + timedelta(days=8)):
            _booked(made, unit, at, leave, now, today)
        ahead = max(0, (at - today).days)
        at = leave + timedelta(days=chance.choice((0, 0, 0, 0, 1, 1, 2) if not ahead else (0, 1, 2, 3, 5, 8, 12)))


def _to_come(made: Rows, unit: DemoUnit, at: date, today: date, now: datetime) -> None:
    """Bookings for a type downstairs: which room it will be is decided when they come."""
    while at < today + timedelta(days=BOOKED_AHEAD // 2):
        leave = at + timedelta(days=made.chance.choice((1, 2, 2, 3)))
        if made.chance.random() < 0.3:
            _booked(made, unit, at, leave, now, today, room=False)
        at = leave + timedelta(days=made.chance.choice((1, 2, 4, 6)))


def _booked(
    made: Rows, unit: DemoUnit, arrival: date, departure: date, now: datetime, today: date, *, room: bool = True
) -> dict[str, Any]:
    """One booking as it stands today."""
    chance = made.chance
    status = "confirmed"
    if departure < today or (departure == today and chance.random() < 0.35):
        status = "checked_out"
    elif arrival < today or (arrival == today and unit.id not in made.inside and chance.random() < 0.25):
        status = "in_house"
        made.inside.add(unit.id)
    if status == "confirmed" and arrival > today + timedelta(days=2) and chance.random() < 0.06:
        status = "held"
    booked_at = moment(HOTEL.timezone, arrival, chance.randrange(480, 1_200)) - timedelta(days=chance.randrange(1, 40))
    plan = chance.choice(("BAR", "BAR", "BAR", "NRF", "CORP"))
    source = "company" if plan == "CORP" else chance.choice(SOURCES)
    stay = _stay(
        made, unit, guest(chance), arrival, departure, min(booked_at, now - timedelta(hours=1)), status,
        source=source, plan=plan, now=now,
    )  # fmt: skip
    share = {"BAR": 100, "NRF": 90, "CORP": 85}[plan]
    _nights(made, stay, unit.price * share // 100)
    if status in ("in_house", "checked_out"):
        came = moment(HOTEL.timezone, arrival, chance.randrange(IN + 10, 1_300))
        if came > now:
            came = now - timedelta(minutes=chance.randrange(5, 60))
        if came < moment(HOTEL.timezone, arrival, IN):
            stay["starts_at"] = came
        stay["arrived_at"] = came
    if status == "checked_out":
        left = min(moment(HOTEL.timezone, departure, chance.randrange(440, OUT)), now - timedelta(minutes=3))
        stay["departed_at"] = stay["ends_at"] = left
    if status in ("confirmed", "held"):
        stay["eta_minute"] = chance.choice((None, 15 * 60, 16 * 60 + 30, 18 * 60, 21 * 60))
        stay["room_locked"] = room and arrival > today and chance.random() < 0.1
        made.arriving += arrival == today
        # which room it will be is seldom decided far ahead
        open_still = made.arriving % 4 == 1 if arrival == today else chance.random() < 0.4
        room = room and (stay["room_locked"] or not open_still)
    if room:
        begins = stay.get("starts_at") or moment(HOTEL.timezone, arrival, IN)
        ends = stay.get("ends_at") or moment(HOTEL.timezone, departure, OUT)
        _take(made, stay, unit, Range(begins, ends, bounds="[)"))
    return stay


def _stay(
    made: Rows, unit: DemoUnit, name: str, arrival: date, departure: date, at: datetime, status: str, *,
    source: str, plan: str | None, now: datetime | None = None, group: uuid.UUID | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A reservation of one room, and its stay, which has no room yet."""
    chance, made.count = made.chance, made.count + 1
    who, reservation = made.guest_id(name, at), key_at(at, chance)
    channel = source if source == "booking.com" else None
    note = chance.choice(NOTES) if source != "door" and chance.random() < 0.12 else None
    made.rows[Reservation].append({
        "id": reservation, "created_at": at, "asset_id": HOTEL.id, "number": label(f"reservation {made.count}"),
        "booker_id": who, "source": source, "channel": channel, "channel_ref": f"B{made.count:06}" if channel else None,
        "hold_expires_at": now + timedelta(minutes=12 + 17 * (made.count % 9)) if now and status == "held" else None,
        "note": note, "token": f"demo-{reservation.hex}", "group_id": group, "version": 1,
        "made_by": {"door": "sandbox", "booking.com": "booking.com", "web": "website"}.get(source, "Funke Adeyemi"),
    })  # fmt: skip
    sleeps = 1 if unit.room_type == "Meeting room" else chance.choice((1, 1, 2, 2, 2))
    stay = {
        "id": key_at(at, chance), "created_at": at, "asset_id": HOTEL.id, "reservation_id": reservation, "place": 1,
        "room_type_id": key(f"{HOTEL.name} type {unit.room_type}"), "room_id": None, "room_locked": False,
        "guest_id": who, "rate_plan_id": key(f"{HOTEL.name} plan {plan}") if plan else None, "arrival": arrival,
        "departure": departure, "day_use": arrival == departure, "adults": sleeps, "children": 0, "status": status,
        "version": 1,
    }  # fmt: skip
    made.rows[Stay].append(stay)
    return stay


def _nights(made: Rows, stay: dict[str, Any], price: int, *, plain: bool = False, released: bool = False) -> None:
    for night in nights_between(stay["arrival"], stay["departure"]) or [stay["arrival"]]:
        agreed = price * 100 if plain else price_of(price, night)
        vat = round_minor(Fraction(agreed * 75_000, PPM + 75_000))
        made.rows[StayNight].append({
            "stay_id": stay["id"], "night": night, "room_type_id": stay["room_type_id"],
            "rate_plan_id": stay["rate_plan_id"], "price": agreed, "discount": 0,
            "taxes": [{"name": "VAT", "amount": vat, "inclusive": True, "rate_ppm": 75_000}],
            "released": released or stay["day_use"],
        })  # fmt: skip


def _take(made: Rows, stay: dict[str, Any], unit: DemoUnit, time: Range[datetime]) -> None:
    stay["room_id"] = unit.id
    made.rows[RoomOccupancy].append({
        "id": key(f"occupancy {stay['id']}"), "asset_id": HOTEL.id, "room_id": unit.id, "stay_id": stay["id"],
        "during": time, "main": True, "active": True,
    })  # fmt: skip


def _called_off(made: Rows, rooms: list[DemoUnit], now: datetime, today: date) -> None:
    """Bookings that were cancelled, and guests who never came."""
    for turn in range(14):
        arrival = today - timedelta(days=made.chance.randrange(1, DAYS)) if turn % 2 else today + timedelta(days=turn)
        status = "no_show" if turn % 4 == 1 else "cancelled"
        unit, at = made.chance.choice(rooms), now - timedelta(days=DAYS - turn)
        stay = _stay(
            made, unit, guest(made.chance), arrival, arrival + timedelta(days=2), at, status, source="web", plan="BAR"
        )
        _nights(made, stay, unit.price, released=True)


def _wedding(made: Rows, rooms: list[DemoUnit], now: datetime, today: date) -> None:
    """People who come together next week, and somebody who waits for a room then."""
    arrival, group = today + timedelta(days=BOOKED_AHEAD + 8), key(f"{HOTEL.name} group")
    made.rows[BookingGroup].append({
        "id": group, "created_at": now - timedelta(days=12), "asset_id": HOTEL.id, "code": "ADEWED",
        "name": "Adekunle wedding", "arrival": arrival, "departure": arrival + timedelta(days=2),
        "cutoff_on": arrival - timedelta(days=14), "status": "open", "note": "Hall booked from 10:00.", "version": 1,
    })  # fmt: skip
    for unit in rooms[:8]:
        stay = _stay(
            made, unit, guest(made.chance), arrival, arrival + timedelta(days=2), now - timedelta(days=11), "confirmed",
            source="phone", plan="BAR", group=group,
        )  # fmt: skip
        _nights(made, stay, unit.price * 90 // 100)
    made.rows[Waiting].append({
        "id": key(f"{HOTEL.name} waiting"), "created_at": now - timedelta(days=1), "asset_id": HOTEL.id,
        "customer_id": made.guest_id("Ruth Kimani", now), "room_type_id": key(f"{HOTEL.name} type Suite"),
        "arrival": today + timedelta(days=3), "departure": today + timedelta(days=5), "adults": 2,
        "status": "waiting", "made_by": "Funke Adeyemi",
    })  # fmt: skip


def _keys(made: Rows, now: datetime) -> None:
    """Guests in house have a key: those of the doors what they paid for, the others until they leave."""
    running = select(AccessGrant.unit_id, AccessGrant.id).where(
        AccessGrant.asset_id == HOTEL.id, AccessGrant.ended_at.is_(None), AccessGrant.revoked_at.is_(None)
    )
    grants: dict[uuid.UUID, uuid.UUID] = {unit_id: grant_id for unit_id, grant_id in db.session.execute(running)}
    fresh, units, stays = [], [], []
    for stay in made.rows[Stay]:
        if stay["status"] != "in_house":
            continue
        if stay["room_id"] not in grants:
            until = stay.get("ends_at") or moment(HOTEL.timezone, stay["departure"], OUT)
            if until <= now:  # overdue: the door is shut, the guest is still in the house
                continue
            grants[stay["room_id"]] = key(f"grant {stay['id']}")
            fresh.append({
                "id": grants[stay["room_id"]], "created_at": stay["arrived_at"], "unit_id": stay["room_id"],
                "asset_id": HOTEL.id, "during": Range(stay["arrived_at"], until, bounds="[)"), "kind": "stay",
                "holder": _holder(made, stay), "granted_by": "Funke Adeyemi", "reason": "Stay",
            })  # fmt: skip
            units.append({"of": stay["room_id"], "at": stay["arrived_at"], "until": until})
        stays.append({"of": stay["id"], "grant": grants[stay["room_id"]]})
    insert(AccessGrant, fresh)
    unit, kept = Unit.__table__, Stay.__table__
    change = unit.update().where(unit.c.id == bindparam("of"))  # type: ignore[attr-defined]
    activated = {"status": "active", "activated_at": bindparam("at"), "expires_at": bindparam("until")}
    db.session.connection().execute(change.values(activated), units)
    given = kept.update().where(kept.c.id == bindparam("of")).values(grant_id=bindparam("grant"))  # type: ignore[attr-defined]
    db.session.connection().execute(given, stays)


def _holder(made: Rows, stay: dict[str, Any]) -> str:
    return next(str(row["email"]) for row in made.rows[Customer] if row["id"] == stay["guest_id"])


def _cleanliness(made: Rows, now: datetime, today: date) -> None:
    """Rooms that were left today are dirty, some that are in use too; each dirty one is somebody's task."""
    stays = made.rows[Stay]
    left = {stay["room_id"] for stay in stays if stay["status"] == "checked_out" and stay["departure"] == today}
    inside = {stay["room_id"] for stay in stays if stay["status"] == "in_house"}
    dirty = [(room, "departure") for room in left - inside] + [
        (room, "stayover") for room in sorted(inside) if room.int % 3 == 0
    ]
    rooms = Room.__table__
    change = rooms.update().where(rooms.c.unit_id == bindparam("of")).values(status="dirty", status_at=now)  # type: ignore[attr-defined]
    db.session.connection().execute(change, [{"of": room} for room, _kind in dirty])
    insert(
        HousekeepingTask,
        [
            {"id": key(f"task {room} {kind}"), "asset_id": HOTEL.id, "room_id": room, "kind": kind, "due_on": today,
             "status": "open", "urgency": 0}
            for room, kind in dirty
        ],
    )  # fmt: skip
