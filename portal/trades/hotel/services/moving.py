"""Another room for a stay: now or from a day on, two stays in each other's rooms, the parking lane, a planned split."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.trades.hotel.errors import (
    DatesWrong,
    NoSuchRoom,
    ReasonMissing,
    RoomNotReady,
    RoomTaken,
    TooManyPeople,
    WrongStatus,
)
from portal.trades.hotel.models import RatePlan, Room, RoomType, Stay, StayStatus
from portal.trades.hotel.queries.folios import posted
from portal.trades.hotel.queries.inventory import get_room_type
from portal.trades.hotel.queries.property import business_date, ends_at, property_of
from portal.trades.hotel.queries.quotes import quote
from portal.trades.hotel.queries.rooms_free import Choice, rooms_between, rooms_for
from portal.trades.hotel.queries.stays import nights_of_stays
from portal.trades.hotel.services import inventory, keys
from portal.trades.hotel.services.arranging import (
    Stretch,
    arrange,
    changeover,
    from_then,
    retype,
    room_then,
    stretches_of,
    whole,
)
from portal.trades.hotel.services.assigning import TO_COME, check_fits, promised, sold_as, take_nights
from portal.trades.hotel.services.dating import agree
from portal.trades.hotel.services.folios import night_key
from portal.trades.hotel.services.reservations import figure_of
from portal.trades.hotel.services.splitting import fewest_moves
from portal.trades.hotel.services.stays import soil
from portal.trades.hotel.services.steps import locked, room_number, stepping
from portal.trades.hotel.times import nights_between

MOVABLE = (*TO_COME, StayStatus.IN_HOUSE)


@transactional
def move_room(
    *,
    asset_id: uuid.UUID,
    stay_id: uuid.UUID,
    room_id: uuid.UUID,
    actor: Actor,
    version: int | None = None,
    from_on: date | None = None,
    new_price: bool = False,
    override: str | None = None,
    force: bool = False,
) -> Stay:
    """Another room, at once or from a day on; a guest in house gets a new key, and the room that was left is dirty.

    What was agreed stays the price, unless with `new_price`: then the nights to come cost what the new room's type
    costs today. `override` is the reason to give out a room that is not made up. Raises RoomTaken, SoldOut.
    """
    if force and not (override or "").strip():
        raise ReasonMissing(_("Write down why it is done all the same."), field="reason")
    (stay,) = locked(asset_id, {stay_id: version})
    place = asset_of(asset_id)
    since, first = _since(place, stay, from_on)
    if stay.room_locked:
        raise promised(stay)
    now_there = stay.status == StayStatus.IN_HOUSE and from_on is None
    with stepping("moved", stay, actor=actor, reason=override) as words:
        old = stay.room_id
        choice = _choice(rooms_for(place, stay, since=since), room_id)
        check_fits(choice, place)
        if now_there and not choice.made_up and not (override or "").strip():
            raise RoomNotReady(_("Room %(room)s is not made up.", room=choice.number), obstacle="dirty")
        take_nights(place, stay, first, choice.room_type_id, actor=actor, force=force)
        if new_price:
            _reprice(place, stay, choice.room_type_id, first)
        until = changeover(place, from_on)[0] if from_on else since
        stretches = whole(place, stay, room_id)
        if from_on or now_there:
            stretches = from_then(place, stay, since, room_id, until=until)
        rooms = arrange({stay: stretches})
        if now_there or stay.status in TO_COME:
            stay.room_id = room_then(stretches, utcnow())
        words |= {"room": choice.number, "old": room_number(old), "from": from_on, "warning": choice.warning}
        if now_there and old is not None and old != room_id:
            words["housekeeping"] = soil(rooms[old], utcnow())
        keys.fit(stay, actor=actor)
    return stay


@transactional
def park(*, asset_id: uuid.UUID, stay_id: uuid.UUID, actor: Actor, version: int | None = None) -> Stay:
    """Put a guest in house into the parking lane: no room for the moment, so that others can be moved around them."""
    (stay,) = locked(asset_id, {stay_id: version})
    if stay.status != StayStatus.IN_HOUSE or stay.room_id is None:
        raise WrongStatus(_("Only a guest in a room is parked."), status=stay.status)
    if stay.room_locked:
        raise promised(stay)
    now = utcnow()
    with stepping("parked", stay, actor=actor) as words:
        words["old"] = room_number(stay.room_id)
        rooms = arrange({stay: from_then(asset_of(asset_id), stay, now, None)})
        words["housekeeping"] = soil(rooms[stay.room_id], now)
        stay.room_id = None
        keys.fit(stay, actor=actor)
    return stay


@transactional
def swap(
    *, asset_id: uuid.UUID, stay_ids: tuple[uuid.UUID, uuid.UUID], actor: Actor, versions: Sequence[int | None] = ()
) -> tuple[Stay, Stay]:
    """Two stays exchange their rooms in one step or not at all, each for all the time that is left of it.

    Guests in house get new keys for each other's rooms. Raises RoomTaken naming a third stay that is in the way.
    """
    if stay_ids[0] == stay_ids[1]:
        raise WrongStatus(_("Choose two different stays."))
    one, other = locked(asset_id, dict(zip(stay_ids, [*versions, None, None], strict=False)))
    place, now = asset_of(asset_id), utcnow()
    for stay in (one, other):
        if stay.status not in MOVABLE or stay.room_id is None:
            raise WrongStatus(_("Two stays that have rooms and are not over can be swapped."), status=stay.status)
        if stay.room_locked:
            raise promised(stay)
    if one.room_id == other.room_id:
        raise WrongStatus(_("Both stays are in the same room."))
    with stepping("swapped", one, other, actor=actor) as words:
        rooms = {one: other.room_id, other: one.room_id}
        plans = {stay: _exchanged(place, stay, stay.room_id, room_id, now) for stay, room_id in rooms.items()}
        _check_sizes(plans)
        _retype_both(place, rooms, actor)
        arrange(plans)
        one.room_id = None  # for a moment, so that nobody is in a room of another
        db.session.flush()
        for stay in (other, one):
            stay.room_id = rooms[stay]
            db.session.flush()
        keys.fit(one, other, actor=actor)
        words["of"] = {stay.id: {"room": room_number(rooms[stay])} for stay in (one, other)}
    return one, other


def split_plan(place: Asset, stay: Stay) -> list[tuple[uuid.UUID, list[date]]] | None:
    """The rooms a stay to come would have one after the other, with the fewest moves; None where a night has none."""
    nights = nights_between(stay.arrival, stay.departure)
    kind = sold_as(stay)
    free: dict[uuid.UUID, set[date]] = {}
    for night in nights:
        start, end = changeover(place, night)[1], changeover(place, night + timedelta(days=1))[0]
        for each in rooms_between(
            place, start, end, room_type_id=kind, stay_id=stay.id, people=stay.adults + stay.children
        ):
            free.setdefault(each.room_id, set())
            if each.free:
                free[each.room_id].add(night)
    return fewest_moves(nights, free)


@transactional
def split(*, asset_id: uuid.UUID, stay_id: uuid.UUID, actor: Actor, version: int | None = None) -> Stay:
    """Give a stay to come several rooms one after the other, as `split_plan` shows; one move is told as one move."""
    (stay,) = locked(asset_id, {stay_id: version})
    place = asset_of(asset_id)
    if stay.status not in TO_COME or stay.day_use:
        raise WrongStatus(_("Only a stay that is to come is split."), status=stay.status)
    if stay.room_locked:
        raise promised(stay)
    plan = split_plan(place, stay)
    if plan is None:
        raise RoomTaken(_("There is a night on which no room of this type is free."), stay=str(stay.id))
    with stepping("split", stay, actor=actor) as words:
        whole_stay = whole(place, stay, plan[0][0])[0]
        stretches = []
        for n, (room_id, nights) in enumerate(plan):
            start = whole_stay.start if n == 0 else changeover(place, nights[0])[1]
            last = n == len(plan) - 1
            end = whole_stay.end if last else changeover(place, nights[-1] + timedelta(days=1))[0]
            stretches.append(Stretch(room_id, start, end))
        arrange({stay: stretches})
        stay.room_id = plan[0][0]
        words |= {"room": room_number(stay.room_id), "moves": len(plan) - 1}
    return stay


def _since(place: Asset, stay: Stay, from_on: date | None) -> tuple[datetime, date]:
    """From which moment and which night on a stay is moved."""
    if stay.status not in MOVABLE:
        raise WrongStatus(_("This stay is over, or will not come."), status=stay.status)
    today = business_date(place)
    if from_on is None:
        if stay.status == StayStatus.IN_HOUSE:
            if ends_at(place, property_of(place), stay) <= utcnow():
                raise WrongStatus(_("The guest should have left. Extend the stay first."), status=stay.status)
            return utcnow(), today
        return whole(place, stay, stay.room_id or uuid.UUID(int=0))[0].start, stay.arrival
    if not max(stay.arrival, today) < from_on < stay.departure:
        raise DatesWrong(_("Choose a day inside the stay that is still to come."), field="from_on")
    return changeover(place, from_on)[1], from_on


def _choice(choices: Sequence[Choice], room_id: uuid.UUID) -> Choice:
    for each in choices:
        if each.room_id == room_id:
            return each
    raise NoSuchRoom(_("There is no such room here."), field="room")


def _reprice(place: Asset, stay: Stay, room_type_id: uuid.UUID, first: date) -> None:
    kind = get_room_type(place.id, room_type_id)
    plan = db.session.get(RatePlan, stay.rate_plan_id) if stay.rate_plan_id else None
    nights = [each for each in nights_of_stays([stay.id])[stay.id] if each.night >= first]
    charged = posted({night_key(stay.id, each.night, each.again) for each in nights if not each.released})
    if plan is None or first >= stay.departure or charged:  # what is on the folio is not agreed anew
        return
    quoted = quote(place, kind, plan, first, stay.departure, adults=stay.adults, children=stay.children)
    stay.room_type_id = kind.id
    db.session.flush()
    agree(stay, quoted.nights, dict.fromkeys((each.night for each in quoted.nights), kind.id))


def _exchanged(
    place: Asset, stay: Stay, mine: uuid.UUID | None, theirs: uuid.UUID | None, now: datetime
) -> list[Stretch]:
    """A stay's rooms with one replaced by another, from now on where the guest is in house."""
    assert theirs is not None
    found = []
    for each in stretches_of(stay):
        if each.room_id != mine or (stay.status == StayStatus.IN_HOUSE and each.end <= now):
            found.append(each)
        elif stay.status == StayStatus.IN_HOUSE and each.start < now:
            found += [each._replace(end=now), each._replace(room_id=theirs, start=now)]
        else:
            found.append(each._replace(room_id=theirs))
    return found


def _check_sizes(plans: dict[Stay, list[Stretch]]) -> None:
    for stay, stretches in plans.items():
        for room_id in {each.room_id for each in stretches[-1:]}:
            kind = db.session.get_one(RoomType, db.session.get_one(Room, room_id).room_type_id)
            if stay.adults + stay.children > kind.capacity:
                raise TooManyPeople(
                    _("Room %(room)s sleeps %(count)s.", room=room_number(room_id), count=kind.capacity), field="room"
                )


def _retype_both(place: Asset, rooms: dict[Stay, uuid.UUID | None], actor: Actor) -> None:
    """Nights follow the rooms into each other's calendars, in one change of it."""
    today = business_date(place)
    changes: dict[str, dict[tuple[uuid.UUID, date], int]] = {}
    for stay, room_id in rooms.items():
        kind = db.session.get_one(Room, room_id).room_type_id
        deltas = changes.setdefault(figure_of(stay.status), {})
        for key, delta in retype(stay, max(stay.arrival, today), kind).items():
            deltas[key] = deltas.get(key, 0) + delta
    inventory.move(changes=changes, reason=_("Rooms swapped"), correlation_id=uuid7(), actor=actor)
