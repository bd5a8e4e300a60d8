"""Who is acting, and from where: every command and every audit entry names one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """The kinds of hands that can move something."""

    USER = "user"
    DEVICE = "device"
    GATEWAY = "gateway"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """One hand: a person, a device, a payment gateway or the portal's own clockwork."""

    kind: ActorKind
    name: str
    user_id: uuid.UUID | None = None
    on_behalf_of: str | None = None
    address: str | None = None
    request_id: str | None = None

    @property
    def key(self) -> str:
        """What idempotency keys and audit rows are filed under."""
        return f"{self.kind}:{self.user_id or self.name}"


def system(name: str, *, request_id: str | None = None) -> Actor:
    """The clockwork acting by itself; `name` is the job or the topic."""
    return Actor(ActorKind.SYSTEM, name, request_id=request_id)
