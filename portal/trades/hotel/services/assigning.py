"""Giving stays their rooms: one that is named, or the one a good clerk would choose; promising it, taking it back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.core.actor import Actor
from portal.core.db import db, uuid7
from portal.core.errors import DomainError
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.trades.hotel.errors import NoSuchRoom, RoomPromised, RoomTaken, TooManyPeople, WrongStatus
from portal.trades.hotel.models import Stay, StayNight, StayStatus
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.rooms_free import Choice, best_first, clash_sentence, reason_for, rooms_for
from portal.trades.hotel.services import inventory
from portal.trades.hotel.services.arranging import arrange, retype, whole
from portal.trades.hotel.services.reservations import figure_of
from portal.trades.hotel.services.steps import locked, room_number, stepping

#: A stay that has not begun.
TO_COME = (StayStatus.HELD, StayStatus.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Given:
    """A stay and the room it was given, why that one, and what the desk should know of it."""

    stay: Stay
    room_id: uuid.UUID
    number: str
    reason: str | None = None
    warning: str | None = None


@transactional
def assign(
    *,
    asset_id: uuid.UUID,
    stay_id: uuid.UUID,
    actor: Actor,
    version: int | None = None,
    room_id: uuid.UUID | None = None,
    lock: bool | None = None,
    force: bool = False,
) -> Given:
    """Give a stay that is to come one room for all its time: the named one, or the one that suits best.

    A room of another type is an upgrade: its nights are taken from there, and the price stays. `force` takes them
    even when that type is full; its rights and its reason are checked by the caller. Raises RoomTaken.
    """
    (stay,) = locked(asset_id, {stay_id: version})
    if stay.status not in TO_COME:
        raise WrongStatus(_("Only a stay that is to come is given a room so; move the others."), status=stay.status)
    if stay.room_locked and room_id != stay.room_id:
        raise promised(stay)
    with stepping("assigned", stay, actor=actor) as words:
        given = give(asset_of(asset_id), stay, room_id, actor=actor, force=force)
        if lock is not None:
            stay.room_locked = lock
        words |= {"room": given.number, "why": given.reason}
    return given


@transactional
def unassign(*, asset_id: uuid.UUID, stay_id: uuid.UUID, actor: Actor, version: int | None = None) -> Stay:
    """Take the room back from a stay that is to come; it is to be given another."""
    (stay,) = locked(asset_id, {stay_id: version})
    if stay.status not in TO_COME:
        raise WrongStatus(_("The guest is in the room, or was. Move the stay instead."), status=stay.status)
    if stay.room_locked:
        raise promised(stay)
    if stay.room_id is not None:
        with stepping("unassigned", stay, actor=actor) as words:
            words["room"] = room_number(stay.room_id)
            arrange({stay: []})
            stay.room_id = None
    return stay


@transactional
def promise(
    *, asset_id: uuid.UUID, stay_id: uuid.UUID, promised: bool, actor: Actor, version: int | None = None
) -> Stay:
    """Promise a guest this very room, so that nobody moves the stay by mistake; or free it again."""
    (stay,) = locked(asset_id, {stay_id: version})
    if promised and stay.room_id is None:
        raise NoSuchRoom(_("Give the stay a room first, then promise it."), field="room")
    if stay.room_locked != promised:
        with stepping("locked" if promised else "unlocked", stay, actor=actor) as words:
            stay.room_locked = promised
            words["room"] = room_number(stay.room_id)
    return stay


def assign_all(*, asset_id: uuid.UUID, day: date, actor: Actor) -> tuple[list[Given], list[DomainError]]:
    """Give every arrival of a day that has no room one, each in a command of its own; and what could not be had."""
    given: list[Given] = []
    refused: list[DomainError] = []
    for stay_id in db.session.scalars(
        select(Stay.id)
        .where(Stay.asset_id == asset_id, Stay.arrival == day, Stay.status.in_(TO_COME), Stay.room_id.is_(None))
        .order_by(Stay.arrival - Stay.departure, Stay.id)  # the longest first: they are the hardest to place
    ).all():
        try:
            given.append(assign(asset_id=asset_id, stay_id=stay_id, actor=actor))
        except DomainError as error:
            refused.append(error)
    return given, refused


def give(place: Asset, stay: Stay, room_id: uuid.UUID | None, *, actor: Actor, force: bool = False) -> Given:
    """The part of `assign` that other commands share; the stay is locked and may be."""
    choices = rooms_for(place, stay)
    if room_id is None:
        return _best(place, stay, choices)
    choice = next((each for each in choices if each.room_id == room_id), None)
    if choice is None:
        raise NoSuchRoom(_("There is no such room here."), field="room")
    check_fits(choice, place)
    take_nights(place, stay, stay.arrival, choice.room_type_id, actor=actor, force=force)
    arrange({stay: whole(place, stay, room_id)})
    stay.room_id = room_id
    return Given(stay, room_id, choice.number, warning=choice.warning)


def check_fits(choice: Choice, place: Asset) -> None:
    """Refuse a room that is too small, out of use or somebody else's, and say which would do instead."""
    if choice.too_small:
        raise TooManyPeople(
            _("Room %(room)s sleeps %(count)s.", room=choice.number, count=choice.capacity), field="room"
        )
    if not choice.free:
        raise RoomTaken(
            clash_sentence(choice, place),
            room=choice.number,
            stay=str(choice.clash_stay) if choice.clash_stay else None,
        )


def take_nights(
    place: Asset, stay: Stay, since: date, room_type_id: uuid.UUID, *, actor: Actor, force: bool = False
) -> None:
    """Count the nights from a day on where the room is; before any room is locked."""
    deltas = retype(stay, since, room_type_id)
    if deltas:
        inventory.move(
            changes={figure_of(stay.status): deltas},
            reason=_("Room of another type"),
            correlation_id=uuid7(),
            actor=actor,
            force=force,
        )


def promised(stay: Stay) -> RoomPromised:
    """The refusal to move a stay from a room it was promised."""
    return RoomPromised(
        _("The guest was promised room %(room)s. Free the promise first.", room=room_number(stay.room_id)),
        stay=str(stay.id),
    )


def sold_as(stay: Stay) -> uuid.UUID:
    """The type whose calendar a stay's coming nights are taken from."""
    found: uuid.UUID | None = db.session.scalar(
        select(StayNight.room_type_id)
        .where(StayNight.stay_id == stay.id, StayNight.released.is_(False))
        .order_by(StayNight.night)
        .limit(1)
    )
    return found or stay.room_type_id


def _best(place: Asset, stay: Stay, choices: list[Choice]) -> Given:
    """The best room that nobody is quicker to take: each is tried under a savepoint."""
    soon = stay.arrival <= business_date(place)
    ranked = best_first(choices, sold_as(stay), soon=soon)
    for choice in ranked:
        try:
            with db.session.begin_nested():
                arrange({stay: whole(place, stay, choice.room_id)})
        except (RoomTaken, IntegrityError):
            continue
        stay.room_id = choice.room_id
        return Given(stay, choice.room_id, choice.number, reason_for(choice, ranked, soon=soon), choice.warning)
    raise RoomTaken(
        _("No room of this type is free for the whole stay. Choose one of another type, or split the stay."),
        stay=str(stay.id),
        split=True,
    )
