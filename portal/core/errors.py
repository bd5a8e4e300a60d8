"""The ways a rule says no: each carries a sentence for a person, a code for a machine, and a status for a door."""

from __future__ import annotations

import re
from typing import Any, ClassVar


class DomainError(Exception):
    """A rule of the trade said no; nothing was changed."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "refused"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            cls.code = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, message: str, *, field: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.details = details

    def __str__(self) -> str:
        return self.message


class NotFound(DomainError):
    """It is not there, or it is not yours: both read the same."""

    status = 404


class Invalid(DomainError):
    """What was sent cannot be what was meant."""

    status = 422


class Conflict(DomainError):
    """The rule said no, given how things stand now."""

    status = 409


class Forbidden(DomainError):
    """This role may not do that."""

    status = 403


class Busy(Conflict):
    """Somebody else holds the rows this command needs; nothing happened and it may be tried again."""


class Unavailable(DomainError):
    """Something outside (a gateway, the database) is away; try again shortly."""

    status = 503
