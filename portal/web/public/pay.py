"""One payment as its payer sees it: on the way out, waiting, unlocked, and on paper."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, g, request, url_for
from flask_limiter.util import get_remote_address

from portal.extensions import limiter
from portal.shared.access.queries import find_grant_of_payment
from portal.shared.assets.queries import asset_of, units_by_id
from portal.shared.devices.queries import commands_of
from portal.shared.payments import purposes, receipts
from portal.shared.payments.bill_queries import bills_by_id
from portal.shared.payments.models import IntentStatus, PaymentIntent
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import checkout
from portal.web.assets.register import drawn
from portal.web.guards import current_actor, public
from portal.web.htmx import go, page
from portal.web.public.leaving import away
from portal.web.public.phone import state_of_phone
from portal.web.public.words import state_of

blueprint = Blueprint("pay", __name__, url_prefix="/pay")
UNPAID = (IntentStatus.CREATED, IntentStatus.PENDING, IntentStatus.ABANDONED)


def _who_and_what() -> str:
    """Each waiting page looks every two seconds, and a whole hotel may stand behind one router."""
    return f"{get_remote_address()} {request.path[:100]}"


@blueprint.get("/<reference>")
@public
@limiter.limit("240 per minute", key_func=_who_and_what)
def show(reference: str) -> Response:
    """How it stands; whoever comes back from the provider is looked up there first."""
    if "trxref" in request.args or "reference" in request.args:
        checkout.confirm(get_intent(reference).reference, via="redirect", actor=current_actor())
        return go(url_for(".show", reference=reference))
    intent = get_intent(reference)
    return page("public/pay.html", "state", **_standing(intent))


@blueprint.get("/<reference>/checkout")
@public
def leave(reference: str) -> Response:
    """On to the provider's checkout, or back to the state when there is nothing left to pay."""
    intent = get_intent(reference)
    if intent.checkout_url is None or intent.status not in UNPAID:
        return go(url_for(".show", reference=reference))
    g.visited = asset_of(intent.asset_id)
    return away(intent.checkout_url)


@blueprint.get("/<reference>/receipt")
@public
def receipt(reference: str) -> Response:
    """What was paid, for what, on one small sheet."""
    found = _receipt(reference)
    return page("public/receipt.html", receipt=found, code=drawn(found.url), reference=reference)


@blueprint.get("/<reference>/receipt.pdf")
@public
@limiter.limit("60 per minute")
def receipt_pdf(reference: str) -> Response:
    """The same on an A5 sheet, to keep."""
    response = Response(receipts.pdf(_receipt(reference)), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="receipt-{reference}.pdf"'
    return response


def _receipt(reference: str) -> receipts.Receipt:
    intent = get_intent(reference)
    g.visited = asset_of(intent.asset_id)
    return receipts.receipt_of(intent, public_url=current_app.extensions["settings"].public_url)


def _standing(intent: PaymentIntent) -> dict[str, Any]:
    asset, unit = asset_of(intent.asset_id), units_by_id({intent.subject_id}).get(intent.subject_id)
    bill = bills_by_id({intent.subject_id}).get(intent.subject_id) if unit is None else None
    g.visited = asset
    payment = intent.payment
    grant = find_grant_of_payment(payment.id) if payment else None
    told = [each for each in commands_of(intent.subject_id, 10) if grant and each.grant_id == grant.id]
    return {
        "intent": intent,
        "payment": payment,
        "asset": asset,
        "unit": unit,
        "bill": bill,
        "called": purposes.purpose(intent.purpose).about(intent).title,
        "grant": grant,
        "state": state_of_phone(intent) or state_of(intent, unit, grant, told[0] if told else None),
        "can_pay": intent.status in UNPAID and intent.checkout_url is not None,
    }
