"""What devices without MQTT say, over HTTP: the same numbers, the same acknowledgement, the same history."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from pydantic import Field, RootModel

from portal.api.door import door, speaks
from portal.api.guards import device
from portal.api.schemas import Given
from portal.shared.devices.envelopes import from_item
from portal.shared.devices.services import telemetry

MOST = 500
READING = {
    "type": "object",
    "required": ["boot", "seq", "kind", "value"],
    "properties": {
        "boot": {"type": "integer", "minimum": 0, "description": "Grows with each start of the device."},
        "seq": {"type": "integer", "minimum": 1, "description": "Counts from 1 since that start."},
        "t": {
            "type": ["string", "number", "null"],
            "description": "RFC 3339, or seconds or milliseconds since 1970; null without a clock.",
        },
        "kind": {"type": "string", "description": "What it speaks of; `lost` tells of numbers it no longer has."},
        "value": {"description": "What it says: text, a number, true or false; a location also as an object."},
    },
}


class ReadingsIn(RootModel[list[Any]]):
    """Up to 500 readings; one that cannot be taken holds none of the others up."""

    root: list[Any] = Field(min_length=1, max_length=MOST, json_schema_extra={"items": READING})


class StartOut(Given):
    """What is kept of one start of the device."""

    boot: int
    through: int = Field(description="All numbers up to this one are kept.")
    missing: list[int] = Field(description="The first of those that are missing before the last that came.")


class RejectedOut(Given):
    """A reading that is kept aside for a person; it need not be sent again when its number could be read."""

    boot: int | None
    seq: int | None
    reason: str
    detail: str


class ReadingsOut(Given):
    """What the device may forget; `through` and `missing` are those of its youngest start among the readings."""

    through: int
    missing: list[int]
    rejected: list[RejectedOut]
    boots: list[StartOut]


@door.post("/devices/<device_id>/readings/")
@device
@speaks("Take what a device without MQTT says; the same number is kept once", takes=ReadingsIn, gives=ReadingsOut)
def take_readings(device_id: str, body: ReadingsIn) -> ReadingsOut:
    """The device signs in with its name and secret (HTTP Basic) and is named in the address by its name or its key."""
    name = str(request.authorization.username) if request.authorization else ""
    if not telemetry.is_called(device_name=name, name_or_key=device_id):
        abort(404)
    stored = telemetry.record_readings(readings=[from_item(name, item) for item in body.root])
    starts = sorted(stored.acks, key=lambda ack: ack.boot)
    return ReadingsOut(
        through=starts[-1].through if starts else 0,
        missing=starts[-1].missing if starts else [],
        rejected=[
            RejectedOut(boot=each.boot, seq=each.seq, reason=each.reason, detail=each.detail) for each in stored.refused
        ],
        boots=[StartOut(boot=ack.boot, through=ack.through, missing=ack.missing) for ack in starts],
    )
