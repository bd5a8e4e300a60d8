"""What a hotel needs done by itself: nights put on sale ahead of time, and holds that lapse."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from portal.core.actor import system
from portal.core.db import db
from portal.shared.assets.models import Asset, AssetKind
from portal.trades.hotel.models import Reservation
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.services import cancellations, inventory

#: How far ahead nights are on sale; set from DAYS_TO_PRELOAD.
_days_ahead = 540


def connect(*, days_ahead: int) -> None:
    """Say how many days ahead nights are put on sale."""
    global _days_ahead
    _days_ahead = days_ahead


def open_nights_ahead() -> int:
    """Put the nights of every open hotel on sale as far ahead as the settings say; how many rows that made."""
    hotels = db.session.scalars(select(Asset).where(Asset.kind == AssetKind.HOTEL, Asset.retired_at.is_(None))).all()
    made = 0
    for hotel in hotels:
        start = business_date(hotel)
        end = start + timedelta(days=_days_ahead)
        made += inventory.open_nights(asset_id=hotel.id, start=start, end=end, actor=system("nights ahead"))
    return made


def expire_holds(limit: int = 100) -> int:
    """Give back what lapsed holds kept; how many reservations that was."""
    due = db.session.scalars(
        select(Reservation.id)
        .where(Reservation.hold_expires_at.is_not(None), Reservation.hold_expires_at <= func.clock_timestamp())
        .order_by(Reservation.hold_expires_at)
        .limit(limit)
    ).all()
    db.session.rollback()
    return sum(cancellations.expire_hold(reservation_id=each, actor=system("holds")) for each in due)
