"""The pretended Paystack, money going out: banks, recipients, transfers with their passwords, the balance."""

from __future__ import annotations

from flask import request

from portal.core import parse
from portal.gateways.sandbox import balances, banks, documents, transfers
from portal.web.guards import public
from portal.web.public.sandbox_api.calls import Answer, asked, call
from portal.web.public.sandbox_api.paystack import MOST_MINOR, PAYSTACK, good
from portal.web.public.sandbox_api.routes import blueprint


@blueprint.get("/bank")
@public
@call(PAYSTACK, "banks")
def bank_list() -> Answer:
    """The banks of a country or currency."""
    data = banks.listed(
        country=request.args.get("country"), currency=request.args.get("currency"), kind=request.args.get("type")
    )
    return good("Banks retrieved", data)


@blueprint.get("/bank/resolve")
@public
@call(PAYSTACK, "resolve")
def bank_resolve() -> Answer:
    """Who holds an account."""
    number, code = request.args.get("account_number", ""), request.args.get("bank_code", "")
    return good("Account number resolved", banks.resolve(account_number=number, bank_code=code))


@blueprint.post("/transferrecipient")
@public
@call(PAYSTACK, "recipient")
def recipient_create() -> Answer:
    """Somebody money may be sent to."""
    sent = asked()
    made = banks.create_recipient(
        kind=parse.text(sent.get("type"), "type", max_length=40),
        name=parse.text(sent.get("name"), "name", max_length=200),
        account_number=parse.text(sent.get("account_number"), "account_number", max_length=34),
        bank_code=parse.text(sent.get("bank_code"), "bank_code", max_length=20),
        currency=parse.optional(parse.currency, sent.get("currency"), "currency"),
        description=parse.text(sent.get("description"), "description", min_length=0, max_length=500),
    )
    return good("Transfer recipient created successfully", documents.recipient(made), 201)


@blueprint.post("/transfer")
@public
@call(PAYSTACK, "transfer")
def transfer_create() -> Answer:
    """Begin a transfer from the balance."""
    sent = asked()
    parse.choice(sent.get("source"), "source", ("balance",))
    made = transfers.create(
        amount=parse.whole(sent.get("amount"), "amount", minimum=1, maximum=MOST_MINOR, typed=True),
        recipient=parse.text(sent.get("recipient"), "recipient", max_length=60),
        reference=parse.optional(parse.text, sent.get("reference"), "reference"),
        reason=parse.text(sent.get("reason"), "reason", min_length=0, max_length=200),
        currency=parse.optional(parse.currency, sent.get("currency"), "currency"),
    )
    waits = made.status == "otp"
    message = "Transfer requires OTP to continue" if waits else "Transfer has been queued"
    return good(message, documents.transfer_started(made))


@blueprint.post("/transfer/finalize_transfer")
@public
@call(PAYSTACK, "finalize")
def transfer_finalize() -> Answer:
    """Take the one-time password of a transfer."""
    sent = asked()
    made = transfers.finalize(
        code=parse.text(sent.get("transfer_code"), "transfer_code"), otp=parse.text(sent.get("otp"), "otp")
    )
    return good("Transfer has been queued", documents.transfer_started(made))


@blueprint.post("/transfer/resend_otp")
@public
@call(PAYSTACK, "resend_otp")
def transfer_resend_otp() -> Answer:
    """Send another one-time password."""
    sent = asked()
    parse.choice(sent.get("reason"), "reason", ("resend_otp", "transfer", "disable_otp"))
    transfers.resend_otp(code=parse.text(sent.get("transfer_code"), "transfer_code"))
    return {"status": True, "message": "OTP has been resent"}, 200


@blueprint.get("/transfer/verify/<reference>")
@public
@call(PAYSTACK, "transfer_verify")
def transfer_verify(reference: str) -> Answer:
    """How a transfer stands."""
    return good("Transfer retrieved", documents.transfer(transfers.by_name(reference)))


@blueprint.get("/balance")
@public
@call(PAYSTACK, "balance")
def balance() -> Answer:
    """What can be sent out, in each currency."""
    data = [{"currency": each, "balance": balances.available(each)} for each in balances.CURRENCIES]
    return good("Balances retrieved", data)
