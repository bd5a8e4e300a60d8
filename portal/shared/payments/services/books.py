"""How payments stand in the books: one entry for money that came, one for what was decided about it later."""

from __future__ import annotations

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.shared.assets.queries import asset_of
from portal.shared.customers.services.customers import known_as
from portal.shared.ledger import chart
from portal.shared.ledger.services import entries
from portal.shared.payments import purposes
from portal.shared.payments.models import Payment, PaymentIntent


def received(intent: PaymentIntent, payment: Payment, actor: Actor) -> None:
    """Money came: it did its work, or it is held."""
    amounts = {
        "net": payment.charged - payment.fee,
        "fee": payment.fee,
        "passed_on": payment.charged - payment.amount,
    }
    if payment.counted:
        amounts |= {"used": payment.amount - payment.remainder, "remainder": payment.remainder}
    else:
        amounts["held"] = payment.amount
    _post(
        "payment.settled" if payment.counted else "payment.held", f"payment:{payment.id}", intent, payment, amounts, actor
    )


def accepted(intent: PaymentIntent, payment: Payment, actor: Actor) -> None:
    """Held money was taken: for what it buys, or all of it as the customer's credit."""
    amounts = {
        "held": payment.amount,
        "used": payment.amount - payment.remainder,
        "remainder": payment.remainder,
    }
    _post("payment.accepted", f"payment:{payment.id}:accepted", intent, payment, amounts, actor)


def sent_back(intent: PaymentIntent, payment: Payment, actor: Actor) -> None:
    """Held money went back to the payer."""
    both = {"held": payment.amount, "amount": payment.amount}
    _post("refund.approved", f"payment:{payment.id}:marked", intent, payment, both, actor)
    _post("refund.processed", f"payment:{payment.id}:sent back", intent, payment, both, actor)


def _post(
    fact: str, key: str, intent: PaymentIntent, payment: Payment, amounts: dict[str, int], actor: Actor
) -> None:
    place = asset_of(payment.asset_id)
    roles = {"money": chart.money_at(payment.provider), "earned": purposes.purpose(intent.purpose).earned(intent)}
    if amounts.get("remainder"):
        if intent.customer_id is None:
            intent.customer_id = known_as(
                business_id=place.business_id, email=intent.payer_email, phone=intent.payer_phone
            ).id
        roles["credit"] = chart.credit_of(intent.customer_id)
    entries.post(
        fact=fact,
        key=key,
        place=place,
        currency=payment.currency,
        amounts=amounts,
        actor=actor,
        subject="payment",
        subject_id=payment.id,
        occurred_at=payment.paid_at if fact in ("payment.settled", "payment.held") else utcnow(),
        **roles,
    )
