"""The ways money says no."""

from __future__ import annotations

from portal.core.errors import Conflict, Forbidden, Invalid, NotFound
from portal.core.transaction import rule
from portal.core.words import _


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


class NothingHeld(Conflict):
    """No deposit is held that could be earned."""


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


class NoSuchBand(NotFound):
    """No charge has that key."""


class BandNotSensible(Invalid):
    """A charge that cannot be meant: it begins in the past, or ends before it begins."""


class BandsOverlap(Conflict):
    """Two charges would hold for one amount at one moment."""


class ChargeEatsAll(Conflict):
    """No amount leaves enough after the charge."""


class NoSuchPayout(NotFound):
    """There is no such payout, or it is not yours."""

    code = "not_found"


class WrongPayoutState(Conflict):
    """What was asked does not fit how the payout stands now."""

    code = "wrong_status"


class NotEnoughAtProvider(Conflict):
    """The money at the provider does not cover a payout and its charge."""


class AccountNotOurs(Invalid):
    """Money that is booked to the place's own bank goes to the account that is written down for the place."""


class AccountNotFound(Conflict):
    """The bank knows no such account, or knows it under another name than was shown."""


class OtpRefused(Conflict):
    """The one-time password was not the one that was sent."""

    code = "wrong_otp"


class OtpLocked(Conflict):
    """Too many wrong one-time passwords; a new one has to be sent."""

    code = "otp_locked"


class NoSuchRefund(NotFound):
    """No such refund at this place."""


class NothingToRefund(Conflict):
    """No money came, or all of it has gone back."""


class RefundTooLarge(Conflict):
    """More than can still go back."""


class RefundTooSmall(Invalid):
    """Nothing, or less."""


class RefundUnderWay(Conflict):
    """One refund of a payment at a time: a provider's message names the payment and not the refund."""


class PartlyGone(Conflict):
    """Money of which a part went back is not taken for the whole."""


class WrongRefundState(Conflict):
    """The refund has moved on since the page was loaded."""


class NoSuchDispute(NotFound):
    """No such dispute at this place."""


rule("refund_cap", lambda: RefundTooLarge(_("More would go back than came in. Reload to see what can still go back.")))
rule("ck_payment_refunded_within", lambda: RefundTooLarge(_("More would go back than came in.")))
rule("uq_refund_one_open", lambda: RefundUnderWay(_("A refund of this payment is under way. Wait for its end.")))
rule("ck_refund_second_person", lambda: SecondPersonNeeded(_("Somebody else must approve a refund you asked for.")))


class NoSuchComparison(NotFound):
    """No comparison has this name, or it is not yours."""

    code = "not_found"


class NoSuchDifference(NotFound):
    """No difference has this name, or it is not yours."""

    code = "not_found"


class AlreadyComparing(Conflict):
    """One comparison of a business and provider runs at a time."""


class BadSpan(Invalid):
    """A stretch of time that cannot be compared."""


class DifferenceOver(Conflict):
    """The difference was dealt with meanwhile."""


class NotMended(Conflict):
    """The provider, asked again, says something that this button cannot mend."""


class OtherPlaces(Forbidden):
    """It would be booked at a place this person does not reconcile."""
