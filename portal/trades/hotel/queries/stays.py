"""Reservations and stays: looked up, and locked with everything a step changes."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import select

from portal.core.db import db
from portal.core.locks import taking
from portal.core.words import _
from portal.trades.hotel.errors import NoSuchStay
from portal.trades.hotel.models import Reservation, RoomOccupancy, Stay, StayNight


def reservation_at(asset_id: uuid.UUID, number: str) -> Reservation:
    """A reservation by what is said on the telephone, or by its key; raises NoSuchStay."""
    query = select(Reservation).where(Reservation.asset_id == asset_id)
    try:
        query = query.where(Reservation.id == uuid.UUID(number))
    except ValueError:
        query = query.where(Reservation.number == number.strip().upper())
    found: Reservation | None = db.session.scalar(query)
    if found is None:
        raise NoSuchStay(_("There is no reservation %(number)s here.", number=number[:40]))
    return found


def reservation_of_token(token: str) -> Reservation:
    """The reservation whose guest's pages a link opens; raises NoSuchStay."""
    found: Reservation | None = db.session.scalar(select(Reservation).where(Reservation.token == token))
    if found is None:
        raise NoSuchStay(_("This link opens nothing. Look at the message it came in again, or ask the hotel."))
    return found


def get_stay(asset_id: uuid.UUID, stay_id: uuid.UUID) -> Stay:
    """A stay of this hotel by its key; raises NoSuchStay, also for another hotel's."""
    found: Stay | None = db.session.get(Stay, stay_id)
    if found is None or found.asset_id != asset_id:
        raise NoSuchStay(_("There is no such stay here."))
    return found


def stays_of(reservation_id: uuid.UUID) -> Sequence[Stay]:
    """The rooms of a reservation, in their order."""
    return db.session.scalars(select(Stay).where(Stay.reservation_id == reservation_id).order_by(Stay.place)).all()


def nights_of_stays(stay_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[StayNight]]:
    """The agreed nights of these stays, in order; those given back are among them."""
    found: dict[uuid.UUID, list[StayNight]] = defaultdict(list)
    if stay_ids:
        rows = select(StayNight).where(StayNight.stay_id.in_(stay_ids)).order_by(StayNight.stay_id, StayNight.night)
        for row in db.session.scalars(rows.execution_options(populate_existing=True)):
            found[row.stay_id].append(row)
    return found


def live_nights(stays: Collection[Stay], *, released: bool = False) -> dict[tuple[uuid.UUID, date], int]:
    """How many nights of these stays are in the calendar by type and night; or of those given back, how many were."""
    counted: dict[tuple[uuid.UUID, date], int] = {}
    dates = {stay.id: (stay.arrival, stay.departure) for stay in stays if not stay.day_use}
    for stay_id, nights in nights_of_stays(dates.keys()).items():
        first, end = dates[stay_id]
        for night in nights:
            if night.released == released and first <= night.night < end:
                key = night.room_type_id, night.night
                counted[key] = counted.get(key, 0) + 1
    return counted


def lock_stays(stay_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Stay]:
    """These stays, locked in one order and as they stand."""
    taking("stay", stay_ids)
    rows = db.session.scalars(
        select(Stay)
        .where(Stay.id.in_(stay_ids))
        .order_by(Stay.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def lock_stay(asset_id: uuid.UUID, stay_id: uuid.UUID) -> Stay:
    """One stay of this hotel, locked; raises NoSuchStay."""
    found = lock_stays([stay_id]).get(stay_id)
    if found is None or found.asset_id != asset_id:
        raise NoSuchStay(_("There is no such stay here."))
    return found


def lock_stays_of(reservation_id: uuid.UUID) -> list[Stay]:
    """All stays of a reservation, locked; in their order on it."""
    ids = db.session.scalars(select(Stay.id).where(Stay.reservation_id == reservation_id)).all()
    return sorted(lock_stays(ids).values(), key=lambda stay: stay.place)


def occupancy_of(stay_id: uuid.UUID) -> Sequence[RoomOccupancy]:
    """The stretches in which a stay has its rooms, in order; parts of suites are left out."""
    return db.session.scalars(
        select(RoomOccupancy)
        .where(RoomOccupancy.stay_id == stay_id, RoomOccupancy.active, RoomOccupancy.main)
        .order_by(RoomOccupancy.during)
        .execution_options(populate_existing=True)
    ).all()
