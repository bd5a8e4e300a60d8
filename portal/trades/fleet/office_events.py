"""What the fleet's office announces: drivers, who drives what, maintenance, work orders and incidents."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from portal.core.outbox import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverChanged(Event):
    """A driver was taken on, amended, went away, left or came back; `subject_id` is the driver."""

    topic: ClassVar[str] = "fleet.driver.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleAssigned(Event):
    """Who drives a vehicle, from when or until when, changed; `subject_id` is the vehicle."""

    topic: ClassVar[str] = "fleet.vehicle.assigned"
    driver_id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenancePlanned(Event):
    """A maintenance plan was made, changed, ended or done; `subject_id` is the plan."""

    topic: ClassVar[str] = "fleet.maintenance.planned"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrderChanged(Event):
    """A work order was opened, begun, written on, done or cancelled; `subject_id` is the order."""

    topic: ClassVar[str] = "fleet.work_order.changed"
    number: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentChanged(Event):
    """An incident was reported, amended, noted on, closed or opened again; `subject_id` is the incident."""

    topic: ClassVar[str] = "fleet.incident.changed"
    number: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleChecked(Event):
    """A driver looked round the vehicle before setting out; `subject_id` is the vehicle."""

    topic: ClassVar[str] = "fleet.vehicle.checked"
    in_order: bool
