"""The ways the fleet's office says no."""

from __future__ import annotations

from portal.core.errors import Conflict, Invalid, NotFound


class NoSuchDriver(NotFound):
    """No driver of this place has that number."""

    code = "not_found"


class DriverKnown(Conflict):
    """Another driver of the place has that licence or that account already."""


class NoSuchAccount(Invalid):
    """The account is not one of a driver who works at this place."""


class DriverNotAvailable(Conflict):
    """The driver is away or has left."""


class LicenceExpired(Conflict):
    """The licence runs out before the driver would take the wheel."""


class DriverBusy(Conflict):
    """The driver has another vehicle at that time."""


class VehicleBusy(Conflict):
    """Another driver has the vehicle at that time."""


class BadStretch(Invalid):
    """A time that ends before it begins."""


class NoSuchAssignment(NotFound):
    """There is no such assignment here."""

    code = "not_found"


class AssignmentOver(Conflict):
    """The assignment came to its end already."""


class HandOverTooOld(Conflict):
    """What was handed over has gone on since and cannot simply be taken back."""


class NotAVehicle(Invalid):
    """Only vehicles are driven, maintained and reported on."""


class NoSuchPlan(NotFound):
    """There is no such maintenance plan here."""

    code = "not_found"


class PlanNameTaken(Conflict):
    """The vehicle has a plan of that name already."""


class IntervalMissing(Invalid):
    """A plan comes round by distance, by hours or by days."""


class NoSuchWorkOrder(NotFound):
    """There is no work order with that number here."""

    code = "not_found"


class WrongOrderStatus(Conflict):
    """The work order has gone past that step, or not come to it."""


class VehicleLet(Conflict):
    """Somebody has the vehicle until their time is up."""


class PlanOfAnotherVehicle(Invalid):
    """The plan belongs to another vehicle than the work order."""


class NoSuchLine(NotFound):
    """There is no such line on the work order."""

    code = "not_found"


class OdometerBackwards(Invalid):
    """The odometer would stand lower than when the work was last done."""


class DoneTooLongAgo(Conflict):
    """Something built on the end of the work since then."""


class NoSuchIncident(NotFound):
    """There is no incident with that number here."""

    code = "not_found"


class InTheFuture(Invalid):
    """What is reported has not happened yet."""


class WrongIncidentStatus(Conflict):
    """The incident is closed already, or open already."""


class NoVehicleNow(Conflict):
    """The driver has no vehicle at the moment."""
