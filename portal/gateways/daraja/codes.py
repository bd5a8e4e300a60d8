"""What M-Pesa's result codes mean, and what the cashier is to do. A code we do not know is no end: we ask again."""

from __future__ import annotations

from portal.core.words import _
from portal.gateways.base import PushState

STATES = {
    "0": PushState.PAID,
    "1": PushState.FAILED,
    "1001": PushState.FAILED,
    "1019": PushState.EXPIRED,
    "1025": PushState.FAILED,
    "1032": PushState.CANCELLED,
    "1036": PushState.UNREACHABLE,
    "1037": PushState.UNREACHABLE,
    "2001": PushState.FAILED,
    "4999": PushState.WAITING,
    "9999": PushState.FAILED,
}


def state(code: str) -> PushState:
    """How a question stands by its result code."""
    return STATES.get(code, PushState.UNKNOWN)


def sentence(code: str) -> str:
    """What a cashier is told: what happened, and what to do next."""
    told = {
        "0": _("Paid."),
        "1": _("There is not enough money on this phone. Ask for less, or take another way to pay."),
        "1001": _("The phone is busy with another M-Pesa question. Wait a minute, then ask again."),
        "1019": _("The question lapsed before it was answered. Ask again."),
        "1025": _("M-Pesa could not send the question to the phone. Check the number and ask again."),
        "1032": _("The payer cancelled, or did not answer in time. Ask again if they still want to pay."),
        "1036": _("The phone did not answer. See that it is on and has a signal, then ask again."),
        "1037": _("The phone could not be reached. See that it is on and has a signal, then ask again."),
        "2001": _("The PIN was wrong. Ask again, and let the payer type it slowly."),
        "4999": _("Waiting for the payer's PIN."),
        "9999": _("M-Pesa could not send the question to the phone. Check the number and ask again."),
    }
    return told.get(code) or _(
        "M-Pesa answered with a code the portal does not know (%(code)s). It goes on asking.", code=code[:20] or "–"
    )
