"""What the desk does in one go that is several commands elsewhere: all of it, or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from portal.core.actor import Actor
from portal.core.errors import Invalid
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.shared.customers.queries import get_customer
from portal.trades.hotel.errors import DatesWrong, ReasonMissing, WrongStatus
from portal.trades.hotel.models import Reservation, Stay
from portal.trades.hotel.queries.property import business_date, lock_day
from portal.trades.hotel.queries.stays import get_stay, lock_stay, stays_of
from portal.trades.hotel.services import dating, extending, moving, reservations, stays
from portal.trades.hotel.services.assigning import TO_COME, give, promised
from portal.trades.hotel.services.guests import fill_card
from portal.trades.hotel.services.steps import locked, stepping


@transactional
def book_into(
    *, asset_id: uuid.UUID, room_id: uuid.UUID | None, force: bool, reason: str | None, actor: Actor, **terms: Any
) -> Reservation:
    """Book, and give the stay a room at once when one was pointed at."""
    if force and not (reason or "").strip():
        raise ReasonMissing(_("Write down why it is sold all the same."), field="reason")
    why = reason if force else None
    made = reservations.book(asset_id=asset_id, force=force, reason=why, override=why, actor=actor, **terms)
    if room_id is not None:
        of_it = stays_of(made.id)
        if len(of_it) > 1:
            raise Invalid(_("One room cannot be given to several stays. Book one room, or leave the room open."))
        with stepping("assigned", of_it[0], actor=actor) as words:
            words["room"] = give(asset_of(asset_id), of_it[0], room_id, actor=actor, force=force).number
    return made


@transactional
def arrive(*, asset_id: uuid.UUID, stay_id: uuid.UUID, card: Mapping[str, Any], actor: Actor, **more: Any) -> Stay:
    """Write what the guest says for the registration card, and check them in."""
    if card:
        lock_day(asset_id, shared=True)
        guest = get_customer(lock_stay(asset_id, stay_id).guest_id)
        fill_card(guest, card)
        record(
            "guest.card_filled", actor=actor, subject="customer", subject_id=guest.id, asset_id=asset_id,
            after={"fields": sorted(card)},
        )  # fmt: skip
    return stays.check_in(asset_id=asset_id, stay_id=stay_id, actor=actor, **more)


@transactional
def place_anew(
    *,
    asset_id: uuid.UUID,
    stay_id: uuid.UUID,
    arrival: date,
    departure: date,
    actor: Actor,
    version: int | None = None,
    room_id: uuid.UUID | None = None,
    choice: str | None = None,
    force: bool = False,
    reason: str | None = None,
) -> Stay:
    """Other dates for a stay, longer or shorter, and another room where one is named; as a bar is dropped."""
    stay = get_stay(asset_id, stay_id)
    if force and not (reason or "").strip():
        raise ReasonMissing(_("Write down why it is done all the same."), field="reason")
    elsewhere = room_id if room_id != stay.room_id else None
    if elsewhere and (arrival, departure) != (stay.arrival, stay.departure):
        return _elsewhere(stay, arrival, departure, elsewhere, version=version, force=force, actor=actor)
    who: dict[str, Any] = {"asset_id": asset_id, "stay_id": stay_id, "version": version, "actor": actor}
    if elsewhere:
        return moving.move_room(room_id=elsewhere, force=force, override=reason if force else None, **who)
    if arrival != stay.arrival:
        return dating.change_dates(arrival=arrival, departure=departure, force=force, **who)
    if departure < stay.departure:
        return dating.shorten(departure=departure, **who)
    return extending.extend(departure=departure, choice=choice, force=force, reason=reason, **who)


def _elsewhere(
    stay: Stay,
    arrival: date,
    departure: date,
    room_id: uuid.UUID,
    *,
    version: int | None,
    force: bool,
    actor: Actor,
) -> Stay:
    """Other dates and another room in one step: only for a stay that is to come."""
    (stay,) = locked(stay.asset_id, {stay.id: version})
    place = asset_of(stay.asset_id)
    if stay.status not in TO_COME or stay.day_use:
        raise WrongStatus(_("Change the dates and the room one after the other."), status=stay.status)
    if stay.room_locked:
        raise promised(stay)
    if departure <= arrival or arrival < business_date(place):
        raise DatesWrong(_("The departure has to be at least one day after the arrival."), field="departure")
    with stepping("dates_changed", stay, actor=actor) as words:
        dating.redate(place, stay, arrival, departure, actor=actor, force=force)
        words["room"] = give(place, stay, room_id, actor=actor, force=force).number
    return stay
