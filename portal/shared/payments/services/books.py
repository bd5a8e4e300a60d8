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

#: How money is settled that came to the paybill before anybody knew what for: it stands in the books already.
CLAIMED = "claim"


def received(intent: PaymentIntent, payment: Payment, actor: Actor) -> None:
    """Money came: it did its work, or it is held."""
    _post([coming(intent, payment)], payment, actor)


def coming(intent: PaymentIntent, payment: Payment) -> entries.Draft:
    """The entry of money that came."""
    amounts = {
        "net": payment.charged - payment.fee,
        "fee": payment.fee,
        "passed_on": payment.charged - payment.amount,
    }
    if payment.counted:
        amounts |= {"used": payment.amount - payment.remainder, "remainder": payment.remainder}
    else:
        amounts["held"] = payment.amount
    claimed = payment.settled_via == CLAIMED
    roles = _roles(intent, payment) | ({"money": chart.UNCLAIMED} if claimed else {})
    return entries.draft(
        "payment.settled" if payment.counted else "payment.held",
        key=f"payment:{payment.id}",
        amounts=amounts,
        subject="payment",
        subject_id=payment.id,
        occurred_at=utcnow() if claimed else payment.paid_at,
        **roles,
    )


def accepted(intent: PaymentIntent, payment: Payment, actor: Actor) -> None:
    """Held money was taken: for what it buys, or all of it as the customer's credit."""
    amounts = {
        "held": payment.amount,
        "used": payment.amount - payment.remainder,
        "remainder": payment.remainder,
    }
    taken = entries.draft(
        "payment.accepted",
        key=f"payment:{payment.id}:accepted",
        amounts=amounts,
        subject="payment",
        subject_id=payment.id,
        occurred_at=utcnow(),
        **_roles(intent, payment),
    )
    _post([taken], payment, actor)


def _roles(intent: PaymentIntent, payment: Payment) -> dict[str, str]:
    roles = {"money": chart.money_at(payment.provider), "earned": purposes.purpose(intent.purpose).earned(intent)}
    if payment.remainder:
        if intent.customer_id is None:
            place = asset_of(payment.asset_id)
            payer = known_as(business_id=place.business_id, email=intent.payer_email, phone=intent.payer_phone)
            intent.customer_id = payer.id
        roles["credit"] = chart.credit_of(intent.customer_id)
    return roles


def _post(drafts: list[entries.Draft], payment: Payment, actor: Actor) -> None:
    entries.post(place=asset_of(payment.asset_id), currency=payment.currency, drafts=drafts, actor=actor)
