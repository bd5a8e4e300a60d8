"""A question to a phone in the words of the people who wait for its answer."""

from __future__ import annotations

from dataclasses import dataclass

from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.payments.models import IntentStatus, PaymentIntent, PhonePush, PushStatus
from portal.shared.payments.providers import offered
from portal.shared.payments.services.pushes import CURRENCY, PROVIDER

#: The pages of a question look again when one of these is announced; while it is open they also ask by themselves.
LIVE = (
    "payments.push.moved from:body, payments.payment.settled from:body, payments.intent.held from:body,"
    " payments.intent.ended from:body"
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One mark, a title and a sentence; `live` while an answer is still to come, `again` when it may be asked again."""

    tone: str
    icon: str
    title: str
    sentence: str
    live: bool = False
    again: bool = False


def offers_phones(place: Asset) -> bool:
    """Whether phones can be asked for money at a place."""
    return place.currency == CURRENCY and any(each.provider == PROVIDER for each in offered(place.business_id))


def stage_of(intent: PaymentIntent, push: PhonePush) -> Stage:
    """How a question stands, for a cashier."""
    if push.status == PushStatus.ASKING:
        return Stage("info", "send", _("Asking the phone…"), _("The question is on its way to the phone."), live=True)
    if push.status == PushStatus.WAITING:
        sentence = _("The phone shows the amount. The customer types their M-Pesa PIN there.")
        return Stage("info", "device-mobile", _("Waiting for the PIN…"), sentence, live=True)
    if push.status == PushStatus.PAID:
        return _paid(intent, push)
    over = intent.status not in (IntentStatus.CREATED, IntentStatus.PENDING, IntentStatus.PROCESSING)
    late = _("If the money comes all the same, it is taken.")
    if push.status == PushStatus.CANCELLED:
        by_phone = push.code is not None
        title = _("Cancelled on the phone") if by_phone else _("Stopped waiting")
        sentence = push.said or "" if by_phone else late
        return Stage("warn", "ban", title, sentence, again=not over)
    title = _("No answer: try again or pay otherwise") if push.status == PushStatus.EXPIRED else _("It did not work")
    return Stage("bad", "circle-x", title, f"{push.said or ''} {late}".strip(), again=not over)


def _paid(intent: PaymentIntent, push: PhonePush) -> Stage:
    title = _("Paid, receipt %(receipt)s", receipt=push.receipt) if push.receipt else _("Paid")
    if intent.status == IntentStatus.REVIEW:
        return Stage("warn", "eye", title, _("The money came and does not match. A manager decides about it."))
    sentence = _("The money is here.") if push.receipt else _("The money is here; its receipt number follows.")
    return Stage("good", "circle-check", title, sentence, live=push.receipt is None)
