"""How a hotel works, and which of its days is open."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import select

from portal.core.clock import local_date
from portal.core.db import db
from portal.core.locks import taking
from portal.core.words import _
from portal.shared.assets.models import Asset, AssetKind
from portal.trades.hotel.errors import NoDayOpen, NotAHotel
from portal.trades.hotel.models import BusinessDay, DayState, Property, Stay
from portal.trades.hotel.times import moment

#: What a hotel begins with.
AS_EVERYWHERE: dict[str, object] = {
    "checkin_minute": 15 * 60,
    "checkout_minute": 11 * 60,
    "close_after_minute": 0,
    "hold_minutes": 15,
    "balance_limit": 0,
    "discount_limit_ppm": 100_000,
    "card_fields": [],
    "door_mode": "rolling",
    "auto_no_show": True,
    "self_check_in": False,
    "early_fee_ppm": 500_000,
    "late_fee_ppm": 500_000,
    "version": 1,
}


def property_of(place: Asset) -> Property:
    """A hotel's settings, those of every new hotel where it has changed none; raises NotAHotel."""
    must_be_hotel(place)
    found: Property | None = db.session.get(Property, place.id)
    return found or Property(asset_id=place.id, **AS_EVERYWHERE)


def must_be_hotel(place: Asset) -> None:
    """Raise NotAHotel for another kind of place."""
    if place.kind != AssetKind.HOTEL:
        raise NotAHotel(_("%(place)s is not a hotel.", place=place.name))


def business_date(place: Asset) -> date:
    """The day the hotel is working on, which may not be the date on the wall."""
    return place.business_date or local_date(place.timezone)


def lock_day(asset_id: uuid.UUID, *, shared: bool = False) -> BusinessDay:
    """The open business day, locked: alone to close it, `shared` to post to it; raises NoDayOpen."""
    taking("business_day", [asset_id] if shared else [asset_id, (asset_id, "alone")])
    # whoever waited while a day was closed finds it closed, and the next one only when asking again
    found = _open_day(asset_id, shared) or _open_day(asset_id, shared)
    if found is None:
        raise NoDayOpen(_("This hotel has no open business day."))
    return found


def _open_day(asset_id: uuid.UUID, shared: bool) -> BusinessDay | None:
    found: BusinessDay | None = db.session.scalar(
        select(BusinessDay)
        .where(BusinessDay.asset_id == asset_id, BusinessDay.state == DayState.OPEN)
        .with_for_update(read=shared)
        .execution_options(populate_existing=True)
    )
    return found


def starts_at(place: Asset, settings: Property, stay: Stay) -> datetime:
    """When the room is the guest's from."""
    return stay.starts_at or moment(place.timezone, stay.arrival, settings.checkin_minute)


def ends_at(place: Asset, settings: Property, stay: Stay) -> datetime:
    """Until when the room is the guest's."""
    return stay.ends_at or moment(place.timezone, stay.departure, settings.checkout_minute)
