"""Vehicles, where they are, and what the fold of their words has found: days, trips, stops, fences, speeding."""

from portal.trades.fleet.models.fences import Crossing, FenceEvent, Geofence
from portal.trades.fleet.models.tracks import (
    DrivingEvent,
    DrivingKind,
    RejectedFix,
    Trip,
    VehicleCheckpoint,
    VehicleDay,
    VehicleStop,
)
from portal.trades.fleet.models.vehicles import Vehicle, VehicleState

__all__ = [
    "Crossing",
    "DrivingEvent",
    "DrivingKind",
    "FenceEvent",
    "Geofence",
    "RejectedFix",
    "Trip",
    "Vehicle",
    "VehicleCheckpoint",
    "VehicleDay",
    "VehicleState",
    "VehicleStop",
]
