"""Payments: start one, ask what became of it, and the door the payment providers knock on."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Annotated

import structlog
from flask import after_this_request, current_app, g, request

from portal.api import fields
from portal.api.assets import local
from portal.api.door import door, idempotency_key, speaks
from portal.api.guards import current_actor, permission, public, require, signed_in
from portal.api.schemas import Given, Taken
from portal.core import parse, throttle
from portal.core.idempotency import request_hash
from portal.core.money import Money
from portal.core.words import _
from portal.gateways.base import BadSignature
from portal.shared.access.queries import find_grant_of_payment
from portal.shared.access.services.offers import PURPOSE
from portal.shared.assets.models import UnitKind
from portal.shared.assets.queries import asset_of, get_unit
from portal.shared.assets.services.units import called
from portal.shared.identity.errors import NoSuchPlace
from portal.shared.payments.models import PaymentIntent
from portal.shared.payments.providers import with_page
from portal.shared.payments.queries import get_intent, no_such_payment
from portal.shared.payments.services import checkout, inbox, intents

#: A stranger who keeps forging is told to stop; what is really signed always passes.
FORGERIES = 30
FORGERIES_PER = timedelta(minutes=1)
log = structlog.get_logger(__name__)


def _web_address(value: object, field: str) -> str | None:
    if parse.is_blank(value):
        return None
    url = parse.text(value, field, max_length=2_000)
    if not url.startswith(("https://", "http://")):
        raise parse.ParseError(_("The address must begin with https:// or http://."), field)
    return url


ReturnUrl = Annotated[
    str | None, *fields.read_by(_web_address, {"type": ["string", "null"], "format": "uri", "maxLength": 2_000})
]


class Asked(Taken):
    """Who pays how much for which room or vehicle."""

    asset_number: fields.Code
    amount: fields.Amount
    email: fields.Email
    room_number: fields.Code | None = None
    vehicle_number: fields.Code | None = None
    currency: fields.Currency | None = None
    phone_number: fields.Phone = None
    provider: fields.Code | None = None
    return_url: ReturnUrl = None


class Started(Given):
    """Where the payer goes."""

    reference: str
    checkout_url: str
    provider: str
    amount: fields.AmountText
    currency: str
    expires_at: datetime
    status: str


class Which(Taken):
    """The reference, by either of the names providers append to a return address."""

    trxref: str | None = None
    reference: str | None = None


class Grant(Given):
    """The access that was bought."""

    id: uuid.UUID
    starts_at: datetime
    ends_at: datetime


class Standing(Given):
    """How a payment stands."""

    reference: str
    status: str
    provider: str
    amount: fields.AmountText
    currency: str
    expires_at: datetime
    settled_at: datetime | None
    paid_amount: fields.AmountText | None
    paid_currency: str | None
    credit: fields.AmountText | None
    review_reason: str | None
    grant: Grant | None


class Kept(Given):
    """A signed message that is stored, and how often it has come."""

    status: str
    deliveries: int


@door.post("/payment/init/")
@permission("payments.start")
@speaks("Start a payment for a room or vehicle", takes=Asked, gives=Started, status=201)
def init_payment(body: Asked) -> Started:
    """Opens the intent, then the provider's checkout; both happen once for one Idempotency-Key."""
    place = g.place
    amount = parse.money(body.amount, "amount", currency=place.currency, minimum=1)
    unit = get_unit(place.id, *_unit_named(body))
    opened = intents.open_intent(
        purpose=PURPOSE,
        subject_id=unit.id,
        amount=amount.minor,
        currency=body.currency,
        payer_email=body.email,
        payer_phone=body.phone_number,
        return_url=body.return_url,
        provider=with_page(body.provider, place.business_id),
        idem_key=idempotency_key(),
        asked=request_hash(request.method, request.path, request.get_data()),
        actor=current_actor(),
    )
    if opened.replayed:
        after_this_request(_say_replayed)
    intent = checkout.start(
        opened.intent.reference,
        callback_url=opened.intent.return_url or _status_page(opened.intent.reference),
        description=f"{place.name}, {called(unit)}",
        actor=current_actor(),
    )
    return Started(
        reference=intent.reference,
        checkout_url=intent.checkout_url or "",
        provider=intent.provider,
        amount=intent.money.to_major_str(),
        currency=intent.currency,
        expires_at=local(intent.expires_at, place),
        status="pending",  # a replay gives the first answer again; how it stands now is what verify says
    )


@door.get("/payment/verify/")
@signed_in
@speaks("Ask the provider what became of a payment, and settle it", query=Which, gives=Standing)
def verify_payment(query: Which) -> Standing:
    """Safe to call any number of times."""
    reference = parse.reference(query.reference or query.trxref)
    intent = get_intent(reference)
    if intent.opened_by != current_actor().key:
        try:
            require("payments.view", asset_id=intent.asset_id)
        except NoSuchPlace:  # another's payment reads as one that never was
            raise no_such_payment() from None
    return standing(checkout.confirm(reference, via="verify", actor=current_actor()))


@door.post("/payment/webhook/paystack/")
@public
@speaks("Take Paystack's signed word, or the sandbox's; the signature is checked on the exact bytes", gives=Kept)
def webhook_paystack() -> Kept:
    """Always 200 once authentic and stored; the work is done afterwards. The body is read as raw bytes."""
    return _kept("paystack")


@door.post("/payment/webhook/flutterwave/")
@public
@speaks("Take Flutterwave's message; it proves nothing, so the provider is asked", gives=Kept)
def webhook_flutterwave() -> Kept:
    """Always 200 once the header fits and the message is stored."""
    return _kept("flutterwave")


def _kept(provider: str) -> Kept:
    raw = request.get_data(cache=False)
    address = request.remote_addr or "unknown"
    try:
        received = inbox.receive(provider=provider, headers=request.headers, raw=raw, address=address)
    except BadSignature:
        throttle.refuse_over("webhook_forgery", address, limit=FORGERIES, per=FORGERIES_PER)
        throttle.count("webhook_forgery", address, per=FORGERIES_PER)
        log.warning("webhook_forged", address=address)
        raise
    return Kept(status="stored" if received.deliveries == 1 else "duplicate", deliveries=received.deliveries)


def standing(intent: PaymentIntent) -> Standing:
    """An intent with its money and what that bought, for the JSON door."""
    place, payment = asset_of(intent.asset_id), intent.payment
    grant = find_grant_of_payment(payment.id) if payment else None
    return Standing(
        reference=intent.reference,
        status=intent.status,
        provider=intent.provider,
        amount=intent.money.to_major_str(),
        currency=intent.currency,
        expires_at=local(intent.expires_at, place),
        settled_at=local(intent.settled_at, place),
        paid_amount=payment.money.to_major_str() if payment else None,
        paid_currency=payment.currency if payment else None,
        credit=Money(payment.remainder, payment.currency).to_major_str() if payment else None,
        review_reason=intent.review_reason,
        grant=Grant(id=grant.id, starts_at=local(grant.starts_at, place), ends_at=local(grant.ends_at, place))
        if grant
        else None,
    )


def _unit_named(body: Asked) -> tuple[str, str]:
    if body.room_number and body.vehicle_number:
        raise parse.ParseError(_("Name a room or a vehicle, not both."), "vehicle_number")
    if body.vehicle_number:
        return body.vehicle_number, UnitKind.VEHICLE
    if body.room_number:
        return body.room_number, UnitKind.ROOM
    raise parse.ParseError(_("Name the room_number or the vehicle_number."), "room_number")


def _status_page(reference: str) -> str:
    return f"{current_app.extensions['settings'].public_url}/pay/{reference}"


def _say_replayed(response):  # type: ignore[no-untyped-def]
    response.headers["Idempotent-Replay"] = "true"
    return response
