"""Many hands on one bill, one slip and one customer's credit at once: real commits, real threads."""

import pytest
from sqlalchemy import func, select, text

from portal.core.errors import DomainError
from portal.shared.ledger import chart
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.models import Payment
from portal.shared.payments.services import bills, desk, intents, settlement
from tests.factories import assets, payments, refunds
from tests.factories import bills as made
from tests.factories.bills import CLERK, booked, credit_booked
from tests.payments.test_races import at_once
from tests.payments.test_settle import charge

pytestmark = pytest.mark.usefixtures("committed")


def tried(work):
    """What a command said: its result, or the code of its refusal."""

    def run():
        try:
            return work()
        except DomainError as error:
            return error.code

    return run


def test_fifty_payments_of_one_bill_never_pay_more_than_it_asks(app, committed):
    place = assets.place()
    bill = made.bill(place, kind="invoice", amount=1_000_000)
    opened = [
        intents.open_intent(
            purpose=bills.PURPOSE, subject_id=bill.id, amount=30_000, payer_email=f"{n}@example.com",
            actor=payments.VISITOR,
        ).intent
        for n in range(50)
    ]  # fmt: skip

    def settle(each):
        told = charge(each)
        return settlement.settle(charge=told, provider="sandbox", via="webhook", actor=payments.VISITOR).verdict

    said = at_once(app, *[lambda each=each: settle(each) for each in opened])
    assert said == ["settled"] * 50
    now = get_bill(bill.id)
    assert (now.paid, now.status) == (1_000_000, "paid")
    assert credit_booked(place, bill.customer_id) == 50 * 30_000 - 1_000_000
    assert booked(place, chart.RECEIVABLE) == 0
    assert booked(place, chart.money_at("sandbox")) == 50 * 30_000
    assert committed.scalar(text("select sum(amount) from ledger_posting")) == 0


def test_twenty_spends_of_a_hundred_on_a_thousand_are_exactly_ten(app, committed):
    place = assets.place()
    made.credit(place, 1_000)
    raised = [made.bill(place, amount=100) for _n in range(20)]
    said = at_once(
        app,
        *[
            tried(lambda bill=bill: desk.spend_credit(bill_id=bill.id, amount=100, actor=CLERK).status)
            for bill in raised
        ],
    )
    assert sorted(said)[10:] == ["paid"] * 10
    assert {*sorted(said)[:10]} <= {"credit_too_low", "balance_too_low"}
    assert credit_booked(place, raised[0].customer_id) == 0
    assert booked(place, chart.SALES) == 1_000


def test_two_clerks_with_one_slip_take_it_once(app, committed):
    place = assets.place()
    bill = made.bill(place)

    def take():
        desk.take_for_bill(bill_id=bill.id, way="card", amount=100_000, slip="77", actor=CLERK)
        return "taken"

    said = at_once(app, *[tried(take)] * 8)
    assert sorted(said) == ["slip_used"] * 7 + ["taken"]
    assert committed.scalar(select(func.count()).select_from(Payment)) == 1


def test_cash_and_a_cancellation_at_once_end_one_way(app, committed):
    """The bill is cancelled and nothing was taken, or it is paid and stands."""
    place = assets.place()
    for _run in range(8):
        bill = made.bill(place, kind="invoice")
        at_once(
            app,
            tried(lambda bill=bill: desk.take_for_bill(bill_id=bill.id, way="cash", amount=850_000, actor=CLERK)),
            tried(lambda bill=bill: bills.cancel(bill_id=bill.id, reason="Raised twice", actor=CLERK)),
        )
        now = get_bill(bill.id)
        assert (now.status, now.paid) in {("cancelled", 0), ("paid", 850_000)}
    assert booked(place, chart.RECEIVABLE) == 0
    assert booked(place, chart.HELD) == 0
    assert booked(place, chart.CASH) == booked(place, chart.SALES)


def test_bills_raised_at_once_are_numbered_without_a_gap(app, committed):
    place = assets.place()
    raised = at_once(app, *[lambda n=n: made.bill(place, email=f"{n % 5}@example.com").number for n in range(20)])
    assert sorted(raised) == list(range(1, 21))


def test_a_deposit_is_earned_or_goes_back_and_never_both(app, committed):
    place = assets.place()
    for _n in range(10):
        bill = made.bill(place, kind="deposit")
        taken = desk.take_for_bill(bill_id=bill.id, way="cash", amount=bill.amount, actor=CLERK)
        refunds.allow(taken.intent)
        at_once(
            app,
            tried(lambda bill=bill: bills.use_deposit(bill_id=bill.id, actor=CLERK).minor),
            tried(lambda taken=taken: refunds.asked(taken.intent).amount),
        )
        assert booked(place, chart.DEPOSITS) == 0
    assert booked(place, chart.CASH) == 0
    assert committed.scalar(text("select sum(amount) from ledger_posting")) == 0
