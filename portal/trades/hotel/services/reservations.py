"""Reservations: held, booked, cancelled, lapsed. Each takes its nights from the calendar or gives them back."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7, written
from portal.core.numbers import label_number
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.shared.customers.models import Customer
from portal.shared.customers.services import customers
from portal.trades.hotel.errors import DatesWrong, HoldOver, ReasonMissing, TooManyPeople, WrongStatus
from portal.trades.hotel.events import ReservationCancelled, ReservationCreated, StayChanged
from portal.trades.hotel.models import RatePlan, Reservation, RoomOccupancy, RoomType, Stay, StayNight, StayStatus
from portal.trades.hotel.pricing import NightQuote, Quote
from portal.trades.hotel.queries.inventory import get_room_type
from portal.trades.hotel.queries.property import business_date, property_of
from portal.trades.hotel.queries.quotes import quote, refuse_over_quota
from portal.trades.hotel.queries.stays import lock_stays_of, nights_of_stays
from portal.trades.hotel.services import inventory
from portal.trades.hotel.times import nights_between

LONGEST = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Who books: a name, and where they can be reached if they said so."""

    name: str
    email: str | None = None
    phone: str | None = None


@transactional
def book(
    *,
    asset_id: uuid.UUID,
    room_type_id: uuid.UUID,
    plan: RatePlan | None,
    arrival: date,
    departure: date,
    guest: Guest,
    actor: Actor,
    adults: int = 2,
    children: int = 0,
    rooms: int = 1,
    day_use: bool = False,
    source: str = "desk",
    hold_until: datetime | None = None,
    quoted: Quote | None = None,
    force: bool = False,
    override: str | None = None,
    code: str | None = None,
    note: str | None = None,
    channel: str | None = None,
    channel_ref: str | None = None,
    reservation_id: uuid.UUID | None = None,
) -> Reservation:
    """Sell rooms of a type for a stay, at the price of this moment unless one was `quoted`; raises SoldOut.

    With `hold_until` the nights are only held until then. `force` sells below zero; its rights and its reason are
    checked by the caller. `override` is the reason for selling outside the restrictions, else Restricted is raised;
    its rights too are checked by the caller. `code` is a promotion's.
    """
    place = asset_of(asset_id)
    room_type = get_room_type(asset_id, room_type_id)
    _sound(place, room_type, arrival, departure, day_use, adults, children, rooms)
    if override is not None and not override.strip():
        raise ReasonMissing(_("Write down why it is sold outside the restrictions."), field="reason")
    if quoted is None and plan is not None:
        quoted = quote(
            place, room_type, plan, arrival, departure, adults=adults, children=children, rooms=rooms, code=code,
            override=override is not None,
        )  # fmt: skip
    quoted = quoted or Quote([NightQuote(night, 0) for night in nights_between(arrival, departure)])
    booker = guest_of(place, guest)
    reservation = written(
        Reservation(
            id=reservation_id or uuid7(),
            asset_id=asset_id,
            number=label_number(),
            booker_id=booker.id,
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
    inventory.move(
        changes={figure_of(status): dict.fromkeys(((room_type.id, night) for night in nights), rooms)},
        reason=reservation.number,
        correlation_id=reservation.id,
        actor=actor,
        force=force,
    )
    if override is None:
        refuse_over_quota(asset_id, room_type.id, plan.id if plan else None, nights, rooms=rooms)
    for number in range(1, rooms + 1):
        stay = written(
            Stay(
                asset_id=asset_id,
                reservation_id=reservation.id,
                place=number,
                room_type_id=room_type.id,
                room_locked=False,
                guest_id=booker.id,
                rate_plan_id=plan.id if plan else None,
                arrival=arrival,
                departure=departure,
                day_use=day_use,
                adults=adults,
                children=children,
                status=status,
                policy=quoted.policy,
                version=1,
            )
        )
        _agree(stay, room_type, plan, quoted)
        publish(StayChanged(asset_id=asset_id, subject_id=stay.id, what="booked"))
    record(
        "reservation.held" if hold_until else "reservation.booked",
        actor=actor,
        subject="reservation",
        subject_id=reservation.id,
        asset_id=asset_id,
        reason=override,
        after={
            "number": reservation.number,
            "guest": booker.name,
            "type": room_type.code,
            "rooms": rooms,
            "arrival": arrival,
            "departure": departure,
            "total": quoted.total * rooms,
            "forced": force,
            **({"outside": quoted.broken} if quoted.broken else {}),
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


def guest_of(place: Asset, guest: Guest) -> Customer:
    """The customer who books: known again by address or telephone, else somebody new."""
    if guest.email or guest.phone:
        return customers.known_as(business_id=place.business_id, email=guest.email, phone=guest.phone, name=guest.name)
    return written(Customer(business_id=place.business_id, name=guest.name.strip(), kind="person"))


def figure_of(status: str) -> str:
    """Where a stay of this status counts in the calendar."""
    return "held" if status == StayStatus.HELD else "booked"


def _agree(stay: Stay, room_type: RoomType, plan: RatePlan | None, quoted: Quote) -> None:
    if quoted.nights:
        db.session.execute(
            StayNight.__table__.insert(),  # type: ignore[attr-defined]
            [
                {
                    "stay_id": stay.id,
                    "night": each.night,
                    "room_type_id": room_type.id,
                    "rate_plan_id": plan.id if plan else None,
                    "price": each.price,
                    "discount": each.discount,
                    "taxes": list(each.taxes),
                    "package": list(each.package),
                    "released": stay.day_use,
                }
                for each in quoted.nights
            ],
        )


@transactional
def confirm(*, reservation_id: uuid.UUID, actor: Actor) -> Reservation:
    """Make a held reservation a booking; its nights go from held to booked. Raises HoldOver once it has lapsed."""
    reservation, stays = locked(reservation_id)
    held = [stay for stay in stays if stay.status == StayStatus.HELD]
    if not held:
        raise HoldOver(_("Reservation %(number)s is not held any more.", number=reservation.number))
    deltas = _live_nights(held)
    inventory.move(
        changes={"held": {key: -n for key, n in deltas.items()}, "booked": deltas},
        reason=reservation.number,
        correlation_id=uuid7(),
        actor=actor,
    )
    for stay in held:
        change(stay, StayStatus.CONFIRMED, "confirmed")
    reservation.hold_expires_at = None
    _record("reservation.confirmed", reservation, actor)
    return reservation


@transactional
def cancel(
    *, reservation_id: uuid.UUID, actor: Actor, reason: str | None = None, stay_ids: Sequence[uuid.UUID] | None = None
) -> Reservation:
    """Give back the nights of a reservation or of some of its stays; raises WrongStatus for what is not to come."""
    reservation, stays = locked(reservation_id)
    chosen = [stay for stay in stays if stay_ids is None or stay.id in stay_ids]
    going = [stay for stay in chosen if stay.status in (StayStatus.HELD, StayStatus.CONFIRMED)]
    if not going or (stay_ids is not None and len(going) < len(stay_ids)):
        raise WrongStatus(
            _("Reservation %(number)s cannot be cancelled: it is not waiting to arrive.", number=reservation.number),
            status=chosen[0].status if chosen else None,
        )
    _let_go(reservation, going, StayStatus.CANCELLED, actor)
    _record("reservation.cancelled", reservation, actor, reason=reason, after={"stays": len(going)})
    return reservation


@transactional
def expire_hold(*, reservation_id: uuid.UUID, actor: Actor) -> bool:
    """Give back what was held until now, if it still is; twice does nothing."""
    reservation, stays = locked(reservation_id)
    held = [stay for stay in stays if stay.status == StayStatus.HELD]
    if not held or reservation.hold_expires_at is None or reservation.hold_expires_at > utcnow():
        return False
    _let_go(reservation, held, StayStatus.EXPIRED, actor)
    _record("reservation.expired", reservation, actor)
    return True


def locked(reservation_id: uuid.UUID) -> tuple[Reservation, list[Stay]]:
    """A reservation and its stays, which are what is locked."""
    stays = lock_stays_of(reservation_id)
    return db.session.get_one(Reservation, reservation_id, populate_existing=True), stays


def change(stay: Stay, status: str, what: str) -> None:
    """Bring a locked stay to another status, and let boards know."""
    stay.status, stay.version = status, stay.version + 1
    publish(StayChanged(asset_id=stay.asset_id, subject_id=stay.id, what=what))


def _live_nights(stays: Sequence[Stay]) -> dict[tuple[uuid.UUID, date], int]:
    counted: dict[tuple[uuid.UUID, date], int] = {}
    for nights in nights_of_stays([stay.id for stay in stays]).values():
        for night in nights:
            if not night.released:
                key = night.room_type_id, night.night
                counted[key] = counted.get(key, 0) + 1
    return counted


def _let_go(reservation: Reservation, stays: Sequence[Stay], status: StayStatus, actor: Actor) -> None:
    """Stays that will not come give back their nights and rooms."""
    correlation = uuid7()
    by_figure: dict[str, dict[tuple[uuid.UUID, date], int]] = {}
    for figure in ("held", "booked"):
        of_figure = [stay for stay in stays if figure_of(stay.status) == figure]
        by_figure[figure] = {key: -n for key, n in _live_nights(of_figure).items()}
    inventory.move(changes=by_figure, reason=reservation.number, correlation_id=correlation, actor=actor)
    release(stays)
    for stay in stays:
        change(stay, status, status)
    reservation.hold_expires_at = None
    publish(
        ReservationCancelled(
            asset_id=reservation.asset_id,
            subject_id=reservation.id,
            number=reservation.number,
            status=status,
            stays=[str(stay.id) for stay in stays],
            correlation_id=str(correlation),
        )
    )


def release(stays: Sequence[Stay]) -> None:
    """Mark nights as given back and let go of rooms; the calendar was told before."""
    ids = [stay.id for stay in stays]
    db.session.execute(
        StayNight.__table__.update()  # type: ignore[attr-defined]
        .where(StayNight.stay_id.in_(ids), StayNight.released.is_(False))
        .values(released=True)
    )
    db.session.execute(
        RoomOccupancy.__table__.update().where(RoomOccupancy.stay_id.in_(ids)).values(active=False)  # type: ignore[attr-defined]
    )


def _sound(
    place: Asset,
    room_type: RoomType,
    arrival: date,
    departure: date,
    day_use: bool,
    adults: int,
    children: int,
    rooms: int,
) -> None:
    property_of(place)
    if departure < arrival or (departure == arrival) != day_use:
        raise DatesWrong(_("The departure has to be at least one day after the arrival."), field="departure")
    if arrival < business_date(place) - timedelta(days=1):
        raise DatesWrong(_("The arrival is over. Choose today or a later day."), field="arrival")
    if (departure - arrival).days > LONGEST:
        raise DatesWrong(_("A stay lasts at most %(days)s nights.", days=LONGEST), field="departure")
    if not 1 <= rooms <= 100:
        raise DatesWrong(_("Book 1 to 100 rooms at once."), field="rooms")
    if adults < 1 or children < 0 or adults + children > room_type.capacity:
        raise TooManyPeople(
            _("%(type)s sleeps %(count)s.", type=room_type.name, count=room_type.capacity), field="adults"
        )


def _record(
    action: str,
    reservation: Reservation,
    actor: Actor,
    *,
    reason: str | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    record(
        action,
        actor=actor,
        subject="reservation",
        subject_id=reservation.id,
        asset_id=reservation.asset_id,
        reason=reason,
        after={"number": reservation.number, **(after or {})},
    )
