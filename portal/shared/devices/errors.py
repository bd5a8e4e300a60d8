"""How talking to devices is refused."""

from portal.core.errors import Conflict, Forbidden, Invalid, NotFound


class UnknownDevice(NotFound):
    """No unit of that number stands at that place."""


class ImplausibleReading(Invalid):
    """What the device says cannot be so."""


class NotCapable(Invalid):
    """This kind of unit cannot do that."""


class ReasonNeeded(Invalid):
    """A hand on a lock or an engine must say why."""


class UnitNotInService(Conflict):
    """A retired unit takes no commands."""


class UnitChanged(Conflict):
    """It is not any more what it was when somebody decided to tell it something."""


class CommandOver(Conflict):
    """The command has come to its end, and cannot be changed any more."""


class AskedAlready(Conflict):
    """Somebody has asked for the same, and a second person has yet to agree."""


class OwnWish(Forbidden):
    """Nobody is the second person to their own wish."""


class CommandNotFound(NotFound):
    """No such command at this place."""


class DeadLetterNotFound(NotFound):
    """No such message at this place."""


class AlreadyReplayed(Conflict):
    """The message was taken before; it is one row already."""


class StillRefused(Conflict):
    """What was wrong with the message is still wrong."""


class NothingMissing(Conflict):
    """All that this start of a device said has come, or is not waited for any more."""


class AlertNotFound(NotFound):
    """No such alert at this place."""


class AlertOver(Conflict):
    """The alert has ended, and nothing more is to be done about it."""


class AlertStandsAnew(Conflict):
    """The same thing was noticed again meanwhile, and stands as another alert."""


class NotAmongUs(Invalid):
    """Whoever is to look after an alert does not work at the place, or may not handle alerts."""


class RuleNotFound(NotFound):
    """No such rule at this place."""


class RuleNameTaken(Conflict):
    """Another rule of the place is called the same."""


class BadCondition(Invalid):
    """What a rule asks for cannot be asked of these units."""


class NoSuchDevice(NotFound):
    """No device of that name at this place."""


class BadDeviceName(Invalid):
    """A device's name stands in topics and files, so few characters are left."""


class DeviceNameTaken(Conflict):
    """Another device signs in under that name."""


class CapabilityTaken(Conflict):
    """Another device of the same unit does that already: a command must know whom it means."""


class NotForThisDevice(Invalid):
    """A device of this type cannot be that."""


class NoSuchClaimCode(NotFound):
    """No box with that code waits for a place."""


class WrongDeviceStatus(Conflict):
    """As the device stands, this step is not open."""
