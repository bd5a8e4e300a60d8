"""Groups: looked up, locked, and what is kept for each and has been picked up."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from portal.core.db import db
from portal.core.locks import taking
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.trades.hotel.errors import NoSuchGroup
from portal.trades.hotel.models import Allotment, BookingGroup, Reservation, Stay


@dataclass(frozen=True, slots=True)
class Kept:
    """Rooms over all nights of a group: kept for it, booked out of that, and given back."""

    blocked: int
    picked_up: int
    released: int

    @property
    def left(self) -> int:
        """What is still kept."""
        return self.blocked - self.picked_up - self.released


def page_of_groups(
    asset_id: uuid.UUID, *, status: str | None = None, search: str | None = None, cursor: str | None = None
) -> Page[BookingGroup]:
    """A hotel's groups, those that come last first."""
    query = select(BookingGroup).where(BookingGroup.asset_id == asset_id)
    if status:
        query = query.where(BookingGroup.status == status)
    if search:
        wanted = f"%{search}%"
        query = query.where(BookingGroup.name.ilike(wanted) | BookingGroup.code.ilike(wanted))
    return page_of(query, [BookingGroup.arrival, BookingGroup.id], cursor=cursor)


def group_at(asset_id: uuid.UUID, code: str) -> BookingGroup:
    """A group of this hotel by its code, in any case; raises NoSuchGroup."""
    found: BookingGroup | None = db.session.scalar(
        select(BookingGroup).where(BookingGroup.asset_id == asset_id, BookingGroup.code == code.strip().upper())
    )
    if found is None:
        raise NoSuchGroup(_("There is no group %(code)s here.", code=code[:40]))
    return found


def lock_group(group_id: uuid.UUID) -> BookingGroup:
    """A group, locked and as it stands."""
    taking("booking_group")
    return db.session.get_one(BookingGroup, group_id, populate_existing=True, with_for_update=True)


def allotments_of(group_id: uuid.UUID) -> dict[tuple[uuid.UUID, date], Allotment]:
    """What is kept for a group by type and night, as it stands."""
    rows = db.session.scalars(
        select(Allotment).where(Allotment.group_id == group_id).execution_options(populate_existing=True)
    )
    return {(row.room_type_id, row.night): row for row in rows}


def kept_for(group_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Kept]:
    """What is kept for each of these groups, in room nights."""
    sums = (func.sum(column) for column in (Allotment.blocked, Allotment.picked_up, Allotment.released))
    query = select(Allotment.group_id, *sums).where(Allotment.group_id.in_(group_ids)).group_by(Allotment.group_id)
    found = {row[0]: Kept(int(row[1]), int(row[2]), int(row[3])) for row in db.session.execute(query)}
    return {each: found.get(each, Kept(0, 0, 0)) for each in group_ids}


def by_type(group_id: uuid.UUID) -> dict[uuid.UUID, Kept]:
    """What is kept for a group of each type on one of its nights: the one with the least left."""
    found: dict[uuid.UUID, Kept] = {}
    for (room_type_id, _night), row in sorted(allotments_of(group_id).items(), key=lambda each: each[0][1]):
        kept = Kept(row.blocked, row.picked_up, row.released)
        if room_type_id not in found or kept.left < found[room_type_id].left:
            found[room_type_id] = kept
    return found


def rooming_list(group_id: uuid.UUID) -> list[tuple[Reservation, Stay]]:
    """Every stay of a group with its reservation, as they were made."""
    rows = db.session.execute(
        select(Reservation, Stay)
        .join(Stay, Stay.reservation_id == Reservation.id)
        .where(Reservation.group_id == group_id)
        .order_by(Reservation.id, Stay.place)
    )
    return [(reservation, stay) for reservation, stay in rows]


def due_for_cutoff(limit: int = 100) -> list[tuple[uuid.UUID, uuid.UUID, date]]:
    """Open groups with their hotel and the day until which rooms are kept, the earliest first."""
    rows = db.session.execute(
        select(BookingGroup.id, BookingGroup.asset_id, BookingGroup.cutoff_on)
        .where(BookingGroup.status == "open")
        .order_by(BookingGroup.cutoff_on)
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in rows]
