"""The pretended Flutterwave v3: payment links, transactions, refunds; amounts in major units with decimals."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import request

from config import Settings
from portal.core import parse
from portal.core.errors import DomainError
from portal.gateways.sandbox import flutterwave as service
from portal.gateways.sandbox import flutterwave_documents as documents
from portal.gateways.sandbox import keys
from portal.web.guards import public
from portal.web.public.sandbox_api.calls import (
    Answer,
    Provider,
    an_address,
    asked,
    bearer_is,
    call,
    public_url,
    queried,
)
from portal.web.public.sandbox_api.routes import blueprint

MOST_MINOR = 10**12
PER_PAGE = 20
STATUSES = ("successful", "failed", "pending")


def _admit(settings: Settings) -> Answer | None:
    if bearer_is(keys.flutterwave_key(settings)):
        return None
    return {"status": "error", "message": "Invalid authorization key", "data": None}, 401


def _refuse(error: DomainError) -> Answer:
    return {"status": "error", "message": error.message, "data": None}, 404 if error.status == 404 else 400


FLUTTERWAVE = Provider(
    name=service.PROVIDER,
    admit=_admit,
    refuse=_refuse,
    broken=({"status": "error", "message": "An error occurred. Please try again", "data": None}, 500),
)


def good(message: str, data: Any, **more: Any) -> Answer:
    """An answer to a request that worked; the thing itself has a status of its own."""
    return {"status": "success", "message": message, "data": data, **more}, 200


@blueprint.post("/flutterwave/v3/payments")
@public
@call(FLUTTERWAVE, "payments")
def flutterwave_payments() -> Answer:
    """Make a payment link."""
    sent = asked()
    customer = sent.get("customer")
    person: dict[str, Any] = customer if isinstance(customer, dict) else {}
    shown = sent.get("customizations")
    meta = sent.get("meta")
    currency = parse.currency(sent.get("currency", "NGN"))
    amount = parse.money(sent.get("amount"), "amount", currency=currency, minimum=1, maximum=MOST_MINOR)
    made = service.create_link(
        tx_ref=parse.text(sent.get("tx_ref"), "tx_ref", max_length=100),
        amount=amount.minor,
        currency=currency,
        redirect_url=an_address(sent.get("redirect_url"), "redirect_url"),
        email=parse.email(person.get("email")),
        name=parse.text(person.get("name"), "name", min_length=0, max_length=200),
        phone=parse.optional(parse.text, person.get("phonenumber") or person.get("phone_number"), "phonenumber"),
        title=_title(shown),
        meta=meta if isinstance(meta, dict) else None,
    )
    return good("Hosted Link", {"link": f"{public_url()}/sandbox/pay/{made.token}"})


@blueprint.get("/flutterwave/v3/transactions/<int:number>/verify")
@public
@call(FLUTTERWAVE, "verify")
def flutterwave_verify(number: int) -> Answer:
    """How a transaction stands, by its id."""
    return good("Transaction fetched successfully", documents.charge(service.by_number(number)))


@blueprint.get("/flutterwave/v3/transactions/verify_by_reference")
@public
@call(FLUTTERWAVE, "verify_by_reference")
def flutterwave_verify_by_reference() -> Answer:
    """How the newest transaction under a merchant's reference stands."""
    tx_ref = parse.text(request.args.get("tx_ref"), "tx_ref", max_length=100)
    return good("Transaction fetched successfully", documents.charge(service.by_tx_ref(tx_ref)))


@blueprint.get("/flutterwave/v3/transactions")
@public
@call(FLUTTERWAVE, "transactions")
def flutterwave_transactions() -> Answer:
    """A page of transactions; `from` and `to` are days, both included."""
    page = queried("page", 1, 10**6)
    rows, total = service.listed(
        **_span(),
        tx_ref=parse.optional(parse.text, request.args.get("tx_ref"), "tx_ref"),
        status=parse.optional(parse.choice, request.args.get("status"), "status", options=STATUSES),
        page=page,
        per_page=PER_PAGE,
    )
    return good("Transactions fetched", [documents.charge_in_list(each) for each in rows], meta=_meta(total, page))


@blueprint.post("/flutterwave/v3/transactions/<int:number>/refund")
@public
@call(FLUTTERWAVE, "refund")
def flutterwave_refund(number: int) -> Answer:
    """Give money back."""
    sent = asked() if request.get_data() else {}
    currency = service.by_number(number).currency
    amount = parse.optional(parse.money, sent.get("amount"), "amount", currency=currency, minimum=1)
    made = service.refund(
        number=number,
        amount=amount.minor if amount else None,
        comments=parse.text(sent.get("comments"), "comments", min_length=0, max_length=500),
    )
    return good("Transaction refund initiated", documents.refund(made))


@blueprint.get("/flutterwave/v3/refunds")
@public
@call(FLUTTERWAVE, "refunds")
def flutterwave_refunds() -> Answer:
    """A page of refunds; `from` and `to` are days, both included."""
    page = queried("page", 1, 10**6)
    rows, total = service.refunds(**_span(), page=page, per_page=PER_PAGE)
    return good("Refunds fetched", [documents.refund(each) for each in rows], meta=_meta(total, page))


@blueprint.get("/flutterwave/v3/refunds/<int:number>")
@public
@call(FLUTTERWAVE, "refunds")
def flutterwave_refund_fetch(number: int) -> Answer:
    """How a refund stands."""
    return good("Refund fetched", documents.refund(service.refund_by_number(number)))


@blueprint.get("/flutterwave/v3/transactions/fee")
@public
@call(FLUTTERWAVE, "fee")
def flutterwave_fee() -> Answer:
    """What would be kept of an amount."""
    currency = parse.currency(request.args.get("currency", "NGN"))
    amount = parse.money(request.args.get("amount"), "amount", currency=currency, minimum=1, maximum=MOST_MINOR)
    return good("Charged fee", documents.fee(amount.minor, currency))


@blueprint.post("/flutterwave/v3/transactions/<int:number>/resend-hook")
@public
@call(FLUTTERWAVE, "resend_hook")
def flutterwave_resend_hook(number: int) -> Answer:
    """Tell the merchant once more."""
    service.resend_hook(number=number)
    return good("hook sent successfully", "hook sent")


@blueprint.get("/flutterwave/v3/settlements")
@public
@call(FLUTTERWAVE, "settlements")
def flutterwave_settlements() -> Answer:
    """What was paid out to the merchant's bank; all on one page."""
    data = service.settlements(**_span())
    info = {"total": len(data), "current_page": 1, "total_pages": 1, "page_size": len(data)}
    return good("Settlements fetched", data, meta={"page_info": info})


def _span() -> dict[str, datetime | None]:
    until = _midnight("to")
    return {"since": _midnight("from"), "until": until + timedelta(days=1) if until else None}


def _midnight(name: str) -> datetime | None:
    day = parse.optional(parse.day, request.args.get(name), name)
    return datetime.combine(day, time(), UTC) if day else None


def _meta(total: int, page: int) -> dict[str, Any]:
    info = {"total": total, "current_page": page, "total_pages": -(-total // PER_PAGE)}
    return {"page_info": info}


def _title(shown: object) -> str:
    words = (shown.get("description") or shown.get("title")) if isinstance(shown, dict) else None
    return words[:200] if isinstance(words, str) else ""
