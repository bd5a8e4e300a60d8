"""Guests come and go: check-in with its guards, walk-ins, day use, check-out that gives nights back at once."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.core.actor import Actor
from portal.core.clock import local_date, utcnow
from portal.core.db import db, uuid7
from portal.core.errors import DomainError
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.trades.hotel.errors import (
    CardIncomplete,
    DatesWrong,
    FolioOpen,
    RoomNotReady,
    RoomTaken,
    StayOver,
    TooEarly,
    TooManyPeople,
    WrongStatus,
)
from portal.trades.hotel.events import RoomChanged
from portal.trades.hotel.models import (
    HousekeepingStatus,
    RatePlan,
    Room,
    Stay,
    StayNight,
    StayStatus,
)
from portal.trades.hotel.pricing import Quote
from portal.trades.hotel.queries import self_check_in
from portal.trades.hotel.queries.inventory import lock_rooms
from portal.trades.hotel.queries.property import lock_day
from portal.trades.hotel.queries.readiness import Obstacle, early_fee, late_fee, of_the_guest, of_the_room
from portal.trades.hotel.queries.rooms_free import rooms_between
from portal.trades.hotel.queries.stays import stays_of
from portal.trades.hotel.services import dating, folio_steps, inventory, keys, reservations
from portal.trades.hotel.services.arranging import Stretch, arrange, room_then, stretches_of
from portal.trades.hotel.services.assigning import Given, give, promised
from portal.trades.hotel.services.guests import Guest
from portal.trades.hotel.services.steps import locked, room_number, stepping
from portal.trades.hotel.times import moment

_REFUSALS: dict[str, type[DomainError]] = {
    "status": WrongStatus, "early": TooEarly, "over": StayOver, "people": TooManyPeople, "card": CardIncomplete,
    "no_room": RoomNotReady, "occupied": RoomNotReady, "dirty": RoomNotReady, "do_not_rent": RoomNotReady,
    "off": WrongStatus, "money": FolioOpen,
}  # fmt: skip


@transactional
def check_in(
    *,
    asset_id: uuid.UUID,
    stay_id: uuid.UUID,
    actor: Actor,
    version: int | None = None,
    room_id: uuid.UUID | None = None,
    override: str | None = None,
    early: bool = False,
    fee: bool = False,
    by_guest: bool = False,
) -> Stay:
    """The guest is here: the stay is in house from now on, and the key is theirs until the departure.

    Without a room the best one is given, or `room_id`. `override` is the reason for a room that is not made up, or a
    guest not to be let to; its rights are checked by the caller. `early` takes the nights before the arrival as well,
    `fee` charges what the hotel asks for coming before its hour. `by_guest`, nobody of the hotel looks: everything has
    to be prepared, signed and paid.
    """
    day = lock_day(asset_id, shared=True).day
    (stay,) = locked(asset_id, {stay_id: version})
    place = asset_of(asset_id)
    if by_guest:
        _refuse(self_check_in.in_the_way(place, stay, today=day), None)
    terms: dict[str, Any] = {"room_id": room_id, "override": override, "early": early, "fee": fee}
    return _enter(place, stay, day, actor, by_guest=by_guest, **terms)


@transactional
def walk_in(
    *,
    asset_id: uuid.UUID,
    room_type_id: uuid.UUID,
    plan: RatePlan | None,
    nights: int,
    guest: Guest,
    actor: Actor,
    adults: int = 1,
    children: int = 0,
    room_id: uuid.UUID | None = None,
    quoted: Quote | None = None,
    override: str | None = None,
    force: bool = False,
    note: str | None = None,
) -> Stay:
    """Somebody stands at the desk: booked, given a room and checked in, all of it or nothing.

    `quoted` is the price they were told. Money is taken after it, on the folio that is open by then.
    """
    day = lock_day(asset_id, shared=True).day
    booked = reservations.book(
        asset_id=asset_id,
        room_type_id=room_type_id,
        plan=plan,
        arrival=day,
        departure=day + timedelta(days=nights),
        guest=guest,
        actor=actor,
        adults=adults,
        children=children,
        source="walk_in",
        quoted=quoted,
        force=force,
        reason=override,
        note=note,
    )
    return _enter(asset_of(asset_id), stays_of(booked.id)[0], day, actor, room_id=room_id, override=override)


@transactional
def book_day_use(
    *,
    asset_id: uuid.UUID,
    room_type_id: uuid.UUID,
    plan: RatePlan | None,
    on: date,
    from_minute: int,
    until_minute: int,
    guest: Guest,
    actor: Actor,
    room_id: uuid.UUID | None = None,
    adults: int = 1,
    children: int = 0,
    quoted: Quote | None = None,
) -> Given:
    """A room for some hours of one day, between the stays of nights; raises RoomTaken with the free rooms."""
    place = asset_of(asset_id)
    if not 0 <= from_minute < until_minute <= 1439:
        raise DatesWrong(_("The hours have to be of one day, the first before the last."), field="until")
    booked = reservations.book(
        asset_id=asset_id,
        room_type_id=room_type_id,
        plan=plan,
        arrival=on,
        departure=on,
        day_use=True,
        guest=guest,
        actor=actor,
        adults=adults,
        children=children,
        quoted=quoted,
    )
    (stay,) = stays_of(booked.id)
    stay.starts_at = moment(place.timezone, on, from_minute)
    stay.ends_at = moment(place.timezone, on, until_minute)
    db.session.flush()
    with stepping("assigned", stay, actor=actor) as words:
        try:
            given = give(place, stay, room_id, actor=actor)
        except RoomTaken as taken:
            free = rooms_between(
                place, stay.starts_at, stay.ends_at, room_type_id=room_type_id, people=adults + children
            )
            numbers = [each.number for each in free if each.free]
            taken.details["rooms"] = numbers
            raise
        words["room"] = given.number
    return given


@transactional
def check_out(
    *,
    asset_id: uuid.UUID,
    stay_id: uuid.UUID,
    actor: Actor,
    version: int | None = None,
    reason: str | None = None,
    fee: bool = False,
) -> Stay:
    """The guest leaves: the room is free and dirty, the key is dead, nights not slept are for sale again, all at once.

    With something still owed it is refused, unless with a `reason`; its rights are checked by the caller.
    `fee` charges what the hotel asks for leaving after its hour.
    """
    today = lock_day(asset_id, shared=True).day
    (stay,) = locked(asset_id, {stay_id: version})
    in_house(stay)
    place, now = asset_of(asset_id), utcnow()
    # a day that was not closed yet may be behind the wall clock, and its night was slept
    left_on = max(today, local_date(place.timezone, now))
    late = late_fee(place, stay, now) if fee else 0
    with stepping("checked_out", stay, actor=actor, reason=reason, day=today) as words:
        words |= {"room": room_number(stay.room_id), "left_on": left_on}
        _give_back(stay, left_on, actor)
        rooms = arrange({stay: [each._replace(end=min(each.end, now)) for each in stretches_of(stay)]})
        stay.status, stay.departed_at = StayStatus.CHECKED_OUT, now
        if stay.room_id is not None:
            words["housekeeping"] = soil(rooms.get(stay.room_id) or lock_rooms([stay.room_id])[stay.room_id], now)
        keys.fit(stay, actor=actor)
        if late:
            folio_steps.charge_hours(place, today, stay, folio_steps.LATE, late, actor)
        folio_steps.on_check_out(place, today, stay, actor, reason=reason, allowed=reason is not None)
    return stay


def in_house(stay: Stay) -> None:
    """Raise WrongStatus for a stay whose guest is not here."""
    if stay.status != StayStatus.IN_HOUSE:
        raise WrongStatus(_("The guest is not checked in."), status=stay.status)


def _enter(
    place: Asset,
    stay: Stay,
    today: date,
    actor: Actor,
    *,
    room_id: uuid.UUID | None = None,
    override: str | None = None,
    early: bool = False,
    fee: bool = False,
    by_guest: bool = False,
) -> Stay:
    now = utcnow()
    override = (override or "").strip() or None
    with stepping("checked_in", stay, actor=actor, reason=override, day=today) as words:
        if early and stay.status == StayStatus.CONFIRMED and today < stay.arrival:
            dating.redate(place, stay, today, stay.departure, actor=actor)
        hour_fee = early_fee(place, stay, now) if fee else 0
        _refuse(of_the_guest(place, stay, today), override)
        if stay.room_id is None or (room_id is not None and room_id != stay.room_id):
            if stay.room_locked:
                raise promised(stay)
            give(place, stay, room_id, actor=actor)
        stretches = _from_now(stay, now)
        rooms = arrange({stay: stretches})
        stay.room_id = room_then(stretches, now)
        assert stay.room_id is not None
        room = rooms[stay.room_id]
        _refuse(of_the_room(stay, room), override)
        stay.status, stay.arrived_at = StayStatus.IN_HOUSE, now
        db.session.flush()
        keys.fit(stay, actor=actor)
        words |= {"room": room_number(stay.room_id), "housekeeping": {str(room.unit_id): [room.status, room.status]}}
        words["by_guest"] = by_guest or None
        folio_steps.on_check_in(place, today, stay, actor)
        if hour_fee:
            folio_steps.charge_hours(place, today, stay, folio_steps.EARLY, hour_fee, actor)
    return stay


def _refuse(found: list[Obstacle], override: str | None) -> None:
    for obstacle in found:
        if not (obstacle.overridden and override):
            raise _REFUSALS[obstacle.code](obstacle.words, obstacle=obstacle.code, **obstacle.details)


def _from_now(stay: Stay, now: datetime) -> list[Stretch]:
    """The stay's rooms, the first of them from this moment on if that is before its hour."""
    stretches = stretches_of(stay)
    if stretches and now < stretches[0].start:
        stretches[0] = stretches[0]._replace(start=now)
    return stretches


def _give_back(stay: Stay, left_on: date, actor: Actor) -> None:
    """The nights that will not be slept are for sale again; the stay ends on the day it ended."""
    nights = db.session.scalars(
        select(StayNight).where(StayNight.stay_id == stay.id, StayNight.night >= left_on, StayNight.released.is_(False))
    ).all()
    inventory.move(
        changes={"booked": {(night.room_type_id, night.night): -1 for night in nights}},
        reason=_("Left early"),
        correlation_id=uuid7(),
        actor=actor,
    )
    for night in nights:
        night.released = True
    if nights and not stay.day_use:
        stay.departure = max(left_on, stay.arrival + timedelta(days=1))


def soil(room: Room, now: datetime) -> dict[str, list[str]]:
    """A locked room is to be cleaned; returns what it was and is."""
    before, room.status = room.status, HousekeepingStatus.DIRTY
    room.status_at, room.version = now, room.version + 1
    publish(RoomChanged(asset_id=room.asset_id, subject_id=room.unit_id))
    return {str(room.unit_id): [before, HousekeepingStatus.DIRTY]}
