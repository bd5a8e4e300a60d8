"""Payments as a payer and the pretended provider make them: over real HTTP, with real signatures."""

from __future__ import annotations

import json

from flask import current_app

from portal.core.actor import Actor, ActorKind
from portal.gateways import registry, sandbox
from portal.gateways.sandbox import service, webhooks
from portal.shared.access.services.offers import PURPOSE
from portal.shared.assets.models import Unit
from portal.shared.payments.models import PaymentIntent
from portal.shared.payments.services import checkout, intents, settlement

VISITOR = Actor(ActorKind.USER, "a visitor")
GUEST = "ada@example.com"
WEBHOOK = "/api/payment/webhook/paystack/"


def intent(unit: Unit, *, amount: int | None = None, email: str = GUEST, **changes) -> PaymentIntent:
    """An intent for one period unless an amount is given, its checkout opened at the sandbox."""
    return started(opened(unit, amount=amount, email=email, **changes))


def opened(unit: Unit, *, amount: int | None = None, email: str = GUEST, **changes) -> PaymentIntent:
    """An intent nobody has been sent to a checkout for."""
    made = intents.open_intent(
        purpose=PURPOSE,
        subject_id=unit.id,
        amount=unit.price if amount is None else amount,
        payer_email=email,
        actor=VISITOR,
        **changes,
    )
    return made.intent


def started(made: PaymentIntent) -> PaymentIntent:
    """Its checkout opened at the sandbox."""
    return checkout.start(made.reference, callback_url="http://localhost/pay/x", description="Room", actor=VISITOR)


def decide(made: PaymentIntent, outcome: str = "paid", **options) -> service.SandboxTransaction:
    """The payer pressed a button of the checkout."""
    return service.decide(access_code=made.provider_ref, outcome=service.Outcome(outcome), **options)


def settle(made: PaymentIntent, via: str = "redirect") -> settlement.Settled:
    """What the sandbox says of it now, settled."""
    charge = registry.gateway("sandbox").verify(made.reference)
    return settlement.settle(charge=charge, provider="sandbox", via=via, actor=VISITOR)


def paid(unit: Unit, **changes) -> PaymentIntent:
    """Money that came, settled."""
    made = intent(unit, **changes)
    decide(made)
    settle(made)
    return made


def webhook(made: PaymentIntent) -> tuple[bytes, dict[str, str]]:
    """The signed charge.success the sandbox sends: its body and headers."""
    taken = service.by_reference(made.reference)
    body, signature = webhooks.signed(taken, sandbox.secret_key(current_app.extensions["settings"]))
    return body, {"X-Paystack-Signature": signature, "Content-Type": "application/json"}


def signed(document: object) -> tuple[bytes, dict[str, str]]:
    """Any document, signed as the provider would."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return raw, {
        "X-Paystack-Signature": webhooks.signature(raw, sandbox.secret_key(current_app.extensions["settings"]))
    }


def webhook_for_nobody() -> tuple[bytes, dict[str, str]]:
    """A signed charge.success about a reference that was never ours."""
    data = {"id": 1, "status": "success", "reference": "NOT-OURS-123", "amount": 100, "currency": "NGN"}
    return signed({"event": "charge.success", "data": data})
