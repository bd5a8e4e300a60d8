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
