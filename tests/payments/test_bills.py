"""Bills: numbered without gaps, paid in one or several ways, cancelled only while nothing has come."""

import re

import pytest
from sqlalchemy import text

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import Invalid
from portal.shared.audit.queries import trail
from portal.shared.ledger import chart
from portal.shared.ledger.queries import entries_about
from portal.shared.payments import bill_queries
from portal.shared.payments.bill_queries import WantedBills, get_bill
from portal.shared.payments.errors import (
    BillCannotBeCancelled,
    BillOver,
    MoreThanDue,
    NoSuchBill,
    NothingHeld,
    ReasonMissing,
    RefundUnderWay,
    WrongCurrency,
)
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import bills, intents, reviews, settlement
from tests.factories import assets, payments, refunds
from tests.factories import bills as made
from tests.factories.bills import CLERK, booked, credit_booked
from tests.payments.test_settle import charge

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def place():
    """A hotel in Lagos."""
    return assets.place()


def intent(bill, amount=None, **changes):
    """Somebody set out to pay a bill at the pretended provider."""
    opened = intents.open_intent(
        purpose=bills.PURPOSE, subject_id=bill.id, amount=bill.due.minor if amount is None else amount,
        payer_email="a.friend@example.com", actor=payments.VISITOR, **changes,
    )  # fmt: skip
    return payments.started(opened.intent)


def settle(said):
    settlement.settle(charge=said, provider="sandbox", via="webhook", actor=payments.VISITOR)


def pay(bill, part=None, **said):
    """The same, and the provider says that it was paid."""
    opened = intent(bill, part)
    settle(charge(opened, **said))
    return get_intent(opened.reference)


def test_numbers_have_no_gap_and_each_place_counts_for_itself(place):
    assert [made.bill(place).number for _n in range(3)] == [1, 2, 3]
    with pytest.raises(Invalid):
        made.bill(place, email=None, phone=None)
    assert made.bill(place).number == 4
    assert made.bill(assets.place()).number == 1


def test_its_address_cannot_be_guessed(place):
    tokens = {made.bill(place).token for _n in range(20)}
    assert len(tokens) == 20
    assert all(re.fullmatch(r"[\w-]{22}", token) for token in tokens)
    for wrong in ("", "x", "é", "a\0b"):
        with pytest.raises(NoSuchBill):
            bill_queries.get_bill_by_token(wrong)


def test_the_same_customer_is_known_again_by_mail_or_phone(place):
    first = made.bill(place, email="Ada@Example.com ", phone="+2348031234567")
    assert made.bill(place, email="ada@example.com").customer_id == first.customer_id
    assert made.bill(place, email=None, phone="+2348031234567").customer_id == first.customer_id
    assert made.bill(assets.place()).customer_id != first.customer_id


@pytest.mark.parametrize(
    ("kind", "account"), [("sale", chart.SALES), ("deposit", chart.DEPOSITS), ("invoice", chart.RECEIVABLE)]
)
def test_money_for_a_bill_is_booked_by_its_kind(place, kind, account):
    bill = made.bill(place, kind=kind)
    owed = 850_000 if kind == "invoice" else 0
    assert booked(place, chart.RECEIVABLE) == owed
    assert booked(place, chart.SALES) == owed
    paid = pay(bill)
    assert paid.status == "succeeded"
    assert get_bill(bill.id).status == "paid"
    assert booked(place, account) == (0 if kind == "invoice" else 850_000)
    assert booked(place, chart.money_at("sandbox")) == 850_000


def test_a_top_up_is_the_customers_credit_whoever_pays_it(place):
    bill = made.bill(place, kind="top_up", amount=300_000)
    paid = pay(bill)
    assert get_bill(bill.id).status == "paid"
    assert paid.payment.remainder == 300_000
    assert credit_booked(place, bill.customer_id) == 300_000


def test_a_bill_is_paid_in_parts_and_what_is_over_is_credit(place):
    bill = made.bill(place, kind="invoice")
    both = intent(bill, 500_000), intent(bill, 500_000)
    for each in both:
        settle(charge(each))
    now = get_bill(bill.id)
    assert (now.paid, now.status) == (850_000, "paid")
    assert get_intent(both[1].reference).payment.remainder == 150_000
    assert credit_booked(place, bill.customer_id) == 150_000
    assert booked(place, chart.RECEIVABLE) == 0
    with pytest.raises(BillOver, match="is paid already"):
        intent(bill, 1)


def test_a_part_leaves_the_rest_due(place):
    bill = made.bill(place)
    pay(bill, 200_000)
    now = get_bill(bill.id)
    assert (now.status, now.due.minor) == ("part_paid", 650_000)
    assert trail(subject="bill", subject_id=bill.id)[0].action == "bill.paid"


def test_nobody_is_asked_for_more_than_is_due_or_in_other_money(place):
    bill = made.bill(place)
    with pytest.raises(MoreThanDue, match=r"8,500\.00 NGN"):
        intent(bill, 850_001)
    with pytest.raises(WrongCurrency, match="NGN"):
        intent(bill, currency="USD")


def test_money_that_came_short_waits_and_counts_once_it_is_taken(place):
    bill = made.bill(place)
    paid = pay(bill, amount=400_000)
    assert paid.status == "review"
    assert get_bill(bill.id).paid == 0
    reviews.accept(reference=paid.reference, reason="The guest will bring the rest", actor=CLERK)
    assert get_bill(bill.id).due.minor == 450_000
    assert booked(place, chart.SALES) == 400_000
    assert booked(place, chart.HELD) == 0


def test_a_cancelled_bill_takes_no_money_and_late_money_waits(place):
    bill = made.bill(place, kind="invoice")
    late = intent(bill)
    bills.cancel(bill_id=bill.id, reason="Raised twice", actor=CLERK)
    with pytest.raises(BillOver, match="was cancelled"):
        intent(bill)
    settle(charge(late))
    assert get_intent(late.reference).review_reason == "bill_cancelled"
    assert get_bill(bill.id).paid == 0
    assert booked(place, chart.RECEIVABLE) == booked(place, chart.SALES) == 0
    assert booked(place, chart.HELD) == 850_000


def test_cancelling_takes_an_invoice_out_of_the_books_once_and_says_why(place):
    bill = made.bill(place, kind="invoice")
    with pytest.raises(ReasonMissing):
        bills.cancel(bill_id=bill.id, reason="  ", actor=CLERK)
    bills.cancel(bill_id=bill.id, reason="Wrong guest", actor=CLERK)
    with pytest.raises(BillOver, match="already"):
        bills.cancel(bill_id=bill.id, reason="Again", actor=CLERK)
    assert [entry.fact for entry in entries_about("bill", bill.id)] == ["bill.raised", "entry.reversed"]
    assert get_bill(bill.id).cancel_reason == "Wrong guest"


def test_a_bill_that_money_came_for_is_not_cancelled(place):
    bill = made.bill(place)
    pay(bill, 100)
    with pytest.raises(BillCannotBeCancelled, match=r"1\.00 NGN has come"):
        bills.cancel(bill_id=bill.id, reason="Changed their mind", actor=CLERK)


def test_a_deposit_is_earned_once_when_what_it_is_for_is_given(place):
    bill = made.bill(place, kind="deposit")
    with pytest.raises(NothingHeld, match="nothing to earn"):
        bills.use_deposit(bill_id=bill.id, actor=CLERK)
    pay(bill, 500_000)
    assert bills.use_deposit(bill_id=bill.id, actor=CLERK).minor == 500_000
    assert (booked(place, chart.DEPOSITS), booked(place, chart.SALES)) == (0, 500_000)
    with pytest.raises(NothingHeld):
        bills.use_deposit(bill_id=bill.id, actor=CLERK)
    pay(bill)
    assert get_bill(bill.id).status == "paid"
    assert (booked(place, chart.DEPOSITS), booked(place, chart.SALES)) == (0, 850_000), "what comes later is earned"


def test_what_went_back_of_a_deposit_is_not_earned(place):
    bill = made.bill(place, kind="deposit")
    first = intent(bill, 500_000)
    payments.decide(first)
    payments.settle(first)
    second = pay(bill)
    back = refunds.asked(first, 300_000)
    assert bill_queries.deposit_held(bill).minor == 550_000
    with pytest.raises(RefundUnderWay, match="on its way back"):
        bills.use_deposit(bill_id=bill.id, actor=CLERK)
    refunds.arrived(back)
    assert bills.use_deposit(bill_id=bill.id, actor=CLERK).minor == 550_000
    assert (booked(place, chart.DEPOSITS), booked(place, chart.SALES)) == (0, 550_000)
    refunds.asked(second, 100_000)
    assert (booked(place, chart.DEPOSITS), booked(place, chart.REFUNDS_GIVEN)) == (0, -100_000)


def test_only_deposits_are_used(place):
    bill = made.bill(place)
    pay(bill)
    with pytest.raises(NothingHeld, match="No deposit is held"):
        bills.use_deposit(bill_id=bill.id, actor=CLERK)


def test_the_list_is_searched_and_added_up(place):
    laundry = made.bill(place, kind="invoice", due_on=utcnow().date().replace(year=2020))
    dinner = made.bill(place, description="Dinner for 2", email="bola@example.com", name="Bola", amount=100_000)
    pay(dinner)
    found = {
        "laun": [laundry], "bola": [dinner], "ADA@": [laundry], "2": [dinner], "%": [], "nobody": [],
    }  # fmt: skip
    for said, expected in found.items():
        shown = bill_queries.bills_of(place.id, WantedBills(search=said)).items
        assert [each.id for each in shown] == [each.id for each in expected], said
    assert bill_queries.bill_figures(place.id, WantedBills(), utcnow().date()) == {
        "bills": 2, "asked": 950_000, "paid": 100_000, "due": 850_000, "overdue": 850_000,
    }  # fmt: skip
    assert bill_queries.bills_of(place.id, WantedBills(overdue_on=utcnow().date())).items == [get_bill(laundry.id)]


def test_the_database_lets_no_bill_be_paid_beyond_its_amount(place):
    bill = made.bill(place)
    with pytest.raises(Exception, match="ck_bill_paid_within"), db.session.begin_nested():
        db.session.execute(text("update bill set paid = amount + 1 where id = :id"), {"id": bill.id})
