"""Sending the payer to the gateway and asking it what became of them: the calls stand between the commands."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta

import structlog

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import Busy
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.base import Checkout, DuplicateReference, GatewayDown, GatewayRefused, Started
from portal.shared.payments import providers
from portal.shared.payments.errors import CheckoutOver
from portal.shared.payments.models import IntentStatus, PaymentIntent
from portal.shared.payments.queries import get_intent, lock_intent
from portal.shared.payments.services import settlement
from portal.shared.payments.services.intents import end

#: A twin of the same request waits this long for the first one's answer.
TWIN_WAITS = timedelta(seconds=12)
LOOK_EVERY = 0.2
log = structlog.get_logger(__name__)


def start(reference: str, *, callback_url: str, description: str, actor: Actor) -> PaymentIntent:
    """Open the gateway's checkout for an intent, once; a twin of this call gets the same one.

    Raises GatewayDown when the gateway is silent: the intent stays, and this may be called again.
    """
    if not hasattr(providers.gateway_of(get_intent(reference)), "initialize"):
        raise providers.NotOffered(_("This way to pay has no page of its own: a phone is asked instead."))
    give_up_at = time.monotonic() + TWIN_WAITS.total_seconds()
    while not _take_turn(reference):
        intent = get_intent(reference)
        if intent.checkout_url is not None:
            return intent
        if time.monotonic() > give_up_at:
            raise GatewayDown(_("The payment provider did not answer. Nothing was charged; try again in a moment."))
        _let_go()
        time.sleep(LOOK_EVERY)
    intent = get_intent(reference)
    asked = Checkout(
        reference=intent.reference,
        amount=intent.asked,
        currency=intent.currency,
        email=intent.payer_email,
        callback_url=callback_url,
        description=description,
    )
    gateway = providers.gateway_of(intent)
    _let_go()
    try:
        started = gateway.initialize(asked)
    except DuplicateReference:
        _lost(reference, actor)
        raise
    except (GatewayDown, GatewayRefused):
        _give_turn_back(reference)
        raise
    return _started(reference, started)


def confirm(reference: str, *, via: str, actor: Actor) -> PaymentIntent:
    """Ask the gateway about a reference and settle what it says; safe to call any number of times.

    A gateway that does not answer leaves the intent as it is: the webhook or the poller will come.
    """
    intent = get_intent(reference)
    if intent.status in settlement.DECIDED or intent.checkout_url is None:
        return intent
    gateway = providers.gateway_of(intent)
    _let_go()
    try:
        charge = gateway.verify(reference)
    except (GatewayDown, GatewayRefused) as error:
        log.info("not_verified", reference=reference, why=error.code)
        return get_intent(reference)
    with suppress(Busy):  # somebody else is settling this very news
        settlement.settle(charge=charge, provider=intent.provider, via=via, actor=actor)
    return get_intent(reference)


@transactional
def _take_turn(reference: str) -> bool:
    """Whether this caller is the one to call the gateway."""
    intent = lock_intent(reference)
    if intent.checkout_url is not None:
        return False
    now = utcnow()
    if intent.status != IntentStatus.CREATED or intent.expires_at <= now:
        raise CheckoutOver(_("This payment is over. Start a new one."), status=intent.status)
    if intent.started_at is not None and intent.started_at > now - TWIN_WAITS:
        return False
    intent.started_at = now
    return True


@transactional
def _started(reference: str, started: Started) -> PaymentIntent:
    intent = lock_intent(reference)
    intent.checkout_url = started.checkout_url
    intent.provider_ref = started.access_code
    if intent.status == IntentStatus.CREATED:
        intent.status = IntentStatus.PENDING
    intent.next_poll_at = utcnow() + settlement.POLL_AFTER[0]
    return intent


@transactional
def _give_turn_back(reference: str) -> None:
    lock_intent(reference).started_at = None


@transactional
def _lost(reference: str, actor: Actor) -> None:
    """The gateway has a checkout under this reference whose address we never got: nobody can be sent there."""
    end(lock_intent(reference), IntentStatus.FAILED, actor)


def _let_go() -> None:
    """Hold no connection while somebody else is being waited for; what was read stays readable."""
    db.session.commit()
