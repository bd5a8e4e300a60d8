"""Asking for money to be given back, for programs."""

from __future__ import annotations

import uuid
from datetime import datetime

from flask import g

from portal.api import fields
from portal.api.assets import local
from portal.api.door import door, speaks
from portal.api.guards import current_actor, permission, require
from portal.api.schemas import Given, Taken
from portal.core import parse
from portal.shared.assets.queries import asset_of
from portal.shared.identity.errors import NoSuchPlace
from portal.shared.payments.models import RefundState
from portal.shared.payments.queries import get_intent, no_such_payment
from portal.shared.payments.services import refunds


class RefundAsked(Taken):
    """Which payment, how much of it (all that is left when no amount is named), and why."""

    reference: fields.text(100)  # type: ignore[valid-type]
    reason: fields.text(300)  # type: ignore[valid-type]
    amount: fields.Amount | None = None


class RefundOut(Given):
    """A refund: `requested` waits for a second person, anything else is on its way or at its end."""

    id: uuid.UUID
    reference: str
    status: str
    amount: fields.AmountText
    currency: str
    needs_approval: bool
    created_at: datetime


@door.post("/payment/refunds/")
@permission("payments.refund", anywhere=True)
@speaks(
    "Ask for a payment, or a part of it, to be given back", takes=RefundAsked, gives=RefundOut, status=202,
    idempotent=True,
)  # fmt: skip
def request_refund(body: RefundAsked) -> RefundOut:
    """Never more than what can still go back; above the place's limit a second person approves it first."""
    intent = get_intent(parse.reference(body.reference))
    try:
        require("payments.refund", asset_id=intent.asset_id)
    except NoSuchPlace:  # another's payment reads as one that never was
        raise no_such_payment() from None
    currency = intent.payment.currency if intent.payment else intent.currency
    amount = None if body.amount is None else parse.money(body.amount, "amount", currency=currency, minimum=1)
    made = refunds.request(
        reference=intent.reference,
        amount=amount.minor if amount else None,
        reason=body.reason,
        actor=current_actor(),
        alone="payments.approve_refund" in g.permissions,
    )
    return RefundOut(
        id=made.id,
        reference=intent.reference,
        status=made.status,
        amount=made.money.to_major_str(),
        currency=made.currency,
        needs_approval=made.status == RefundState.REQUESTED,
        created_at=local(made.created_at, asset_of(intent.asset_id)),
    )
