"""What the guests of the demo hotel owe and have paid, written by the commands the desk uses."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from sqlalchemy import select

from portal.core.actor import Actor, ActorKind
from portal.core.db import db
from portal.core.transaction import transactional
from portal.demo.common import dice, insert, key
from portal.demo.people import PEOPLE
from portal.demo.places import HOTEL
from portal.shared.assets.queries import asset_of
from portal.shared.identity.models import Role
from portal.trades.hotel.models import Folio, FolioLine, Reservation, Stay, StayNight
from portal.trades.hotel.queries.folios import balance_of, windows_of
from portal.trades.hotel.queries.property import lock_day
from portal.trades.hotel.queries.stays import nights_of_stays
from portal.trades.hotel.services import folio_money, folios


def load() -> None:
    """Charge the nights that were slept, take money from most guests, and a deposit from some who are to come."""
    clerk = next(each for each in PEOPLE if each.role == Role.FRONT_DESK)
    actor, chance = Actor(ActorKind.USER, clerk.name, key(clerk.email)), dice("hotel folios")
    inside = _charge(actor)
    for turn, stay_id in enumerate(inside):
        folio = windows_of([stay_id])[stay_id][0]
        owed = balance_of(folio.id)
        if owed > 0 and chance.random() < 0.6:
            way = ("cash", "card")[turn % 2]
            folio_money.take(
                folio_id=folio.id, way=way, amount=owed, slip=f"{4_700 + turn}" if way == "card" else None, actor=actor
            )
    for turn, stay in enumerate(_to_come()[:6]):
        folio = folios.open_for(stay_id=stay.id, actor=actor)
        first = nights_of_stays([stay.id])[stay.id][0].agreed
        folio_money.take(folio_id=folio.id, way="card", amount=first, slip=f"{4_800 + turn}", actor=actor)


def _inside() -> list[tuple[Stay, str]]:
    """The stays of guests in house, and where each came from."""
    rows = db.session.execute(
        select(Stay, Reservation.source)
        .join(Reservation, Reservation.id == Stay.reservation_id)
        .where(Stay.asset_id == HOTEL.id, Stay.status == "in_house")
        .order_by(Stay.id)
    )
    return [(stay, source) for stay, source in rows]


def _charge(actor: Actor) -> list[uuid.UUID]:
    """The nights of guests in house until yesterday; those who paid at the door owe nothing. Who was charged."""
    today = asset_of(HOTEL.id).business_date
    assert today is not None
    arrivals = {stay.arrival for stay, source in _inside() if source != "door"}
    for back in range((today - min(arrivals, default=today)).days, 0, -1):
        _night(today - timedelta(days=back), actor)
    return _paid_at_the_door(today)


@transactional
def _night(day: date, actor: Actor) -> None:
    """One night of everybody who was in."""
    lock_day(HOTEL.id, shared=True)
    stays = {stay.id: stay for stay, source in _inside() if source != "door"}
    slept = [
        (stays[stay_id], each)
        for stay_id, nights in nights_of_stays(stays).items()
        for each in nights
        if each.night == day
    ]
    folios.post_nights(asset_of(HOTEL.id), day, slept, actor)


@transactional
def _paid_at_the_door(today: date) -> list[uuid.UUID]:
    inside = _inside()
    doors = [stay for stay, source in inside if source == "door"]
    nights = nights_of_stays([stay.id for stay in doors])
    _door([(stay, nights[stay.id]) for stay in doors], today)
    return [stay.id for stay, source in inside if source != "door" and stay.arrival < today]


def _door(stays: list[tuple[Stay, list[StayNight]]], today: date) -> None:
    """Charged and paid in one: the money came at the door and stands in the books since."""
    insert(
        Folio,
        [
            {"id": key(f"folio {stay.id}"), "asset_id": HOTEL.id, "stay_id": stay.id, "window": 1, "name": "Guest",
             "payer_id": stay.guest_id, "currency": HOTEL.currency}
            for stay, _nights in stays
        ],
    )  # fmt: skip
    lines = []
    for stay, nights in stays:
        common = {"asset_id": HOTEL.id, "folio_id": key(f"folio {stay.id}"), "business_date": min(stay.arrival, today)}
        lines += [
            {**common, "id": key(f"line {stay.id} {night.night}"), "kind": "charge", "code": "room", "words": "Room",
             "night": night.night, "amount": night.agreed, "posting_key": folios.night_key(stay.id, night.night),
             "by": "sandbox"}
            for night in nights
        ]  # fmt: skip
        paid = sum(night.agreed for night in nights)
        lines.append({**common, "id": key(f"line {stay.id} paid"), "kind": "payment", "code": "sandbox",
                      "words": "Paid at the door", "night": None, "amount": -paid, "posting_key": None,
                      "by": "sandbox"})  # fmt: skip
    insert(FolioLine, lines)


def _to_come() -> list[Stay]:
    """Confirmed stays of the next week, in the order they come."""
    place = asset_of(HOTEL.id)
    assert place.business_date is not None
    return list(
        db.session.scalars(
            select(Stay)
            .where(
                Stay.asset_id == HOTEL.id,
                Stay.status == "confirmed",
                Stay.arrival >= place.business_date,
                Stay.arrival < place.business_date + timedelta(days=7),
            )
            .order_by(Stay.arrival, Stay.id)
        )
    )
