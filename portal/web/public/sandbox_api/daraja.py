"""The pretended Daraja: tokens, prompts on phones, pay bill addresses, reversals; the end of each comes by callback."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, request

from config import LOOPBACK, Settings
from portal.core import parse
from portal.core.errors import DomainError, NotFound
from portal.gateways.sandbox.daraja import credentials, documents, errors, paybill, pushes, results, tokens
from portal.web.guards import public
from portal.web.public.sandbox_api.calls import Answer, Provider, asked, call, public_url
from portal.web.public.sandbox_api.routes import blueprint

T = TypeVar("T")
PHONE = re.compile(r"254[17][0-9]{8}")
TIMESTAMP = re.compile(r"20[0-9]{12}")
SHORTCODE = re.compile(r"[0-9]{5,7}")
KINDS = ("CustomerPayBillOnline", "CustomerBuyGoodsOnline")
#: What M-PESA moves at most in one transaction, in shillings.
MOST_SHILLINGS = 250_000
#: Callback addresses with these words in them are refused by Safaricom.
FORBIDDEN = ("mpesa", "m-pesa", "safaricom", "query", "cmd", "sql", "exe")
ACCEPTED = "Accept the service request successfully."


def _admit(_settings: Settings) -> Answer | None:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not tokens.good(token):
        return _refuse(errors.invalid_token())
    return None


def _refuse(error: DomainError) -> Answer:
    known = error if isinstance(error, errors.DarajaError) else errors.bad_request(error.field or "Request")
    document = {
        "requestId": f"{secrets.token_hex(2)}-{secrets.randbelow(10**8)}-1",
        "errorCode": known.error_code,
        "errorMessage": known.message,
    }
    return document, known.http


DARAJA = Provider(
    name=pushes.PROVIDER,
    admit=_admit,
    refuse=_refuse,
    broken=({"requestId": "0-0-1", "errorCode": "500.003.1001", "errorMessage": "Internal Server Error"}, 500),
)


@blueprint.get("/daraja/oauth/v1/generate")
@public
@call(DARAJA, "token", keyed=False)
def daraja_token() -> Answer:
    """An access token for whoever has the consumer key and secret."""
    if request.args.get("grant_type") != "client_credentials":
        raise errors.invalid_grant()
    mine = _mine()
    scheme, _space, basic = request.headers.get("Authorization", "").partition(" ")
    expected = f"{mine.consumer_key}:{mine.consumer_secret}".encode()
    try:
        given = base64.b64decode(basic, validate=True) if scheme == "Basic" else b""
    except (binascii.Error, ValueError):
        given = b""
    if not hmac.compare_digest(expected, given):
        raise errors.invalid_authentication()
    return {"access_token": tokens.issue(), "expires_in": tokens.EXPIRES_IN}, 200


@blueprint.post("/daraja/mpesa/stkpush/v1/processrequest")
@public
@call(DARAJA, "push")
def daraja_push() -> Answer:
    """Show a prompt on a phone; the answer only says that it was accepted."""
    sent = asked()
    _check_password(sent)
    phone = _matching(sent, "PhoneNumber", PHONE)
    kind = _one_of(sent, "TransactionType", KINDS)
    party_b = _matching(sent, "PartyB", SHORTCODE)
    if _text(sent, "PartyA", 20) != phone:
        raise errors.bad_request("PartyA")
    if kind == KINDS[0] and party_b != _mine().shortcode:
        raise errors.bad_request("PartyB")
    made = pushes.create(
        shortcode=_mine().shortcode,
        party_b=party_b,
        kind=kind,
        amount=_shillings(sent, "Amount"),
        phone=phone,
        account=_text(sent, "AccountReference", 12),
        description=_text(sent, "TransactionDesc", 13, least=0),
        callback_url=_callback(sent, "CallBackURL"),
    )
    accepted = "Success. Request accepted for processing"
    document = {
        "MerchantRequestID": made.merchant_request,
        "CheckoutRequestID": made.checkout_request,
        "ResponseCode": "0",
        "ResponseDescription": accepted,
        "CustomerMessage": accepted,
    }
    return document, 200


@blueprint.post("/daraja/mpesa/stkpushquery/v1/query")
@public
@call(DARAJA, "query")
def daraja_query() -> Answer:
    """How a prompt ended; while it is shown, an error."""
    sent = asked()
    _check_password(sent)
    try:
        push = pushes.by_checkout_request(_text(sent, "CheckoutRequestID", 100))
    except NotFound:
        raise errors.bad_request("CheckoutRequestID") from None
    if push.result_code is None:
        raise errors.in_process()
    return documents.push_query(push), 200


@blueprint.post("/daraja/mpesa/c2b/v1/registerurl")
@public
@call(DARAJA, "register")
def daraja_register() -> Answer:
    """Where the merchant wants to be asked and told about pay bill payments."""
    sent = asked()
    paybill.register(
        shortcode=_own_shortcode(sent, "ShortCode"),
        response_type=_one_of(sent, "ResponseType", (paybill.COMPLETED, paybill.CANCELLED)),
        confirmation_url=_callback(sent, "ConfirmationURL"),
        validation_url=_callback(sent, "ValidationURL"),
    )
    document = {
        "OriginatorCoversationID": f"{secrets.token_hex(2)}-{secrets.randbelow(10**8)}-1",
        "ResponseCode": "0",
        "ResponseDescription": "success",
    }
    return document, 200


@blueprint.post("/daraja/mpesa/reversal/v1/request")
@public
@call(DARAJA, "reversal")
def daraja_reverse() -> Answer:
    """Accept to send a payment back; whether it went is said later."""
    sent = asked()
    _one_of(sent, "CommandID", ("TransactionReversal",))
    _own_shortcode(sent, "ReceiverParty")
    _one_of(sent, "RecieverIdentifierType", ("11",))
    _remarks(sent)
    accepted = results.reverse(
        receipt=_text(sent, "TransactionID", 20),
        amount=_shillings(sent, "Amount"),
        known=_knows_initiator(sent),
        result_url=_callback(sent, "ResultURL"),
        timeout_url=_callback(sent, "QueueTimeOutURL"),
    )
    return _accepted(accepted), 200


@blueprint.post("/daraja/mpesa/transactionstatus/v1/query")
@public
@call(DARAJA, "status")
def daraja_status() -> Answer:
    """Accept to say how a payment stands; it is said later."""
    sent = asked()
    _one_of(sent, "CommandID", ("TransactionStatusQuery",))
    _own_shortcode(sent, "PartyA")
    _one_of(sent, "IdentifierType", ("4",))
    _remarks(sent)
    receipt = _text(sent, "TransactionID", 20, least=0)
    originator = _text(sent, "OriginatorConversationID", 100, least=0)
    if not receipt and not originator:
        raise errors.bad_request("TransactionID")
    accepted = results.report(
        receipt=receipt,
        originator=originator,
        known=_knows_initiator(sent),
        result_url=_callback(sent, "ResultURL"),
        timeout_url=_callback(sent, "QueueTimeOutURL"),
    )
    return _accepted(accepted), 200


def _mine() -> credentials.DarajaCredentials:
    return credentials.daraja_credentials(current_app.extensions["settings"])


def _accepted(names: results.Accepted) -> dict[str, Any]:
    return {
        "OriginatorConversationID": names.originator,
        "ConversationID": names.conversation,
        "ResponseCode": "0",
        "ResponseDescription": ACCEPTED,
    }


def _check_password(sent: dict[str, Any]) -> None:
    """The password belongs to the short code and timestamp beside it, or the credentials are wrong."""
    shortcode = _matching(sent, "BusinessShortCode", SHORTCODE)
    timestamp = _matching(sent, "Timestamp", TIMESTAMP)
    mine = _mine()
    if shortcode != mine.shortcode:
        raise errors.unknown_merchant()
    given = _text(sent, "Password", 400)
    if not hmac.compare_digest(credentials.password(mine, timestamp).encode(), given.encode()):
        raise errors.wrong_credentials()


def _knows_initiator(sent: dict[str, Any]) -> bool:
    initiator, given = _text(sent, "Initiator", 100), _text(sent, "SecurityCredential", 2_000)
    return credentials.knows_initiator(current_app.extensions["settings"], initiator, given)


def _own_shortcode(sent: dict[str, Any], name: str) -> str:
    given = _matching(sent, name, SHORTCODE)
    if given != _mine().shortcode:
        raise errors.bad_request(name)
    return given


def _shillings(sent: dict[str, Any], name: str) -> int:
    """Whole shillings, as a figure or in text; cents are refused."""
    return _read(parse.whole, sent, name, minimum=1, maximum=MOST_SHILLINGS)


def _text(sent: dict[str, Any], name: str, most: int, *, least: int = 1) -> str:
    """Text of a length; a number may be written as one."""
    value = sent.get(name)
    given = {name: str(value)} if type(value) is int else sent
    return _read(parse.text, given, name, min_length=least, max_length=most)


def _matching(sent: dict[str, Any], name: str, shape: re.Pattern[str]) -> str:
    given = _text(sent, name, 40)
    if not shape.fullmatch(given):
        raise errors.bad_request(name)
    return given


def _one_of(sent: dict[str, Any], name: str, known: tuple[str, ...]) -> str:
    given = _text(sent, name, 60)
    if given not in known:
        raise errors.bad_request(name)
    return given


def _remarks(sent: dict[str, Any]) -> None:
    _text(sent, "Remarks", 100)
    _text(sent, "Occasion", 100, least=0)


def _callback(sent: dict[str, Any], name: str) -> str:
    """An address M-PESA would call: https, or this very portal, and none of the words it refuses."""
    url = _text(sent, name, 400)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise errors.bad_request(name) from None
    own = parts.hostname in LOOPBACK or url.startswith(f"{public_url()}/")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and own)):
        raise errors.bad_request(name)
    if any(word in url.removeprefix(public_url()).lower() for word in FORBIDDEN):
        raise errors.bad_request(name)
    return url


def _read(reader: Callable[..., T], sent: dict[str, Any], name: str, **options: Any) -> T:
    """A field by the strict reader; whatever it refuses, Daraja names only the field."""
    try:
        return reader(sent.get(name), name, **options)
    except parse.ParseError:
        raise errors.bad_request(name) from None
