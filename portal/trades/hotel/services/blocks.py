"""Rooms that are not for guests for a while: out of order and house use are not for sale, out of service only warns."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import Range

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7, written
from portal.core.locks import taking
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.core.written import day
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.trades.hotel.errors import DatesWrong, NoSuchRoom, ReasonMissing, RoomTaken
from portal.trades.hotel.events import RoomChanged
from portal.trades.hotel.models import BlockKind, Room, RoomBlock, RoomOccupancy, Stay
from portal.trades.hotel.queries.inventory import lock_nights, nights_of
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.rooms_free import Choice, best_first, rooms_for
from portal.trades.hotel.services import inventory
from portal.trades.hotel.services.arranging import arrange, changeover, lock_with_parts, whole
from portal.trades.hotel.services.assigning import TO_COME, sold_as
from portal.trades.hotel.services.steps import locked, room_number, stepping
from portal.trades.hotel.times import nights_between


@transactional
def block(
    *,
    asset_id: uuid.UUID,
    room_id: uuid.UUID,
    kind: BlockKind,
    from_on: date,
    until_on: date,
    reason: str,
    actor: Actor,
    force: bool = False,
    re_room: bool = False,
) -> RoomBlock:
    """Take a room out of what is let, from a day until another, itself not included.

    Raises SoldOut when its type is sold already, unless `force`; its rights are checked by the caller. Stays that have
    the room in that time are in the way (RoomTaken says which): with `re_room` each is given another room first.
    """
    place = asset_of(asset_id)
    _check(place, room_id, from_on, until_on, reason)
    stay_ids = [] if kind == BlockKind.OUT_OF_SERVICE else in_the_way(place, room_id, from_on, until_on)
    if stay_ids and not re_room:
        raise _taken(place, room_id, stay_ids)
    stays = locked(asset_id, dict.fromkeys(stay_ids))
    made = RoomBlock(
        asset_id=asset_id, room_id=room_id, kind=kind, from_on=from_on, until_on=until_on, reason=reason.strip(),
        made_by=actor.name,
    )  # fmt: skip
    _count(made, 1, from_on, until_on, actor, force=force)
    _re_room(place, stays, room_id, actor)
    written(made)
    _occupy(place, made)
    _tell("room.blocked", made, actor, {"kind": kind, "from": from_on, "until": until_on, "forced": force}, reason)
    return made


@transactional
def amend(
    *, asset_id: uuid.UUID, block_id: uuid.UUID, from_on: date, until_on: date, reason: str, actor: Actor,
    force: bool = False,
) -> RoomBlock:  # fmt: skip
    """Other days, or another reason, for a block that is not over; raises SoldOut and RoomTaken as `block`."""
    place, found = asset_of(asset_id), lock_block(asset_id, block_id)
    if found.ended_at is not None:
        raise DatesWrong(_("This block is over. Make a new one."))
    _check(place, found.room_id, from_on, until_on, reason, since=found.from_on)
    before = {"from": found.from_on, "until": found.until_on, "reason": found.reason}
    _count(found, -1, found.from_on, found.until_on, actor, other=(from_on, until_on), force=force)
    found.from_on, found.until_on, found.reason = from_on, until_on, reason.strip()
    db.session.flush()
    lock_with_parts([found.room_id])
    _free(found)
    stay_ids = [] if found.kind == BlockKind.OUT_OF_SERVICE else in_the_way(place, found.room_id, from_on, until_on)
    if stay_ids:
        raise _taken(place, found.room_id, stay_ids)
    _occupy(place, found)
    _tell("room.block_amended", found, actor, {"from": from_on, "until": until_on}, reason, before=before)
    return found


@transactional
def end(*, asset_id: uuid.UUID, block_id: uuid.UUID, actor: Actor) -> RoomBlock:
    """The room can be let again, from the business date on; twice is once."""
    place, found = asset_of(asset_id), lock_block(asset_id, block_id)
    if found.ended_at is not None:
        return found
    today = business_date(place)
    before = {"from": found.from_on, "until": found.until_on, "reason": found.reason}
    left = min(max(found.from_on, today), found.until_on)
    _count(found, -1, left, found.until_on, actor)
    if left > found.from_on:  # what is past stays in the chart and in the figures
        found.until_on = left
    else:
        found.ended_at = utcnow()
    db.session.flush()
    lock_with_parts([found.room_id])
    _free(found)
    if found.ended_at is None:
        _occupy(place, found, end_now=True)
    _tell("room.block_ended", found, actor, {"until": left}, None, before=before)
    return found


def lock_block(asset_id: uuid.UUID, block_id: uuid.UUID) -> RoomBlock:
    """A block of this hotel, locked; raises NoSuchRoom."""
    taking("room_block")
    found: RoomBlock | None = db.session.get(RoomBlock, block_id, populate_existing=True, with_for_update=True)
    if found is None or found.asset_id != asset_id:
        raise NoSuchRoom(_("There is no such block here."))
    return found


def in_the_way(place: Asset, room_id: uuid.UUID, from_on: date, until_on: date) -> list[uuid.UUID]:
    """The stays that have a room, or a suite it is part of, in a block's time."""
    start, end = changeover(place, from_on)[0], changeover(place, until_on)[1]
    rows = db.session.scalars(
        select(RoomOccupancy.stay_id)
        .where(
            RoomOccupancy.room_id == room_id,
            RoomOccupancy.active,
            RoomOccupancy.stay_id.is_not(None),
            RoomOccupancy.during.op("&&")(Range(max(start, min(utcnow(), end - timedelta(minutes=1))), end)),
        )
        .distinct()
    )
    return [each for each in rows if each is not None]


def re_rooming(place: Asset, stays: Sequence[Stay], room_id: uuid.UUID) -> list[tuple[Stay, Choice | None]]:
    """Where each stay would go when a room is taken out: what the desk is shown before it agrees."""
    shut, found = {room_id, db.session.get_one(Room, room_id).parent_id}, []
    for stay in stays:
        ranked = best_first(rooms_for(place, stay), sold_as(stay), soon=False)
        may_go = stay.status in TO_COME and not stay.room_locked
        choice = next((each for each in ranked if each.room_id not in shut), None) if may_go else None
        found.append((stay, choice))
    return found


def _re_room(place: Asset, stays: Sequence[Stay], room_id: uuid.UUID, actor: Actor) -> None:
    for stay in stays:
        ((_same, choice),) = re_rooming(place, [stay], room_id)
        if choice is None:
            raise _taken(place, room_id, [stay.id])
        with stepping("moved", stay, actor=actor) as words:
            arrange({stay: whole(place, stay, choice.room_id)})
            words |= {"room": choice.number, "old": room_number(stay.room_id)}
            stay.room_id = choice.room_id


def _check(
    place: Asset, room_id: uuid.UUID, from_on: date, until_on: date, reason: str, *, since: date | None = None
) -> None:
    room = db.session.get(Room, room_id)
    if room is None or room.asset_id != place.id:
        raise NoSuchRoom(_("There is no such room here."), field="room")
    today = business_date(place)
    if until_on <= from_on or from_on < min(since or today, today):
        raise DatesWrong(_("The last day has to come after the first, and the first is not over."), field="until_on")
    if not reason.strip():
        raise ReasonMissing(_("Say why the room is taken out; whoever asks later will want to know."), field="reason")


def _count(
    found: RoomBlock,
    sign: int,
    start: date,
    end: date,
    actor: Actor,
    *,
    other: tuple[date, date] | None = None,
    force: bool = False,
) -> None:
    """Move the calendar by a block's nights; nights not on sale yet count it when they are opened."""
    if found.kind == BlockKind.OUT_OF_SERVICE:
        return
    room = db.session.get_one(Room, found.room_id)
    suite = db.session.get(Room, room.parent_id) if room.parent_id else None
    both = [each for each in (room, suite) if each is not None]
    first, last = min([start, *(other or ())]), max([end, *(other or ())])
    lock_nights(nights_of({each.room_type_id for each in both}, first, last))
    deltas: dict[tuple[uuid.UUID, date], int] = {}
    for each in both:
        out = _out_anyway(each.unit_id, found, first, last)
        for spell, more in ((start, end), sign), (other or (start, start), -sign):
            for key in nights_of([each.room_type_id], *spell):
                if key[1] not in out:
                    deltas[key] = deltas.get(key, 0) + more
    inventory.move(
        changes={"out_of_order": deltas}, reason=found.reason, correlation_id=uuid7(), actor=actor, force=force
    )


def _out_anyway(room_id: uuid.UUID, found: RoomBlock, start: date, end: date) -> set[date]:
    """The nights a room, or a part of it if it is a suite, is out of order by another block."""
    rows = db.session.execute(
        select(RoomBlock.from_on, RoomBlock.until_on)
        .join(Room, Room.unit_id == RoomBlock.room_id)
        .where(
            or_(Room.unit_id == room_id, Room.parent_id == room_id),
            RoomBlock.id != found.id,
            RoomBlock.ended_at.is_(None),
            RoomBlock.kind != BlockKind.OUT_OF_SERVICE,
            RoomBlock.from_on < end,
            RoomBlock.until_on > start,
        )
    )
    return {night for from_on, until_on in rows for night in nights_between(from_on, until_on)}


def _occupy(place: Asset, found: RoomBlock, *, end_now: bool = False) -> None:
    if found.kind == BlockKind.OUT_OF_SERVICE:
        return
    lock_with_parts([found.room_id])
    start, end = changeover(place, found.from_on)[0], changeover(place, found.until_on)[1]
    now = utcnow()
    if end_now:
        end = min(end, now)
    elif start < now < end and found.from_on >= business_date(place):
        start = now  # whoever had the room this morning has left it
    if start < end:
        db.session.execute(
            RoomOccupancy.__table__.insert(),  # type: ignore[attr-defined]
            {
                "id": uuid7(),
                "asset_id": found.asset_id,
                "room_id": found.room_id,
                "block_id": found.id,
                "during": Range(start, end, bounds="[)"),
                "main": True,
                "active": True,
            },
        )


def _free(found: RoomBlock) -> None:
    db.session.execute(
        RoomOccupancy.__table__.update()  # type: ignore[attr-defined]
        .where(RoomOccupancy.block_id == found.id)
        .values(active=False)
    )


def _taken(place: Asset, room_id: uuid.UUID, stay_ids: Sequence[uuid.UUID]) -> RoomTaken:
    stays = [db.session.get_one(Stay, each) for each in stay_ids]
    offers = [
        {"stay": str(stay.id), "room": choice.number if choice else None}
        for stay, choice in re_rooming(place, stays, room_id)
    ]
    first = min(stays, key=lambda stay: stay.arrival)
    return RoomTaken(
        _(
            "Room %(room)s has a guest from %(day)s. Give them another room first.",
            room=room_number(room_id),
            day=day(first.arrival),
        ),
        stays=[str(each) for each in stay_ids],
        offers=offers,
    )


def _tell(
    action: str,
    found: RoomBlock,
    actor: Actor,
    after: dict[str, object],
    reason: str | None,
    *,
    before: dict[str, object] | None = None,
) -> None:
    record(
        action,
        actor=actor,
        subject="room",
        subject_id=found.room_id,
        asset_id=found.asset_id,
        reason=reason,
        before=before,
        after={"block": found.id, **after},
    )
    publish(RoomChanged(asset_id=found.asset_id, subject_id=found.room_id))
