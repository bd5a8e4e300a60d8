"""Many hands on the same mobile money at once: real commits, real HTTP, real threads."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import func, select

from portal.core.actor import Actor, ActorKind
from portal.core.db import uuid7
from portal.core.errors import Busy
from portal.gateways.sandbox import outgoing, server
from portal.shared.ledger import chart
from portal.shared.ledger.models import Posting
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.mobile_errors import PhoneBusy, ReceiptGone
from portal.shared.payments.models import GatewayMessage, Payment, PhonePush
from portal.shared.payments.services import answers, pushes, receipts
from tests.factories import bills, mobile


@pytest.fixture(autouse=True)
def _ground(committed):
    mobile.reachable()


@pytest.fixture
def url():
    """The portal answering over HTTP."""
    return server.base_url().removesuffix("/sandbox")


def at_once(app, *works):
    """Run each in a thread and an app context of its own, all let go at the same moment; returns what each said."""
    ready = threading.Barrier(len(works))

    def run(work):
        with app.app_context():
            ready.wait(10)
            return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def books_balance(session):
    return session.scalar(select(func.coalesce(func.sum(Posting.amount), 0))) == 0


def test_fifty_callbacks_and_the_poller_are_one_payment(app, committed, url):
    bill = mobile.bill()
    push = mobile.asked(bill)
    receipt = mobile.answer(push)
    raw = outgoing.about(push.checkout_request_id, "daraja")[0].body.encode()
    address = f"{url}/api/pay/k/{push.token}"
    took = []

    def callback():
        begun = time.monotonic()
        status = httpx.post(address, content=raw, timeout=20, trust_env=False).status_code
        took.append(time.monotonic() - begun)
        answers.ask_due()
        return status

    assert set(at_once(app, *[callback] * 50)) == {200}
    answers.ask_due()
    payment = committed.scalars(select(Payment)).one()
    assert (payment.receipt, payment.amount) == (receipt, 125_000)
    kept = committed.scalars(select(GatewayMessage)).one()
    assert (kept.deliveries, bytes(kept.raw)) == (50, raw)
    assert get_bill(bill.id).status == "paid"
    assert books_balance(committed)


def test_two_clerks_ask_one_phone_once(app, committed):
    bill = mobile.bill()

    def ask():
        try:
            return pushes.pay_bill(bill_id=bill.id, amount=bill.amount, phone=mobile.PHONE, actor=mobile.CLERK).status
        except PhoneBusy:
            return "busy"

    assert sorted(at_once(app, *[ask] * 6)) == ["busy"] * 5 + ["waiting"]
    assert count(committed, PhonePush) == 1


def test_twenty_clerks_claim_one_receipt_and_one_has_it(app, committed):
    place = mobile.place()
    mobile.registered(place)
    number = mobile.sent("who knows")
    mobile.worked_off()
    receipt = mobile.receipt(number)
    bill_ids = [mobile.bill(place).id for _each in range(20)]
    committed.commit()

    def claim(bill_id):
        def run():
            actor = Actor(ActorKind.USER, "A clerk", uuid7())
            try:
                receipts.claim_for_bill(receipt_id=receipt.id, bill_id=bill_id, actor=actor)
            except (ReceiptGone, Busy) as gone:
                return gone.message
            return "claimed"

        return run

    said = at_once(app, *[claim(each) for each in bill_ids])
    assert said.count("claimed") == 1
    assert all(each.endswith(".") for each in said if each != "claimed"), said
    assert count(committed, Payment) == 1
    assert sum(get_bill(each).paid for each in bill_ids) == 125_000
    assert bills.booked(place, chart.UNCLAIMED) == 0
    assert bills.booked(place, chart.money_at("mpesa")) == 125_000
    assert books_balance(committed)


def test_a_claim_and_a_return_at_once_are_one_or_the_other(app, committed):
    place = mobile.place()
    mobile.registered(place)
    for _round in range(5):
        number = mobile.sent("who knows")
        mobile.worked_off()
        receipt, bill = mobile.receipt(number), mobile.bill(place)
        committed.commit()

        def claim(receipt=receipt, bill=bill):
            return receipts.claim_for_bill(receipt_id=receipt.id, bill_id=bill.id, actor=mobile.CLERK)

        def give_back(receipt=receipt):
            return receipts.ask_return(receipt_id=receipt.id, reason="Not ours", actor=mobile.SECOND)

        def tried(work):
            def run():
                try:
                    work()
                except ReceiptGone:
                    return 0
                return 1

            return run

        assert sum(at_once(app, tried(claim), tried(give_back))) == 1
    assert books_balance(committed)
