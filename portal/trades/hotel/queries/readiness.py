"""What stands between a guest and their room: told before anybody presses the button, asked again by the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.words import _, ngettext
from portal.core.written import day
from portal.shared.assets.models import Asset, Unit
from portal.shared.assets.queries import asset_of
from portal.shared.customers.models import Customer
from portal.trades.hotel.models import (
    GuestProfile,
    HousekeepingStatus,
    Room,
    RoomType,
    Stay,
    StayGuest,
    StayNight,
    StayStatus,
)
from portal.trades.hotel.queries.property import business_date, ends_at, property_of, starts_at

#: What a registration card may ask for, and where it is kept; `signature` is the stay's.
CARD = {
    "name": "guest", "email": "guest", "phone": "guest", "nationality": "profile", "born_on": "profile",
    "document_kind": "profile", "document_number": "profile", "address": "profile", "language": "profile",
    "signature": "stay",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing in the way. One that may be `overridden` needs somebody's leave and a reason."""

    code: str
    words: str
    overridden: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


def obstacles(place: Asset, stay: Stay, *, today: date | None = None) -> list[Obstacle]:
    """Everything that keeps a stay from being checked in now, the gravest first; nothing means one click."""
    room = db.session.get(Room, stay.room_id, populate_existing=True) if stay.room_id else None
    return [*of_the_guest(place, stay, today or business_date(place)), *of_the_room(stay, room)]


def of_the_guest(place: Asset, stay: Stay, today: date) -> list[Obstacle]:
    """What is in the way whichever room it is: the day, the people, the card."""
    found = [*_time(place, stay, today), *_people(stay)]
    guest = db.session.get_one(Customer, stay.guest_id)
    profile = db.session.get(GuestProfile, stay.guest_id)
    if profile is not None and profile.do_not_rent:
        found.append(
            Obstacle("do_not_rent", _("Not to be let to: %(why)s.", why=profile.do_not_rent.rstrip(".")), True)
        )
    missing = _missing(property_of(place).card_fields, guest, profile, stay)
    if missing:
        words = _("The registration card lacks: %(fields)s.", fields=", ".join(_in_words(each) for each in missing))
        found.append(Obstacle("card", words, details={"fields": missing}))
    return found


def early_nights_price(place: Asset, stay: Stay, today: date) -> int:
    """What the nights before the arrival cost: each as the first night that was agreed."""
    first = db.session.scalar(select(StayNight).where(StayNight.stay_id == stay.id).order_by(StayNight.night).limit(1))
    return (first.agreed if first else 0) * (stay.arrival - today).days


def early_fee(place: Asset, stay: Stay, at: datetime) -> int:
    """What a hotel asks of a guest who has the room before its hour on the day of arrival, in minor units."""
    settings = property_of(place)
    first = _agreed(stay, last=False)
    early = at < starts_at(place, settings, stay)
    return first * settings.early_fee_ppm // 1_000_000 if early and not stay.day_use else 0


def late_fee(place: Asset, stay: Stay, at: datetime) -> int:
    """What a hotel asks of a guest who leaves after the hour of the day of departure, in minor units."""
    settings = property_of(place)
    late = at > ends_at(place, settings, stay)
    return _agreed(stay, last=True) * settings.late_fee_ppm // 1_000_000 if late and not stay.day_use else 0


def _agreed(stay: Stay, *, last: bool) -> int:
    order = StayNight.night.desc() if last else StayNight.night
    night = db.session.scalar(select(StayNight).where(StayNight.stay_id == stay.id).order_by(order).limit(1))
    return night.agreed if night else 0


def _time(place: Asset, stay: Stay, today: date) -> list[Obstacle]:
    if stay.status != StayStatus.CONFIRMED:
        return [Obstacle("status", _("This stay is not waiting to arrive."), details={"status": stay.status})]
    if today < stay.arrival:
        price = early_nights_price(place, stay, today)
        nights = (stay.arrival - today).days
        words = ngettext(
            "The stay begins on %(day)s. The guest may come now for one more night.",
            "The stay begins on %(day)s. The guest may come now for %(num)s more nights.",
            nights,
            day=day(stay.arrival),
        )
        offer = {"arrival": today.isoformat(), "nights": nights, "price": price}
        return [Obstacle("early", words, details={"offer": offer})]
    if utcnow() >= ends_at(place, property_of(place), stay):
        return [Obstacle("over", _("The stay was until %(day)s. Extend it first.", day=day(stay.departure)))]
    return []


def _people(stay: Stay) -> list[Obstacle]:
    others = len(db.session.scalars(select(StayGuest.customer_id).where(StayGuest.stay_id == stay.id)).all())
    people = max(stay.adults + stay.children, 1 + others)
    room = db.session.get(Room, stay.room_id) if stay.room_id else None
    kind = db.session.get_one(RoomType, room.room_type_id if room else stay.room_type_id)
    if people <= kind.capacity:
        return []
    words = _("%(type)s sleeps %(count)s, and %(people)s come.", type=kind.name, count=kind.capacity, people=people)
    return [Obstacle("people", words)]


def of_the_room(stay: Stay, room: Room | None) -> list[Obstacle]:
    """What is in the way in the room itself: none is given, somebody is in it, it is not made up."""
    if room is None:
        return [Obstacle("no_room", _("No room is given yet."))]
    number = db.session.get_one(Unit, room.unit_id).number
    inside = db.session.scalar(
        select(Customer.name)
        .join(Stay, Stay.guest_id == Customer.id)
        .where(Stay.room_id == room.unit_id, Stay.status == StayStatus.IN_HOUSE, Stay.id != stay.id)
    )
    if inside is not None:
        words = _("%(who)s is still checked in to room %(room)s. Check them out first.", who=inside, room=number)
        return [Obstacle("occupied", words)]
    if room.status in (HousekeepingStatus.DIRTY, HousekeepingStatus.CLEANING):
        return [Obstacle("dirty", _("Room %(room)s is not made up.", room=number), True)]
    return []


def _missing(fields: Sequence[Any], guest: Customer, profile: GuestProfile | None, stay: Stay) -> list[str]:
    holders = {"guest": guest, "profile": profile, "stay": stay}
    return [name for name in fields if name in CARD and not getattr(holders[CARD[name]], name, None)]


def _in_words(name: str) -> str:
    return {
        "name": _("name"),
        "email": _("e-mail address"),
        "phone": _("telephone number"),
        "nationality": _("nationality"),
        "born_on": _("date of birth"),
        "document_kind": _("kind of document"),
        "document_number": _("number of the document"),
        "address": _("address"),
        "language": _("language"),
        "signature": _("signature"),
    }[name]


def card_of(stay: Stay) -> dict[str, Any]:
    """What the guest's card says so far, of the fields that this hotel asks a guest for."""
    asked = property_of(asset_of(stay.asset_id)).card_fields
    profile = db.session.get(GuestProfile, stay.guest_id)
    return {name: getattr(profile, name, None) for name in asked if CARD.get(name) == "profile"}
