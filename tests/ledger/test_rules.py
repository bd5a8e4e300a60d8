"""What the database itself refuses to let into the books, whoever asks."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.core.db import db
from portal.shared.ledger import chart
from portal.shared.ledger.errors import AlreadyPosted, AlreadyReversed, BalanceTooLow, Unbalanced
from portal.shared.ledger.queries import standing
from portal.shared.ledger.services import entries
from portal.shared.ledger.services.entries import Leg
from tests.factories import assets

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("committed")]
BY = assets.ACTOR
_keys = iter(range(10_000))


def book(place, *legs, key=None):
    return entries.make(
        place=place,
        currency="NGN",
        legs=[Leg(account, minor) for account, minor in legs],
        memo="Counted the till",
        key=key or str(next(_keys)),
        actor=BY,
    )


def raw(*statements):
    """Statements in one transaction, past every service."""
    try:
        for statement in statements:
            db.session.execute(text(statement))
        db.session.commit()
    finally:
        db.session.rollback()


def entry_of(place, key="raw"):
    return (
        "insert into ledger_entry (fact, key, asset_id, currency, booked_on, occurred_at, subject, actor)"
        f" values ('entry.made', '{key}', '{place.id}', 'NGN', current_date, now(), 'manual', 'nobody')"
    )


def leg_of(entry, account, minor, currency="NGN"):
    return (
        "insert into ledger_posting (entry_id, account_id, currency, amount)"
        f" values ({entry}, {account}, '{currency}', {minor})"
    )


@pytest.fixture
def place():
    """A place whose cash and sales accounts exist."""
    made = assets.place()
    book(made, (chart.CASH, 500), (chart.SALES, -500))
    return made


@pytest.fixture
def accounts(place):
    return dict(db.session.execute(text("select code, id from ledger_account")).all())


NEW = "(select max(id) from ledger_entry)"


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [(chart.CASH, 100)],
        [(chart.CASH, 100), (chart.SALES, -99)],
        [(chart.CASH, 100), (chart.SALES, 100)],
    ],
    ids=["empty", "one leg", "off by one", "both sides the same"],
)
def test_what_does_not_balance_is_refused_at_commit(place, accounts, legs):
    with pytest.raises(DBAPIError, match="is off by"):
        raw(entry_of(place), *(leg_of(NEW, accounts[code], minor) for code, minor in legs))
    assert db.session.execute(text("select count(*) from ledger_entry")).scalar() == 1


def test_a_check_made_early_does_not_let_a_late_leg_through(place, accounts):
    balanced = [leg_of(NEW, accounts[chart.CASH], 100), leg_of(NEW, accounts[chart.SALES], -100)]
    with pytest.raises(DBAPIError, match="is off by"):
        raw(
            entry_of(place),
            *balanced,
            "set constraints all immediate",
            "set constraints all deferred",
            leg_of(NEW, accounts[chart.CASH], 1),
        )


def test_an_entry_has_one_currency(place, accounts):
    with pytest.raises(DBAPIError, match="foreign key"):
        raw(entry_of(place), leg_of(NEW, accounts[chart.CASH], 100, "KES"))


def test_a_leg_cannot_be_added_later_not_even_a_balanced_pair(place, accounts):
    with pytest.raises(DBAPIError, match="is committed"):
        raw(leg_of(1, accounts[chart.CASH], 100), leg_of(1, accounts[chart.SALES], -100))


def test_savepoints_of_one_transaction_are_one_transaction(place, accounts):
    raw(
        entry_of(place),
        "savepoint a",
        leg_of(NEW, accounts[chart.CASH], 100),
        "release savepoint a",
        leg_of(NEW, accounts[chart.SALES], -100),
    )
    assert standing(place.business_id, place.id, chart.CASH, "NGN") == 600


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_posting"])
@pytest.mark.parametrize(
    "statement", ["update {} set currency = 'KES'", "delete from {}", "truncate {} cascade"], ids=["u", "d", "t"]
)
def test_what_is_booked_can_be_neither_changed_nor_removed(place, table, statement):
    with pytest.raises(DBAPIError, match="append-only"):
        raw(statement.format(table))
    assert standing(place.business_id, place.id, chart.CASH, "NGN") == 500


def test_a_fact_is_booked_once(place):
    book(place, (chart.CASH, 5), (chart.SALES, -5), key="once")
    with pytest.raises(AlreadyPosted):
        book(place, (chart.CASH, 5), (chart.SALES, -5), key="once")


def test_an_entry_is_reversed_once_and_leaves_nothing(place):
    entry_id = book(place, (chart.CASH, 70), (chart.SALES, -70))
    entries.reverse(entry_id=entry_id, place=place, reason="Typed twice", actor=BY)
    assert standing(place.business_id, place.id, chart.CASH, "NGN") == 500
    with pytest.raises(AlreadyReversed):
        entries.reverse(entry_id=entry_id, place=place, reason="Again", actor=BY, key="another")


def test_a_customers_credit_never_falls_below_zero(place):
    credit = chart.credit_of("ada")
    book(place, (chart.CASH, 300), (credit, -300))
    with pytest.raises(BalanceTooLow):
        book(place, (credit, 301), (chart.SALES, -301))
    book(place, (credit, 300), (chart.SALES, -300))
    assert standing(place.business_id, place.id, credit, "NGN") == 0


def test_the_service_refuses_in_words_what_the_database_would(place):
    with pytest.raises(Unbalanced):
        book(place, (chart.CASH, 3), (chart.SALES, -2))


def test_accounts_of_another_place_are_closed_to_an_entry(place, accounts):
    other = assets.place()
    with pytest.raises(DBAPIError, match="another place"):
        raw(
            entry_of(other),
            leg_of(NEW, accounts[chart.CASH], 100),
            leg_of(NEW, accounts[chart.SALES], -100),
        )
