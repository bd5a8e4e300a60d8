"""Entries by hand: seen before they are booked, refused with the difference, reversed once and by people only."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.core.clock import local_date
from portal.core.db import db
from portal.shared.ledger import chart, queries
from portal.shared.ledger.models import Account, Entry
from tests.factories import assets, books, identity, payments

SALE = ((chart.CASH, 50_000), (chart.SALES, -50_000))


@pytest.fixture
def place(session):
    """A hotel whose books are written in."""
    return assets.place()


@pytest.fixture
def desk(client, place):
    """The owner's browser."""
    identity.sign_in(client, identity.member(place))
    return client


def account(code):
    return db.session.scalars(select(Account).where(Account.code == code)).one()


def today(place):
    return local_date(place.timezone)


def lines(*legs, memo="Counted the till", on="", do="book", once="page 1", **more):
    """An entry as its form sends it: (account, debit, credit) of each line."""
    sent = {"memo": memo, "on": on, "do": do, "once": once, **more}
    for number, (code, debit, credit) in enumerate(legs):
        sent |= {f"lines-{number}-account": code, f"lines-{number}-debit": debit, f"lines-{number}-credit": credit}
    return sent


def test_an_entry_is_seen_before_it_is_booked_and_booked_once(desk, place):
    to = f"/books/{place.asset_number}/entries/new"
    assert "Choose an account" in desk.get(to).text
    day = today(place).isoformat()
    legs = ((chart.BANK, "1,500.50".replace(",", ""), ""), (chart.CAPITAL, "", "1500.50"))
    preview = desk.post(to, data=lines(*legs, on=day, do="preview"))
    assert preview.status_code == 200
    assert "What it would do" in preview.text
    assert "+₦1,500.50" in preview.text
    assert db.session.scalars(select(Entry)).all() == []
    booked = desk.post(to, data=lines(*legs, on=day))
    again = desk.post(to, data=lines(*legs, on=day))
    assert booked.status_code == again.status_code == 303
    assert booked.location == again.location
    entry = db.session.scalars(select(Entry)).one()
    assert (entry.memo, entry.booked_on, entry.fact) == ("Counted the till", today(place), "entry.made")
    shown = desk.get(booked.location).text
    assert "Amina Bello" in shown
    assert "₦1,500.50" in shown


def test_more_lines_come_without_a_script_and_keep_what_was_typed(desk, place):
    page = desk.post(
        f"/books/{place.asset_number}/entries/new", data=lines((chart.BANK, "12.50", ""), ("", "", ""), do="more")
    )
    assert page.status_code == 200
    assert page.text.count('-account"') >= 5
    assert 'value="12.50"' in page.text


@pytest.mark.parametrize(
    ("legs", "said"),
    [
        (((chart.BANK, "10", ""), (chart.CAPITAL, "", "9")), "Debits are 10.00 NGN and credits 9.00 NGN: 1.00 NGN is"),
        (((chart.BANK, "10", ""), ("", "", "")), "An entry has two lines or more"),
        (((chart.BANK, "10", "10"), (chart.CAPITAL, "", "")), "A line has a debit or a credit."),
        ((("", "10", ""), (chart.CAPITAL, "", "10")), "Choose the account of this line."),
        (((chart.BANK, "", ""), (chart.CAPITAL, "", "10")), "Write an amount on one side"),
        (((chart.BANK, "ten", ""), (chart.CAPITAL, "", "10")), "Write the debit as 12.50."),
        ((("9999", "10", ""), (chart.CAPITAL, "", "10")), "Choose one from the list."),
    ],
    ids=["off by one", "one line", "both sides", "no account", "no amount", "words", "no such account"],
)
@pytest.mark.parametrize("do", ["book", "preview"])
def test_an_entry_that_does_not_add_up_is_refused_with_the_difference(desk, place, legs, said, do):
    day = today(place).isoformat()
    answer = desk.post(f"/books/{place.asset_number}/entries/new", data=lines(*legs, on=day, do=do))
    assert answer.status_code == 422
    assert said in answer.text
    assert db.session.scalars(select(Entry)).all() == []


def test_an_entry_by_hand_says_what_it_is_for_on_a_day_that_has_come(desk, place):
    to, day = f"/books/{place.asset_number}/entries/new", today(place)
    legs = ((chart.BANK, "10", ""), (chart.CAPITAL, "", "10"))
    assert "Enter the reason for the entry." in desk.post(to, data=lines(*legs, memo=" ", on=day.isoformat())).text
    late = desk.post(to, data=lines(*legs, on=(day + timedelta(days=1)).isoformat()))
    assert late.status_code == 422
    assert "That day is still to come." in late.text


def test_an_entry_by_hand_is_reversed_once_with_a_reason(desk, place):
    number = books.made(place, *SALE)
    to = f"/books/{place.asset_number}/entries/{number}"
    assert desk.post(f"{to}/reverse", data={"reason": " "}).status_code == 422
    done = desk.post(f"{to}/reverse", data={"reason": "Typed twice"})
    assert done.status_code == 303
    assert "This entry is reversed" in desk.get(to).text
    assert "This entry reverses another." in desk.get(done.location).text
    again = desk.post(f"{to}/reverse", data={"reason": "Typed twice"})
    assert again.status_code == 422
    assert "This entry has been reversed already." in again.text
    assert queries.standing(place.business_id, place.id, chart.CASH, "NGN") == 0


def test_what_a_desk_booked_is_undone_at_that_desk(desk, place):
    made = payments.paid(assets.room(place))
    number = db.session.scalars(select(Entry.id)).one()
    to = f"/books/{place.asset_number}/entries/{number}"
    assert f"/payments/{place.asset_number}/{made.reference}" in desk.get(to).text
    refused = desk.post(f"{to}/reverse", data={"reason": "I think so"})
    assert refused.status_code == 422
    assert "Undo it there: refund the payment" in refused.text


def test_a_customers_credit_can_be_corrected_and_not_below_nothing(desk, place):
    payments.paid(assets.room(place), amount=1_250_000)
    owner, day = account(chart.CUSTOMER_CREDIT).owner, today(place).isoformat()
    to = f"/books/{place.asset_number}/entries/new"
    assert "Customer credit: " in desk.get(f"{to}?customer={owner}").text
    legs = ((chart.credit_of(owner), "2500.01", ""), (chart.SALES, "", "2500.01"))
    preview = desk.post(to, data=lines(*legs, on=day, do="preview", customer=owner))
    assert "Falls below its floor" in preview.text
    refused = desk.post(to, data=lines(*legs, on=day, customer=owner))
    assert refused.status_code == 422
    assert "There is not enough on the account" in refused.text
    strange = assets.place()
    identity.sign_in(desk, identity.member(strange))
    other = desk.get(f"/books/{strange.asset_number}/entries/new?customer={owner}").text
    assert "Customer credit: " not in other
