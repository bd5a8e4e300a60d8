"""Many hands in the books at once: real commits and threads, and workers that die in the middle."""

import threading
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.core.db import db
from portal.core.errors import Busy, DomainError
from portal.reporting import books_check
from portal.shared.ledger import chart
from portal.shared.ledger.errors import AlreadyPosted, AlreadyReversed, BalanceTooLow
from portal.shared.ledger.queries import standing
from portal.shared.ledger.services import entries
from portal.shared.ledger.services.entries import Leg
from tests.factories import assets, books
from tests.payments.test_races import at_once

pytestmark = pytest.mark.database
ADA, BOLA = chart.credit_of("ada"), chart.credit_of("bola")


@pytest.fixture
def place(committed):
    """A place at which Ada has 1,000.00 of credit, and Bola as much."""
    made = assets.place()
    for credit in (ADA, BOLA):
        books.made(made, (chart.CASH, 100_000), (credit, -100_000))
    return made


def stands(place, account):
    db.session.rollback()
    return standing(place.business_id, place.id, account, "NGN")


def sound():
    return [each.wrong for each in books_check.run() if not each.well] == []


def said(work):
    """What a command came to: its name when it was refused, `done` when it was not."""
    try:
        work()
    except DomainError as error:
        return type(error)
    return "done"


def patiently(work):
    """As a person does: again when somebody else was at it."""
    for _try in range(20):
        with suppress(Busy):
            return work()
    raise AssertionError("it never came to its turn")


def test_twenty_spend_a_hundred_of_a_thousand_and_ten_can(app, place):
    def spend():
        return said(lambda: patiently(lambda: books.made(place, (ADA, 10_000), (chart.SALES, -10_000))))

    done = at_once(app, *[spend] * 20)
    assert done.count("done") == 10
    assert done.count(BalanceTooLow) == 10
    assert stands(place, ADA) == 0
    assert sound()


def test_fifty_at_one_bounded_account_keep_its_floor_and_its_sum(app, place):
    """Half bring 50.00, half take 70.00: whoever is refused, the balance is what went through."""

    def work(number):
        minor = -5_000 if number % 2 else 7_000
        return said(lambda: patiently(lambda: books.made(place, (ADA, minor), (chart.CASH, -minor))))

    done = at_once(app, *[lambda number=number: work(number) for number in range(50)])
    assert set(done) <= {"done", BalanceTooLow}
    brought, took = done[1::2].count("done"), done[::2].count("done")
    assert brought == 25
    assert stands(place, ADA) == 100_000 + 5_000 * brought - 7_000 * took >= 0
    assert sound()


def test_two_accounts_crossed_both_ways_never_block_each_other(app, place):
    def move(one, other):
        return said(lambda: patiently(lambda: books.made(place, (one, 100), (other, -100))))

    done = at_once(app, *[lambda: move(ADA, BOLA), lambda: move(BOLA, ADA)] * 12)
    assert done == ["done"] * 24
    assert (stands(place, ADA), stands(place, BOLA)) == (100_000, 100_000)
    assert sound()


def test_the_same_fact_from_twenty_hands_is_booked_once(app, place):
    def post():
        return entries.make(
            place=place,
            currency="NGN",
            legs=[Leg(chart.CASH, 700), Leg(chart.SALES, -700)],
            memo="Once",
            key="the same",
            actor=assets.ACTOR,
        )

    done = at_once(app, *[lambda: said(post)] * 20)
    assert (done.count("done"), done.count(AlreadyPosted)) == (1, 19)
    assert stands(place, chart.SALES) == 700


def test_an_entry_reversed_by_ten_hands_is_reversed_once(app, place):
    number = books.made(place, (chart.CASH, 700), (chart.SALES, -700))

    def reverse():
        entries.reverse(entry_id=number, place=place, reason="Typed twice", actor=assets.ACTOR)

    done = at_once(app, *[lambda: said(reverse)] * 10)
    assert done.count("done") == 1
    assert set(done) <= {"done", AlreadyPosted, AlreadyReversed}
    assert stands(place, chart.SALES) == 0


def test_workers_that_die_in_the_middle_leave_the_sum_at_zero(app, place):
    """Connections are cut under eight posting workers until half an entry would be left, if one could be."""
    stop, cuts = threading.Event(), []

    def cut():
        with app.app_context(), db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not stop.wait(0.01):
                ended = connection.execute(
                    text(
                        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                        " and pid <> pg_backend_pid() and state in ('active', 'idle in transaction')"
                        " order by random() limit 2"
                    )
                )
                cuts.extend(ended.all())

    def work():
        survived = 0
        for _turn in range(10):
            try:
                books.made(place, (ADA, -100), (chart.CASH, 100))
                survived += 1
            except (DBAPIError, DomainError):
                db.session.remove()
        return survived

    butcher = threading.Thread(target=cut)
    butcher.start()
    try:
        done = at_once(app, *[work] * 8)
    finally:
        stop.set()
        butcher.join()
    db.session.remove()
    db.engine.dispose()
    assert cuts
    assert sum(done) > 0
    # a command whose connection died while it committed may have been stored though it was told of a fault
    assert stands(place, ADA) >= 100_000 + 100 * sum(done)
    assert db.session.execute(text("select sum(amount) from ledger_posting")).scalar() == 0
    assert sound()
