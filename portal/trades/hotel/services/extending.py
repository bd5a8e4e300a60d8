"""A longer stay: what it costs, who is in the way, and what can be done about that."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from portal.core.actor import Actor
from portal.core.db import db
from portal.core.transaction import transactional
from portal.core.words import _
from portal.core.written import day
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.shared.customers.models import Customer
from portal.trades.hotel.errors import DatesWrong, NextGuestInTheWay, RoomTaken, WrongStatus
from portal.trades.hotel.models import RoomOccupancy, Stay, StayStatus
from portal.trades.hotel.queries.property import ends_at, property_of
from portal.trades.hotel.queries.rooms_free import Choice, best_first, rooms_between, rooms_for
from portal.trades.hotel.queries.stays import get_stay
from portal.trades.hotel.services import keys
from portal.trades.hotel.services.arranging import Stretch, arrange, changeover, stretches_of, whole
from portal.trades.hotel.services.assigning import TO_COME, sold_as
from portal.trades.hotel.services.dating import redate, within
from portal.trades.hotel.services.steps import locked, room_number, stepping
from portal.trades.hotel.times import moment

#: What can be done when somebody has the room next: the next guest has another, or this one, or nobody knows yet.
MOVE_NEXT, MOVE_THIS, NO_ROOM = "move_next", "move_this", "no_room"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One thing that can be done: `choice` is what `extend` is told."""

    choice: str
    stay: str
    room: str
    words: str


@transactional
def extend(
    *,
    asset_id: uuid.UUID,
    stay_id: uuid.UUID,
    departure: date,
    actor: Actor,
    version: int | None = None,
    choice: str | None = None,
    force: bool = False,
    reason: str | None = None,
) -> Stay:
    """Let a stay end later. New nights cost what they cost now; those that were agreed keep their price.

    Somebody who has the room next is in the way: raises NextGuestInTheWay with proposals, one of which comes back as
    `choice`. Raises SoldOut when the type is full, unless `force`; its rights and its reason are checked by the caller.
    """
    place = asset_of(asset_id)
    found = get_stay(asset_id, stay_id)
    next_ids = in_the_way(place, found, departure) if departure > found.departure else []
    stay, *following = locked(asset_id, {stay_id: version, **dict.fromkeys(next_ids)})
    if stay.status not in (*TO_COME, StayStatus.IN_HOUSE) or stay.day_use:
        raise WrongStatus(_("Only a stay that is to come or in house is extended."), status=stay.status)
    still = in_the_way(place, stay, departure)
    following = [each for each in following if each.id in still]
    if departure <= stay.departure:
        raise DatesWrong(_("The new departure has to be after the old one."), field="departure")
    moving = following if choice == MOVE_NEXT else []
    touched = [stay, *moving]
    with stepping("extended", *touched, actor=actor, reason=reason) as words:
        old_departure, old = stay.departure, stretches_of(stay)
        stay.ends_at = None  # an hour of leaving that was agreed was of the old day
        redate(place, stay, stay.arrival, departure, actor=actor, force=force)
        plans: dict[Stay, Sequence[Stretch]] = {stay: _longer(place, stay, old)}
        if old and in_the_way(place, stay, departure, since=old[-1].end):
            if choice is None and not force:
                raise _in_the_way(place, stay, following, old_departure)
            plans = _solved(place, stay, following, old, old_departure, choice or NO_ROOM)
        arrange(plans)
        for other in moving:
            other.room_id = plans[other][0].room_id
        keys.fit(stay, actor=actor)
        words |= {"until": departure, "choice": choice, "forced": force or None}
        words["of"] = {each.id: {"room": room_number(each.room_id)} for each in touched}
    return stay


def in_the_way(place: Asset, stay: Stay, departure: date, *, since: datetime | None = None) -> list[uuid.UUID]:
    """The stays that have a stay's last room in the time it would be longer, in order; blocks are not stays."""
    stretches = stretches_of(stay)
    if not stretches:
        return []
    start = since or stretches[-1].end
    end = moment(place.timezone, departure, property_of(place).checkout_minute)
    if end <= start:
        return []
    rows = db.session.scalars(
        select(RoomOccupancy.stay_id)
        .where(
            RoomOccupancy.room_id == stretches[-1].room_id,
            RoomOccupancy.active,
            RoomOccupancy.stay_id.is_not(None),
            RoomOccupancy.stay_id != stay.id,
            RoomOccupancy.during.op("&&")(Range(start, end, bounds="[)")),
        )
        .order_by(RoomOccupancy.during)
    )
    return [each for each in rows if each is not None]


def proposals(place: Asset, stay: Stay, following: Sequence[Stay], since: date) -> list[Proposal]:
    """What can be done about who has the room next: the next guest first, then this one."""
    found = []
    moves = [_other_room(place, each) for each in following]
    if following and all(moves):
        first, room = following[0], moves[0]
        assert room is not None
        guest = db.session.get_one(Customer, first.guest_id).name
        words = _("Move %(guest)s, who comes on %(day)s, to room %(room)s.", guest=guest, day=day(first.arrival),
                  room=room.number)  # fmt: skip
        found.append(Proposal(MOVE_NEXT, str(first.id), room.number, words))
    mine = _room_after(place, stay, since)
    if mine is not None and not stay.room_locked:
        words = _("Move this guest to room %(room)s on %(day)s.", room=mine.number, day=day(since))
        found.append(Proposal(MOVE_THIS, str(stay.id), mine.number, words))
    return found


def _in_the_way(place: Asset, stay: Stay, following: Sequence[Stay], since: date) -> NextGuestInTheWay:
    return NextGuestInTheWay(
        _("Somebody else has the room from %(day)s on. Choose who moves.", day=day(since)),
        proposals=[asdict(each) for each in proposals(place, stay, following, since)],
    )


def _solved(
    place: Asset, stay: Stay, following: Sequence[Stay], old: list[Stretch], since: date, choice: str
) -> dict[Stay, Sequence[Stretch]]:
    if choice == NO_ROOM:
        return {stay: old}
    if choice == MOVE_THIS:
        room = _room_after(place, stay, since)
        if room is None or stay.room_locked:
            raise RoomTaken(_("There is no other room for this guest."))
        end = ends_at(place, property_of(place), stay)
        return {stay: [*old, Stretch(room.room_id, max(old[-1].end, changeover(place, since)[1]), end)]}
    plans: dict[Stay, Sequence[Stretch]] = {stay: _longer(place, stay, old)}
    for each in following:
        room = _other_room(place, each, besides={stretches[0].room_id for stretches in plans.values()})
        if room is None:
            raise RoomTaken(_("There is no other room for the next guest."))
        plans[each] = whole(place, each, room.room_id)
    return plans


def _other_room(place: Asset, stay: Stay, *, besides: set[uuid.UUID] | None = None) -> Choice | None:
    """Another room for a stay that is to come and was promised none."""
    if stay.room_locked or stay.status not in TO_COME:
        return None
    shut = {stay.room_id, *(besides or ())}
    ranked = best_first(rooms_for(place, stay), sold_as(stay), soon=False)
    return next((each for each in ranked if each.room_id not in shut), None)


def _room_after(place: Asset, stay: Stay, since: date) -> Choice | None:
    start, end = changeover(place, since)[1], ends_at(place, property_of(place), stay)
    if end <= start:
        return None
    choices = rooms_between(place, start, end, stay_id=stay.id, people=stay.adults + stay.children)
    return next(iter(best_first(choices, sold_as(stay), soon=False)), None)


def _longer(place: Asset, stay: Stay, old: list[Stretch]) -> list[Stretch]:
    """The last room reaches out to the new end."""
    if not old:
        return []
    return within(place, stay, [*old[:-1], old[-1]._replace(end=ends_at(place, property_of(place), stay))])
