"""The pretended providers' checkouts: one form, whose buttons choose how the payment ends."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from portal.core import parse
from portal.core.errors import Invalid
from portal.gateways.sandbox import flutterwave, service
from portal.gateways.sandbox.models import (
    SandboxFlutterwaveCharge,
    SandboxFlutterwaveLink,
    SandboxTransaction,
)
from portal.web.guards import public
from portal.web.htmx import page
from portal.web.public.leaving import away
from portal.web.public.sandbox.routes import blueprint

TEMPLATE = "public/sandbox.html"


@blueprint.get("/checkout/<access_code>")
@public
def checkout(access_code: str) -> Response:
    """Paystack's page, where the payer is sent to."""
    return page(TEMPLATE, "checkout", **_paystack(service.by_access_code(access_code)), error=None)


@blueprint.post("/checkout/<access_code>")
@public
def decide(access_code: str) -> Response:
    """The payer pressed one of its buttons."""
    try:
        taken = service.decide(access_code=access_code, outcome=_outcome())
    except (Invalid, service.AlreadyDecided) as error:
        shown = _paystack(service.by_access_code(access_code))
        return page(TEMPLATE, "checkout", **shown, error=error.message, status=422)
    return away(_paystack(taken)["back"])


@blueprint.get("/pay/<token>")
@public
def flutterwave_checkout(token: str) -> Response:
    """Flutterwave's page, where the payer is sent to."""
    link = flutterwave.link_of(token)
    return page(TEMPLATE, "checkout", **_flutterwave(link, flutterwave.last_charge_of(link)), error=None)


@blueprint.post("/pay/<token>")
@public
def flutterwave_decide(token: str) -> Response:
    """The payer pressed one of its buttons."""
    try:
        charge = flutterwave.decide(token=token, outcome=_outcome())
    except (Invalid, service.AlreadyDecided) as error:
        link = flutterwave.link_of(token)
        shown = _flutterwave(link, flutterwave.last_charge_of(link))
        return page(TEMPLATE, "checkout", **shown, error=error.message, status=422)
    return away(_flutterwave(flutterwave.link_of(token), charge)["back"])


def _outcome() -> service.Outcome:
    return parse.choice(request.form.get("outcome"), "outcome", service.Outcome)


def _paystack(taken: SandboxTransaction) -> dict[str, Any]:
    """What the page shows of a transaction, and the way back to the merchant."""
    return {
        "provider": "Paystack",
        "description": taken.description,
        "amount": taken.requested_amount,
        "currency": taken.requested_currency,
        "email": taken.email,
        "reference": taken.reference,
        "made": taken.paid_at is not None,
        "back": _joined(taken.callback_url, trxref=taken.reference, reference=taken.reference),
    }


def _flutterwave(link: SandboxFlutterwaveLink, charge: SandboxFlutterwaveCharge | None) -> dict[str, Any]:
    """The same of a payment link; whoever gave up is called cancelled, and has no transaction."""
    ended: dict[str, object] = {"status": charge.status if charge else "cancelled", "tx_ref": link.tx_ref}
    if charge is not None:
        ended["transaction_id"] = charge.number
    return {
        "provider": "Flutterwave",
        "description": link.title or (link.meta or {}).get("description") or "",
        "amount": link.amount,
        "currency": link.currency,
        "email": link.email,
        "reference": link.tx_ref,
        "made": charge is not None and charge.status != "failed",
        "back": _joined(link.redirect_url, **ended),
    }


def _joined(url: str, **query: object) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
