"""The pretended Paystack, money coming in: transactions, refunds, settlements, for whoever holds the secret key."""

from __future__ import annotations

from typing import Any

from flask import request

from config import Settings
from portal.core import parse
from portal.core.errors import DomainError
from portal.gateways.sandbox import balances, documents, keys, refunds, service
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
STATUSES = ("success", "failed", "abandoned", "reversed")
#: What the provider suggests beside a refusal, by its code.
NEXT_STEPS = {
    "duplicate_transfer_reference": "Create a new reference for the new transfer",
    "insufficient_balance": "Top up your balance and try again",
    "invalid_otp": "Check the OTP and try again",
    "otp_locked": "Ask for another OTP",
}


def _admit(settings: Settings) -> Answer | None:
    return None if bearer_is(keys.paystack_key(settings)) else ({"status": False, "message": "Invalid key"}, 401)


def _refuse(error: DomainError) -> Answer:
    status = {404: 404, 422: 422}.get(error.status, 400)
    if error.code in ("invalid", "invalid_otp", "invalid_recipient", "invalid_transfer_reference", "invalid_params"):
        status = 400
    document = {
        "status": False,
        "message": error.message,
        "meta": {"nextStep": NEXT_STEPS.get(error.code, "Check the request and try again")},
        "type": "validation_error",
        "code": error.code,
    }
    return document, status


PAYSTACK = Provider(
    name=service.PROVIDER,
    admit=_admit,
    refuse=_refuse,
    broken=({"status": False, "message": "An error occurred", "type": "api_error", "code": "unknown"}, 500),
)


def good(message: str, data: Any, status: int = 200, **more: Any) -> Answer:
    """An answer to a request that worked, which says nothing of the thing itself."""
    return {"status": True, "message": message, "data": data, **more}, status


@blueprint.post("/transaction/initialize")
@public
@call(PAYSTACK, "initialize")
def initialize() -> Answer:
    """Open a transaction."""
    sent = asked()
    metadata = sent.get("metadata")
    made = service.initialize(
        reference=parse.reference(sent.get("reference")),
        email=parse.email(sent.get("email")),
        amount=parse.whole(sent.get("amount"), "amount", minimum=1, maximum=MOST_MINOR),
        currency=parse.currency(sent.get("currency", "NGN")),
        callback_url=an_address(sent.get("callback_url"), "callback_url"),
        description=_description(metadata),
        meta=metadata if isinstance(metadata, dict) else None,
    )
    data = {
        "authorization_url": f"{public_url()}/sandbox/checkout/{made.access_code}",
        "access_code": made.access_code,
        "reference": made.reference,
    }
    return good("Authorization URL created", data)


@blueprint.get("/transaction/verify/<reference>")
@public
@call(PAYSTACK, "verify")
def verify(reference: str) -> Answer:
    """How a transaction stands."""
    return good("Verification successful", documents.charge(service.by_reference(reference)))


@blueprint.get("/transaction")
@public
@call(PAYSTACK, "transactions")
def transactions() -> Answer:
    """A page of transactions."""
    page, per_page = queried("page", 1, 10**6), _per_page()
    status = parse.optional(parse.choice, request.args.get("status"), "status", options=STATUSES)
    rows, total, volume = service.listed(
        status=status,
        since=parse.optional(parse.timestamp, request.args.get("from"), "from"),
        until=parse.optional(parse.timestamp, request.args.get("to"), "to"),
        page=page,
        per_page=per_page,
    )
    meta = {"total_volume": volume, **_meta(total, page, per_page)}
    return good("Transactions retrieved", [documents.charge_in_list(each) for each in rows], meta=meta)


@blueprint.post("/refund")
@public
@call(PAYSTACK, "refund")
def refund_create() -> Answer:
    """Begin to give money back; `transaction` is a reference or a number."""
    sent = asked()
    named = sent.get("transaction")
    made = refunds.create(
        transaction=named if type(named) is int else _transaction(named),
        amount=parse.optional(parse.whole, sent.get("amount"), "amount", maximum=MOST_MINOR),
        currency=parse.optional(parse.currency, sent.get("currency"), "currency"),
        customer_note=parse.text(sent.get("customer_note"), "customer_note", min_length=0, max_length=500),
        merchant_note=parse.text(sent.get("merchant_note"), "merchant_note", min_length=0, max_length=500),
    )
    return good("Refund has been queued for processing", documents.refund_started(made))


@blueprint.get("/refund")
@public
@call(PAYSTACK, "refunds")
def refund_list() -> Answer:
    """A page of refunds."""
    page, per_page = queried("page", 1, 10**6), _per_page()
    rows, total, failed = refunds.listed(
        since=parse.optional(parse.timestamp, request.args.get("from"), "from"),
        until=parse.optional(parse.timestamp, request.args.get("to"), "to"),
        page=page,
        per_page=per_page,
    )
    # The page's size is text in this one list, as documented.
    meta = {**_meta(total, page, per_page), "perPage": str(per_page), "failedRefundCount": failed}
    return good("Refunds retrieved", [documents.refund(each) for each in rows], meta=meta)


@blueprint.get("/refund/<int:number>")
@public
@call(PAYSTACK, "refund_fetch")
def refund_fetch(number: int) -> Answer:
    """How a refund stands."""
    return good("Refund retrieved", documents.refund(refunds.by_number(number)))


@blueprint.post("/refund/retry_with_customer_details/<int:number>")
@public
@call(PAYSTACK, "refund_retry")
def refund_retry(number: int) -> Answer:
    """Go on with a refund to the payer's bank account."""
    sent = asked().get("refund_account_details")
    account = sent if isinstance(sent, dict) else {}
    made = refunds.retry(
        number=number,
        account_number=parse.text(account.get("account_number"), "account_number", max_length=34),
        bank_id=parse.text(str(account.get("bank_id") or ""), "bank_id", max_length=20),
        currency=parse.currency(account.get("currency")),
    )
    return good("Refund retried and has been queued for processing", documents.refund_retried(made))


@blueprint.get("/settlement")
@public
@call(PAYSTACK, "settlements")
def settlements() -> Answer:
    """A page of what was paid out to the merchant's bank."""
    page, per_page = queried("page", 1, 10**6), _per_page()
    rows, total = balances.settlements(page=page, per_page=per_page)
    data = [documents.settlement(each) for each in rows]
    return good("Settlements retrieved", data, meta=_meta(total, page, per_page))


@blueprint.get("/settlement/<int:number>/transactions")
@public
@call(PAYSTACK, "settlements")
def settlement_transactions(number: int) -> Answer:
    """The charges of one settlement."""
    rows = balances.in_settlement(number)
    meta = {"total_volume": sum(each.amount for each in rows), **_meta(len(rows), 1, max(len(rows), 1))}
    return good("Transactions retrieved", [documents.charge_in_list(each) for each in rows], meta=meta)


def _per_page() -> int:
    """Both spellings are in use: the document says per_page, the pages say perPage."""
    return queried("perPage" if "perPage" in request.args else "per_page", 50, 100)


def _meta(total: int, page: int, per_page: int) -> dict[str, Any]:
    return {
        "total": total,
        "skipped": (page - 1) * per_page,
        "perPage": per_page,
        "page": page,
        "pageCount": -(-total // per_page),
    }


def _transaction(value: object) -> str | int:
    named = parse.reference(value, "transaction")
    return int(named) if named.isdigit() and len(named) == 10 else named


def _description(metadata: object) -> str:
    found = metadata.get("description") if isinstance(metadata, dict) else None
    return found[:200] if isinstance(found, str) else ""
