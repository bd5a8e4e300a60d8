"""What the hotel announces. Topics that begin with `pms.` go to webhooks and streams, and their shape is a promise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from portal.core.outbox import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryUpdated(Event):
    """What can be sold of a type changed; `subject_id` is the type, `nights` [{"night", "free"}] as they stand now."""

    topic: ClassVar[str] = "pms.inventory.updated"
    room_type: str
    nights: list[dict[str, Any]] = field(default_factory=list)
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationCreated(Event):
    """A reservation was made; `subject_id` is the reservation."""

    topic: ClassVar[str] = "pms.reservation.created"
    number: str
    status: str
    arrival: str
    departure: str
    rooms: int
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationCancelled(Event):
    """A reservation, or some of its stays, will not come: cancelled, lapsed or a no-show, as `status` says."""

    topic: ClassVar[str] = "pms.reservation.cancelled"
    number: str
    status: str
    stays: list[str] = field(default_factory=list)
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StayChanged(Event):
    """Something about a stay changed, so that boards and charts look again; `subject_id` is the stay."""

    topic: ClassVar[str] = "hotel.stay.changed"
    what: str
    rooms: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomChanged(Event):
    """A room's cleanliness, block or type changed; `subject_id` is the room."""

    topic: ClassVar[str] = "hotel.room.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolioChanged(Event):
    """A line came to a folio; `subject_id` is the folio."""

    topic: ClassVar[str] = "hotel.folio.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClosed(Event):
    """A business day was closed."""

    topic: ClassVar[str] = "hotel.day.closed"
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesChanged(Event):
    """Prices, plans or restrictions changed."""

    topic: ClassVar[str] = "hotel.rates.changed"


#: What other systems may ask to be told of.
PROMISED = (InventoryUpdated.topic, ReservationCreated.topic, ReservationCancelled.topic)
