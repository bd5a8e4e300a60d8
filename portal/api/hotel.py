"""Rooms by the night: what can be had, nights put on sale, reservations made, shown and cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from flask import g
from pydantic import Field

from portal.api import fields
from portal.api.assets import local
from portal.api.door import door, speaks
from portal.api.guards import current_actor, permission, require, signed_in
from portal.api.schemas import Given, Money, Taken
from portal.core import money
from portal.core.clock import utcnow
from portal.core.words import _
from portal.trades.hotel.errors import DatesWrong, ReasonMissing
from portal.trades.hotel.models import InventoryNight, RatePlan, RoomType, Stay
from portal.trades.hotel.pricing import Quote
from portal.trades.hotel.queries.door_prices import door_quote
from portal.trades.hotel.queries.inventory import Key, nights_of, room_type_at, room_types
from portal.trades.hotel.queries.quotes import plan_at, quote_each, rate_plans
from portal.trades.hotel.queries.shown import Whole, get_reservation, whole
from portal.trades.hotel.services import cancellations, inventory, reservations
from portal.trades.hotel.services.guests import Guest
from portal.trades.hotel.times import nights_between

LONGEST_PRELOAD = 1_100
#: Who sees no prices of rooms sees none here either.
SEES_PRICES = "units.price"


class InventoryAsked(Taken):
    """Which nights, of one type or of all, for how many rooms and people in each."""

    asset_number: fields.Code
    arrival: fields.Day
    departure: fields.Day
    room_type: fields.text(60) | None = None  # type: ignore[valid-type]
    rate_plan: fields.Code | None = None
    rooms: fields.whole(1, 100) = 1  # type: ignore[valid-type]
    adults: fields.whole(1, 100) = 1  # type: ignore[valid-type]
    children: fields.whole(0, 100) = 0  # type: ignore[valid-type]


class NightOut(Given):
    """One night: how many rooms may be sold, and what one costs."""

    night: date
    free: int
    price: Money | None


class RestrictionOut(Given):
    """A rule that keeps this stay from being sold at this plan."""

    rule: str
    night: date
    value: int | None


class TypeOut(Given):
    """What can be had of a type. `free` is that of its fullest night; `total` is for all the rooms asked for."""

    room_type: str
    name: str
    capacity: int
    rate_plan: str | None
    free: int
    nights: list[NightOut]
    total: Money | None = Field(description="Null where the plan has no price, and for roles that see no prices.")
    restrictions: list[RestrictionOut]


class InventoryOut(Given):
    """What can be had of every type that sleeps so many."""

    asset_number: str
    arrival: date
    departure: date
    room_types: list[TypeOut]


class PreloadIn(Taken):
    """Nights to put on sale from `start` until `end`, which is not one of them; of one type or of all."""

    asset_number: fields.Code
    start: fields.Day
    end: fields.Day
    room_type: fields.text(60) | None = None  # type: ignore[valid-type]


class PreloadOut(Given):
    """How many rows that made; those that were there stay as they are."""

    created: int


class GuestIn(Taken):
    """Who books."""

    name: fields.text(100)  # type: ignore[valid-type]
    email: fields.Email | None = None
    phone_number: fields.Phone = None


class ReservationIn(Taken):
    """Rooms of one type for the same nights; with `hold_minutes` they are only kept for so long."""

    asset_number: fields.Code
    room_type: fields.text(60)  # type: ignore[valid-type]
    arrival: fields.Day
    departure: fields.Day
    adults: fields.whole(1, 100)  # type: ignore[valid-type]
    guest: GuestIn
    rate_plan: fields.Code | None = None
    rooms: fields.whole(1, 100) = 1  # type: ignore[valid-type]
    children: fields.whole(0, 100) = 0  # type: ignore[valid-type]
    hold_minutes: fields.whole(1, 43_200) | None = None  # type: ignore[valid-type]


class AgreedOut(Given):
    """What was agreed for one night of one room; taxes on top of it are only in the totals."""

    night: date
    price: Money | None


class StayOut(Given):
    """One room of a reservation."""

    id: UUID
    status: str
    room_type: str
    room: str | None
    adults: int
    children: int
    nights: list[AgreedOut]
    total: Money | None


class ReservationOut(Given):
    """A reservation. `fee` is what cancelling costs: now, or, once it is cancelled, what it did cost."""

    id: UUID
    number: str
    asset_number: str
    status: str
    guest: str
    arrival: date
    departure: date
    nights: int
    rooms: int
    total: Money | None = Field(description="Null for roles that see no prices.")
    fee: Money | None
    overbooked: bool
    hold_expires_at: datetime | None
    created_at: datetime
    stays: list[StayOut]


class CancelIn(Taken):
    """Why, and whether the fee is waived, which needs a right of its own and a reason."""

    reason: fields.clearable_text(200) = ""  # type: ignore[valid-type]
    waive_fee: fields.Flag = False


@door.post("/inventory/check/")
@permission("hotel.view")
@speaks("What can be had of each room type", takes=InventoryAsked, gives=InventoryOut)
def check_inventory(body: InventoryAsked) -> InventoryOut:
    """How many rooms are free on each night, what they cost, and what keeps them from being sold."""
    nights = _nights(body)
    wanted = [room_type_at(g.place.id, body.room_type)] if body.room_type else room_types(g.place.id)
    fitting = [each for each in wanted if body.room_type or body.adults + body.children <= each.capacity]
    plan = _plan(body.rate_plan)
    return InventoryOut(
        asset_number=g.place.asset_number,
        arrival=body.arrival,
        departure=body.departure,
        room_types=_offered(fitting, plan, body, nights),
    )


@door.post("/inventory/preload/")
@permission("hotel.rates")
@speaks("Put nights on sale", takes=PreloadIn, gives=PreloadOut)
def preload_inventory(body: PreloadIn) -> PreloadOut:
    """Makes the calendar's rows that are missing; twice makes none the second time."""
    if not 0 < (body.end - body.start).days <= LONGEST_PRELOAD:
        raise DatesWrong(_("Choose an end 1 to %(days)s days after the start.", days=LONGEST_PRELOAD), field="end")
    room_type = room_type_at(g.place.id, body.room_type) if body.room_type else None
    made = inventory.open_nights(
        asset_id=g.place.id,
        start=body.start,
        end=body.end,
        room_type_id=room_type.id if room_type else None,
        actor=current_actor(),
    )
    return PreloadOut(created=made)


@door.post("/reservations/create/")
@permission("hotel.book")
@speaks("Book rooms of a type", takes=ReservationIn, gives=ReservationOut, status=201, idempotent=True)
def create_reservation(body: ReservationIn) -> ReservationOut:
    """All the rooms or none; 409 sold_out names the first night that is full."""
    _nights(body)
    room_type, plan = room_type_at(g.place.id, body.room_type), _plan(body.rate_plan)
    made = reservations.book(
        asset_id=g.place.id,
        room_type_id=room_type.id,
        plan=plan,
        quoted=None if plan else door_quote(room_type, body.arrival, body.departure),
        arrival=body.arrival,
        departure=body.departure,
        rooms=body.rooms,
        adults=body.adults,
        children=body.children,
        guest=Guest(name=body.guest.name, email=body.guest.email, phone=body.guest.phone_number),
        hold_until=utcnow() + timedelta(minutes=body.hold_minutes) if body.hold_minutes else None,
        source="api",
        actor=current_actor(),
    )
    return shown(whole(made))


@door.get("/reservations/<uuid:reservation_id>/")
@signed_in
@speaks("One reservation", gives=ReservationOut)
def reservation(reservation_id: UUID) -> ReservationOut:
    """Its rooms and nights, and what cancelling costs now."""
    found = get_reservation(reservation_id)
    require("hotel.view", asset_id=found.asset_id)
    return shown(whole(found))


@door.post("/reservations/<uuid:reservation_id>/cancel/")
@signed_in
@speaks("Cancel a reservation", takes=CancelIn, gives=ReservationOut, idempotent=True, may_be_empty=True)
def cancel_reservation(reservation_id: UUID, body: CancelIn) -> ReservationOut:
    """Gives back its nights, for the fee its terms say; what is not to come is 409 wrong_status."""
    found = get_reservation(reservation_id)
    require("hotel.book", asset_id=found.asset_id)
    if body.waive_fee:
        require("hotel.override", asset_id=found.asset_id)
        if not body.reason:
            raise ReasonMissing(_("Write down why the fee is waived."), field="reason")
    cancelled = cancellations.cancel(
        reservation_id=found.id, reason=body.reason or None, waive=body.waive_fee, actor=current_actor()
    )
    return shown(whole(cancelled))


def _nights(body: InventoryAsked | ReservationIn) -> list[date]:
    """The nights that are asked for, of which there are some and not too many."""
    if body.departure <= body.arrival:
        raise DatesWrong(_("The departure has to be at least one day after the arrival."), field="departure")
    if (body.departure - body.arrival).days > reservations.LONGEST:
        raise DatesWrong(_("A stay lasts at most %(days)s nights.", days=reservations.LONGEST), field="departure")
    return nights_between(body.arrival, body.departure)


def shown(found: Whole) -> ReservationOut:
    """A reservation as the caller may see it."""
    booked, first = found.reservation, found.stays[0]
    return ReservationOut(
        id=booked.id,
        number=booked.number,
        asset_number=g.place.asset_number,
        status=found.status,
        guest=found.booker.name,
        arrival=min(stay.arrival for stay in found.stays),
        departure=max(stay.departure for stay in found.stays),
        nights=first.nights,
        rooms=len(found.stays),
        total=_amount(found.total),
        fee=_amount(found.fee),
        overbooked=bool(booked.overbooked),
        hold_expires_at=local(booked.hold_expires_at, g.place),
        created_at=local(booked.created_at, g.place),
        stays=[_stay(found, stay) for stay in found.stays],
    )


def _stay(found: Whole, stay: Stay) -> StayOut:
    return StayOut(
        id=stay.id,
        status=stay.status,
        room_type=found.types[stay.room_type_id].code,
        room=found.rooms[stay.room_id].number if stay.room_id else None,
        adults=stay.adults,
        children=stay.children,
        nights=[AgreedOut(night=each.night, price=_amount(each.agreed)) for each in found.agreed(stay)],
        total=_amount(found.total_of(stay)),
    )


def _offered(types: list[RoomType], plan: RatePlan | None, body: InventoryAsked, nights: list[date]) -> list[TypeOut]:
    """All of it in as many questions for many types as for one."""
    calendar = nights_of([each.id for each in types], body.arrival, body.departure)
    quotes = _quotes(types, plan, body)
    return [_offer(each, plan, body.rooms, nights, calendar, quotes.get(each.id)) for each in types]


def _offer(
    room_type: RoomType,
    plan: RatePlan | None,
    rooms: int,
    nights: list[date],
    calendar: Mapping[Key, InventoryNight],
    quoted: Quote | None,
) -> TypeOut:
    free = {
        night: max(0, calendar[room_type.id, night].sellable) if (room_type.id, night) in calendar else 0
        for night in nights
    }
    prices = {each.night: each.agreed for each in quoted.nights} if quoted else {}
    return TypeOut(
        room_type=room_type.code,
        name=room_type.name,
        capacity=room_type.capacity,
        rate_plan=plan.code if plan else None,
        free=min(free.values()),
        nights=[NightOut(night=each, free=free[each], price=_amount(prices.get(each))) for each in nights],
        total=_amount(quoted.total * rooms if quoted else None),
        restrictions=[RestrictionOut(**each) for each in quoted.broken] if quoted else [],
    )


def _quotes(types: list[RoomType], plan: RatePlan | None, body: InventoryAsked) -> dict[UUID, Quote]:
    if plan is None:
        return {each.id: door_quote(each, body.arrival, body.departure) for each in types}
    return quote_each(
        g.place,
        types,
        plan,
        body.arrival,
        body.departure,
        adults=body.adults,
        children=body.children,
        rooms=body.rooms,
    )


def _plan(code: str | None) -> RatePlan | None:
    """The plan that is named, else the hotel's first; None for a hotel that has none and is asked for none."""
    return plan_at(g.place.id, code) if code or rate_plans(g.place.id) else None


def _amount(minor: int | None) -> Money | None:
    if minor is None or SEES_PRICES not in g.permissions:
        return None
    return Money.of(money.Money(minor, g.place.currency))
