"""The ways identity says no."""

from __future__ import annotations

from typing import ClassVar

from portal.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound


class BadCredentials(DomainError):
    """No such account, or not its password: both read the same and take the same time."""

    status: ClassVar[int] = 401


class SignInNeeded(DomainError):
    """Nobody is signed in, or the session or token is over."""

    status: ClassVar[int] = 401


class PasswordNeeded(Forbidden):
    """This right wants the password once more before it is used."""


class RoleLacksRight(Forbidden):
    """A member whose role does not hold the right."""

    code = "forbidden"


class NotYourRank(Forbidden):
    """Nobody gives a role at or above their own, nor touches a person who holds one."""


class RegistrationClosed(Forbidden):
    """Accounts are made by invitation or at the operator's shell."""


class NoSuchPlace(NotFound):
    """There is no such place, or it is not yours."""

    code = "not_found"


class NoSuchPerson(NotFound):
    """Nobody with that address works here."""


class LinkOver(NotFound):
    """An invitation or reset link that was used, replaced, or has run out."""


class WeakPassword(Invalid):
    """Too short, too long, too common, or made of what everybody knows about its owner."""


class EmailTaken(Conflict):
    """There is an account with this e-mail address."""


class PhoneTaken(Conflict):
    """There is an account with this phone number."""


class AlreadyMember(Conflict):
    """The person works here already."""


class LastOwner(Conflict):
    """A place keeps at least one owner."""
