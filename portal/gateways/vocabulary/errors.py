"""How a gateway says no, and how it says nothing: whoever calls must know which, for money may have moved."""

from __future__ import annotations

from typing import ClassVar

from portal.core.errors import Conflict, DomainError, Invalid, Unavailable


class GatewayDown(Unavailable):
    """The gateway did not answer, or answered with something that is not an answer; nothing was done there."""


class ReplyLost(GatewayDown):
    """The gateway may have done it and its answer never came: find out before asking again."""


class GatewayRefused(Conflict):
    """The gateway understood and said no; `said` in its details holds its own words, when it gave any."""


class KeyRefused(GatewayRefused):
    """The gateway does not know the key or password of this account."""


class DuplicateReference(GatewayRefused):
    """The gateway knows this reference already: an earlier answer was lost on the way."""


class UnknownCharge(GatewayRefused):
    """The gateway knows no charge under this reference."""


class UnknownRefund(GatewayRefused):
    """The gateway knows no such refund."""


class UnknownTransfer(GatewayRefused):
    """The gateway knows no transfer under this reference: it was never made."""


class WrongOtp(GatewayRefused):
    """The one-time password was not the one that was sent, or it has lapsed."""


class BadSignature(DomainError):
    """A message that was not signed by the gateway it says it is from."""

    status: ClassVar[int] = 401


class BadMessage(Invalid):
    """A message that came through the right door and is not a message."""

    status: ClassVar[int] = 400
