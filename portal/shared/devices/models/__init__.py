"""Devices: what they are, what they said, what they were told, and what could not be understood."""

from portal.shared.devices.models.alerts import Alert, AlertRule, AlertStatus, RuleKind, RuleStanding, Severity
from portal.shared.devices.models.commands import (
    CAPABILITIES,
    OPEN,
    REPORTS,
    CommandStatus,
    DeviceCommand,
    Held,
)
from portal.shared.devices.models.floods import MOST_A_DAY, MOST_OF_STRANGERS, LetterTally, WaitingPage
from portal.shared.devices.models.letters import SHOWN_BYTES, DeadLetter, ReplayPage
from portal.shared.devices.models.readings import AssetEvent, LatestReading, ReadingHour, ReadingHourDue, ReadingNews
from portal.shared.devices.models.registry import (
    Device,
    DeviceBoot,
    DeviceState,
    DeviceStatus,
    DeviceType,
    Dialect,
)

__all__ = [
    "CAPABILITIES",
    "MOST_A_DAY",
    "MOST_OF_STRANGERS",
    "OPEN",
    "REPORTS",
    "SHOWN_BYTES",
    "Alert",
    "AlertRule",
    "AlertStatus",
    "AssetEvent",
    "CommandStatus",
    "DeadLetter",
    "Device",
    "DeviceBoot",
    "DeviceCommand",
    "DeviceState",
    "DeviceStatus",
    "DeviceType",
    "Dialect",
    "Held",
    "LatestReading",
    "LetterTally",
    "ReadingHour",
    "ReadingHourDue",
    "ReadingNews",
    "ReplayPage",
    "RuleKind",
    "RuleStanding",
    "Severity",
    "WaitingPage",
]
