"""What the provider lists, what we wrote down and what the books say, held against each other: each way to differ."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from portal.core.clock import clock_set_to, utcnow
from portal.gateways import breaker
from portal.gateways.sandbox import faults, flutterwave
from portal.shared.payments.errors import AlreadyComparing, BadSpan
from portal.shared.payments.models import Difference, Payment, Reconciliation
from portal.shared.payments.queries import find_payment_of
from portal.shared.payments.services import checkout, desk, receipts, reconciliation
from tests.factories import assets, bills, mobile, payments
from tests.factories.reconciliation import (
    at_the_provider,
    begun,
    compared,
    fresh,
    in_the_books,
    of_nobody,
    open_ones,
    paid_out,
    unknown_there,
)

pytestmark = pytest.mark.database


@pytest.fixture
def place(committed):
    return assets.place()


def kinds():
    return [each.kind for each in open_ones()]


def written(session):
    """How many rows there are of everything a comparison might write, but itself."""
    return [
        session.scalar(text(f"select count(*) from {table}"))
        for table in ("reconciliation_difference", "ledger_entry", "payment", "audit_entry where subject_type <>"
                      " 'reconciliation'", "reconciliation_line")
    ]  # fmt: skip


def test_what_agrees_is_counted_and_summed_three_ways(place, committed):
    for _n in range(3):
        payments.paid(assets.room(place))
    run = compared(place)
    assert (run.status, run.error, kinds()) == ("done", None, [])
    total, fees = committed.execute(select(func.sum(Payment.charged), func.sum(Payment.fee))).one()
    assert run.counts["money"][str(place.id)]["NGN"] == {
        each: [3, total, fees] for each in ("theirs", "ours", "books", "agreed")
    }


def test_money_that_never_became_any_is_no_difference(place):
    for outcome in ("failed", "abandoned"):
        payments.decide(payments.intent(assets.room(place)), outcome)
    payments.intent(assets.room(place))
    assert compared(place).counts["money"] == {}
    assert kinds() == []


def test_a_success_nobody_settled_is_missing_here(place):
    made = payments.intent(assets.room(place))
    payments.decide(made)
    compared(place)
    (one,) = open_ones()
    assert (one.kind, one.reference, one.asset_id) == ("missing_here", made.reference, place.id)
    assert (one.ours, one.theirs, one.details["unknown"]) == (None, made.amount, False)


def test_money_nobody_started_here_is_the_whole_businesss(place):
    there = of_nobody()
    compared(place)
    (one,) = open_ones()
    assert (one.kind, one.name, one.asset_id) == ("missing_here", str(there.number), None)
    assert one.details["unknown"]


def test_an_account_that_several_businesses_share_shows_none_of_them_the_money_of_another(place):
    other = assets.room()
    payments.paid(other)
    of_nobody()
    paid_out()
    payments.paid(assets.room(place))
    run = compared(place)
    assert (kinds(), run.counts["whole"]) == ([], False)
    assert set(run.counts["money"]) == {str(place.id), ""}
    assert run.counts["money"][""]["NGN"]["strange"][0] == 2


def test_a_payment_the_provider_does_not_know_is_told_to_managers(place, committed):
    made = unknown_there(assets.room(place))
    run = compared(place)
    (one,) = open_ones()
    assert (one.kind, one.reference, run.counts["asked"]) == ("missing_there", made.reference, 1)
    assert committed.scalar(text("select count(*) from outbox_event where topic = 'payments.alert.raised'")) == 1
    compared(place)
    assert committed.scalar(text("select count(*) from outbox_event where topic = 'payments.alert.raised'")) == 1


def test_a_charge_begun_before_the_days_that_are_read_is_asked_for(place):
    made = payments.paid(assets.room(place))
    at_the_provider(made, created_at=utcnow() - timedelta(days=3))
    run = compared(place)
    assert (kinds(), run.counts["read"], run.counts["asked"]) == ([], 0, 1)
    assert run.counts["money"][str(place.id)]["NGN"]["agreed"][0] == 1


@pytest.mark.parametrize(
    ("there", "kind", "theirs"),
    [
        ({"amount": 900_000}, "amount_differs", 900_000),
        ({"currency": "USD"}, "currency_differs", 1_000_000),
        ({"fees": 30_000}, "fee_differs", 30_000),
        ({"status": "reversed"}, "status_differs", None),
        ({"status": "failed"}, "status_differs", None),
    ],
)
def test_what_the_provider_says_otherwise_is_one_difference_of_its_kind(place, there, kind, theirs):
    made = payments.paid(assets.room(place))
    payments.paid(assets.room(place))
    at_the_provider(made, **there)
    run = compared(place)
    (one,) = open_ones()
    assert (one.kind, one.reference, one.theirs, run.counts["kinds"]) == (kind, made.reference, theirs, {kind: 1})
    assert run.counts["money"][str(place.id)]["NGN"]["agreed"][0] == 1


def test_a_payment_without_an_entry_and_an_entry_that_says_otherwise_are_found(place, committed):
    gone, changed = (find_payment_of(payments.paid(assets.room(place)).id) for _n in range(2))
    in_the_books("delete from ledger_entry where key = :key", key=f"payment:{gone.id}")
    in_the_books(
        "update ledger_posting set amount = amount + 700 where amount > 500000"
        " and entry_id = (select id from ledger_entry where key = :key)",
        key=f"payment:{changed.id}",
    )
    compared(place)
    found = {each.kind: (each.payment_id, each.ours, each.theirs) for each in open_ones()}
    assert found == {
        "not_in_books": (gone.id, gone.charged, None),
        "books_differ": (changed.id, changed.charged, changed.charged + 700),
    }


def test_what_the_provider_paid_into_the_bank_waits_for_its_booking(place):
    made = payments.paid(assets.room(place))
    paid_out()
    compared(place)
    (one,) = open_ones()
    payment = find_payment_of(made.id)
    assert (one.kind, one.theirs, one.asset_id) == ("settlement_not_booked", payment.charged - payment.fee, None)


def test_money_taken_at_the_desk_is_compared_with_the_books_only(place):
    bill = bills.bill(place=place)
    payment = desk.take_for_bill(bill_id=bill.id, way="cash", amount=bill.amount, actor=assets.ACTOR).payment
    run = compared(place, "cash")
    assert (run.counts["listed"], kinds()) == (False, [])
    assert set(run.counts["money"][str(place.id)]["NGN"]) == {"ours", "books", "agreed"}
    in_the_books("delete from ledger_entry where key = :key", key=f"payment:{payment.id}")
    compared(place, "cash")
    assert kinds() == ["not_in_books"]


def test_twice_in_a_row_writes_nothing_the_second_time(place, committed):
    _one_of_each(place)
    compared(place)
    before = written(committed)
    run = compared(place)
    assert written(committed) == before
    assert (run.counts["fresh"], run.counts["gone"]) == (0, 0)


def test_what_is_in_order_by_now_is_closed_as_gone(place, committed):
    made = payments.intent(assets.room(place))
    payments.decide(made)
    unsettled = compared(place)
    payments.settle(made)
    run = compared(place)
    assert (unsettled.counts["kinds"], run.counts["gone"]) == ({"missing_here": 1}, 1)
    assert committed.scalars(select(Difference.status)).all() == ["gone"]


def test_an_open_difference_is_looked_at_again_however_old_it_is(place, committed):
    made = payments.intent(assets.room(place))
    payments.decide(made)
    compared(place)
    payments.settle(made)
    with clock_set_to(utcnow() + timedelta(days=40)):
        run = compared(place)
    assert (run.counts["read"], run.counts["asked"], run.counts["gone"]) == (0, 1, 1)


def test_one_comparison_of_a_provider_runs_at_a_time(place, app):
    made, said = [], []

    def begin():
        with app.app_context():
            try:
                made.append(begun(place))
            except AlreadyComparing as error:
                said.append(error.message)

    threads = [threading.Thread(target=begin) for _n in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (len(made), len(said)) == (1, 5)
    assert "running already" in said[0]


def test_two_workers_take_no_step_twice(place, app, committed):
    for _n in range(3):
        payments.paid(assets.room(place))
    payments.decide(payments.intent(assets.room(place)))
    run = begun(place, since=utcnow() - timedelta(days=5))

    def work():
        with app.app_context():
            for _n in range(30):
                reconciliation.advance()

    threads = [threading.Thread(target=work) for _n in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    run = fresh(run)
    assert (run.status, run.counts["read"], kinds()) == ("done", 4, ["missing_here"])


@pytest.mark.parametrize("operation", ["transactions", "settlements", "verify"])
def test_a_provider_that_goes_silent_stops_it_with_a_sentence_and_it_goes_on_later(place, operation):
    payments.paid(assets.room(place))
    payments.decide(payments.intent(assets.room(place)))
    unknown_there(assets.room(place))
    run = begun(place, since=utcnow() - timedelta(days=3))
    reconciliation.advance()
    faults.set(provider="paystack", operation=operation, kind="500", times=50)
    while reconciliation.advance():
        pass
    stopped = fresh(run)
    assert stopped.status == "failed"
    assert stopped.error.endswith(".")
    read = stopped.counts["read_until"]
    assert read > run.since.isoformat()
    faults.clear()
    breaker.close_all()
    reconciliation.try_again(run_id=run.id, actor=payments.VISITOR)
    while reconciliation.advance():
        pass
    done = fresh(run)
    assert (done.status, done.counts["read_until"] >= read, kinds()) == (
        "done",
        True,
        ["missing_here", "missing_there"],
    )
    assert done.counts["money"][str(place.id)]["NGN"]["ours"][0] == 2


def test_a_stretch_that_cannot_be_meant_is_refused(place):
    now = utcnow()
    with pytest.raises(BadSpan):
        begun(place, since=now + timedelta(hours=1), until=now + timedelta(days=1))
    with pytest.raises(BadSpan, match="at most"):
        begun(place, since=now - timedelta(days=200))


def test_each_night_compares_every_way_money_came_once_and_tries_again_after_a_failure(place, committed):
    payments.paid(assets.room(place))
    assert reconciliation.nightly() == 1
    assert reconciliation.nightly() == 0, "it is running"
    while reconciliation.advance():
        pass
    assert reconciliation.nightly() == 0, "done for this night"
    faults.set(provider="paystack", operation="transactions", kind="500", times=50)
    with clock_set_to(utcnow() + timedelta(days=1)):
        assert reconciliation.nightly() == 1
        while reconciliation.advance():
            pass
        assert reconciliation.nightly() == 0, "an hour later, not at once"
    with clock_set_to(utcnow() + timedelta(days=1, hours=2)):
        assert reconciliation.nightly() == 1
    found = committed.scalars(select(Reconciliation.status).order_by(Reconciliation.created_at)).all()
    assert found == ["done", "running"]


def test_nights_without_a_comparison_are_made_up_for(place, committed):
    payments.paid(assets.room(place))
    reconciliation.nightly()
    while reconciliation.advance():
        pass
    with clock_set_to(utcnow() + timedelta(days=9)):
        payments.paid(assets.room(place))
        assert reconciliation.nightly() == 1
    first, second = committed.scalars(select(Reconciliation).order_by(Reconciliation.created_at, Reconciliation.until))
    assert second.since == first.until


def test_money_from_phones_and_to_the_paybill_is_compared_with_the_books(committed):
    mobile.reachable()
    there = mobile.place()
    mobile.answer(mobile.asked(mobile.bill(there)))
    mobile.registered(there)
    number = mobile.sent("WHO KNOWS")
    mobile.worked_off()
    receipts.claim_for_bill(receipt_id=mobile.receipt(number).id, bill_id=mobile.bill(there).id, actor=mobile.CLERK)
    run = compared(there, "mpesa")
    assert (run.status, run.counts["listed"], kinds()) == ("done", False, [])
    assert run.counts["money"][str(there.id)]["KES"]["agreed"] == run.counts["money"][str(there.id)]["KES"]["ours"]
    assert run.counts["money"][str(there.id)]["KES"]["ours"][0] == 2


def test_three_thousand_payments_take_a_bounded_number_of_statements(place, committed, count_queries):
    room = assets.room(place)
    payments.paid(room)
    _multiply(committed, 2_999)
    committed.execute(text("update sandbox_transaction set fees = fees + 1 where reference like 'COPY-%00'"))
    committed.commit()
    with count_queries() as sent:
        run = compared(place)
    own = [each for each in sent if "sandbox_" not in each]
    assert run.counts["money"][str(place.id)]["NGN"]["ours"][0] == 3_000
    assert run.counts["kinds"] == {"fee_differs": 29}
    assert len(own) < 150, "a handful for each page of the list, whatever is on it"


def _one_of_each(place):
    payments.decide(payments.intent(assets.room(place)))
    of_nobody()
    unknown_there(assets.room(place))
    for changes in ({"amount": 900_000}, {"currency": "USD"}, {"fees": 30_000}, {"status": "reversed"}):
        at_the_provider(payments.paid(assets.room(place)), **changes)


def _multiply(session, times):
    """As many payments as a busy month brings, each like the first, in the books and at the provider."""
    for statement in (
        "insert into payment_intent select (jsonb_populate_record(i, jsonb_build_object('id', gen_random_uuid(),"
        " 'reference', 'COPY-' || n, 'idem_key', null))).* from payment_intent i, generate_series(1, :times) n",
        "insert into payment select (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(),"
        " 'intent_id', i.id, 'provider_txn_id', (5000000000 + substr(i.reference, 6)::bigint)::text))).*"
        " from payment p, payment_intent i where i.reference like 'COPY-%'",
        "insert into ledger_entry overriding user value select (jsonb_populate_record(e, jsonb_build_object("
        "'key', 'payment:' || p.id, 'subject_id', p.id))).* from ledger_entry e, payment p"
        " where e.subject = 'payment' and p.provider_txn_id like '5%'",
        "insert into ledger_posting overriding user value select (jsonb_populate_record(l, jsonb_build_object("
        "'entry_id', e.id))).* from ledger_posting l join ledger_entry first on first.id = l.entry_id,"
        " ledger_entry e where e.id <> first.id and e.key like 'payment:%'",
        "insert into sandbox_transaction overriding system value select (jsonb_populate_record(t,"
        " jsonb_build_object('id', gen_random_uuid(), 'reference', 'COPY-' || n, 'access_code', 'copy' || n,"
        " 'number', 5000000000 + n))).* from sandbox_transaction t, generate_series(1, :times) n",
    ):
        session.execute(text("set local session_replication_role = replica"))
        session.execute(text(statement), {"times": times})
    session.commit()


def test_flutterwaves_list_is_read_as_well(place):
    made = [payments.started(payments.opened(assets.room(place), provider="flutterwave")) for _n in range(2)]
    for each in made:
        flutterwave.decide(token=each.checkout_url.rpartition("/")[2], outcome=flutterwave.Outcome.PAID)
    checkout.confirm(made[0].reference, via="redirect", actor=payments.VISITOR)
    run = compared(place, "flutterwave")
    (one,) = open_ones()
    assert (run.status, one.kind, one.reference) == ("done", "missing_here", made[1].reference)
    assert run.counts["money"][str(place.id)]["NGN"]["agreed"][0] == 1
