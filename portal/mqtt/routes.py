"""Which topics the portal listens to, and what a message on them means."""

from __future__ import annotations

from portal.shared.devices.envelopes import from_topic
from portal.shared.devices.readings import FOLDERS
from portal.shared.devices.services.telemetry import Message

#: Whole folders, so that a topic with too many or too few levels is seen and shown, not lost.
SUBSCRIPTIONS = ("rooms/#", "vehicles/#", "v1/+/up/#")
#: The same, each message to one of several ingesters.
SHARED = tuple(f"$share/portal/{topic}" for topic in SUBSCRIPTIONS)
#: The one subject whose retained word counts: a device's last state is asked for at each connection.
PRESENCE = "v1/+/status"


def read(topic: str, payload: bytes) -> Message:
    """What a message says, or why it cannot be understood."""
    return from_topic(topic, payload)


def tells_presence(topic: str) -> bool:
    """Whether this is where a device's last state stands."""
    return topic.startswith("v1/") and topic.endswith("/status") and topic.count("/") == 2


def command_topic(unit_kind: str, asset_number: str, unit_number: str, capability: str) -> str:
    """Where a plain device listens for its commands: the same topic it reports on."""
    return f"{FOLDERS[unit_kind]}/{asset_number}/{unit_number}/{capability}"


def device_topic(name: str, what: str) -> str:
    """Where a registered device is told something: a command (`cmd`), or what has been kept of its words (`ack`)."""
    return f"v1/{name}/down/{what}"
