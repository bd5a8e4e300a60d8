"""Money that goes back in the demo: one refund that arrived, one that waits for a second person, and a dispute."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from portal.core.actor import Actor, ActorKind
from portal.core.clock import utcnow
from portal.core.db import db
from portal.demo.common import key
from portal.demo.people import PEOPLE
from portal.demo.places import HOTEL
from portal.gateways.base import DisputeTold, RefundSaid, RefundStatus
from portal.gateways.sandbox import refunds as theirs
from portal.shared.identity.models import Role
from portal.shared.payments.models import IntentStatus, Payment, PaymentIntent
from portal.shared.payments.services import disputes, refunds, sending_back
from portal.shared.payments.services.settlement import by_gateway

#: Up to here the hotel's manager gives money back alone, in kobo.
ALONE_UP_TO = 2_500_000


def load() -> None:
    """Asked for, approved and sent as people would have done it a moment ago, each command on its own."""
    refunds.set_limit(asset_id=HOTEL.id, approval_above=ALONE_UP_TO, actor=_person(Role.OWNER))
    small, large, disputed = _paid(3)
    _arrived(small, 500_000, "The shower was cold")
    refunds.request(reference=large, amount=None, reason="Left before the first night", actor=_person(Role.FRONT_DESK))
    told = DisputeTold(
        dispute_id="demo-1",
        stage="create",
        status="awaiting-merchant-feedback",
        amount=None,
        currency=None,
        charge_reference=disputed,
        transaction_id=None,
        due_at=(utcnow() + timedelta(days=6)).isoformat(),
        reason="fraud",
    )
    disputes.note(reference=disputed, said=told, actor=by_gateway("sandbox"))


def _arrived(reference: str, minor: int, reason: str) -> None:
    """A refund the provider has finished with."""
    asked = refunds.request(reference=reference, amount=minor, reason=reason, actor=_person(Role.MANAGER), alone=True)
    sending_back.take_turn(asked.id)
    made = theirs.create(
        transaction=reference, amount=minor, currency="NGN", customer_note="", merchant_note=str(asked.id)
    )
    for _step in range(2):
        theirs.move_due(now=utcnow() + theirs.STEP)
    said = RefundSaid(
        status=RefundStatus.PROCESSED, amount=minor, currency="NGN", provider_refund_id=str(made.number),
        bank_reference=made.bank_reference,
    )  # fmt: skip
    sending_back.learn(refund_id=asked.id, said=said, actor=by_gateway("sandbox"))


def _paid(number: int) -> list[str]:
    """Some payments of the hotel's last days that did what they were for."""
    return list(
        db.session.scalars(
            select(PaymentIntent.reference)
            .join(Payment, Payment.intent_id == PaymentIntent.id)
            .where(
                PaymentIntent.asset_id == HOTEL.id,
                PaymentIntent.status == IntentStatus.SUCCEEDED,
                PaymentIntent.provider == "sandbox",
                Payment.amount > ALONE_UP_TO,
                Payment.paid_at < utcnow() - timedelta(days=1),
            )
            .order_by(Payment.paid_at.desc(), Payment.id)
            .limit(number)
        )
    )


def _person(role: Role) -> Actor:
    somebody = next(each for each in PEOPLE if each.role == role)
    return Actor(ActorKind.USER, somebody.name, key(somebody.email))
