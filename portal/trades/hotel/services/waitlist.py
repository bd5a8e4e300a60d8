"""People who would come if a room became free: written down, booked once there is one, or let go."""

from __future__ import annotations

import uuid
from datetime import date

from portal.core.actor import Actor
from portal.core.db import db, written
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.audit.services import record
from portal.shared.customers.queries import get_customer
from portal.trades.hotel.errors import DatesWrong, NoSuchGuest, WrongStatus
from portal.trades.hotel.models import RatePlan, Reservation, Waiting
from portal.trades.hotel.queries.inventory import get_room_type
from portal.trades.hotel.services import reservations
from portal.trades.hotel.services.guests import Guest, guest_of


@transactional
def add(
    *, place: Asset, guest: Guest, room_type_id: uuid.UUID, arrival: date, departure: date, adults: int, actor: Actor,
    note: str | None = None,
) -> Waiting:  # fmt: skip
    """Somebody waits for a room of a type."""
    if departure <= arrival:
        raise DatesWrong(_("The departure has to be at least one day after the arrival."), field="departure")
    reservations.people_fit(get_room_type(place.id, room_type_id), adults, 0)
    made = written(
        Waiting(
            asset_id=place.id,
            customer_id=guest_of(place, guest).id,
            room_type_id=room_type_id,
            arrival=arrival,
            departure=departure,
            adults=adults,
            note=note or None,
            made_by=actor.name,
        )
    )
    _record("waitlist.added", made, actor)
    return made


@transactional
def book(*, place: Asset, waiting_id: uuid.UUID, plan: RatePlan | None, actor: Actor) -> Reservation:
    """Book for somebody who waited; raises SoldOut while there is still no room."""
    waiting = _waiting(place, waiting_id)
    customer = get_customer(waiting.customer_id)
    made = reservations.book(
        asset_id=place.id,
        room_type_id=waiting.room_type_id,
        plan=plan,
        arrival=waiting.arrival,
        departure=waiting.departure,
        adults=waiting.adults,
        guest=Guest(name=customer.name, email=customer.email, phone=customer.phone),
        booker=customer,
        note=waiting.note,
        source="waitlist",
        actor=actor,
    )
    waiting.status = "booked"
    _record("waitlist.booked", waiting, actor)
    return made


@transactional
def withdraw(*, place: Asset, waiting_id: uuid.UUID, actor: Actor, again: bool = False) -> Waiting:
    """They wait no more; `again` takes that back."""
    waiting = _waiting(place, waiting_id, "withdrawn" if again else "waiting")
    waiting.status = "waiting" if again else "withdrawn"
    _record("waitlist.taken_back" if again else "waitlist.withdrawn", waiting, actor)
    return waiting


def _waiting(place: Asset, waiting_id: uuid.UUID, status: str = "waiting") -> Waiting:
    found: Waiting | None = db.session.get(Waiting, waiting_id, populate_existing=True, with_for_update=True)
    if found is None or found.asset_id != place.id:
        raise NoSuchGuest(_("Nobody waits here under that key."))
    if found.status != status:
        raise WrongStatus(_("They do not wait any more."), status=found.status)
    return found


def _record(action: str, waiting: Waiting, actor: Actor) -> None:
    record(
        action,
        actor=actor,
        subject="waitlist",
        subject_id=waiting.id,
        asset_id=waiting.asset_id,
        after={"arrival": waiting.arrival, "departure": waiting.departure, "status": waiting.status},
    )
