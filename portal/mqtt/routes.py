"""Which topics the portal listens to, and what a message on them means."""

from __future__ import annotations

from portal.shared.devices.readings import FOLDERS, Reading, Refused, from_plain_topic

#: Whole folders, so that a topic with too many or too few levels is seen and shown, not lost.
SUBSCRIPTIONS = ("rooms/#", "vehicles/#")


def read(topic: str, payload: bytes) -> Reading | Refused:
    """What a message says, or why it cannot be understood."""
    return from_plain_topic(topic, payload)


def command_topic(unit_kind: str, asset_number: str, unit_number: str, capability: str) -> str:
    """Where a plain device listens for its commands: the same topic it reports on."""
    return f"{FOLDERS[unit_kind]}/{asset_number}/{unit_number}/{capability}"


def device_topic(name: str, what: str) -> str:
    """Where a registered device is told something: a command (`cmd`), or what has been kept of its words (`ack`)."""
    return f"v1/{name}/down/{what}"
