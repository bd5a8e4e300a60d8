"""What a night costs at a hotel that sells by no rate plan yet: the price at the door of its rooms."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from portal.core.db import db
from portal.shared.assets.models import Unit, UnitStatus
from portal.trades.hotel.models import Room, RoomType
from portal.trades.hotel.pricing import NightQuote, Quote
from portal.trades.hotel.times import nights_between

DAY = 24 * 60


def door_quote(room_type: RoomType, arrival: date, departure: date) -> Quote:
    """A stay at the lowest price a day of the rooms of a type."""
    price = db.session.scalar(
        select(func.min(Unit.price * DAY / Unit.period_minutes))
        .join(Room, Room.unit_id == Unit.id)
        .where(Room.room_type_id == room_type.id, Unit.status != UnitStatus.RETIRED)
    )
    return Quote([NightQuote(night, int(price or 0)) for night in nights_between(arrival, departure)])
