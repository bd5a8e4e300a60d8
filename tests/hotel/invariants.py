"""What is true of a hotel after any steps by any hands: counted here in other ways than it is kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

from sqlalchemy import func, select, text

from portal.core.db import db
from portal.shared.access.models import AccessGrant
from portal.shared.assets.models import Asset
from portal.trades.hotel.models import (
    FolioLine,
    InventoryEvent,
    InventoryNight,
    Room,
    RoomBlock,
    RoomOccupancy,
    RoomType,
    Stay,
    StayNight,
)


def sound(place: Asset) -> None:
    """Everything below holds; says which stay or night is wrong, and how."""
    db.session.rollback()
    db.session.expire_all()
    calendar_is_what_is_agreed(place)
    events_add_up(place)
    nobody_is_oversold_but_by_force(place)
    no_two_in_one_room(place)
    nights_are_the_dates(place)
    rooms_are_within_the_dates(place)
    keys_are_of_who_is_in_house(place)
    charges_are_what_was_agreed(place)


def calendar_is_what_is_agreed(place):
    """Booked and held are the agreed nights, out of order the blocked rooms, total the rooms there are."""
    types = db.session.scalars(select(RoomType).where(RoomType.asset_id == place.id)).all()
    booked, held = Counter(), Counter()
    rows = db.session.execute(
        select(StayNight, Stay.status).join(Stay, Stay.id == StayNight.stay_id).where(Stay.asset_id == place.id)
    )
    for night, status in rows:
        if not night.released:
            (held if status == "held" else booked)[night.room_type_id, night.night] += 1
    rooms = {room.unit_id: room for room in db.session.scalars(select(Room).where(Room.asset_id == place.id))}
    total = Counter(room.room_type_id for room in rooms.values())
    blocked = set()
    for block in db.session.scalars(select(RoomBlock).where(RoomBlock.asset_id == place.id)):
        if block.ended_at is None and block.kind != "out_of_service":
            for n in range((block.until_on - block.from_on).days):
                blocked |= {(each, block.from_on + timedelta(days=n)) for each in _with_suite(rooms[block.room_id])}
    out = Counter((rooms[room_id].room_type_id, night) for room_id, night in blocked)
    for kind in types:
        for row in db.session.scalars(select(InventoryNight).where(InventoryNight.room_type_id == kind.id)):
            key = row.room_type_id, row.night
            kept = row.total, row.booked, row.held, row.out_of_order
            assert kept == (total[kind.id], booked[key], held[key], out[key]), (kind.code, row.night, kept)


def _with_suite(room):
    """A room, and the suite that cannot be let without it."""
    return {room.unit_id, room.parent_id} - {None}


def events_add_up(place):
    """Each figure is what its events come to, from the day the night was put on sale."""
    query = (
        select(InventoryEvent.room_type_id, InventoryEvent.night, InventoryEvent.kind, func.sum(InventoryEvent.delta))
        .join(RoomType, RoomType.id == InventoryEvent.room_type_id)
        .where(RoomType.asset_id == place.id, InventoryEvent.kind.in_(("booked", "held", "out_of_order", "forced")))
        .group_by(InventoryEvent.room_type_id, InventoryEvent.night, InventoryEvent.kind)
    )
    for kind_id, night, figure, came in db.session.execute(query):
        assert getattr(db.session.get(InventoryNight, (kind_id, night)), figure) == came, (night, figure)


def nobody_is_oversold_but_by_force(place):
    """Beyond the limit is exactly what was forced."""
    rows = select(InventoryNight).join(RoomType, RoomType.id == InventoryNight.room_type_id)
    for row in db.session.scalars(rows.where(RoomType.asset_id == place.id)):
        beyond = row.booked + row.held - (row.total - row.out_of_order) - row.overbook_limit
        assert row.forced == max(0, beyond), (row.night, row.forced, beyond)


def no_two_in_one_room(place):
    """No room is two parties' at a time, and no party is in two rooms."""
    for by, also in (("room_id", ""), ("stay_id", "and a.main and b.main")):
        found = db.session.execute(
            text(
                f"""
                select a.id, b.id from room_occupancy a join room_occupancy b
                    on a.{by} = b.{by} and a.id < b.id and a.during && b.during {also}
                where a.active and b.active and a.asset_id = :asset
                """
            ),
            {"asset": place.id},
        ).all()
        assert not found, (by, found)


def nights_are_the_dates(place):
    """A stay to come or in house has every night agreed once; one that ended has none after it left."""
    nights = defaultdict(set)
    rows = select(StayNight).join(Stay, Stay.id == StayNight.stay_id).where(Stay.asset_id == place.id)
    for night in db.session.scalars(rows):
        if not night.released:
            nights[night.stay_id].add(night.night)
    for stay in db.session.scalars(select(Stay).where(Stay.asset_id == place.id)):
        dates = {stay.arrival + timedelta(days=n) for n in range((stay.departure - stay.arrival).days)}
        if stay.status in ("held", "confirmed", "in_house"):
            assert nights[stay.id] == dates, (stay.id, stay.status, nights[stay.id] ^ dates)
        elif stay.status == "checked_out":
            assert nights[stay.id] <= dates, (stay.id, nights[stay.id] - dates)
        elif stay.status in ("cancelled", "expired"):
            assert not nights[stay.id], (stay.id, stay.status)


def rooms_are_within_the_dates(place):
    """A stay's room is one it has in time; one that will not come has none; in house means in one room."""
    rooms = defaultdict(list)
    for row in db.session.scalars(
        select(RoomOccupancy).where(RoomOccupancy.asset_id == place.id, RoomOccupancy.active, RoomOccupancy.main)
    ):
        if row.stay_id:
            rooms[row.stay_id].append(row)
    inside = Counter()
    for stay in db.session.scalars(select(Stay).where(Stay.asset_id == place.id)):
        its = rooms[stay.id]
        if stay.status in ("cancelled", "no_show", "expired"):
            assert not its, (stay.id, stay.status)
        if stay.status in ("held", "confirmed"):
            assert (stay.room_id is None) == (not its), (stay.id, stay.room_id, its)
        if stay.room_id and its:
            assert stay.room_id in {row.room_id for row in its}, stay.id
        if stay.status == "in_house" and stay.room_id:
            inside[stay.room_id] += 1
    assert all(count == 1 for count in inside.values()), inside


def keys_are_of_who_is_in_house(place):
    """A key that counts belongs to exactly one guest in house, and opens that guest's room."""
    grants = {
        grant.id: grant.unit_id
        for grant in db.session.scalars(
            select(AccessGrant).where(
                AccessGrant.asset_id == place.id, AccessGrant.kind == "stay", AccessGrant.revoked_at.is_(None)
            )
        )
    }
    having = {}
    for stay in db.session.scalars(select(Stay).where(Stay.asset_id == place.id, Stay.status == "in_house")):
        if stay.grant_id in grants:
            having[stay.grant_id] = stay.room_id
    assert having == grants


def charges_are_what_was_agreed(place):
    """A night on a folio costs what the stay's night says, and no night stands there twice."""
    agreed = {
        f"night:{night.stay_id}:{night.night}": night.agreed
        for night in db.session.scalars(
            select(StayNight).join(Stay, Stay.id == StayNight.stay_id).where(Stay.asset_id == place.id)
        )
    }
    lines = select(FolioLine).where(FolioLine.asset_id == place.id, FolioLine.code == "room", FolioLine.amount > 0)
    for line in db.session.scalars(lines.where(FolioLine.posting_key.is_not(None))):
        assert line.amount == agreed[line.posting_key.partition("~")[0]], line.posting_key
