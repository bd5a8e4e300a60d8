"""The ways the hotel says no."""

from __future__ import annotations

from portal.core.errors import Conflict, Forbidden, Invalid, NotFound
from portal.core.transaction import rule
from portal.core.words import _


class NotAHotel(Conflict):
    """The place is not a hotel."""


class NoSuchRoomType(NotFound):
    """No room type of this place has that code."""

    code = "not_found"


class NoSuchRoom(NotFound):
    """No room of this place has that number."""

    code = "not_found"


class NoSuchTerms(NotFound):
    """No policy, tax or promotion of this place has that key."""

    code = "not_found"


class NoSuchGroup(NotFound):
    """No group of this place has that code."""

    code = "not_found"


class NoSuchGuest(NotFound):
    """No guest of this business has that key."""

    code = "not_found"


class NoSuchFeed(NotFound):
    """No calendar of another channel of this place has that key."""

    code = "not_found"


class GroupOver(Conflict):
    """The group was cut off or cancelled; nothing is kept for it any more."""


class NoSuchStay(NotFound):
    """No stay or reservation of this place has that key."""

    code = "not_found"


class CodeTaken(Conflict):
    """The place has something of this code already."""


class StillInUse(Conflict):
    """Stays or rooms name it, so it cannot go; `details` lists them."""


class NotOpenYet(Conflict):
    """Nights so far ahead are not open for sale."""


class SoldOut(Conflict):
    """A night has no room of the type left; `details` names it."""


class DatesWrong(Invalid):
    """Arrival and departure do not make a stay."""


class TooManyPeople(Invalid):
    """More people than the room sleeps."""


class NoRate(Conflict):
    """The plan has no price for a night."""


class FollowsParent(Conflict):
    """The plan's prices are made from another's, so they are changed there."""


class NotUnderstood(Invalid):
    """What was typed is no restriction, or one that nobody could meet."""


class TooLate(Conflict):
    """It can be taken back no more."""


class Restricted(Conflict):
    """A restriction keeps the stay from being sold; `details` says which, and the desk may override it."""


class NoSuchPromotion(Invalid):
    """The code of no promotion, or of one that is not for this stay."""


class Cycle(Invalid):
    """A plan, or a room, would follow from itself."""


class WrongStatus(Conflict):
    """The stay is not where this step begins."""


class Stale(Conflict):
    """Somebody changed it meanwhile; `details` says who, what and when."""


class RoomTaken(Conflict):
    """The room belongs to another stay or a block at that time."""


class RoomNotReady(Conflict):
    """The room is dirty, or still occupied."""


class CardIncomplete(Invalid):
    """The registration card lacks something; `details` lists it."""


class ReasonMissing(Invalid):
    """A reason has to be written down."""


class LeaveNeeded(Forbidden):
    """Somebody with more rights has to agree."""


class NoDayOpen(Conflict):
    """The hotel has no open business day."""


class NotToBeRented(Conflict):
    """The hotel does not want this guest; somebody with more rights may say otherwise."""


class HoldOver(Conflict):
    """The hold has lapsed, and its nights are back on sale."""


class TooEarly(Conflict):
    """The guest is here before the arrival; `details` says from when, and what the nights before cost."""


class StayOver(Conflict):
    """The time of the stay is over."""


class NextGuestInTheWay(Conflict):
    """The room is somebody else's after this stay; `details` proposes what can be done."""


class RoomPromised(Conflict):
    """The guest was promised this very room."""


class NothingToUndo(Conflict):
    """There is no step that can be taken back: none was made, the day is closed, or more was done since."""


class NoSuchFolio(NotFound):
    """No folio of this place has that number, or no line of it that key."""

    code = "not_found"


class FolioClosed(Conflict):
    """A closed folio takes no line."""


class FolioOpen(Conflict):
    """Something keeps the folio from being closed; `details` says what is owed."""


class AmountWrong(Invalid):
    """An amount that cannot be charged, moved or given back."""


class AlreadyDone(Conflict):
    """It was charged or reversed before, and happens once."""


class NotYet(Conflict):
    """The day cannot be closed now; `details` says why."""


def _room_taken() -> RoomTaken:
    return RoomTaken(_("That room belongs to another guest in that time. Choose another room, or move that stay."))


rule("ex_room_occupancy_one_at_a_time", _room_taken)
rule("ex_room_occupancy_one_room", lambda: RoomTaken(_("A stay is in one room at a time. Reload and try again.")))
rule("uq_stay_in_house", lambda: RoomNotReady(_("Somebody is still checked in to that room. Check them out first.")))
rule("ck_inventory_calendar_not_oversold", lambda: SoldOut(_("There is no room left on one of these nights.")))
rule("uq_folio_line_reverses_id", lambda: AlreadyDone(_("This line has been reversed already.")))
rule("uq_folio_line_posting_key", lambda: AlreadyDone(_("This has been charged already.")))
rule("folio_closed", lambda: FolioClosed(_("The folio was closed meanwhile. Reopen it first.")))
