"""Reservations: held, booked, confirmed. Each takes its nights from the calendar."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from portal.core.actor import Actor
from portal.core.db import db, uuid7, written
from portal.core.numbers import label_number
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.shared.customers.models import Customer
from portal.trades.hotel.errors import DatesWrong, HoldOver, ReasonMissing, TooManyPeople
from portal.trades.hotel.events import ReservationCreated, StayChanged
from portal.trades.hotel.models import BookingGroup, RatePlan, Reservation, RoomType, Stay, StayNight, StayStatus
from portal.trades.hotel.pricing import NightQuote, Quote
from portal.trades.hotel.queries.inventory import get_room_type
from portal.trades.hotel.queries.property import business_date, must_be_hotel
from portal.trades.hotel.queries.quotes import quote, refuse_over_quota
from portal.trades.hotel.queries.stays import live_nights, lock_stays_of
from portal.trades.hotel.services import allotments, inventory
from portal.trades.hotel.services.guests import Guest, guest_of
from portal.trades.hotel.times import nights_between

Nights = dict[tuple[uuid.UUID, date], int]
LONGEST = 365
MOST_ROOMS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Rooms of one type, for so many people each, at the price of this moment unless one was `quoted`."""

    room_type_id: uuid.UUID
    plan: RatePlan | None
    rooms: int = 1
    adults: int = 2
    children: int = 0
    quoted: Quote | None = None


@transactional
def book(
    *,
    room_type_id: uuid.UUID,
    plan: RatePlan | None,
    rooms: int = 1,
    adults: int = 2,
    children: int = 0,
    quoted: Quote | None = None,
    **terms: Any,
) -> Reservation:
    """Sell rooms of one type: `book_together` with a single wish."""
    wish = Wanted(room_type_id=room_type_id, plan=plan, rooms=rooms, adults=adults, children=children, quoted=quoted)
    return book_together(wanted=[wish], **terms)


@transactional
def book_together(
    *,
    asset_id: uuid.UUID,
    wanted: Sequence[Wanted],
    arrival: date,
    departure: date,
    guest: Guest,
    actor: Actor,
    day_use: bool = False,
    source: str = "desk",
    hold_until: datetime | None = None,
    force: bool = False,
    reason: str | None = None,
    override: str | None = None,
    code: str | None = None,
    note: str | None = None,
    channel: str | None = None,
    channel_ref: str | None = None,
    company_id: uuid.UUID | None = None,
    agent_id: uuid.UUID | None = None,
    group: BookingGroup | None = None,
    booker: Customer | None = None,
    reservation_id: uuid.UUID | None = None,
) -> Reservation:
    """Sell rooms of one or several types for the same nights, all or none; raises SoldOut naming the first night.

    Of a `group`, locked by the caller, the rooms kept for it are taken before others are sold. A `booker` who is
    known needs no looking up.

    With `hold_until` the nights are only held until then. `force` sells below zero, and to somebody the hotel does
    not want, for a `reason`; `override` is the reason for selling outside the restrictions, else Restricted is
    raised. The rights to both are the caller's to check. `code` is a promotion's.
    """
    if force and not (reason or "").strip():
        raise ReasonMissing(_("Write down why more is sold than there is."), field="reason")
    place = asset_of(asset_id)
    must_be_hotel(place)
    _dates_sound(place, arrival, departure, day_use)
    types = {each.room_type_id: get_room_type(asset_id, each.room_type_id) for each in wanted}
    rooms = _rooms_sound(wanted, types)
    outside = override is not None
    if override is not None and not override.strip():
        raise ReasonMissing(_("Write down why it is sold outside the restrictions."), field="reason")
    quotes = [
        _quoted(place, types[each.room_type_id], each, arrival, departure, code=code, override=outside)
        for each in wanted
    ]
    booker = booker or guest_of(place, guest, force=force)
    reservation = written(
        Reservation(
            id=reservation_id or uuid7(),
            asset_id=asset_id,
            number=label_number(),
            booker_id=booker.id,
            email=guest.email or None,
            phone=guest.phone or None,
            company_id=company_id,
            agent_id=agent_id,
            group_id=group.id if group else None,
            source=source,
            channel=channel,
            channel_ref=channel_ref,
            hold_expires_at=hold_until,
            note=note or None,
            token=secrets.token_urlsafe(16),
            made_by=actor.name,
            version=1,
        )
    )
    status = StayStatus.HELD if hold_until else StayStatus.CONFIRMED
    nights = nights_between(arrival, departure)
    taken: Nights = {}
    for each in wanted:
        for night in nights:
            taken[each.room_type_id, night] = taken.get((each.room_type_id, night), 0) + each.rooms
    below_zero = inventory.move(
        changes=_changes(figure_of(status), taken, allotments.picked_up(group, taken) if group else {}),
        reason=reservation.number,
        correlation_id=reservation.id,
        actor=actor,
        force=force,
    )
    if not outside:
        for each in wanted:
            plan_id = each.plan.id if each.plan else None
            refuse_over_quota(asset_id, each.room_type_id, plan_id, nights, rooms=each.rooms)
    if below_zero:
        reservation.overbooked = True
    _write_stays(reservation, wanted, quotes, booker, arrival, departure, day_use=day_use, status=status)
    record(
        "reservation.held" if hold_until else "reservation.booked",
        actor=actor,
        subject="reservation",
        subject_id=reservation.id,
        asset_id=asset_id,
        reason=reason or override,
        after={
            "number": reservation.number,
            "guest": booker.name,
            "types": {types[each.room_type_id].code: each.rooms for each in wanted},
            "arrival": arrival,
            "departure": departure,
            "total": sum(quoted.total * each.rooms for each, quoted in zip(wanted, quotes, strict=True)),
            "forced": force,
            "overbooked": below_zero,
            **({"outside": broken} if (broken := [each for quoted in quotes for each in quoted.broken]) else {}),
        },
    )
    publish(
        ReservationCreated(
            asset_id=asset_id,
            subject_id=reservation.id,
            number=reservation.number,
            status=status,
            arrival=arrival.isoformat(),
            departure=departure.isoformat(),
            rooms=rooms,
            correlation_id=str(reservation.id),
        )
    )
    return reservation


def _changes(figure: str, taken: Nights, held: Nights) -> dict[str, Nights]:
    """What is taken, less what was held for a group."""
    if figure == "held":
        return {"held": {key: rooms + held.get(key, 0) for key, rooms in taken.items()}}
    return {figure: taken, "held": held}


def figure_of(status: str) -> str:
    """Where a stay of this status counts in the calendar."""
    return "held" if status == StayStatus.HELD else "booked"


def _write_stays(
    reservation: Reservation,
    wanted: Sequence[Wanted],
    quotes: Sequence[Quote],
    booker: Customer,
    arrival: date,
    departure: date,
    *,
    day_use: bool,
    status: str,
) -> None:
    """A stay for each room, and what was agreed for each of its nights."""
    stays: list[dict[str, Any]] = []
    nights: list[dict[str, Any]] = []
    for each, quoted in zip(wanted, quotes, strict=True):
        terms = {"room_type_id": each.room_type_id, "rate_plan_id": each.plan.id if each.plan else None}
        for _room in range(each.rooms):
            stay_id = uuid7()
            stay = {
                **terms,
                "id": stay_id,
                "asset_id": reservation.asset_id,
                "reservation_id": reservation.id,
                "place": len(stays) + 1,
                "guest_id": booker.id,
                "arrival": arrival,
                "departure": departure,
                "day_use": day_use,
                "adults": each.adults,
                "children": each.children,
                "status": status,
                "policy": quoted.policy,
            }
            stays.append(stay)
            nights += [
                {
                    **terms,
                    "stay_id": stay_id,
                    "night": night.night,
                    "price": night.price,
                    "discount": night.discount,
                    "taxes": list(night.taxes),
                    "package": list(night.package),
                    "released": day_use,
                }
                for night in quoted.nights
            ]
            publish(StayChanged(asset_id=reservation.asset_id, subject_id=stay_id, what="booked"))
    db.session.execute(Stay.__table__.insert(), stays)  # type: ignore[attr-defined]
    if nights:
        db.session.execute(StayNight.__table__.insert(), nights)  # type: ignore[attr-defined]


def _quoted(
    place: Asset,
    room_type: RoomType,
    wish: Wanted,
    arrival: date,
    departure: date,
    *,
    code: str | None,
    override: bool,
) -> Quote:
    if wish.quoted is not None:
        return wish.quoted
    if wish.plan is None:
        return Quote([NightQuote(night, 0) for night in nights_between(arrival, departure)])
    return quote(
        place,
        room_type,
        wish.plan,
        arrival,
        departure,
        adults=wish.adults,
        children=wish.children,
        rooms=wish.rooms,
        code=code,
        override=override,
    )


@transactional
def confirm(*, reservation_id: uuid.UUID, actor: Actor) -> Reservation:
    """Make a held reservation a booking; its nights go from held to booked. Raises HoldOver once it has lapsed."""
    reservation, stays = locked(reservation_id)
    held = [stay for stay in stays if stay.status == StayStatus.HELD]
    if not held:
        raise HoldOver(_("Reservation %(number)s is not held any more.", number=reservation.number))
    deltas = live_nights(held)
    inventory.move(
        changes={"held": {key: -n for key, n in deltas.items()}, "booked": deltas},
        reason=reservation.number,
        correlation_id=uuid7(),
        actor=actor,
    )
    for stay in held:
        change(stay, StayStatus.CONFIRMED, "confirmed")
    reservation.hold_expires_at = None
    tell("reservation.confirmed", reservation, actor)
    return reservation


def locked(reservation_id: uuid.UUID) -> tuple[Reservation, list[Stay]]:
    """A reservation and its stays, which are what is locked."""
    stays = lock_stays_of(reservation_id)
    return db.session.get_one(Reservation, reservation_id, populate_existing=True), stays


def change(stay: Stay, status: str, what: str) -> None:
    """Bring a locked stay to another status, and let boards know."""
    stay.status, stay.version = status, stay.version + 1
    publish(StayChanged(asset_id=stay.asset_id, subject_id=stay.id, what=what))


def _dates_sound(place: Asset, arrival: date, departure: date, day_use: bool) -> None:
    if departure < arrival or (departure == arrival) != day_use:
        raise DatesWrong(_("The departure has to be at least one day after the arrival."), field="departure")
    if arrival < business_date(place) - timedelta(days=1):
        raise DatesWrong(_("The arrival is over. Choose today or a later day."), field="arrival")
    if (departure - arrival).days > LONGEST:
        raise DatesWrong(_("A stay lasts at most %(days)s nights.", days=LONGEST), field="departure")


def _rooms_sound(wanted: Sequence[Wanted], types: Mapping[uuid.UUID, RoomType]) -> int:
    rooms = sum(each.rooms for each in wanted)
    if not 1 <= rooms <= MOST_ROOMS or any(each.rooms < 1 for each in wanted):
        raise DatesWrong(_("Book 1 to %(most)s rooms at once.", most=MOST_ROOMS), field="rooms")
    for each in wanted:
        people_fit(types[each.room_type_id], each.adults, each.children)
    return rooms


def people_fit(room_type: RoomType, adults: int, children: int) -> None:
    """Raise TooManyPeople when so many do not sleep in a room of the type."""
    if adults < 1 or children < 0 or adults + children > room_type.capacity:
        raise TooManyPeople(
            _("%(type)s sleeps %(count)s.", type=room_type.name, count=room_type.capacity), field="adults"
        )


def tell(
    action: str,
    reservation: Reservation,
    actor: Actor,
    *,
    reason: str | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Write down what was done to a reservation."""
    record(
        action,
        actor=actor,
        subject="reservation",
        subject_id=reservation.id,
        asset_id=reservation.asset_id,
        reason=reason,
        before=before,
        after={"number": reservation.number, **(after or {})},
    )
