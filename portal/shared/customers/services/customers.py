"""Knowing a customer again, or for the first time."""

from __future__ import annotations

import uuid

from sqlalchemy.dialects.postgresql import insert

from portal.core.db import db, uuid7
from portal.core.errors import Invalid
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.customers.models import Customer
from portal.shared.customers.queries import find_customer


class CannotBeTold(Invalid):
    """A customer needs an e-mail address or a telephone number to be known again."""


@transactional
def known_as(
    *, business_id: uuid.UUID, email: str | None = None, phone: str | None = None, name: str | None = None
) -> Customer:
    """The customer with this e-mail address or telephone number, registered now if nobody has it yet.

    Two commands that register the same customer at once get the same row.
    """
    email = email.strip().lower() if email else None
    if not email and not phone:
        raise CannotBeTold(_("Write an e-mail address or a telephone number."), field="email")
    found = find_customer(business_id, email=email, phone=phone)
    return found or registered(business_id=business_id, email=email, phone=phone, name=name)


@transactional
def registered(
    *, business_id: uuid.UUID, email: str | None = None, phone: str | None = None, name: str | None = None
) -> Customer:
    """A customer nobody knew a moment ago; if somebody was quicker, theirs."""
    called = (name or "").strip() or email or phone
    made: Customer | None = db.session.scalar(
        insert(Customer)
        .values(id=uuid7(), business_id=business_id, name=called, email=email or None, phone=phone or None)
        .on_conflict_do_nothing()
        .returning(Customer)
    )
    if made is not None:
        return made
    found = find_customer(business_id, email=email, phone=phone)
    assert found is not None
    return found
