"""The ways mobile money says no."""

from __future__ import annotations

from portal.core.errors import Conflict, Invalid, NotFound


class PhoneBusy(Conflict):
    """The phone is being asked for this already; `reference` in the details says where to watch."""


class AlreadyPaid(Conflict):
    """The money for this has come already."""


class NotAPhone(Invalid):
    """A number this provider cannot ask."""


class NotWhole(Invalid):
    """An amount this provider cannot ask for."""


class NoSuchReceipt(NotFound):
    """No such money came to the paybill of this place."""


class ReceiptGone(Conflict):
    """The money was claimed or sent back by somebody else meanwhile."""


class DoesNotFit(Conflict):
    """The money cannot be taken for that."""


class WrongCode(Invalid):
    """Not the number that is on the receipt."""


class NoSuchAddress(NotFound):
    """No question of ours is answered at this address."""
