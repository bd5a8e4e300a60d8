"""What the portal announces about people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.core.outbox import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWritten(Event):
    """A letter is ready to go; its subject is the letter's key."""

    topic: ClassVar[str] = "identity.mail.written"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleChanged(Event):
    """Somebody was invited, joined, changed their role or left."""

    topic: ClassVar[str] = "identity.people.changed"
