"""The steps of a stay as a test says them: by the room's number, for the hotel's own clerk."""

from __future__ import annotations

import uuid
from datetime import date

from portal.core.clock import utcnow
from portal.core.db import db
from portal.shared.access.models import AccessGrant
from portal.shared.access.queries import running_and_coming
from portal.shared.assets.models import Asset
from portal.trades.hotel.models import BusinessDay, Room, Stay
from portal.trades.hotel.queries.folios import balance_of, windows_of
from portal.trades.hotel.queries.inventory import room_at
from portal.trades.hotel.queries.stays import get_stay
from portal.trades.hotel.services import assigning, dating, extending, moving, stays, undoing
from tests.factories.assets import ACTOR


def room(place: Asset, number: str | None) -> Room | None:
    """A room by its number."""
    return room_at(place.id, number) if number else None


def _id(place: Asset, number: str | None) -> uuid.UUID | None:
    return room_at(place.id, number).unit_id if number else None


def assign(place, stay, number=None, **said):
    return assigning.assign(asset_id=place.id, stay_id=stay.id, room_id=_id(place, number), **{"actor": ACTOR, **said})


def check_in(place, stay, number=None, **said):
    return stays.check_in(asset_id=place.id, stay_id=stay.id, room_id=_id(place, number), **{"actor": ACTOR, **said})


def check_out(place, stay, **said):
    return stays.check_out(asset_id=place.id, stay_id=stay.id, **{"actor": ACTOR, **said})


def move(place, stay, number, **said):
    return moving.move_room(asset_id=place.id, stay_id=stay.id, room_id=_id(place, number), **{"actor": ACTOR, **said})


def swap(place, one, other, **said):
    return moving.swap(asset_id=place.id, stay_ids=(one.id, other.id), **{"actor": ACTOR, **said})


def extend(place, stay, departure, **said):
    return extending.extend(asset_id=place.id, stay_id=stay.id, departure=departure, **{"actor": ACTOR, **said})


def shorten(place, stay, departure, **said):
    return dating.shorten(asset_id=place.id, stay_id=stay.id, departure=departure, **{"actor": ACTOR, **said})


def change_dates(place, stay, arrival, departure, **said):
    return dating.change_dates(
        asset_id=place.id, stay_id=stay.id, arrival=arrival, departure=departure, **{"actor": ACTOR, **said}
    )


def undo(place, stay, **said):
    return undoing.undo(asset_id=place.id, stay_id=stay.id, **{"actor": ACTOR, **said})


def turn_to(place: Asset, day: date) -> None:
    """Another business day, without the work of closing the ones before."""
    db.session.execute(BusinessDay.__table__.update().where(BusinessDay.asset_id == place.id).values(day=day))
    db.session.execute(Asset.__table__.update().where(Asset.id == place.id).values(business_date=day))
    db.session.commit()
    db.session.refresh(place)


def key_of(stay: Stay) -> AccessGrant | None:
    """The grant that opens a stay's room at the moment of the test."""
    found = [grant for grant in running_and_coming(stay.room_id, utcnow()) if grant.starts_at <= utcnow()]
    return found[0] if found else None


def fresh(place: Asset, stay: Stay) -> Stay:
    """A stay as the database has it."""
    return get_stay(place.id, stay.id)


def owed_by(stay_id: uuid.UUID) -> int:
    """What a stay owes on all its windows."""
    return sum(balance_of(each.id) for each in windows_of([stay_id])[stay_id])
