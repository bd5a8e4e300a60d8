"""Rooms kept for a group: counted as held until they are picked up or given back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date

from portal.core.db import db
from portal.core.words import _
from portal.core.written import day
from portal.trades.hotel.errors import DatesWrong, GroupOver
from portal.trades.hotel.models import Allotment, BookingGroup
from portal.trades.hotel.queries.groups import allotments_of
from portal.trades.hotel.queries.inventory import Key


def picked_up(group: BookingGroup, taken: Mapping[Key, int]) -> dict[Key, int]:
    """Count rooms of a locked group as picked up, as far as they are kept; what held loses by it."""
    if group.status == "cancelled":
        raise GroupOver(_("%(name)s was cancelled. Open it again or book without it.", name=group.name))
    kept = allotments_of(group.id)
    held: dict[Key, int] = {}
    for key, rooms in taken.items():
        row = kept.get(key)
        from_block = min(rooms, _left(row)) if row else 0
        if row and from_block:
            row.picked_up += from_block
            held[key] = -from_block
    db.session.flush()
    return held


def given_back(group: BookingGroup) -> dict[Key, int]:
    """Give back whatever a locked group has not picked up; what held loses by it."""
    held: dict[Key, int] = {}
    for key, row in allotments_of(group.id).items():
        left = _left(row)
        if left:
            row.released += left
            held[key] = -left
    db.session.flush()
    return held


def kept(group: BookingGroup, room_type_id: uuid.UUID, nights: list[date], rooms: int) -> dict[Key, int]:
    """Keep so many rooms of a type for a locked group on these nights from now on; what held gains by it."""
    existing = allotments_of(group.id)
    held: dict[Key, int] = {}
    for night in nights:
        key = room_type_id, night
        row = existing.get(key)
        if row is None:
            row = Allotment(
                group_id=group.id, room_type_id=room_type_id, night=night, blocked=0, picked_up=0, released=0
            )
            db.session.add(row)
        if rooms < row.picked_up:
            raise DatesWrong(
                _("%(count)s rooms are picked up on %(day)s already.", count=row.picked_up, day=day(night)),
                field="rooms",
            )
        delta = rooms - row.picked_up - _left(row)
        row.blocked = rooms + row.released
        if delta:
            held[key] = delta
    db.session.flush()
    return held


def _left(row: Allotment) -> int:
    return row.blocked - row.picked_up - row.released
