"""A reservation as a whole: its rooms, how it stands, what was agreed, and what not coming costs or did cost."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from portal.core.db import db
from portal.core.words import _
from portal.shared.assets.models import Unit
from portal.shared.assets.queries import units_by_id
from portal.shared.customers.models import Customer
from portal.shared.customers.queries import get_customer
from portal.trades.hotel.errors import NoSuchStay
from portal.trades.hotel.models import Reservation, RoomType, Stay, StayNight, StayStatus
from portal.trades.hotel.queries.fees import fees_charged, fees_now
from portal.trades.hotel.queries.inventory import room_types
from portal.trades.hotel.queries.stays import nights_of_stays, stays_of

#: How a reservation of several stays stands: as the first of these that one of them is.
BY_WEIGHT = (
    StayStatus.IN_HOUSE,
    StayStatus.CONFIRMED,
    StayStatus.HELD,
    StayStatus.CHECKED_OUT,
    StayStatus.NO_SHOW,
    StayStatus.CANCELLED,
    StayStatus.EXPIRED,
)
#: Nights of these stand as they were agreed, though they went back to the calendar.
GONE = (StayStatus.NO_SHOW, StayStatus.CANCELLED, StayStatus.EXPIRED)


@dataclass(frozen=True, slots=True)
class Whole:
    """A reservation with everything a person or an integration asks of it at once."""

    reservation: Reservation
    booker: Customer
    stays: Sequence[Stay]
    nights: dict[uuid.UUID, list[StayNight]]
    types: dict[uuid.UUID, RoomType]
    rooms: dict[uuid.UUID, Unit]
    fees: dict[uuid.UUID, int]

    @property
    def status(self) -> StayStatus:
        """That of its stays."""
        return status_of(self.stays)

    @property
    def total(self) -> int:
        """What was agreed for all its rooms, taxes on top of the price included."""
        return sum(self.total_of(stay) for stay in self.stays)

    @property
    def fee(self) -> int:
        """What cancelling what is to come would cost now, and what was charged for what will not come."""
        return sum(self.fees.values())

    def total_of(self, stay: Stay) -> int:
        """What was agreed for one room."""
        return sum(night.agreed + on_top(night) for night in self.agreed(stay))

    def agreed(self, stay: Stay) -> list[StayNight]:
        """The nights of a stay that count; those it was shortened by do not."""
        nights = self.nights.get(stay.id, [])
        return [night for night in nights if not night.released or stay.status in GONE or stay.day_use]


def status_of(stays: Sequence[Stay]) -> StayStatus:
    """How a reservation stands, by its stays."""
    standing = {stay.status for stay in stays}
    return next(each for each in BY_WEIGHT if each in standing)


def on_top(night: StayNight) -> int:
    """Taxes that are not in the price."""
    return sum(int(tax["amount"]) for tax in night.taxes if not tax["inclusive"])


def get_reservation(reservation_id: uuid.UUID) -> Reservation:
    """A reservation of whichever hotel, for doors that ask next whether it is the caller's; raises NoSuchStay."""
    found: Reservation | None = db.session.get(Reservation, reservation_id)
    if found is None:
        raise NoSuchStay(_("There is no such reservation."))
    return found


def whole(reservation: Reservation) -> Whole:
    """Everything of a reservation, in a handful of questions."""
    stays = stays_of(reservation.id)
    coming = [stay for stay in stays if stay.status in (StayStatus.HELD, StayStatus.CONFIRMED)]
    return Whole(
        reservation,
        get_customer(reservation.booker_id),
        stays,
        nights_of_stays([stay.id for stay in stays]),
        {each.id: each for each in room_types(reservation.asset_id, retired=True)},
        units_by_id([stay.room_id for stay in stays if stay.room_id]),
        {**fees_now(coming), **fees_charged(stays)},
    )
