"""What the tables hold of a vehicle, and tellers whose words are of this very hour."""

from __future__ import annotations

from sqlalchemy import select

from portal.core.clock import utcnow
from portal.core.db import db
from portal.shared.devices.models import Alert
from portal.trades.fleet.found import SECOND
from portal.trades.fleet.maintenance_queries import meters_of
from portal.trades.fleet.models import (
    DrivingEvent,
    FenceEvent,
    Geofence,
    RejectedFix,
    Trip,
    VehicleCheckpoint,
    VehicleDay,
    VehicleState,
    VehicleStop,
)
from portal.trades.fleet.services import tracking
from tests.factories import assets as make
from tests.factories.words import micros, moment
from tests.fleet.tracks import MORNING, Teller, place

SHOWN = {
    Trip: ("started_at", "ended_at", "start_latitude_e7", "end_longitude_e7", "distance_mm", "moving_seconds",
           "top_speed_kmh_milli", "driver_id"),
    VehicleStop: ("started_at", "ended_at", "latitude_e7", "longitude_e7", "idle_seconds"),
    DrivingEvent: ("kind", "started_at", "ended_at", "top_speed_kmh_milli", "limit_kmh", "detail"),
    FenceEvent: ("geofence_id", "what", "at"),
    RejectedFix: ("at", "reason"),
    VehicleDay: ("day", "distance_mm", "moving_seconds", "idle_seconds", "engine_seconds", "trips", "fixes",
                 "rejected", "top_speed_kmh_milli", "fares", "passengers_most"),
    VehicleCheckpoint: ("hour", "before"),
    VehicleState: ("latitude_e7", "longitude_e7", "fix_at", "speed_kmh_milli", "moving", "standing_since", "ignition",
                   "passengers", "counted_mm", "engine_seconds", "inside", "folded_to", "doubt"),
}  # fmt: skip


def known_of(unit, *, of=None):
    """Everything the tables hold of a vehicle, as values; keys of events are told apart by arrival, so left out."""
    tale = {}
    for model, columns in (of or SHOWN).items():
        rows = db.session.execute(
            select(*[getattr(model, name) for name in columns]).where(model.unit_id == unit.id)
        ).all()
        tale[model.__tablename__] = sorted(map(repr, ({**row._mapping} for row in rows)))
    tale.pop("vehicle_checkpoint", None)
    return tale


def batches(words, size):
    return [words[start : start + size] for start in range(0, len(words), size)]


def retold(unit):
    """What a whole refold finds, for comparison with what is written."""
    tracking.refold(unit_ids=[unit.id])
    return known_of(unit)


def fence(asset, radius=500, north=0.0, east=0.0, **fields):
    latitude, longitude = place(north, east)
    shape = {"kind": "circle", "latitude": latitude, "longitude": longitude, "radius_m": radius}
    fields = {"applies_from": moment(0), **fields}
    drawn = Geofence(asset_id=asset.id, name=f"Fence {north} {east}", shape=shape, **fields)
    db.session.add(drawn)
    db.session.commit()
    return drawn


def now_teller(minutes_ago=9.0, seed=1):
    """A teller whose zero is some minutes ago, so that what it tells is fresh."""
    teller = Teller(seed)
    shift = micros(utcnow()) - round(minutes_ago * 60) * SECOND - MORNING
    db.session.rollback()
    say = teller.say
    teller.say = lambda second, *rest, **fields: say(second + shift / SECOND, *rest, **fields)
    return teller


def place_of(unit):
    return db.session.get(make.Asset, unit.asset_id)


def driven(unit):
    return meters_of([unit.id])[unit.id].odometer_m


def alerts_of(unit):
    return db.session.scalars(select(Alert).where(Alert.unit_id == unit.id).order_by(Alert.happened_at)).all()
