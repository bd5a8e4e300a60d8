"""The ways a right of access says no."""

from __future__ import annotations

from portal.core.errors import Conflict, Invalid, NotFound
from portal.shared.payments.errors import CannotFulfil


class AmountTooSmall(Invalid):
    """The money does not buy one whole period."""


class AmountTooLarge(Invalid):
    """The money buys more than may be let at once."""


class WrongCurrency(Invalid):
    """The place takes another currency."""


class UnitLet(Conflict):
    """Somebody else has the unit until its time is up."""


class UnitNotForLetting(Conflict):
    """The unit is suspended or retired, or its place is closed."""


class UnitLetToAnother(CannotFulfil):
    """Money came for a unit that somebody else has by now."""


class UnitOutOfUse(CannotFulfil):
    """Money came for a unit that is suspended or retired by now."""


class BuysNoPeriod(CannotFulfil):
    """The money that came does not buy one whole period."""


class ReasonMissing(Invalid):
    """Access without a payment is given, and taken away, with a reason."""

    code = "reason_needed"


class MinutesOutOfRange(Invalid):
    """Access is given for a minute to a year."""


class NoSuchGrant(NotFound):
    """There is no such grant here."""

    code = "not_found"


class GrantOver(Conflict):
    """The grant has come to its end already."""
