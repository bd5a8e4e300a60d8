"""The ways a place or a unit says no."""

from __future__ import annotations

from portal.core.errors import Conflict, Invalid, NotFound


class NoSuchAsset(NotFound):
    """No place has that number, or it is not yours."""

    code = "not_found"


class NoSuchUnit(NotFound):
    """No room or vehicle of this place has that number."""

    code = "not_found"


class UnitNumberTaken(Conflict):
    """The place has a room or vehicle with that number already."""


class UnitNotForThisPlace(Invalid):
    """Rooms belong to hotels; a fleet has vehicles."""


class PriceNotPositive(Invalid):
    """A period of access costs more than nothing."""


class PeriodOutOfRange(Invalid):
    """One period is between a minute and a year."""


class UnknownTimezone(Invalid):
    """Not a name of the time zone database."""


class BankDetailsIncomplete(Invalid):
    """Bank, account name and account number go together."""


class UnitRetired(Conflict):
    """The unit has left service for good."""


class UnitSuspended(Conflict):
    """The unit is out of use until somebody puts it back."""


class UnitNotSuspended(Conflict):
    """Only a suspended unit can be resumed."""


class UnitInUse(Conflict):
    """Somebody has the unit until its time is up."""


class AssetRetired(Conflict):
    """The place is closed for good."""


class HasHistory(Conflict):
    """Things happened here that must stay readable: retire it instead of deleting it."""


class ReasonNeeded(Invalid):
    """This step is only taken with a reason that others can read later."""
