"""A phone is asked for its PIN: the answer settles once, whoever brings it, however often, however late."""

import json

import pytest
from sqlalchemy import func, select

from portal.core.clock import clock_set_to, utcnow
from portal.gateways.base import GatewayRefused
from portal.gateways.sandbox import faults, outgoing
from portal.shared.ledger import chart
from portal.shared.ledger.models import Posting
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.errors import BillOver, CheckoutOver
from portal.shared.payments.mobile_errors import AlreadyPaid, NotAPhone, NotWhole, PhoneBusy
from portal.shared.payments.models import GatewayMessage, Payment, PhonePush
from portal.shared.payments.services import answers, intents, pushes
from tests.factories import assets, bills, mobile


@pytest.fixture(autouse=True)
def _ground(session):
    mobile.reachable()


@pytest.fixture
def bill():
    return mobile.bill()


def books_balance(session):
    return session.scalar(select(func.coalesce(func.sum(Posting.amount), 0))) == 0


def callback(push):
    """The last message the phone's provider has for us, as bytes."""
    return outgoing.about(push.checkout_request_id, "daraja")[-1].body.encode()


def hear(client, push, raw):
    answer = client.post(f"/api/pay/k/{push.token}", data=raw)
    assert answer.json == {"ResultCode": 0, "ResultDesc": "Accepted"}
    assert answer.status_code == 200


def messages(session):
    return session.scalars(select(GatewayMessage).order_by(GatewayMessage.id)).all()


def test_a_phone_is_asked_pays_and_the_bill_is_paid(session, bill):
    push = mobile.asked(bill)
    assert (push.status, push.amount, push.phone) == ("waiting", 125_000, mobile.PHONE)
    assert mobile.look(push).status == "waiting"
    receipt = mobile.answer(push)
    assert mobile.deliver() == 1
    answers.ask_due()
    push = queries.get_push(push.id)
    intent = mobile.intent_of(push)
    payment = session.scalars(select(Payment)).one()
    assert (push.status, push.receipt) == ("paid", receipt)
    assert (payment.provider_txn_id, payment.receipt) == (push.checkout_request_id, receipt)
    assert (payment.amount, payment.channel, intent.status) == (125_000, "mobile_money", "succeeded")
    assert get_bill(bill.id).status == "paid"
    place = session.get(assets.Asset, bill.asset_id)
    assert bills.booked(place, chart.money_at("mpesa")) == 125_000
    assert books_balance(session)


def test_nothing_is_believed_because_a_callback_says_so(session, client, bill):
    """Unsigned: a forged success over the right address changes nothing while the provider says "being processed"."""
    push = mobile.asked(bill)
    forged = {
        "Body": {"stkCallback": {
            "MerchantRequestID": push.merchant_request_id, "CheckoutRequestID": push.checkout_request_id,
            "ResultCode": 0, "ResultDesc": "ok",
            "CallbackMetadata": {"Item": [{"Name": "Amount", "Value": 1250.0},
                                          {"Name": "MpesaReceiptNumber", "Value": "SFORGED001"}]},
        }}
    }  # fmt: skip
    hear(client, push, json.dumps(forged).encode())
    assert answers.ask_due() == 1
    assert queries.get_push(push.id).status == "waiting"
    assert get_bill(bill.id).paid == 0
    assert session.scalar(select(func.count()).select_from(Payment)) == 0


def test_the_receipt_that_comes_after_the_money_is_put_to_it(session, client, bill):
    push = mobile.asked(bill)
    receipt = mobile.answer(push)
    assert mobile.look(push).status == "paid"
    payment = session.scalars(select(Payment)).one()
    assert payment.receipt is None
    hear(client, push, callback(push))
    assert answers.ask_due() == 1
    session.refresh(payment)
    assert payment.receipt == receipt == queries.get_push(push.id).receipt
    assert session.scalar(select(func.count()).select_from(Payment)) == 1


def test_a_receipt_another_payment_has_is_not_believed(session, client, bill):
    first = mobile.asked(bill)
    taken = mobile.answer(first)
    hear(client, first, callback(first))
    answers.ask_due()
    second = mobile.asked(phone="+254722000111")
    mobile.answer(second)
    hear(client, second, callback(second).replace(pushes_receipt(second).encode(), taken.encode()))
    answers.ask_due()
    paid = session.scalars(select(Payment).order_by(Payment.id)).all()
    assert [each.receipt for each in paid] == [taken, None]
    assert books_balance(session)


def pushes_receipt(push):
    items = json.loads(callback(push))["Body"]["stkCallback"]["CallbackMetadata"]["Item"]
    return next(each["Value"] for each in items if each["Name"] == "MpesaReceiptNumber")


@pytest.mark.parametrize(
    ("how", "status", "words"),
    [
        ("cancelled", "cancelled", "cancelled"), ("no_money", "failed", "not enough money"),
        ("wrong_pin", "failed", "PIN was wrong"), ("unreachable", "failed", "could not be reached"),
        ("expired", "expired", "lapsed"),
    ],
)  # fmt: skip
def test_what_became_of_it_is_said_in_a_sentence_and_it_can_be_asked_again(session, bill, how, status, words):
    push = mobile.asked(bill)
    mobile.answer(push, how)
    mobile.deliver()
    answers.ask_due()
    push = queries.get_push(push.id)
    assert push.status == status
    assert words in push.said
    again = pushes.ask(reference=mobile.intent_of(push).reference, phone=mobile.PHONE, actor=mobile.CLERK)
    assert (again.intent_id, again.status) == (push.intent_id, "waiting")
    mobile.answer(again)
    assert mobile.look(again).status == "paid"
    assert get_bill(bill.id).status == "paid"


def test_money_that_comes_after_the_phone_was_said_to_be_out_of_reach_is_taken(session, client, bill):
    push = mobile.asked(bill)
    mobile.answer(push, "unreachable")
    assert mobile.look(push).status == "failed"
    mobile.answer(push, "paid")
    hear(client, push, callback(push))
    answers.ask_due()
    assert queries.get_push(push.id).status == "paid"
    assert get_bill(bill.id).status == "paid"


def test_money_that_comes_late_is_found_without_any_callback(session, bill):
    push = mobile.asked(bill)
    mobile.answer(push, "expired")
    assert mobile.look(push).status == "expired"
    mobile.answer(push, "paid")
    with clock_set_to(utcnow()):
        mobile.due_now(push)
        assert answers.ask_due() == 1
    assert queries.get_push(push.id).status == "paid"


def test_money_paid_twice_is_kept_and_a_person_decides(session, bill):
    """The first question was out of reach, the second was paid, and then the first is paid as well."""
    first = mobile.asked(bill)
    mobile.answer(first, "unreachable")
    mobile.look(first)
    second = pushes.ask(reference=mobile.intent_of(first).reference, phone=mobile.PHONE, actor=mobile.CLERK)
    mobile.answer(second)
    mobile.look(second)
    mobile.answer(first, "paid")
    mobile.look(first)
    paid = session.scalars(select(Payment).order_by(Payment.id)).all()
    assert [each.amount for each in paid] == [125_000, 125_000]
    assert get_bill(bill.id).paid == 125_000
    place = session.get(assets.Asset, bill.asset_id)
    assert bills.booked(place, chart.HELD) == 125_000
    assert bills.booked(place, chart.money_at("mpesa")) == 250_000
    assert books_balance(session)


def test_who_stops_waiting_still_gets_the_money(session, bill):
    push = mobile.asked(bill)
    stopped = pushes.stop(reference=mobile.intent_of(push).reference, actor=mobile.CLERK)
    assert stopped.status == "cancelled"
    assert pushes.stop(reference=mobile.intent_of(push).reference, actor=mobile.CLERK) is None
    mobile.answer(push)
    mobile.deliver()
    answers.ask_due()
    assert queries.get_push(push.id).status == "paid"
    assert get_bill(bill.id).status == "paid"


def test_a_callback_that_claims_less_than_was_asked_is_held_for_a_person(session, bill):
    faults.set(provider="daraja", operation="push callback", kind="wrong_amount")
    push = mobile.asked(bill)
    mobile.answer(push)
    mobile.deliver()
    answers.ask_due()
    intent = mobile.intent_of(push)
    assert (intent.status, intent.review_reason) == ("review", "amount_below_intent")
    assert get_bill(bill.id).paid == 0
    assert session.scalars(select(Payment)).one().amount == 12_500
    assert books_balance(session)


def test_a_callback_that_claims_more_than_was_asked_is_not_believed(session, client, bill):
    push = mobile.asked(bill)
    mobile.answer(push)
    hear(client, push, callback(push).replace(b"1250.00", b"9999.00"))
    answers.ask_due()
    assert session.scalars(select(Payment)).one().amount == 125_000
    assert get_bill(bill.id).status == "paid"


def test_a_callback_before_the_reply_is_stored_is_matched_afterwards(session, client, bill, monkeypatch):
    heard = []
    reply = pushes._started

    def first_the_callback(push_id, reference, started):
        push = queries.get_push(push_id)
        assert push.checkout_request_id is None
        push.checkout_request_id = started.checkout_request_id
        mobile.answer(push)
        session.rollback()
        hear(client, queries.get_push(push_id), callback_of(started))
        heard.append(answers.ask_due())
        return reply(push_id, reference, started)

    monkeypatch.setattr(pushes, "_started", first_the_callback)
    push = mobile.asked(bill)
    assert heard == [1]
    assert (push.status, get_bill(bill.id).status) == ("paid", "paid")


def callback_of(started):
    return outgoing.about(started.checkout_request_id, "daraja")[-1].body.encode()


def test_a_lost_reply_is_not_asked_twice_and_its_callback_settles(session, bill):
    faults.set(provider="daraja", operation="push", kind="lost_reply")
    push = mobile.asked(bill)
    assert (push.status, push.checkout_request_id) == ("asking", None)
    reference = mobile.intent_of(push).reference
    with pytest.raises(PhoneBusy) as busy:
        pushes.ask(reference=reference, phone=mobile.PHONE, actor=mobile.CLERK)
    assert busy.value.details["reference"] == reference
    (shown,) = mobile.phones.recent(5)
    mobile.phones.answer(checkout_request=shown.checkout_request, how=mobile.phones.Answer.PAID)
    mobile.deliver()
    answers.ask_due()
    assert queries.get_push(push.id).status == "paid"
    assert get_bill(bill.id).status == "paid"


def test_a_lost_reply_nobody_answers_has_its_end(session, bill):
    faults.set(provider="daraja", operation="push", kind="lost_reply")
    push = mobile.asked(bill)
    with clock_set_to(utcnow() + answers.GIVE_UP_AFTER * 2):
        mobile.due_now(push)
        push = answers.look(push.id, actor=mobile.CLERK)
    assert (push.status, push.said) == ("expired", "No answer came.")


def test_what_the_provider_refuses_is_said_and_leaves_nothing_open(session, bill):
    mobile.asked(bill)
    other = mobile.bill()
    with pytest.raises(GatewayRefused, match="busy with another"):
        mobile.asked(other)
    push = session.scalars(select(PhonePush).order_by(PhonePush.id.desc())).first()
    assert push.status == "failed"
    assert "busy with another" in push.said


@pytest.mark.parametrize("phone", ["+2347012345678", "0712345678", "", "+254812345678", "+25471234567"])
def test_only_kenyan_mobile_numbers_are_asked(session, bill, phone):
    with pytest.raises(NotAPhone) as refused:
        mobile.asked(bill, phone=phone)
    assert refused.value.field == "phone_number"
    assert session.scalar(select(func.count()).select_from(PhonePush)) == 0


def test_only_whole_shillings_are_asked_for(session, bill):
    with pytest.raises(NotWhole, match="whole shillings"):
        mobile.asked(bill, amount=125_050 - 100)
    naira = bills.bill(assets.place())
    with pytest.raises(NotWhole, match="takes KES only"):
        mobile.asked(naira)
    assert session.scalar(select(func.count()).select_from(PhonePush)) == 0


def test_what_is_paid_or_over_is_not_asked_for(session, bill):
    push = mobile.asked(bill)
    mobile.answer(push)
    mobile.look(push)
    reference = mobile.intent_of(push).reference
    with pytest.raises(AlreadyPaid):
        pushes.ask(reference=reference, phone=mobile.PHONE, actor=mobile.CLERK)
    with pytest.raises(BillOver):
        mobile.asked(bill)
    other = mobile.asked(phone="+254722000111")
    mobile.answer(other, "cancelled")
    mobile.look(other)
    with clock_set_to(utcnow() + intents.VALID_FOR * 2), pytest.raises(CheckoutOver):
        pushes.ask(reference=mobile.intent_of(other).reference, phone=mobile.PHONE, actor=mobile.CLERK)


def test_a_room_is_paid_by_a_phone(session):
    room = assets.room(mobile.place(), price=300_000)
    push = pushes.pay(
        purpose="unit_access", subject_id=room.id, amount=300_000, phone=mobile.PHONE, payer="ada@example.com",
        actor=mobile.CLERK,
    )  # fmt: skip
    mobile.answer(push)
    mobile.look(push)
    session.refresh(room)
    assert room.status == "active"
    assert books_balance(session)
