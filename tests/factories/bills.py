"""Bills and customers' credit, made by the commands themselves."""

from __future__ import annotations

from portal.core.actor import Actor, ActorKind
from portal.core.db import uuid7
from portal.shared.assets.models import Asset
from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing
from portal.shared.payments.models import Bill, BillKind
from portal.shared.payments.services import bills, desk

CLERK = Actor(ActorKind.USER, "Amina Bello", uuid7())
ADA = "ada@example.com"


def bill(place: Asset, *, amount: int = 850_000, kind: str = "sale", **changes) -> Bill:
    """A bill of 8,500 for Ada."""
    fields = {"description": "Laundry", "email": ADA, "name": "Ada Obi", "actor": CLERK, **changes}
    return bills.raise_bill(place=place, kind=BillKind(kind), amount=amount, **fields)


def credit(place: Asset, amount: int, email: str = ADA) -> None:
    """Put this much on a customer's credit, paid in cash."""
    top_up = bill(place, amount=amount, kind="top_up", description="Top-up", email=email)
    desk.take_for_bill(bill_id=top_up.id, way="cash", amount=amount, actor=CLERK)


def booked(place: Asset, account: str) -> int:
    """What stands on an account of a place, in minor units on its normal side."""
    return standing(place.business_id, place.id, account, place.currency)


def credit_booked(place: Asset, customer_id: object) -> int:
    """What a customer has with a place's business."""
    return booked(place, chart.credit_of(customer_id))
