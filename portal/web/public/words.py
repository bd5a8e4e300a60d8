"""How a payment stands, as the person who pays reads it at the door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.core.clock import utcnow
from portal.core.money import Money
from portal.core.words import _
from portal.shared.access.models import AccessGrant
from portal.shared.assets.models import Unit, UnitKind
from portal.shared.devices.models import OPEN, CommandStatus, DeviceCommand
from portal.shared.payments.models import IntentStatus, PaymentIntent


@dataclass(frozen=True, slots=True)
class State:
    """One big mark, a title and a sentence; `live` while something is still to come."""

    tone: str
    icon: str
    title: str
    sentence: str
    live: bool = False
    again: bool = False


def state_of(intent: PaymentIntent, unit: Unit | None, grant: AccessGrant | None, told: DeviceCommand | None) -> State:
    """What to tell the payer now; a unit may have been deleted before its first payment came."""
    if intent.status == IntentStatus.SUCCEEDED:
        return _paid(unit, grant, told) if unit and grant else _credited(intent)
    if intent.status == IntentStatus.REVIEW:
        sentence = _(
            "Your money arrived, but it does not match what was asked. Show this page at the desk; nothing is lost."
        )
        return State("warn", "eye", _("We are looking at your payment"), sentence, live=True)
    if intent.status == IntentStatus.REFUNDED:
        return State("info", "receipt-refund", _("Your money was sent back"), _("It can take your bank a few days."))
    if intent.status == IntentStatus.FAILED:
        sentence = _("Your bank or card did not agree. Nothing was charged.")
        return State("bad", "circle-x", _("The payment failed"), sentence, again=True)
    if intent.status in (IntentStatus.ABANDONED, IntentStatus.EXPIRED):
        sentence = _("No money arrived. If your bank says otherwise, wait a minute: late money is not lost.")
        return State("warn", "clock", _("Not paid yet"), sentence, live=True, again=True)
    sentence = _("This page changes by itself when the payment arrives.")
    return State("info", "hourglass", _("Waiting for your payment"), sentence, live=True)


def _paid(unit: Unit, grant: AccessGrant, told: DeviceCommand | None) -> State:
    now: datetime = utcnow()
    room = unit.kind == UnitKind.ROOM
    if grant.revoked_at is not None or grant.ends_at <= now:
        return State("info", "lock", _("Your time is over"), _("Pay again to go on."), again=True)
    if grant.starts_at > now or told is None:
        return State("good", "circle-check", _("Paid: your time is extended"), _("You need do nothing; you stay in."))
    if told.status == CommandStatus.DONE:
        title = _("Unlocked") if room else _("Ready to drive")
        return State("good", "lock-open" if room else "key", title, _("Welcome. Your receipt is below."))
    if told.status in OPEN:
        title = _("Paid. Unlocking…") if room else _("Paid. Starting…")
        return State("info", "lock", title, _("This takes a few seconds."), live=True)
    sentence = _("Your payment is safe. We keep trying to reach the lock; the desk can let you in too.")
    return State("warn", "lock-exclamation", _("Paid, lock not reached yet"), sentence, live=True)


def _credited(intent: PaymentIntent) -> State:
    payment = intent.payment
    if payment and payment.remainder < payment.amount:
        return State("good", "circle-check", _("Paid. Thank you."), _("Your receipt is below."))
    kept = Money(payment.remainder, payment.currency) if payment else ""
    return State("good", "wallet", _("Paid, and kept as your credit"), _("The place owes you %(money)s.", money=kept))
