"""What devices were told and what they said, as facts for the rest of the portal."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import ClassVar

from portal.core.outbox import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandEvent(Event):
    """A step of one command; `subject_id` is the unit."""

    command_id: uuid.UUID
    capability: str
    action: str
    status: str
    grant_id: uuid.UUID | None = None
    detail: str | None = None
    held: str | None = None


class CommandQueued(CommandEvent):
    """A unit is to be told something, now."""

    topic: ClassVar[str] = "devices.command.queued"


class CommandWaits(CommandEvent):
    """It is not on its way yet: a second person or a standstill is waited for, or the device is not listening."""

    topic: ClassVar[str] = "devices.command.waits"


class CommandSent(CommandEvent):
    """The broker has taken charge of the command."""

    topic: ClassVar[str] = "devices.command.sent"


class CommandAccepted(CommandEvent):
    """The device has the command and is at it."""

    topic: ClassVar[str] = "devices.command.accepted"


class CommandDone(CommandEvent):
    """The device reports what it was told to do."""

    topic: ClassVar[str] = "devices.command.done"


class CommandFailed(CommandEvent):
    """The device tried and could not, or refused."""

    topic: ClassVar[str] = "devices.command.failed"


class CommandExpired(CommandEvent):
    """Its time passed before the device answered."""

    topic: ClassVar[str] = "devices.command.expired"


class CommandSuperseded(CommandEvent):
    """A younger command of the same capability took its place."""

    topic: ClassVar[str] = "devices.command.superseded"


class CommandCancelled(CommandEvent):
    """Somebody took it back before it was done."""

    topic: ClassVar[str] = "devices.command.cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingsTaken(Event):
    """Units of one place have said something; told at most about once a second, however much they say."""

    topic: ClassVar[str] = "devices.reading.taken"
    units: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterStored(Event):
    """A message could not be understood."""

    topic: ClassVar[str] = "devices.dead_letter.stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(Event):
    """Something is so that somebody should know; `subject_id` is the unit, where it is about one."""

    topic: ClassVar[str] = "devices.alert.raised"
    alert_id: uuid.UUID
    kind: str
    severity: str
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCleared(Event):
    """An alert has ended, by a hand or by itself."""

    topic: ClassVar[str] = "devices.alert.cleared"
    alert_id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChanged(Event):
    """An alert was acknowledged, given to somebody, or taken up again."""

    topic: ClassVar[str] = "devices.alert.changed"
    alert_id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged(Event):
    """A device was registered, bound, given a secret, revoked, came online or was lost; `subject_id` is its unit."""

    topic: ClassVar[str] = "devices.device.changed"
    device_id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsChanged(Event):
    """Who may sign in at the broker, or what they may say there, is not what it was."""

    topic: ClassVar[str] = "devices.account.changed"
    device_id: uuid.UUID
