"""Folios of the scenarios: guests of Berlin in house, what they owe, and who presses the buttons."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select, text

from portal.core.db import db
from portal.core.transaction import transactional
from portal.shared.assets.models import Asset
from portal.shared.customers.models import Customer
from portal.trades.hotel.models import Folio, FolioLine, Room, Stay, StayStatus
from portal.trades.hotel.queries.folios import lines_of, windows_of
from portal.trades.hotel.queries.property import lock_day
from portal.trades.hotel.queries.stays import lock_stays, nights_of_stays
from portal.trades.hotel.services import folio_steps, folios
from tests.factories import hotel
from tests.factories.assets import ACTOR


@transactional
def check_in(stay: Stay) -> Stay:
    """The guest comes, into any room of the type that nobody has."""
    day = lock_day(stay.asset_id, shared=True).day
    stay = lock_stays([stay.id])[stay.id]
    taken = select(Stay.room_id).where(Stay.status == StayStatus.IN_HOUSE)
    stay.room_id = db.session.scalar(
        select(Room.unit_id)
        .where(Room.room_type_id == stay.room_type_id, Room.unit_id.not_in(taken))
        .order_by(Room.unit_id)
        .limit(1)
    )
    stay.status = StayStatus.IN_HOUSE
    db.session.flush()
    folio_steps.on_check_in(hotel_of(stay), day, stay, ACTOR)
    return stay


@transactional
def charge_nights(stay: Stay, *nights: date) -> None:
    """Charge these nights, as the night audit does."""
    day = lock_day(stay.asset_id, shared=True)
    stay = lock_stays([stay.id])[stay.id]
    due = [(stay, night) for night in nights_of_stays([stay.id])[stay.id] if night.night in nights]
    folios.post_nights(hotel_of(stay), day.day, due, ACTOR)


def hotel_of(stay: Stay) -> Asset:
    """The hotel of a stay."""
    return db.session.get_one(Asset, stay.asset_id)


def folio(stay: Stay) -> Folio:
    """The guest's own window, opened if need be."""
    return folios.open_for(stay_id=stay.id, actor=ACTOR)


def company(stay: Stay, *routes: str, name: str = "Kranich GmbH") -> Folio:
    """A window of a company's."""
    place = hotel_of(stay)
    payer = Customer(business_id=place.business_id, name=name, kind="company", email="bills@kranich.example")
    db.session.add(payer)
    db.session.flush()
    db.session.commit()
    return folios.open_window(stay_id=stay.id, name=name, payer_id=payer.id, routes=list(routes), actor=ACTOR)


def charge(stay: Stay, amount: int = 1_000, code: str = "minibar", **more: object) -> FolioLine:
    """Something from the minibar for ten."""
    return folios.post_charge(stay_id=stay.id, code=code, amount=amount, actor=ACTOR, **more)


def amounts(one: Folio) -> list[int]:
    """The lines of a folio."""
    return [line.amount for line in lines_of([one.id]).get(one.id, [])]


def all_lines(stay: Stay) -> list[FolioLine]:
    """Every line of a stay, window by window."""
    own = windows_of([stay.id])[stay.id]
    found = lines_of([each.id for each in own])
    return [line for each in own for line in found.get(each.id, [])]


def full_house(rooms: int, nights: int = 3) -> Asset:
    """A hotel of doubles in which everybody sleeps: put into their rooms in bulk, as check-ins would leave it."""
    place = hotel.big(rooms)
    for first in range(0, rooms, 100):
        hotel.book(place, hotel.TODAY, hotel.TODAY + timedelta(days=nights), rooms=min(100, rooms - first))
    db.session.execute(
        text(
            "with s as (select id, row_number() over (order by id) n from stay where asset_id = :a),"
            " r as (select unit_id, row_number() over (order by unit_id) n from room where asset_id = :a)"
            " update stay set status = 'in_house', room_id = r.unit_id from s join r using (n) where stay.id = s.id"
        ),
        {"a": place.id},
    )
    db.session.commit()
    return place
