"""What the fleet announces: who moved, who set out and arrived, who crossed a fence."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from portal.core.outbox import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleMoved(Event):
    """Vehicles of a place have spoken; told once for all that were looked at together, so it names none."""

    topic: ClassVar[str] = "fleet.vehicle.moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleAmended(Event):
    """Somebody changed what is written of a vehicle, or set its odometer; `subject_id` is the unit."""

    topic: ClassVar[str] = "fleet.vehicle.amended"


@dataclass(frozen=True, slots=True, kw_only=True)
class TripStarted(Event):
    """A vehicle has left where it stood; `subject_id` is the unit."""

    topic: ClassVar[str] = "fleet.trip.started"
    trip_id: uuid.UUID
    started_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TripEnded(Event):
    """A vehicle has arrived, or nothing more was heard of it; `subject_id` is the unit."""

    topic: ClassVar[str] = "fleet.trip.ended"
    trip_id: uuid.UUID
    started_at: str
    ended_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceCrossed(Event):
    """A vehicle came into a fence, left it, or stayed as long as it asks; `subject_id` is the unit."""

    topic: ClassVar[str] = "fleet.fence.crossed"
    geofence_id: uuid.UUID
    what: str
    at: str
    #: Known more than ten minutes afterwards.
    historical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceChanged(Event):
    """A fence was drawn, amended or retired; `subject_id` is the fence."""

    topic: ClassVar[str] = "fleet.fence.changed"
