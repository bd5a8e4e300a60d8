"""The ways money says no."""

from __future__ import annotations

from portal.core.errors import Conflict, Forbidden, Invalid, NotFound


class NoSuchPayment(NotFound):
    """No payment has that reference, or it is not yours."""

    code = "not_found"


class CannotFulfil(Conflict):
    """What was paid for cannot be given any more; the money waits for a person's decision."""


class CheckoutOver(Conflict):
    """This payment can no longer be started; a new one can."""


class NotInReview(Conflict):
    """The payment does not wait for a decision."""


class SecondPersonNeeded(Forbidden):
    """Who started a payment does not decide about it."""


class ReasonMissing(Invalid):
    """A decision about money is kept with its reason."""

    code = "reason_needed"


class MessageContradicts(Conflict):
    """The gateway now says something else about a transaction it has told us of; the first word stays."""


class NoSuchBill(NotFound):
    """No bill has that number at this place, or its address is not one of ours."""

    code = "not_found"


class BillOver(Conflict):
    """The bill is paid or cancelled, so nothing more can be paid for it."""


class BillCannotBeCancelled(Conflict):
    """Money has come for the bill."""


class BillCancelledMeanwhile(CannotFulfil):
    """Money came for a bill that was cancelled before."""

    code = "bill_cancelled"


class MoreThanDue(Conflict):
    """Nobody is asked for more than is due."""


class WrongCurrency(Invalid):
    """A bill is paid in its own currency."""


class CreditTooLow(Conflict):
    """The customer has less credit than that."""


class SlipMissing(Invalid):
    """A card payment is kept with the number on its slip."""


class SlipUsed(Conflict):
    """A card slip is recorded once."""


class TooLittleHandedOver(Invalid):
    """Less cash was handed over than is to be taken."""


class NotTaken(Conflict):
    """What the money was for could not be given, so nothing was recorded."""
