"""Reservations as a list: by what they are asked for, newest first, page by page."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, or_, select

from portal.core import paging
from portal.core.db import db
from portal.shared.customers.models import Customer
from portal.trades.hotel.models import Reservation, Stay


@dataclass(frozen=True, slots=True)
class WantedReservations:
    """Which of them: any of these states among their stays, a search, those of a day."""

    statuses: Sequence[str] = ()
    search: str | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list says of a reservation beside its number."""

    booker: str
    arrival: date
    departure: date
    rooms: int
    statuses: Sequence[str]


def reservations_of(
    asset_id: uuid.UUID, wanted: WantedReservations, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[Reservation]:
    """A page of a hotel's reservations, the youngest first."""
    return paging.page_of(_query(asset_id, wanted), [Reservation.id], cursor=cursor, limit=limit)


def all_reservations_of(asset_id: uuid.UUID, wanted: WantedReservations) -> Iterator[Reservation]:
    """The same list, all of it."""
    return paging.every(lambda cursor: reservations_of(asset_id, wanted, cursor=cursor, limit=paging.MOST))


def summaries(reservation_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Summary]:
    """Who booked each of these, from when until when, and how its rooms stand."""
    rows = db.session.execute(
        select(
            Reservation.id,
            Customer.name,
            func.min(Stay.arrival),
            func.max(Stay.departure),
            func.count(),
            func.array_agg(Stay.status.distinct()),
        )
        .join(Customer, Customer.id == Reservation.booker_id)
        .join(Stay, Stay.reservation_id == Reservation.id)
        .where(Reservation.id.in_(reservation_ids))
        .group_by(Reservation.id, Customer.name)
    )
    return {row[0]: Summary(*row[1:]) for row in rows}


def _query(asset_id: uuid.UUID, wanted: WantedReservations) -> Select[Reservation]:
    query = select(Reservation).where(Reservation.asset_id == asset_id)
    of_it = select(Stay.id).where(Stay.reservation_id == Reservation.id)
    if wanted.statuses:
        query = query.where(of_it.where(Stay.status.in_(wanted.statuses)).exists())
    if wanted.on is not None:
        query = query.where(of_it.where(Stay.arrival <= wanted.on, Stay.departure >= wanted.on).exists())
    if wanted.search:
        like = f"%{wanted.search.replace('%', '').replace('_', '')}%"
        guests = (
            select(Customer.id)
            .where(Customer.id == Reservation.booker_id, or_(Customer.name.ilike(like), Customer.phone.like(like)))
            .exists()
        )
        query = query.where(or_(Reservation.number == wanted.search.upper(), guests))
    return query
