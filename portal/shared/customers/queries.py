"""Looking customers up."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import select

from portal.core.db import db
from portal.core.errors import NotFound
from portal.core.words import _
from portal.shared.customers.models import Customer


class NoSuchCustomer(NotFound):
    """No such customer of this business."""


def get_customer(customer_id: uuid.UUID) -> Customer:
    """A customer by id; raises NoSuchCustomer."""
    found = db.session.get(Customer, customer_id)
    if found is None:
        raise NoSuchCustomer(_("There is no such customer."))
    return found


def customers_by_id(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Customer]:
    """Customers by their keys."""
    if not ids:
        return {}
    return {each.id: each for each in db.session.scalars(select(Customer).where(Customer.id.in_(ids)))}


def companies_of(business_id: uuid.UUID, limit: int = 500) -> Sequence[Customer]:
    """The companies and agents a business knows, by name."""
    return db.session.scalars(
        select(Customer)
        .where(
            Customer.business_id == business_id,
            Customer.kind.in_(("company", "agent")),
            Customer.merged_into_id.is_(None),
            Customer.anonymised_at.is_(None),
        )
        .order_by(Customer.name, Customer.id)
        .limit(limit)
    ).all()


def find_customer(business_id: uuid.UUID, *, email: str | None = None, phone: str | None = None) -> Customer | None:
    """The customer with this address, else the one with this telephone number."""
    for column, value in ((Customer.email, email and email.lower()), (Customer.phone, phone)):
        if value:
            found: Customer | None = db.session.scalar(
                select(Customer).where(Customer.business_id == business_id, column == value)
            )
            if found is not None:
                return found
    return None
