"""Rooms as those who clean them see them: how clean, who is in, what is to do; and where sensors disagree."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, text

from portal.core.db import db
from portal.core.locks import taking
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.trades.hotel.errors import NoSuchRoom
from portal.trades.hotel.models import HousekeepingTask, LostItem, MaintenanceRequest


@dataclass(frozen=True, slots=True)
class RoomToClean:
    """One room on one day: its state, its task if it has one, and the guests that go, stay and come."""

    unit_id: uuid.UUID
    number: str
    floor: str | None
    room_type: str
    status: str
    version: int
    note: str | None
    in_house: str | None
    leaves: bool
    arrives: str | None
    eta_minute: int | None
    block: str | None
    occupied: bool | None
    task_id: uuid.UUID | None
    kind: str | None
    task_status: str | None
    urgency: int
    assigned_to: uuid.UUID | None
    task_note: str | None
    started_at: datetime | None

    @property
    def guest(self) -> str:
        """What the desk knows of the room: due_out, stays, arrives or vacant."""
        if self.in_house:
            return "due_out" if self.leaves else "stays"
        return "arrives" if self.arrives else "vacant"

    @property
    def discrepancy(self) -> str | None:
        """`sleeps`: somebody is in a room the desk thinks empty; `skipped`: nobody is in one it thinks let."""
        if self.occupied is None or self.block:
            return None
        if self.occupied and not self.in_house:
            return "sleeps"
        return "skipped" if self.in_house and not self.occupied and self.leaves else None


_ROOMS = text(
    """
    select u.id, u.number, r.floor, t.code, r.status, r.version, r.note,
        inside.name, coalesce(inside.departure <= :day, false),
        coming.name, coming.eta_minute, block.kind, s.occupied,
        k.id, k.kind, k.status, coalesce(k.urgency, 0), k.assigned_to, k.note, k.started_at
    from room r
    join unit u on u.id = r.unit_id and u.status <> 'retired'
    join room_type t on t.id = r.room_type_id
    left join room_sense s on s.unit_id = u.id
    left join lateral (
        select c.name, y.departure from stay y join customer c on c.id = y.guest_id
        where y.room_id = r.unit_id and y.status = 'in_house' limit 1) inside on true
    left join lateral (
        select c.name, y.eta_minute from stay y join customer c on c.id = y.guest_id
        where y.room_id = r.unit_id and y.arrival = :day and y.status in ('held', 'confirmed') limit 1) coming on true
    left join lateral (
        select b.kind from room_block b where b.room_id = r.unit_id and b.ended_at is null
            and b.from_on <= :day and b.until_on > :day order by b.kind limit 1) block on true
    left join lateral (
        select * from housekeeping_task h where h.room_id = r.unit_id and h.due_on = :day
        order by h.status = 'done', h.status = 'skipped', h.urgency desc limit 1) k on true
    where r.asset_id = :asset
    order by r.floor nulls last, length(u.number), u.number
    """
)


def rooms_to_clean(asset_id: uuid.UUID, day: date) -> list[RoomToClean]:
    """Every room of a hotel on a day, floor by floor, in one question."""
    return [RoomToClean(*row) for row in db.session.execute(_ROOMS, {"asset": asset_id, "day": day})]


def lock_task(asset_id: uuid.UUID, task_id: uuid.UUID) -> HousekeepingTask:
    """A task of this hotel, locked; raises NoSuchRoom's 404."""
    query = select(HousekeepingTask).where(HousekeepingTask.id == task_id, HousekeepingTask.asset_id == asset_id)
    found: HousekeepingTask | None = db.session.scalar(_locked(query))
    if found is None:
        raise NoSuchRoom(_("There is no such task here."))
    return found


def tasks_on(asset_id: uuid.UUID, day: date) -> Sequence[HousekeepingTask]:
    """The tasks of a day."""
    return db.session.scalars(
        select(HousekeepingTask).where(HousekeepingTask.asset_id == asset_id, HousekeepingTask.due_on == day)
    ).all()


def lost_items(asset_id: uuid.UUID, *, status: str | None, search: str | None, cursor: str | None) -> Page[LostItem]:
    """What was left behind, the latest first."""
    query = select(LostItem).where(LostItem.asset_id == asset_id)
    if status:
        query = query.where(LostItem.status == status)
    if search:
        query = query.where(LostItem.what.icontains(search, autoescape=True))
    return page_of(query, (LostItem.number,), cursor=cursor)


def lost_item_at(asset_id: uuid.UUID, number: int, *, locked: bool = False) -> LostItem:
    """A thing by its number, `locked` for a step with it; raises NoSuchRoom's 404."""
    query = select(LostItem).where(LostItem.asset_id == asset_id, LostItem.number == number)
    found: LostItem | None = db.session.scalar(_locked(query) if locked else query)
    if found is None:
        raise NoSuchRoom(_("There is no such thing in lost and found."))
    return found


def requests_of(asset_id: uuid.UUID, *, open_only: bool, cursor: str | None) -> Page[MaintenanceRequest]:
    """What is to be mended, the latest first."""
    query = select(MaintenanceRequest).where(MaintenanceRequest.asset_id == asset_id)
    if open_only:
        query = query.where(MaintenanceRequest.status.in_(("open", "started")))
    return page_of(query, (MaintenanceRequest.number,), cursor=cursor)


def request_at(asset_id: uuid.UUID, number: int, *, locked: bool = False) -> MaintenanceRequest:
    """A maintenance request by its number, `locked` for a step with it; raises NoSuchRoom's 404."""
    query = select(MaintenanceRequest).where(
        MaintenanceRequest.asset_id == asset_id, MaintenanceRequest.number == number
    )
    found: MaintenanceRequest | None = db.session.scalar(_locked(query) if locked else query)
    if found is None:
        raise NoSuchRoom(_("There is no such request here."))
    return found


def _locked(query: Any) -> Any:
    taking("room")
    return query.with_for_update().execution_options(populate_existing=True)


def open_requests(room_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many requests are open by room."""
    rows: Any = db.session.execute(
        select(MaintenanceRequest.room_id, func.count())
        .where(MaintenanceRequest.room_id.in_(room_ids), MaintenanceRequest.status.in_(("open", "started")))
        .group_by(MaintenanceRequest.room_id)
    )
    return {room_id: count for room_id, count in rows}
