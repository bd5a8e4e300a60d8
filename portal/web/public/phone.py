"""Paying with a phone that is asked for its PIN: from a bill's page and at the door."""

from __future__ import annotations

import uuid
from datetime import timedelta

from portal.core import throttle
from portal.core.words import _
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments.mobile_errors import NotAPhone, PhoneBusy
from portal.shared.payments.models import PaymentIntent, PhonePush, PushStatus
from portal.shared.payments.services import pushes
from portal.web.guards import current_actor
from portal.web.public.words import State

#: Nobody's phone is made to ring more often than this by strangers who know its number.
RINGS = 6
RINGS_PER = timedelta(minutes=10)


def ask(purpose: str, subject_id: uuid.UUID, *, amount: int, phone: str | None, payer: str) -> str:
    """The reference of the payment for which a phone is being asked; one that is asked already is watched on."""
    if not phone:
        raise NotAPhone(_("Enter the number of the phone that pays."), field="phone_number")
    throttle.refuse_over("phone_rings", phone, limit=RINGS, per=RINGS_PER)
    throttle.count("phone_rings", phone, per=RINGS_PER)
    try:
        push = pushes.pay(
            purpose=purpose, subject_id=subject_id, amount=amount, phone=phone, payer=payer, actor=current_actor()
        )
    except PhoneBusy as busy:
        return str(busy.details["reference"])
    return queries.intent_of(push).reference


def state_of_phone(intent: PaymentIntent) -> State | None:
    """What the person with the phone is told while no money has come; None where no phone was asked."""
    asked = queries.pushes_of(intent.id)
    return _state(asked[0]) if asked and intent.payment is None else None


def _state(push: PhonePush) -> State | None:
    if push.status in queries.OPEN:
        sentence = _("A question has come to %(phone)s. Type your M-Pesa PIN there.", phone=push.phone)
        return State("info", "device-mobile", _("Look at your phone"), sentence, live=True)
    if push.status == PushStatus.CANCELLED:
        sentence = _("You cancelled it on the phone. Nothing was charged.")
        return State("warn", "ban", _("Cancelled"), sentence, live=True, again=True)
    if push.status == PushStatus.PAID:
        return None
    sentence = _("Nothing was charged. If you have paid all the same, wait a minute: late money is not lost.")
    return State("bad", "circle-x", _("No answer from the phone"), sentence, live=True, again=True)
