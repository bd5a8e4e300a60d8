"""Many hands giving the same money back at once: real commits, real threads."""

import pytest

from portal.core.errors import DomainError
from portal.shared.payments.models import Payment
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import refunds, sending_back
from tests.factories import assets, payments
from tests.factories import refunds as given
from tests.payments.test_races import at_once


def asking(made, amount):
    def ask():
        try:
            return refunds.request(
                reference=made.reference, amount=amount, reason="Left early", actor=given.CLERK, alone=True
            ).status
        except DomainError as error:
            return error.code

    return ask


def test_twenty_refunds_of_parts_at_once_never_exceed_the_payment(app, committed):
    made = given.by_hand(assets.room(), amount=1_000_000)
    given.allow(made)
    said = at_once(app, *[asking(made, 150_000) for _n in range(20)])
    committed.expire_all()
    assert said.count("processed") <= 6
    assert set(said) <= {"processed", "refund_too_large", "busy"}
    assert given.total_back(made) == said.count("processed") * 150_000
    while given.total_back(made) + 150_000 <= 1_000_000:
        given.asked(made, 150_000)
    assert given.total_back(made) == 900_000
    assert get_intent(made.reference).payment.refunded == 900_000
    assert given.books(made) == {"provider": 100_000, "cash": 100_000, "hire": 1_000_000, "given": -900_000}


def test_twenty_at_once_through_the_provider_are_one(app, committed):
    made = payments.paid(assets.room())
    given.allow(made)
    committed.commit()
    said = at_once(app, *[asking(made, 150_000) for _n in range(20)])
    assert said.count("approved") == 1
    assert set(said) <= {"approved", "refund_under_way", "busy"}
    at_once(app, *[sending_back.work_due] * 6)
    committed.expire_all()
    assert given.at_provider() == 1
    assert [each.status for each in given.of(made)] == ["pending"]


def test_two_second_persons_at_once_approve_once(app, committed):
    made = payments.paid(assets.room())
    refund = given.asked(made, alone=False)
    committed.commit()

    def approve():
        try:
            return refunds.approve(refund_id=refund.id, actor=given.MANAGER).status
        except DomainError as error:
            return error.code

    said = at_once(app, *[approve] * 6)
    assert said.count("approved") == 1
    committed.expire_all()
    assert get_intent(made.reference).payment.refunded == 1_000_000
    assert given.everything_balances()


def test_the_database_has_the_last_word(app, committed):
    """Even a command that forgot to look cannot give back more than came."""
    from sqlalchemy import select, update
    from sqlalchemy.exc import IntegrityError

    from portal.shared.payments.models import Refund

    made = given.by_hand(assets.room())
    refund = given.asked(made, 600_000)
    copied = {
        column.name: getattr(refund, column.name)
        for column in Refund.__table__.columns
        if column.name not in ("id", "idem_key")
    }
    committed.add(Refund(idem_key="twice", **copied))
    with pytest.raises(IntegrityError, match="would exceed it"):
        committed.flush()
    committed.rollback()
    payment = committed.scalars(select(Payment)).one()
    with pytest.raises(IntegrityError, match="refunded_within"):
        committed.execute(update(Payment).where(Payment.id == payment.id).values(refunded=payment.amount + 1))
    committed.rollback()
