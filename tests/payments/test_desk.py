"""Money taken by hand: cash with change, card slips that count once, and credit that never falls below nothing."""

import pytest
from sqlalchemy import func, select

from portal.core import outbox
from portal.core.errors import Invalid
from portal.core.idempotency import IdempotencyKeyReused
from portal.shared.access.queries import grants_of
from portal.shared.access.services.offers import PURPOSE as ACCESS
from portal.shared.audit.queries import trail
from portal.shared.devices.queries import commands_of
from portal.shared.ledger import chart
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.errors import (
    BillOver,
    CannotFulfil,
    CreditTooLow,
    MoreThanDue,
    NotTaken,
    SlipMissing,
    SlipUsed,
    TooLittleHandedOver,
)
from portal.shared.payments.models import Payment, PaymentIntent
from portal.shared.payments.services import desk
from tests.factories import assets
from tests.factories import bills as made
from tests.factories.bills import CLERK, booked, credit_booked

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def place():
    """A hotel in Lagos."""
    return assets.place()


def cash(bill, amount=None, **more):
    return desk.take_for_bill(
        bill_id=bill.id, way="cash", amount=bill.due.minor if amount is None else amount, actor=CLERK, **more
    )


def card(bill, slip, amount=None, **more):
    return desk.take_for_bill(
        bill_id=bill.id, way="card", amount=bill.due.minor if amount is None else amount, slip=slip, actor=CLERK, **more
    )


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_cash_is_settled_at_once_with_change_and_a_receipt(place):
    bill = made.bill(place)
    taken = cash(bill, tendered=1_000_000)
    assert taken.change.minor == 150_000
    assert (taken.intent.status, taken.intent.payer_email) == ("succeeded", made.ADA)
    assert (taken.payment.provider, taken.payment.settled_via, taken.payment.taken_by) == ("cash", "desk", CLERK.key)
    assert get_bill(bill.id).status == "paid"
    assert booked(place, chart.CASH) == booked(place, chart.SALES) == 850_000
    entry = next(e for e in trail(subject="payment_intent", subject_id=taken.intent.id) if e.action == "payment.taken")
    assert (entry.after["tendered"], entry.after["change"]) == (1_000_000, 150_000)


def test_too_little_in_hand_is_refused_and_nothing_is_written(place, session):
    with pytest.raises(TooLittleHandedOver, match=r"8,000\.00 NGN was handed over"):
        cash(made.bill(place), tendered=800_000)
    assert count(session, PaymentIntent) == 0


def test_a_card_slip_counts_once_at_a_place(place):
    bill = made.bill(place)
    taken = card(bill, "004711", 400_000)
    assert desk.slip_of(taken.payment) == "004711"
    assert booked(place, chart.CARD_MACHINE) == 400_000
    with pytest.raises(SlipUsed, match=r"Slip 004711 has been recorded already, for 4,000\.00 NGN"):
        card(bill, "004711", 450_000)
    assert get_bill(bill.id).paid == 400_000
    elsewhere = assets.place()
    assert card(made.bill(elsewhere), "004711").intent.status == "succeeded"


def test_a_card_without_its_slip_is_refused(place):
    with pytest.raises(SlipMissing):
        card(made.bill(place), None)


def test_more_than_is_due_is_not_taken(place):
    with pytest.raises(MoreThanDue):
        cash(made.bill(place), 850_001)


def test_the_same_form_sent_twice_takes_the_money_once(place, session):
    bill = made.bill(place)
    first, again = (cash(bill, 400_000, tendered=500_000, idem_key="once") for _turn in range(2))
    assert first.intent.reference == again.intent.reference
    assert again.change.minor == 100_000
    assert count(session, Payment) == 1
    assert get_bill(bill.id).paid == 400_000
    with pytest.raises(IdempotencyKeyReused):
        cash(bill, 300_000, idem_key="once")


def test_cash_at_the_desk_lets_a_guest_in(place):
    room = assets.room(place)
    taken = desk.take(
        purpose=ACCESS, subject_id=room.id, way="cash", amount=2 * room.price, payer_email="ada@example.com",
        actor=CLERK,
    )  # fmt: skip
    assert taken.intent.status == "succeeded"
    (grant,) = grants_of(room.id)
    assert (grant.ends_at - grant.starts_at).days == 2
    assert commands_of(room.id)[0].action == "unlock"
    assert booked(place, chart.HIRE) == 2 * room.price


def test_what_cannot_be_given_leaves_no_trace_of_the_money(place, session, monkeypatch):
    """The room went to somebody else between the look and the lock: the guest still stands at the desk."""
    from portal.shared.payments import purposes

    def refuse(*_given):
        raise CannotFulfil("Somebody else was quicker.")

    given = purposes.purpose(ACCESS)
    monkeypatch.setitem(purposes._purposes, ACCESS, purposes.Purpose(given.prepare, refuse, given.earned, given.about))
    room = assets.room(place)
    with pytest.raises(NotTaken, match="Nothing was recorded"):
        desk.take(
            purpose=ACCESS, subject_id=room.id, way="cash", amount=room.price, payer_email="a@example.com", actor=CLERK
        )
    assert count(session, PaymentIntent) == count(session, Payment) == 0


def test_one_bill_is_paid_in_every_way(place):
    bill = made.bill(place, kind="invoice", amount=1_000_000)
    made.credit(place, 200_000)
    cash(bill, 300_000)
    card(bill, "1", 400_000)
    desk.spend_credit(bill_id=bill.id, amount=200_000, actor=CLERK)
    cash(bill, 100_000)
    assert get_bill(bill.id).status == "paid"
    assert booked(place, chart.RECEIVABLE) == credit_booked(place, bill.customer_id) == 0
    assert booked(place, chart.CASH) == 600_000


def test_credit_is_spent_only_as_far_as_it_goes(place):
    bill = made.bill(place)
    with pytest.raises(CreditTooLow, match=r"0\.00 NGN"):
        desk.spend_credit(bill_id=bill.id, amount=1, actor=CLERK)
    made.credit(place, 500_000)
    with pytest.raises(CreditTooLow, match=r"5,000\.00 NGN"):
        desk.spend_credit(bill_id=bill.id, amount=500_001, actor=CLERK)
    with pytest.raises(MoreThanDue):
        desk.spend_credit(bill_id=bill.id, amount=850_001, actor=CLERK)
    for nothing in (0, -100):
        with pytest.raises(Invalid, match="more than nothing"):
            desk.spend_credit(bill_id=bill.id, amount=nothing, actor=CLERK)
    for _twice in range(2):
        desk.spend_credit(bill_id=bill.id, amount=500_000, actor=CLERK, idem_key="once")
    assert (get_bill(bill.id).paid, credit_booked(place, bill.customer_id)) == (500_000, 0)


def test_credit_does_not_top_itself_up(place):
    made.credit(place, 500_000)
    with pytest.raises(BillOver, match="cannot be topped up from itself"):
        desk.spend_credit(bill_id=made.bill(place, kind="top_up").id, amount=100, actor=CLERK)


def test_money_taken_at_a_desk_is_told_like_any_other(place, session):
    cash(made.bill(place))
    topics = session.scalars(select(outbox.OutboxEvent.topic).order_by(outbox.OutboxEvent.id)).all()
    assert topics[-2:] == ["payments.bill.paid", "payments.payment.settled"]
