"""What access announces."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from portal.core.outbox import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessGranted(Event):
    """A unit may be used until a moment; the subject is the unit."""

    topic: ClassVar[str] = "access.grant.given"
    grant_id: uuid.UUID
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessExpired(Event):
    """A unit's time is up; the subject is the unit."""

    topic: ClassVar[str] = "access.grant.expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRevoked(Event):
    """Somebody took access away before its time; the subject is the unit."""

    topic: ClassVar[str] = "access.grant.revoked"
    grant_id: uuid.UUID
