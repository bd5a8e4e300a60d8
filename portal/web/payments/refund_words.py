"""Refunds and disputes in the words of the people who look after them."""

from __future__ import annotations

from portal.core.words import _
from portal.shared.payments.models import Refund, RefundState

#: Colour and icon of each state.
LOOKS = {
    RefundState.REQUESTED: ("warn", "eye"),
    RefundState.APPROVED: ("info", "check"),
    RefundState.SUBMITTING: ("info", "send"),
    RefundState.PENDING: ("info", "hourglass"),
    RefundState.PROCESSING: ("info", "refresh"),
    RefundState.NEEDS_ATTENTION: ("warn", "alert-triangle"),
    RefundState.PROCESSED: ("good", "circle-check"),
    RefundState.FAILED: ("bad", "circle-x"),
    RefundState.DECLINED: ("idle", "ban"),
}


def state(refund: Refund) -> str:
    """How a refund stands."""
    if refund.status == RefundState.APPROVED and refund.by_hand:
        return _("To be handed over")
    return {
        RefundState.REQUESTED: _("Needs approval"),
        RefundState.APPROVED: _("Approved"),
        RefundState.SUBMITTING: _("Being sent"),
        RefundState.PENDING: _("With the provider"),
        RefundState.PROCESSING: _("With the payer's bank"),
        RefundState.NEEDS_ATTENTION: _("Needs a bank account"),
        RefundState.PROCESSED: _("Refunded"),
        RefundState.FAILED: _("Failed"),
        RefundState.DECLINED: _("Declined"),
    }[RefundState(refund.status)]


def tone(refund: Refund) -> str:
    """The colour of its state."""
    waits = refund.status == RefundState.APPROVED and refund.by_hand
    return "warn" if waits else LOOKS[RefundState(refund.status)][0]


def icon(refund: Refund) -> str:
    """The icon of its state."""
    return LOOKS[RefundState(refund.status)][1]


def chips() -> list[tuple[str, str]]:
    """The filters of the list: value and words."""
    return [
        ("", _("All")),
        ("waiting", _("Need somebody")),
        ("open", _("Under way")),
        (RefundState.PROCESSED.value, _("Refunded")),
        (RefundState.FAILED.value, _("Failed")),
        (RefundState.DECLINED.value, _("Declined")),
    ]


def next_step(refund: Refund) -> str:
    """What happens next, in a sentence."""
    if refund.status == RefundState.APPROVED and refund.by_hand:
        return _("Somebody hands the money over, and says so here.")
    return {
        RefundState.REQUESTED: _("Somebody else approves it, or declines."),
        RefundState.APPROVED: refund.said or _("It is sent in a moment."),
        RefundState.SUBMITTING: refund.said or _("The provider is being asked."),
        RefundState.PENDING: refund.said or _("The provider works on it; banks take some days."),
        RefundState.PROCESSING: refund.said or _("The payer's bank works on it; that takes some days."),
        RefundState.NEEDS_ATTENTION: _("The card would not take it back. Ask the payer for a bank account."),
        RefundState.PROCESSED: refund.said or _("The money is back with the payer."),
        RefundState.FAILED: refund.said or _("The provider gave no reason."),
        RefundState.DECLINED: refund.decline_reason or "",
    }[RefundState(refund.status)]


def dispute_state(status: str) -> str:
    """How a dispute stands."""
    return {"open": _("Needs somebody"), "handled": _("Dealt with"), "resolved": _("Decided")}[status]


def said(words: str) -> str:
    """A provider's own word for how something stands, as people write."""
    return words.replace("-", " ").replace("_", " ").capitalize()


def dispute_reason(kind: str, reason: str | None) -> str:
    """Why somebody wants the money back, as far as the provider says."""
    if kind == "reversal":
        return _("The provider took the money back.")
    return {
        "fraud": _("The payer says that it was not them."),
        "chargeback": _("The payer's bank wants the money back."),
        "general": _("The payer complains."),
    }.get(reason or "", said(reason) if reason else _("No reason was given."))
