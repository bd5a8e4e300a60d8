"""`flask ledger verify`: sound books pass; what somebody with the database owner's keys damaged is named."""

import pytest
from sqlalchemy import text

from jobs import books as job
from portal.core.db import db
from portal.reporting import books_check, health
from portal.shared.ledger import chart
from portal.shared.ledger.services import periods
from portal.shared.payments.services import reviews
from tests.factories import assets, books, payments

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("committed")]


@pytest.fixture
def place():
    """A hotel with a payment, one that left credit, one that is held and one that was taken after all."""
    hotel = assets.place()
    payments.paid(assets.room(hotel))
    payments.paid(assets.room(hotel), amount=1_250_000)
    for decided in (False, True):
        made = payments.intent(assets.room(hotel))
        payments.decide(made, "wrong_amount")
        payments.settle(made)
        if decided:
            reviews.accept(reference=made.reference, reason="Asked the guest", actor=assets.ACTOR)
    books.made(hotel, (chart.CASH, 500), (chart.SALES, -500))
    return hotel


def wrong() -> list[str]:
    return [sentence for each in books_check.run() for sentence in each.wrong]


def damage(statement: str) -> None:
    """What an operator with the owner's password could do."""
    with db.engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text(statement))


def test_sound_books_are_said_to_be_sound(app, place):
    said = app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert said.exit_code == 0, said.output
    assert "6 entries balance, each with two postings or more." in said.output
    assert "4 payments are in the books." in said.output
    assert said.output.endswith("The books are sound.\n")


DAMAGES = {
    "an amount": ("update ledger_posting set amount = amount + 1 where id = 1", "postings and is off by"),
    "a leg removed": ("delete from ledger_posting where id = 1", "Entry 1 has "),
    "an entry without legs": (
        "delete from ledger_posting where entry_id = (select max(id) from ledger_entry)",
        "has 0 postings",
    ),
    "the day of a posting": (
        "update ledger_posting set booked_on = booked_on - 1 where id = 1",
        "Posting 1 does not stand where its entry 1 does",
    ),
    "the place of a posting": (
        "update ledger_posting set asset_id = gen_random_uuid() where id = 1",
        "Posting 1 does not stand where its entry 1 does",
    ),
    "a kept balance": (
        "update ledger_balance set balance = balance - 1",
        "Customer credit",
    ),
    "credit spent below nothing": (
        "update ledger_posting set amount = -amount where account_id in"
        " (select id from ledger_account where floor is not null)",
        "is below its floor",
    ),
    "a payment without its entry": (
        "update ledger_entry set key = 'lost' where id = 1",
        "is not in the books.",
    ),
    "a payment that was taken but is still held": (
        "delete from ledger_entry where fact = 'payment.accepted'",
        "was taken, and the books still hold it.",
    ),
    "a payment of another sum": (
        "update payment set amount = amount + 1, charged = charged + 1 where provider_txn_id ="
        " (select min(provider_txn_id) from payment)",
        "does not fit payment",
    ),
    "mobile money that never reached the books": (
        "insert into mobile_receipt (id, asset_id, provider, transaction_id, amount, currency, account_reference,"
        " paid_at, status, token) select gen_random_uuid(), id, 'mpesa', 'QKL1', 100, 'NGN', '', now(), 'unclaimed',"
        " 'secret' from asset limit 1",
        "Mobile payment QKL1 is not in the books.",
    ),
    "an entry about nothing": (
        "update ledger_entry set subject_id = gen_random_uuid() where id = 1",
        "Entry 1 is about a payment that is not there.",
    ),
}


@pytest.mark.parametrize(("statement", "said"), DAMAGES.values(), ids=DAMAGES.keys())
def test_what_was_damaged_is_named(app, place, statement, said):
    damage(statement)
    assert said in "\n".join(wrong())
    told = app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert told.exit_code == 1
    assert said in told.output
    assert "sound" not in told.output


def test_what_was_slipped_into_a_closed_month_is_named(place):
    damage("update ledger_entry set booked_on = booked_on - 40, posted_at = posted_at - interval '40 days'")
    damage("update ledger_posting set booked_on = booked_on - 40")
    month = db.session.scalar(text("select date_trunc('month', min(booked_on))::date from ledger_entry"))
    periods.close(place=place, month=month, actor=assets.ACTOR)
    assert wrong() == []
    damage("update ledger_entry set posted_at = now() where id = 1")
    assert len(wrong()) == 1
    assert "after that month was closed" in wrong()[0]


def test_much_damage_is_counted(place):
    damage("update ledger_posting set booked_on = booked_on - 1")
    postings = db.session.scalar(text("select count(*) from ledger_posting"))
    named = wrong()
    assert len(named) == books_check.NAMED + 1
    assert named[-1] == f"And {postings - books_check.NAMED} more like these."


def test_the_nightly_look_raises_an_alarm_and_lets_it_go(place, client):
    def books_part():
        return next(each for each in health.parts(redis_url="") if each.name == "books")

    assert books_part().state == health.State.OFF
    assert job.verify() == 0
    assert books_part().state == health.State.OK
    damage("update ledger_balance set balance = balance + 1")
    assert job.verify() == 1
    assert books_part().state == health.State.DOWN
    assert "flask ledger verify" in books_part().words
    damage("update ledger_balance set balance = balance - 1")
    assert job.verify() == 0
    assert books_part().state == health.State.OK
