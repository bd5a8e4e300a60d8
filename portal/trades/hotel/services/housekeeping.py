"""Keeping rooms: how clean each is, the day's tasks, who does them, and what became of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from portal.core.actor import Actor, system
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.queries import asset_of, unit_of
from portal.shared.audit.services import record
from portal.trades.hotel.errors import NoSuchRoom, ReasonMissing, Stale, WrongStatus
from portal.trades.hotel.events import RoomChanged
from portal.trades.hotel.models import HousekeepingStatus, HousekeepingTask, Room, TaskKind, TaskStatus
from portal.trades.hotel.queries.housekeeping import RoomToClean, lock_task, rooms_to_clean, tasks_on
from portal.trades.hotel.queries.inventory import lock_rooms
from portal.trades.hotel.queries.property import business_date

#: Minutes a task takes a practised person: what sharing out the day evenly counts by.
MINUTES = {
    TaskKind.DEPARTURE: 40,
    TaskKind.STAYOVER: 20,
    TaskKind.TOUCH_UP: 10,
    TaskKind.INSPECT: 5,
    TaskKind.DEEP: 90,
}
#: How a task leaves its room.
LEAVES = {
    TaskKind.DEPARTURE: HousekeepingStatus.CLEAN,
    TaskKind.STAYOVER: HousekeepingStatus.CLEAN,
    TaskKind.TOUCH_UP: HousekeepingStatus.CLEAN,
    TaskKind.DEEP: HousekeepingStatus.CLEAN,
    TaskKind.INSPECT: HousekeepingStatus.INSPECTED,
}
NEXT = {"dirty": "clean", "cleaning": "clean", "clean": "inspected", "inspected": "dirty"}


@transactional
def set_status(
    *, asset_id: uuid.UUID, room_id: uuid.UUID, status: str, actor: Actor, version: int | None = None
) -> Room:
    """Say how clean a room is. With `version`, raises Stale when somebody said otherwise meanwhile; twice is once."""
    room = lock_rooms([room_id]).get(room_id)
    if room is None or room.asset_id != asset_id:
        raise NoSuchRoom(_("There is no such room here."))
    if version is not None and version != room.version and status != room.status:
        raise Stale(
            _(
                "Room %(number)s was changed meanwhile: it is %(status)s now.",
                number=unit_of(room_id).number,
                status=called(room.status),
            ),
            status=room.status,
            version=room.version,
        )
    _bring_to(room, HousekeepingStatus(status), actor)
    return room


def called(status: str) -> str:
    """A status as people say it."""
    return {
        "dirty": _("dirty"),
        "cleaning": _("being cleaned"),
        "clean": _("clean"),
        "inspected": _("inspected"),
    }[status]


@transactional
def plan_day(*, asset_id: uuid.UUID, actor: Actor, day: date | None = None) -> int:
    """Write down what is to be done in each room on a day; what is written already stays. Returns how many are new."""
    day = day or business_date(asset_of(asset_id))
    wanted = [
        {"id": uuid7(), "asset_id": asset_id, "room_id": room.unit_id, "kind": kind, "due_on": day,
         "urgency": 2 if room.arrives else 0}
        for room in rooms_to_clean(asset_id, day)
        if (kind := _to_do(room)) is not None
    ]  # fmt: skip
    if not wanted:
        return 0
    made = db.session.scalars(
        insert(HousekeepingTask).values(wanted).on_conflict_do_nothing().returning(HousekeepingTask.id)
    ).all()
    if made:
        record(
            "housekeeping.planned", actor=actor, subject="asset", subject_id=asset_id, asset_id=asset_id,
            after={"day": day, "tasks": len(made)},
        )  # fmt: skip
        publish(RoomChanged(asset_id=asset_id))
    return len(made)


def _to_do(room: RoomToClean) -> TaskKind | None:
    if room.block == "out_of_order":
        return None
    if room.in_house:
        return TaskKind.DEPARTURE if room.leaves else TaskKind.STAYOVER
    if room.status == HousekeepingStatus.DIRTY:
        return TaskKind.DEPARTURE
    return TaskKind.TOUCH_UP if room.arrives and room.status == HousekeepingStatus.CLEANING else None


@transactional
def share_out(*, asset_id: uuid.UUID, people: Sequence[uuid.UUID], actor: Actor, day: date | None = None) -> int:
    """Give the open tasks nobody has to these people, floor by floor, about the same minutes each."""
    day = day or business_date(asset_of(asset_id))
    floors = {room.unit_id: (room.floor or "", room.number) for room in rooms_to_clean(asset_id, day)}
    free = [task for task in tasks_on(asset_id, day) if task.assigned_to is None and task.status == TaskStatus.OPEN]
    if not people or not free:
        return 0
    free.sort(key=lambda task: floors.get(task.room_id, ("", "")))
    total = sum(MINUTES[TaskKind(task.kind)] for task in free)
    so_far = 0
    for task in free:
        turn = min(so_far * len(people) // total, len(people) - 1)
        task.assigned_to = people[turn]
        so_far += MINUTES[TaskKind(task.kind)]
    record(
        "housekeeping.shared_out", actor=actor, subject="asset", subject_id=asset_id, asset_id=asset_id,
        after={"day": day, "tasks": len(free), "people": len(people)},
    )  # fmt: skip
    publish(RoomChanged(asset_id=asset_id))
    return len(free)


@transactional
def assign(*, asset_id: uuid.UUID, task_id: uuid.UUID, user_id: uuid.UUID | None, actor: Actor) -> HousekeepingTask:
    """Give a task to somebody, or to nobody."""
    task = lock_task(asset_id, task_id)
    before, task.assigned_to = task.assigned_to, user_id
    _told(task, "housekeeping_task.assigned", actor, {"assigned_to": before}, {"assigned_to": user_id})
    return task


@transactional
def start(*, asset_id: uuid.UUID, task_id: uuid.UUID, actor: Actor) -> HousekeepingTask:
    """Somebody is in the room and cleans; twice is once."""
    task = lock_task(asset_id, task_id)
    if task.status == TaskStatus.STARTED:
        return task
    _still_open(task)
    room = lock_rooms([task.room_id])[task.room_id]
    task.status, task.started_at = TaskStatus.STARTED, utcnow()
    task.assigned_to = task.assigned_to or actor.user_id
    if task.kind != TaskKind.INSPECT:
        _bring_to(room, HousekeepingStatus.CLEANING, actor)
    _told(task, "housekeeping_task.started", actor, {"status": "open"}, {"status": "started"})
    return task


@transactional
def finish(*, asset_id: uuid.UUID, task_id: uuid.UUID, actor: Actor) -> HousekeepingTask:
    """It is done, and the room is clean, or inspected; twice is once."""
    task = lock_task(asset_id, task_id)
    if task.status == TaskStatus.DONE:
        return task
    _still_open(task)
    room = lock_rooms([task.room_id])[task.room_id]
    before, task.status = task.status, TaskStatus.DONE
    task.done_at, task.done_by = utcnow(), actor.name
    task.assigned_to = task.assigned_to or actor.user_id
    _bring_to(room, LEAVES[TaskKind(task.kind)], actor)
    _told(task, "housekeeping_task.done", actor, {"status": before}, {"status": "done"})
    return task


@transactional
def skip(*, asset_id: uuid.UUID, task_id: uuid.UUID, reason: str, actor: Actor) -> HousekeepingTask:
    """It is not done today, and why: the guest sleeps, the sign hangs out."""
    if not reason.strip():
        raise ReasonMissing(_("Say why it is not done."), field="reason")
    task = lock_task(asset_id, task_id)
    _still_open(task)
    before, task.status, task.note = task.status, TaskStatus.SKIPPED, reason.strip()
    _told(task, "housekeeping_task.skipped", actor, {"status": before}, {"status": "skipped"}, reason.strip())
    return task


@transactional
def reopen(*, asset_id: uuid.UUID, task_id: uuid.UUID, actor: Actor) -> HousekeepingTask:
    """What was done or skipped by mistake is to be done after all; the room is as dirty as it was."""
    task = lock_task(asset_id, task_id)
    if task.status == TaskStatus.OPEN:
        return task
    room = lock_rooms([task.room_id])[task.room_id]
    before, task.status = task.status, TaskStatus.OPEN
    task.done_at = task.done_by = task.started_at = None
    if before in (TaskStatus.DONE, TaskStatus.STARTED) and task.kind != TaskKind.INSPECT:
        _bring_to(room, HousekeepingStatus.DIRTY, actor)
    _told(task, "housekeeping_task.reopened", actor, {"status": before}, {"status": "open"})
    return task


def after_stay(body: Mapping[str, Any]) -> None:
    """A guest left: the room is to be cleaned today, and first when somebody waits for it."""
    if body["what"] == "checked_out":
        plan_day(asset_id=uuid.UUID(body["asset_id"]), actor=system("housekeeping"))


def _still_open(task: HousekeepingTask) -> None:
    if task.status not in (TaskStatus.OPEN, TaskStatus.STARTED):
        raise WrongStatus(_("This is done already."), status=task.status)


def _bring_to(room: Room, status: HousekeepingStatus, actor: Actor) -> None:
    if room.status == status:
        return
    before, room.status = room.status, status
    room.status_at, room.version = utcnow(), room.version + 1
    record(
        f"room.{status}", actor=actor, subject="room", subject_id=room.unit_id, asset_id=room.asset_id,
        before={"status": before}, after={"status": status},
    )  # fmt: skip
    publish(RoomChanged(asset_id=room.asset_id, subject_id=room.unit_id))


def _told(
    task: HousekeepingTask,
    action: str,
    actor: Actor,
    before: dict[str, Any],
    after: dict[str, Any],
    reason: str | None = None,
) -> None:
    record(
        action, actor=actor, subject="housekeeping_task", subject_id=task.id, asset_id=task.asset_id,
        reason=reason, before=before, after={"room": task.room_id, "kind": task.kind, **after},
    )  # fmt: skip
    publish(RoomChanged(asset_id=task.asset_id, subject_id=task.room_id))
