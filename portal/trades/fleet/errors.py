"""The ways the fleet's map and papers say no."""

from __future__ import annotations

from portal.core.errors import Conflict, Invalid, NotFound


class NoSuchFence(NotFound):
    """No fence of this place has that key."""

    code = "not_found"


class ShapeNotSound(Invalid):
    """The fence is no circle and no polygon that encloses anything."""


class FenceNameTaken(Conflict):
    """The place has a fence of this name already."""


class FenceRetired(Conflict):
    """The fence is watched no more."""


class NothingToTakeBack(Conflict):
    """The fence is as it was drawn."""


class NotAVehicle(Conflict):
    """Only vehicles have papers and an odometer."""


class OdometerNotPlausible(Invalid):
    """No odometer shows that."""


class DetailNotPlausible(Invalid):
    """No vehicle has that."""
