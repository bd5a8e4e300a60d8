"""Vehicles and what the fold of their words has found; drivers, maintenance, and what went wrong."""

from portal.trades.fleet.models.drivers import Driver, DriverAssignment, DriverStatus
from portal.trades.fleet.models.fences import Crossing, FenceEvent, Geofence
from portal.trades.fleet.models.incidents import (
    Incident,
    IncidentKind,
    IncidentNote,
    IncidentSeverity,
    IncidentStatus,
    VehicleCheck,
)
from portal.trades.fleet.models.maintenance import LineKind, MaintenancePlan, OrderStatus, WorkOrder, WorkOrderLine
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
    "Driver",
    "DriverAssignment",
    "DriverStatus",
    "DrivingEvent",
    "DrivingKind",
    "FenceEvent",
    "Geofence",
    "Incident",
    "IncidentKind",
    "IncidentNote",
    "IncidentSeverity",
    "IncidentStatus",
    "LineKind",
    "MaintenancePlan",
    "OrderStatus",
    "RejectedFix",
    "Trip",
    "Vehicle",
    "VehicleCheck",
    "VehicleCheckpoint",
    "VehicleDay",
    "VehicleState",
    "VehicleStop",
    "WorkOrder",
    "WorkOrderLine",
]
