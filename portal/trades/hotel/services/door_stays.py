"""Paying at the door of a hotel's room is a stay: kept for a quarter of an hour, paid, in house, unlocked.

For rooms of hotels that have rates; a hotel without any lets its doors as everybody does.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal.core.actor import Actor, system
from portal.core.clock import local_date, utcnow
from portal.core.db import db
from portal.core.locks import lock_in_transaction
from portal.core.money import split, whole_periods
from portal.core.words import _
from portal.shared.access.errors import BuysNoPeriod, UnitLet, UnitLetToAnother, UnitNotForLetting, UnitOutOfUse
from portal.shared.access.models import AccessGrant
from portal.shared.access.services.offers import in_use
from portal.shared.access.until import day_of
from portal.shared.assets.models import Asset, Unit, UnitKind
from portal.shared.assets.queries import asset_of
from portal.shared.assets.services.units import called
from portal.shared.payments.models import Payment, PaymentIntent
from portal.trades.hotel.errors import RoomTaken, SoldOut
from portal.trades.hotel.models import Folio, Property, Reservation, Room, RoomOccupancy, Stay, StayStatus
from portal.trades.hotel.pricing import NightQuote, Quote
from portal.trades.hotel.queries.inventory import lock_nights
from portal.trades.hotel.queries.property import ends_at, lock_day, property_of, starts_at
from portal.trades.hotel.queries.quotes import rate_plans
from portal.trades.hotel.queries.rooms_free import best_first, rooms_between
from portal.trades.hotel.queries.stays import lock_stays, stays_of
from portal.trades.hotel.services import cancellations, folio_money, folio_steps, inventory, keys, reservations
from portal.trades.hotel.services.arranging import Stretch, arrange, stretches_of
from portal.trades.hotel.services.dating import agree
from portal.trades.hotel.services.folios import post_charge
from portal.trades.hotel.services.guests import Guest
from portal.trades.hotel.services.steps import stepping
from portal.trades.hotel.times import moment, nights_between

SOURCE = "door"


@dataclass(frozen=True, slots=True)
class Span:
    """How long what is paid for lasts: nights of the calendar, and true moments."""

    arrival: date
    departure: date
    start: datetime
    end: datetime


def lets(unit: Unit) -> bool:
    """Whether the unit is a room that a hotel sells at rates of its own."""
    return unit.kind == UnitKind.ROOM and db.session.get(Room, unit.id) is not None and bool(rate_plans(unit.asset_id))


def keep(unit: Unit, place: Asset, periods: int, payer: str, *, at_once: bool) -> None:
    """Hold the room and its nights for who is about to pay; whoever comes second is told before they pay."""
    if not at_once:
        lock_in_transaction(f"door {unit.id}")
        lock_day(place.id, shared=True)
    now, settings = utcnow(), property_of(place)
    mine = _stay_of(unit, payer, StayStatus.IN_HOUSE)
    if mine is not None:
        span = _longer(place, settings, mine, periods, unit)
        if not _is_free(unit.id, place, ends_at(place, settings, mine), span.end, mine.id):
            raise _let(unit, place, ends_at(place, settings, mine))
        return
    held, span = _stay_of(unit, payer, StayStatus.HELD), _span(place, settings, now, periods, unit)
    if held is not None and not at_once:
        cancellations.cancel(reservation_id=held.reservation_id, actor=system("door"))
    if not _is_free(unit.id, place, span.start, span.end, held.id if held else None):
        raise _let(unit, place, _taken_until(unit.id, span))
    if at_once:
        return
    try:
        stay = _book(
            unit.id, place, span, payer, periods * unit.price, hold_until=now + timedelta(minutes=settings.hold_minutes)
        )
        arrange({stay: [Stretch(unit.id, span.start, span.end)]})
    except (SoldOut, RoomTaken) as error:
        raise UnitLet(error.message, unit=unit.number) from error
    stay.room_id, stay.room_locked = unit.id, True


def give(unit: Unit, intent: PaymentIntent, payment: Payment, actor: Actor) -> int:
    """The stay that was paid for: the one that was kept, a longer one, or, when that lapsed, another room of its kind.

    Raises CannotFulfil, before anything is changed, when there is no such room: then the money waits for a person.
    """
    assert intent.price is not None
    place = asset_of(unit.asset_id)
    lock_in_transaction(f"door {unit.id}")
    day = lock_day(place.id, shared=True).day
    periods, _rest = whole_periods(min(payment.amount, intent.amount), intent.price)
    if periods < 1:
        raise BuysNoPeriod(_("The money does not buy one whole period."))
    used, settings, payer = periods * intent.price, property_of(place), intent.payer_email
    mine = _stay_of(unit, payer, StayStatus.IN_HOUSE)
    if mine is not None:
        stay = _extend(unit, place, settings, lock_stays([mine.id])[mine.id], periods, used, actor)
    else:
        stay = _begin(unit, place, settings, periods, used, payer, actor, day)
    folio = folio_steps.guest_folio(place, stay)
    folio_money.came(folio.id, used, payment.provider, payment, f"payment:{payment.id}:line", actor)
    return used


def grant_of(payment_id: uuid.UUID) -> AccessGrant | None:
    """The key of the stay that a payment is on."""
    folio_id = folio_money.of_payment(payment_id)
    if folio_id is None:
        return None
    found: AccessGrant | None = db.session.scalar(
        select(AccessGrant)
        .join(Stay, Stay.grant_id == AccessGrant.id)
        .join(Folio, Folio.stay_id == Stay.id)
        .where(Folio.id == folio_id)
    )
    return found


def _begin(
    unit: Unit, place: Asset, settings: Property, periods: int, used: int, payer: str, actor: Actor, day: date
) -> Stay:
    now = utcnow()
    span = _span(place, settings, now, periods, unit)
    held = _stay_of(unit, payer, StayStatus.HELD)
    if held is not None:
        held = lock_stays([held.id])[held.id]
        held = held if held.status == StayStatus.HELD else None  # it lapsed while we waited
    room_id = _room_to_give(unit, place, span, held)
    if held is not None and room_id == unit.id and (held.arrival, held.departure) == (span.arrival, span.departure):
        reservations.confirm(reservation_id=held.reservation_id, actor=actor)
        stay = lock_stays([held.id])[held.id]
        stay.starts_at, stay.ends_at = _hours(settings, span)
    else:
        if held is not None:
            cancellations.cancel(reservation_id=held.reservation_id, actor=actor)
        stay = _book(room_id, place, span, payer, used, actor=actor)
    with stepping("checked_in", stay, actor=actor, day=day) as words:
        arrange({stay: [Stretch(room_id, now, span.end)]})
        stay.room_id, stay.room_locked = room_id, True
        stay.status, stay.arrived_at = StayStatus.IN_HOUSE, now
        db.session.flush()
        keys.fit(stay, actor=actor)
        folio_steps.on_check_in(place, day, stay, actor)
        words["by"] = SOURCE
    return stay


def _extend(unit: Unit, place: Asset, settings: Property, stay: Stay, periods: int, used: int, actor: Actor) -> Stay:
    """The same stay, longer; the door is told once of its new end."""
    old_end = ends_at(place, settings, stay)
    span = _longer(place, settings, stay, periods, unit)
    nights = nights_between(stay.departure, span.departure)
    if not _is_free(unit.id, place, old_end, span.end, stay.id) or not _on_sale(stay.room_type_id, nights):
        raise UnitLetToAnother(_("Somebody else has the room after this stay."))
    with stepping("extended", stay, actor=actor) as words:
        kinds = dict.fromkeys(nights, stay.room_type_id)
        inventory.move(
            changes={"booked": {(stay.room_type_id, night): 1 for night in nights}},
            reason=_("Paid at the door"),
            correlation_id=uuid.uuid4(),
            actor=actor,
        )
        agree(stay, _priced(nights, used), kinds)
        stay.departure = max(stay.departure, span.departure)
        stay.ends_at = _hours(settings, span)[1]
        old = stretches_of(stay)
        arrange({stay: [*old[:-1], old[-1]._replace(end=span.end)]})
        keys.fit(stay, actor=actor)
        words["until"] = span.departure
    if not nights:
        post_charge(stay_id=stay.id, code="hours", words=_("More hours"), amount=used, actor=actor)
    return stay


def _book(
    room_id: uuid.UUID,
    place: Asset,
    span: Span,
    payer: str,
    total: int,
    *,
    actor: Actor | None = None,
    hold_until: datetime | None = None,
) -> Stay:
    """A reservation of one room for who pays, at the price of the door."""
    made = reservations.book(
        asset_id=place.id,
        room_type_id=db.session.get_one(Room, room_id).room_type_id,
        plan=None,
        quoted=Quote(_priced(nights_between(span.arrival, span.departure), total)),
        arrival=span.arrival,
        departure=span.departure,
        guest=Guest(name=payer or _("Guest at the door"), email=payer or None),
        adults=1,
        source=SOURCE,
        hold_until=hold_until,
        actor=actor or system("door"),
    )
    (stay,) = stays_of(made.id)
    stay.starts_at, stay.ends_at = _hours(property_of(place), span)
    db.session.flush()
    return stay


def _priced(nights: list[date], total: int) -> list[NightQuote]:
    shares = split(total, [1] * len(nights)) if nights else []
    return [NightQuote(night, share) for night, share in zip(nights, shares, strict=True)]


def _room_to_give(unit: Unit, place: Asset, span: Span, mine: Stay | None) -> uuid.UUID:
    """The room that was paid for, else the best one of its type; raises CannotFulfil."""
    refused = _unusable(unit, place)
    if refused is None and _is_free(unit.id, place, span.start, span.end, mine.id if mine else None):
        if mine is not None or _on_sale(_type_of(unit), nights_between(span.arrival, span.departure)):
            return unit.id
        raise UnitLetToAnother(_("The hotel is full tonight."))
    choices = rooms_between(place, span.start, span.end, room_type_id=_type_of(unit))
    free = [each for each in choices if each.free and not each.occupied and each.room_id != unit.id]
    if not free or not _on_sale(_type_of(unit), nights_between(span.arrival, span.departure)):
        raise UnitOutOfUse(refused) if refused else UnitLetToAnother(_("The unit is let to somebody else."))
    return best_first(free, _type_of(unit), soon=True)[0].room_id


def _unusable(unit: Unit, place: Asset) -> str | None:
    """Why nobody can be let into a room, or None."""
    try:
        in_use(unit, place)
    except UnitNotForLetting as error:
        return error.message
    return None


def _stay_of(unit: Unit, payer: str, status: StayStatus) -> Stay | None:
    """The stay of a payer that has this very room."""
    if not payer:
        return None
    found: Stay | None = db.session.scalar(
        select(Stay)
        .join(Reservation, Reservation.id == Stay.reservation_id)
        .where(Stay.room_id == unit.id, Stay.status == status, Reservation.email == payer)
        .order_by(Stay.id.desc())
        .limit(1)
    )
    return found


def _type_of(unit: Unit) -> uuid.UUID:
    return db.session.get_one(Room, unit.id).room_type_id


def _is_free(
    room_id: uuid.UUID, place: Asset, start: datetime, end: datetime, stay_id: uuid.UUID | None = None
) -> bool:
    choice = next((each for each in rooms_between(place, start, end, stay_id=stay_id) if each.room_id == room_id), None)
    taken = db.session.scalar(
        select(Stay.id).where(Stay.room_id == room_id, Stay.status == StayStatus.IN_HOUSE, Stay.id != stay_id)
        if stay_id
        else select(Stay.id).where(Stay.room_id == room_id, Stay.status == StayStatus.IN_HOUSE)
    )
    return choice is not None and choice.free and taken is None


def _on_sale(room_type_id: uuid.UUID, nights: list[date]) -> bool:
    """Whether every one of these nights has a room of the type left; their rows are locked."""
    wanted = {(room_type_id, night) for night in nights}
    rows = lock_nights(wanted) if wanted else {}
    return len(rows) == len(wanted) and all(
        row.booked + row.held < row.total - row.out_of_order + row.overbook_limit + row.forced for row in rows.values()
    )


def _taken_until(room_id: uuid.UUID, span: Span) -> datetime:
    """Until when the room is somebody else's."""
    during = db.session.scalar(
        select(RoomOccupancy.during)
        .where(RoomOccupancy.room_id == room_id, RoomOccupancy.active)
        .order_by(RoomOccupancy.during)
    )
    return during.upper if during is not None and during.upper is not None else span.end


def _let(unit: Unit, place: Asset, until: datetime) -> UnitLet:
    return UnitLet(
        _(
            "%(unit)s is kept for somebody else until %(until)s. Choose another one, or come back then.",
            unit=called(unit),
            until=day_of(until, place.timezone),
        ),
        unit=unit.number,
    )


def _span(place: Asset, settings: Property, now: datetime, periods: int, unit: Unit) -> Span:
    """What is paid for from now on: until check-out so many days on, or so many true hours."""
    today = local_date(place.timezone, now)
    if settings.door_mode == "until_checkout":
        departure = today + timedelta(days=periods)
        return Span(today, departure, now, moment(place.timezone, departure, settings.checkout_minute))
    end = now + timedelta(minutes=periods * unit.period_minutes)
    return Span(today, max(local_date(place.timezone, end), today + timedelta(days=1)), now, end)


def _longer(place: Asset, settings: Property, stay: Stay, periods: int, unit: Unit) -> Span:
    start, end = starts_at(place, settings, stay), ends_at(place, settings, stay)
    if settings.door_mode == "until_checkout":
        departure = stay.departure + timedelta(days=periods)
        return Span(stay.arrival, departure, start, moment(place.timezone, departure, settings.checkout_minute))
    end += timedelta(minutes=periods * unit.period_minutes)
    return Span(stay.arrival, max(local_date(place.timezone, end), stay.departure), start, end)


def _hours(settings: Property, span: Span) -> tuple[datetime, datetime | None]:
    """The hours of a stay that are its own: a door that is let until check-out keeps the hotel's."""
    return span.start, None if settings.door_mode == "until_checkout" else span.end
