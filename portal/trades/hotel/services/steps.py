"""Steps on stays: each is written down whole, as it was before and after, to be told to others and taken back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7, written
from portal.core.outbox import publish
from portal.core.words import _
from portal.core.written import day
from portal.shared.assets.models import Unit
from portal.shared.assets.queries import asset_of
from portal.shared.audit.models import AuditEntry
from portal.shared.audit.services import record
from portal.trades.hotel.errors import NoSuchStay, Stale
from portal.trades.hotel.events import StayChanged
from portal.trades.hotel.models import RoomOccupancy, Stay, StayNight, StayStep
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.stays import lock_stays

#: The columns of a stay that a step may change and an undo brings back.
FIELDS = (
    "status", "room_type_id", "room_id", "room_locked", "arrival", "departure", "starts_at", "ends_at", "arrived_at",
    "departed_at",
)  # fmt: skip
Shape = dict[str, Any]


def locked(asset_id: uuid.UUID, wanted: Mapping[uuid.UUID, int | None]) -> list[Stay]:
    """These stays of a hotel, locked, in the order asked; raises Stale for one that has another version by now."""
    found = lock_stays(wanted.keys())
    for stay_id, version in wanted.items():
        stay = found.get(stay_id)
        if stay is None or stay.asset_id != asset_id:
            raise NoSuchStay(_("There is no such stay here."))
        if version is not None and stay.version != version:
            raise _stale(stay)
    return [found[stay_id] for stay_id in wanted]


@contextmanager
def stepping(
    verb: str, *stays: Stay, actor: Actor, reason: str | None = None, day: date | None = None
) -> Iterator[dict[str, Any]]:
    """A block that changes locked stays: at its end each has a new version, its step, its entry and its word to boards.

    What the block writes into the yielded words goes with the step, to be told: the room, the new departure.
    """
    before = shapes(stays)
    words: dict[str, Any] = {}
    yield words
    db.session.flush()
    after, group = shapes(stays), str(uuid7())
    day = day or business_date(asset_of(stays[0].asset_id))
    for stay in stays:
        stay.version += 1
        own = words | words.get("of", {}).get(stay.id, {})
        own = {name: value for name, value in own.items() if name != "of" and value is not None}
        written(
            StayStep(
                stay_id=stay.id,
                asset_id=stay.asset_id,
                verb=verb,
                business_date=day,
                before=before[stay.id],
                after=after[stay.id] | {"words": _plain(own), "group": group, "with": [str(each.id) for each in stays]},
                by=actor.name,
            )
        )
        tell(verb, stay, actor, reason=reason, before=changed(before[stay.id], after[stay.id])[0], after=own)


def tell(
    verb: str, stay: Stay, actor: Actor, *, reason: str | None = None, before: Shape | None = None, after: Shape
) -> None:
    """The trail's entry of a stay's step, and the word to boards and charts."""
    record(
        f"stay.{verb}",
        actor=actor,
        subject="stay",
        subject_id=stay.id,
        asset_id=stay.asset_id,
        reason=reason,
        before=before,
        after=after,
    )
    publish(StayChanged(asset_id=stay.asset_id, subject_id=stay.id, what=verb))


def shapes(stays: Sequence[Stay]) -> dict[uuid.UUID, Shape]:
    """How stays stand, as far as a step can change it: columns, rooms in time, agreed nights that count."""
    ids = [stay.id for stay in stays]
    shape: dict[uuid.UUID, Shape] = {
        stay.id: {name: _text(getattr(stay, name)) for name in FIELDS} | {"rooms": [], "nights": {}} for stay in stays
    }
    for row in db.session.execute(
        select(RoomOccupancy.stay_id, RoomOccupancy.room_id, RoomOccupancy.during)
        .where(RoomOccupancy.stay_id.in_(ids), RoomOccupancy.active, RoomOccupancy.main)
        .order_by(RoomOccupancy.during)
    ):
        shape[row.stay_id]["rooms"].append([str(row.room_id), _text(row.during.lower), _text(row.during.upper)])
    nights = select(StayNight).where(StayNight.stay_id.in_(ids), StayNight.released.is_(False))
    for night in db.session.scalars(nights.order_by(StayNight.night).execution_options(populate_existing=True)):
        shape[night.stay_id]["nights"][night.night.isoformat()] = {
            "room_type_id": str(night.room_type_id),
            "rate_plan_id": _text(night.rate_plan_id),
            "price": night.price,
            "discount": night.discount,
            "taxes": night.taxes,
        }
    return shape


def changed(before: Shape, after: Shape) -> tuple[Shape, Shape]:
    """Only what differs between two shapes."""
    names = [name for name in before if before[name] != after.get(name)]
    return {name: before[name] for name in names}, {name: after.get(name) for name in names}


def room_number(room_id: uuid.UUID | None) -> str | None:
    """What is written on a room's door."""
    unit = db.session.get(Unit, room_id) if room_id else None
    return unit.number if unit else None


def _text(value: object) -> str | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _plain(words: Shape) -> Shape:
    return {name: value if isinstance(value, int | list | dict) else _text(value) for name, value in words.items()}


def _stale(stay: Stay) -> Stale:
    entry = db.session.scalar(
        select(AuditEntry)
        .where(
            or_(
                (AuditEntry.subject_type == "stay") & (AuditEntry.subject_id == str(stay.id)),
                (AuditEntry.subject_type == "reservation") & (AuditEntry.subject_id == str(stay.reservation_id)),
            )
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    if entry is None:
        return Stale(_("Somebody changed this stay meanwhile. Look at it again."), version=stay.version)
    verb = entry.action.partition(".")[2]
    return Stale(
        _(
            "%(what)s, %(ago)s ago. Look at it again, then decide.",
            what=what_was_done(verb, entry.actor_name, entry.after or {}),
            ago=_ago((utcnow() - entry.at).total_seconds()),
        ),
        by=entry.actor_name,
        verb=verb,
        at=entry.at.isoformat(),
        version=stay.version,
    )


def what_was_done(verb: str, who: str, words: Shape) -> str:
    """A step as a sentence without its end: "Ada moved this to 102"."""
    room = words.get("room") or _("no room")
    if verb == "checked_in" and words.get("by_guest"):
        return _("The guest came by themselves to %(room)s", room=room)
    until = day(date.fromisoformat(words["until"])) if words.get("until") else _("another day")
    sentences = {
        "assigned": _("%(who)s gave this room %(room)s", who=who, room=room),
        "unassigned": _("%(who)s took the room away from this", who=who),
        "locked": _("%(who)s promised this very room", who=who),
        "unlocked": _("%(who)s freed this to have any room", who=who),
        "moved": _("%(who)s moved this to %(room)s", who=who, room=room),
        "parked": _("%(who)s put this in the parking lane", who=who),
        "swapped": _("%(who)s swapped this into %(room)s", who=who, room=room),
        "split": _("%(who)s split this over several rooms", who=who),
        "extended": _("%(who)s extended this until %(until)s", who=who, until=until),
        "shortened": _("%(who)s shortened this until %(until)s", who=who, until=until),
        "dates_changed": _("%(who)s changed the dates", who=who),
        "hours_changed": _("%(who)s changed the hours", who=who),
        "checked_in": _("%(who)s checked this in to %(room)s", who=who, room=room),
        "checked_out": _("%(who)s checked this out", who=who),
        "cancelled": _("%(who)s cancelled this", who=who),
        "amended": _("%(who)s changed the people, the time or the note", who=who),
        "undone": _("%(who)s took back the last step", who=who),
    }
    return sentences.get(verb) or _("%(who)s changed this", who=who)


def _ago(seconds: float) -> str:
    for length, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length:
            return f"{int(seconds // length)} {name}"
    return f"{max(0, int(seconds))} s"
