"""What a payment's page knows of its refunds and disputes, and whether more can go back."""

from __future__ import annotations

from typing import Any

from flask import g

from portal.shared.payments import providers
from portal.shared.payments.models import Payment, PaymentIntent, RefundState
from portal.shared.payments.refund_queries import OPEN, can_be_refunded, disputes_of_payment, refunds_of_payment
from portal.shared.payments.services import giving_back
from portal.shared.payments.services.giving_back import Left
from portal.web.guards import current_actor, may
from portal.web.payments import refund_words
from portal.web.payments.refund_forms import HandOverForm, NoForm, RefundForm


def standing(
    intent: PaymentIntent,
    payment: Payment | None,
    *,
    asking: RefundForm | None = None,
    handing: HandOverForm | None = None,
    declining: NoForm | None = None,
) -> dict[str, Any]:
    """The values of the refund's part of the page; forms that were refused come back as they were filled in."""
    refunds = refunds_of_payment(payment.id) if payment else []
    under_way = any(each.status in OPEN for each in refunds)
    left = giving_back.left_of(intent, payment) if payment and can_be_refunded(intent) else None
    if asking is None and left and left.total > 0 and not under_way and may("payments.refund"):
        asking = empty_form(left)
    return {
        "refunds": refunds,
        "disputes": disputes_of_payment(payment.id) if payment else [],
        "left": left,
        "asking": asking,
        "handing": handing or HandOverForm(formdata=None),
        "declining": declining or NoForm(formdata=None),
        "said_of": refund_words,
        "at_the_desk": payment is not None and payment.provider in providers.BY_HAND,
        "failed_last": refunds[0].id if refunds and refunds[0].status == RefundState.FAILED else None,
        "on_the_way": OPEN,
        "me": current_actor().key,
    }


def empty_form(left: Left) -> RefundForm:
    """The form with all that is left written into it."""
    g.paid_currency = left.currency
    return RefundForm(formdata=None, amount=left.money)
