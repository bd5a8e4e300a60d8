"""The books desk: any figure leads to its entry, the entry to what happened, and back; months, hands and rights."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from jobs import books as job
from portal.core.clock import local_date
from portal.core.db import db
from portal.shared.identity.models import UserSession
from portal.shared.ledger import chart, queries
from portal.shared.ledger.models import Account
from portal.shared.payments.models import Payment
from tests.factories import assets, books, identity, payments
from tests.web.test_books_by_hand import lines

SALE = ((chart.CASH, 50_000), (chart.SALES, -50_000))


@pytest.fixture
def place(session):
    """A hotel whose books are looked at."""
    return assets.place()


@pytest.fixture
def desk(client, place):
    """The owner's browser."""
    identity.sign_in(client, identity.member(place))
    return client


@pytest.fixture
def at(desk, place):
    """`at("journal")` is the text of that page of the books."""
    return lambda path="": desk.get(f"/books/{place.asset_number}/{path}").text


def account(code, owner=None):
    found = select(Account).where(Account.code == code)
    return db.session.scalars(found if owner is None else found.where(Account.owner == owner)).one()


def links(page, part):
    return [each.replace("&amp;", "&") for each in re.findall(rf'href="([^"]*{part}[^"]*)"', page)]


def today(place):
    return local_date(place.timezone)


def test_empty_books_say_what_they_are(at):
    assert "Nothing is booked up to that day" in at()
    assert "Nothing is booked yet" in at("journal")
    assert "Nobody has credit from here" in at("credit")


def test_any_figure_leads_to_its_entry_and_the_payment_and_back(desk, place, at):
    made = payments.paid(assets.room(place))
    trial = at()
    assert "The books balance" in trial
    statement = desk.get(next(each for each in links(trial, "/accounts/"))).text
    entry = desk.get(links(statement, r"/entries/\d")[0]).text
    assert "Payment received" in entry
    assert "Hire of rooms and vehicles" in entry
    payment = desk.get(links(entry, f"/payments/{place.asset_number}/{made.reference}")[0]).text
    assert "In the books" in payment
    assert links(payment, r"/entries/\d") == links(statement, r"/entries/\d")


def test_what_a_trial_balance_shows_is_what_was_posted_on_those_days(at, place):
    day = today(place)
    for back, minor in ((2, 10_000), (1, 20_000), (0, 40_000)):
        books.made(place, (chart.CASH, minor), (chart.SALES, -minor), on=day - timedelta(days=back))
    page = at(f"?from={day - timedelta(days=1)}&to={day - timedelta(days=1)}")
    row = next(each for each in page.split("<tr>") if "Cash on hand" in each)
    assert re.findall(r"₦[\d,.]+", row) == ["₦100.00", "₦200.00", "₦300.00"]
    assert "₦0.00" in page.split("Difference")[1]
    assert "There is no such date" in at("?from=2031-02-30")
    turned = at(f"?from={day}&to={day - timedelta(days=1)}")
    assert "The first day must not lie after the last one." in turned
    assert "₦700.00" in turned, "the usual days: all of it, this month or before"


def test_a_trial_balance_is_in_one_currency(at, place):
    books.made(place, *SALE)
    made = payments.intent(assets.room(place))
    payments.decide(made, "wrong_currency")
    payments.settle(made)
    other = db.session.scalars(select(Payment)).one().currency
    assert "Held for a decision" not in at()
    assert "Held for a decision" in at(f"?currency={other}")
    assert "Held for a decision" not in at("?currency=XXX")


def test_a_statement_runs_through_its_pages_without_losing_a_unit(desk, place):
    for number in range(1, 8):
        books.made(place, (chart.CASH, 100 * number), (chart.SALES, -100 * number), memo=f"Till {number}")
    books.made(place, (chart.CASH, -50), (chart.SALES, 50), memo="Change")
    found = account(chart.CASH)
    cursor, seen, forward = None, [], None
    while True:
        part = queries.statement(found, None, None, cursor=cursor, limit=3)
        assert forward in (None, part.lines[0].balance)
        seen += [(line.leg.amount, line.balance) for line in part.lines]
        forward, cursor = part.brought_forward, part.next
        if cursor is None:
            break
    assert [amount for amount, _balance in seen] == [-50, *(100 * n for n in range(7, 0, -1))]
    assert [balance for _amount, balance in seen] == [2_750, 2_800, 2_100, 1_500, 1_000, 600, 300, 100]
    assert (forward, part.opening, part.closing, part.debits, part.credits) == (0, 0, 2_750, 2_800, 50)


def test_a_statement_of_some_days_opens_with_what_stood_before(at, place):
    day = today(place)
    books.made(place, *SALE, on=day - timedelta(days=3))
    books.made(place, (chart.CASH, 100), (chart.SALES, -100), on=day)
    statement = queries.statement(account(chart.SALES), day, day)
    assert (statement.opening, statement.credits, statement.closing) == (50_000, 100, 50_100)
    assert statement.brought_forward == 50_000
    quiet = queries.statement(account(chart.SALES), day - timedelta(days=1), day - timedelta(days=1))
    assert (quiet.opening, quiet.closing, quiet.brought_forward, quiet.lines) == (50_000, 50_000, 50_000, [])
    page = at(f"accounts/{account(chart.SALES).id}?from={day}&to={day}")
    assert "Brought forward" in page
    assert "₦501.00" in page


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("q=till", True), ("q=nonsense", False), ("q=500", True), ("q=500.00", True), ("q=501", False),
        ("q=%231", True), ("fact=entry.made", True), ("fact=payment.settled", False), ("fact=nonsense", True),
        ("from=2000-01-01&to=2000-12-31", False), ("account=999999", False), ("account=x", True),
        (f"q={'x' * 100}", True),
    ],
)  # fmt: skip
def test_the_journal_is_searched_by_what_people_remember(at, place, asked, shown):
    number = books.made(place, *SALE)
    asked = asked.replace("%231", f"%23{number}")
    assert (f"/entries/{number}" in at(f"journal?{asked}")) is shown


def test_the_journal_finds_a_payment_by_its_reference_and_payer(at, place):
    made, other = payments.paid(assets.room(place)), payments.paid(assets.room(place), email="bola@example.com")
    for asked in (made.reference, made.reference[:9].lower(), "ADA@example.com"):
        page = at(f"journal?q={asked}")
        assert made.reference[:11] in page
        assert other.reference[:11] not in page


def test_the_search_box_finds_entries(desk, place):
    number = books.made(place, *SALE, memo="Safe of the lobby")
    for asked_for in (f"%23{number}", "lobby"):
        assert f"/books/{place.asset_number}/entries/{number}" in desk.get(f"/search?q={asked_for}").text


def test_the_journal_comes_in_pages_and_filters_by_account(desk, at, place, monkeypatch):
    monkeypatch.setattr(queries.journal, "__kwdefaults__", {"cursor": None, "limit": 2})
    numbers = [books.made(place, *SALE) for _n in range(3)]
    books.banked(place, 70)
    first = at(f"journal?account={account(chart.SALES).id}")
    assert f"/entries/{numbers[0]}" not in first
    following = links(first, "cursor=")[-1]
    assert f'/entries/{numbers[0]}"' in desk.get(following).text
    assert desk.get(f"/books/{place.asset_number}/journal?cursor=nonsense").status_code == 422


@pytest.mark.parametrize(
    ("sheet", "cells"),
    [
        ("trial-balance.csv", ["1000", "Cash on hand", "500.00", ",-500.00,NGN"]),
        ("journal.csv", ["Counted the till", "1000", "4010"]),
        ("accounts/{cash}.csv", ["Counted the till", "500.00"]),
        ("credit.csv", ["ada@example.com", "2500.00"]),
    ],
)
def test_every_list_is_a_spreadsheet_too(desk, place, sheet, cells):
    books.made(place, *SALE)
    payments.paid(assets.room(place), amount=1_250_000)
    answer = desk.get(f"/books/{place.asset_number}/{sheet.format(cash=account(chart.CASH).id)}")
    assert answer.mimetype == "text/csv"
    assert all(cell in answer.text for cell in cells), answer.text


def test_a_customers_credit_is_the_whole_businesss_and_says_what_is_of_here(desk, place, at):
    payments.paid(assets.room(place), amount=1_250_000)
    whose = account(chart.CUSTOMER_CREDIT)
    elsewhere = assets.place(business_id=place.business_id)
    books.made(elsewhere, (chart.credit_of(whose.owner), 100_000), (chart.SALES, -100_000), memo="Secret of theirs")
    page = at("credit")
    row = next(each for each in page.split("<tr>") if "ada@example.com" in each)
    assert re.findall(r"₦[\d,.]+", row) == ["₦2,500.00", "₦1,500.00"]
    assert "Nobody fits" in at("credit?q=nobody")
    assert "ada@example.com" in at("credit?q=ADA")
    statement = at(f"accounts/{whose.id}")
    assert "at another place of the business" in statement
    assert "Secret of theirs" not in statement
    assert "at another place" not in at(f"accounts/{whose.id}?where=here")
    trial = at()
    assert next(each for each in trial.split("<tr>") if "1 customer" in each).count("₦2,500.00") == 2


def test_months_are_closed_and_opened_again_on_their_page(desk, place, at):
    first = today(place).replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    books.made(place, *SALE, on=before)
    this, last = f"{first:%Y-%m}", f"{before:%Y-%m}"
    assert "Months close in order" in at(f"months/{this}")
    assert "Nothing hangs in the air" in at(f"months/{last}")
    to = f"/books/{place.asset_number}/months"
    refused = desk.post(f"{to}/{this}/close")
    assert refused.status_code == 422
    assert "first." in refused.text
    assert desk.post(f"{to}/{last}/close").status_code == 303
    assert "has not ended here yet" in desk.post(f"{to}/{this}/close").text
    assert "Open it again" in at(f"months/{last}")
    late = desk.post(
        f"/books/{place.asset_number}/entries/new",
        data=lines((chart.BANK, "10", ""), (chart.CAPITAL, "", "10"), on=before.isoformat()),
    )
    assert late.status_code == 422
    assert "The books are closed up to" in late.text
    assert desk.post(f"{to}/{last}/reopen", data={"reason": ""}).status_code == 422
    assert desk.post(f"{to}/{last}/reopen", data={"reason": "Bank was wrong"}).status_code == 303
    assert "Bank was wrong" in at(f"months/{last}")
    assert "Bank was wrong" in at("months")
    assert desk.get(f"{to}/2026-13").status_code == 422


def test_what_hangs_in_the_air_is_shown_before_closing(desk, place, at):
    made = payments.intent(assets.room(place))
    payments.decide(made, "wrong_amount")
    payments.settle(made)
    page = at(f"months/{today(place):%Y-%m}")
    assert "1 payment held for a decision" in page
    assert f"/payments/{place.asset_number}/review" in page


def test_the_chart_says_what_each_account_is_for_and_what_posts_where(at):
    page = unescape(at("chart"))
    for plan in chart.CHART.values():
        assert plan.help in page
    for fact in chart.FACTS.values():
        assert fact.words in page


@pytest.mark.parametrize(
    ("role", "seen", "written"),
    [("owner", 200, 303), ("admin", 200, 303), ("manager", 200, 403), ("front_desk", 403, 403), ("viewer", 403, 403)],
)
def test_who_reads_and_who_writes_the_books(client, place, role, seen, written):
    number = books.made(place, *SALE)
    identity.sign_in(client, identity.member(place, role))
    for path in ("", "journal", "months", "credit", "chart", f"entries/{number}"):
        assert client.get(f"/books/{place.asset_number}/{path}").status_code == seen
    reversal = client.post(f"/books/{place.asset_number}/entries/{number}/reverse", data={"reason": "Typed twice"})
    assert reversal.status_code == written


def test_writing_in_the_books_asks_for_the_password_once_more(desk, place):
    db.session.execute(db.update(UserSession).values(proved_at=UserSession.proved_at - timedelta(hours=1)))
    db.session.commit()
    number = books.made(place, *SALE)
    answer = desk.post(f"/books/{place.asset_number}/entries/{number}/reverse", data={"reason": "Typed twice"})
    assert answer.status_code == 403
    assert "Is it still you?" in answer.text
    assert queries.find_reversal(number) is None


def test_another_places_books_are_not_there(desk, place):
    other = assets.place()
    number = books.made(other, *SALE)
    found = account(chart.CASH)
    for path in (f"entries/{number}", f"accounts/{found.id}", f"accounts/{found.id}.csv"):
        assert desk.get(f"/books/{place.asset_number}/{path}").status_code == 404
    assert desk.post(f"/books/{place.asset_number}/entries/{number}/reverse", data={"reason": "x"}).status_code == 404


def test_the_bell_rings_when_the_books_do_not_add_up(desk, place):
    def bell():
        headers = {"HX-Request": "true", "HX-Target": "bell"}
        return desk.get(f"/home/{place.asset_number}/bell", headers=headers).text

    assert job.verify() == 0
    assert "The books do not add up" not in bell()
    db.session.execute(db.text("update heartbeat set details = jsonb_build_object('wrong', '[\"x\"]'::jsonb)"))
    db.session.commit()
    assert "The books do not add up" in bell()


@pytest.mark.parametrize(
    ("path", "most"), [("", 6), ("journal", 8), ("accounts/{cash}", 9), ("months", 6), ("credit", 8), ("chart", 3)]
)
def test_each_page_asks_few_questions(desk, place, count_queries, path, most):
    for _n in range(5):
        payments.paid(assets.room(place), amount=1_250_000)
        books.made(place, *SALE)
    address = f"/books/{place.asset_number}/{path.format(cash=account(chart.CASH).id)}"
    db.session.commit()
    with count_queries() as sent:
        assert desk.get(address).status_code == 200
    assert len(sent) <= most, sent
