"""Money sent to the paybill: verified before it counts, booked once, claimed once, or sent back by two people."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from portal.core.clock import utcnow
from portal.gateways.base import PayBillAnswer
from portal.gateways.sandbox import faults, outgoing
from portal.shared.audit.queries import trail
from portal.shared.ledger import chart
from portal.shared.ledger.models import Posting
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments import paybill_accounts, providers
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.errors import ReasonMissing, SecondPersonNeeded
from portal.shared.payments.mobile_errors import DoesNotFit, ReceiptGone, WrongCode
from portal.shared.payments.models import GatewayMessage, MobileReceipt, Payment, PaymentIntent
from portal.shared.payments.services import addresses, bands, paybill, receipts, verification
from tests.factories import assets, bills, mobile

MPESA = chart.money_at("mpesa")


@pytest.fixture(autouse=True)
def _ground(session):
    mobile.reachable()


@pytest.fixture
def place():
    made = mobile.place()
    mobile.registered(made)
    return made


def books_balance(session):
    return session.scalar(select(func.coalesce(func.sum(Posting.amount), 0))) == 0


def unclaimed(place, shillings=700, account="who knows"):
    number = mobile.sent(account, shillings=shillings)
    mobile.worked_off()
    receipt = mobile.receipt(number)
    assert (receipt.status, receipt.asset_id) == ("unclaimed", place.id)
    return receipt


def test_money_that_names_a_bill_and_fits_pays_it_by_itself(session, place):
    bill = mobile.bill(place)
    number = mobile.sent(paybill_accounts.account_for(place, bill))
    mobile.worked_off()
    receipt = mobile.receipt(number)
    payment = session.scalars(select(Payment)).one()
    assert (receipt.status, receipt.intent_id) == ("claimed", payment.intent_id)
    assert (payment.receipt, payment.amount, payment.settled_via) == (number, 125_000, "claim")
    assert get_bill(bill.id).status == "paid"
    assert bills.booked(place, MPESA) == 125_000
    assert bills.booked(place, chart.UNCLAIMED) == 0
    assert books_balance(session)


@pytest.mark.parametrize("spelled", ["{number}", "{place}-{number}", "{place} {number}", "{low}/{number} "])
def test_an_account_is_understood_however_it_was_typed(session, place, spelled):
    bill = mobile.bill(place)
    account = spelled.format(number=bill.number, place=place.asset_number, low=place.asset_number.lower())
    assert paybill_accounts.meant_by(paybill_accounts.of_place(place), account).bill.id == bill.id


@pytest.mark.parametrize(("shillings", "account"), [(1_249, "1"), (1_251, "1"), (1_250, "99"), (1_250, "Aunt Rose")])
def test_too_little_too_much_or_for_nobody_waits_for_a_person(session, place, shillings, account):
    bill = mobile.bill(place)
    assert bill.number == 1
    receipt = unclaimed(place, shillings, account)
    assert get_bill(bill.id).paid == 0
    assert bills.booked(place, chart.UNCLAIMED) == bills.booked(place, MPESA) == receipt.amount == shillings * 100
    assert verification.ask_due() == 0, "it rests"
    assert books_balance(session)


def test_a_confirmation_the_provider_does_not_know_is_no_money(session, client, place):
    """Unsigned: the news is a reason to ask, and a provider that says no is believed."""
    token = paybill_accounts.of_place(place).token
    forged = {"TransID": "SFORGED001", "TransAmount": "5000.00", "BillRefNumber": "1", "BusinessShortCode": "174379",
              "TransTime": "20261120120000", "TransactionType": "Pay Bill", "MSISDN": "25471****678"}  # fmt: skip
    answer = client.post(f"/api/pay/k/{token}-c", data=json.dumps(forged))
    assert answer.json["ResultCode"] == 0
    mobile.worked_off()
    receipt = mobile.receipt("SFORGED001")
    assert (receipt.status, receipt.entry_id) == ("unverified", None)
    assert receipt.said
    assert bills.booked(place, MPESA) == 0
    with pytest.raises(ReceiptGone, match="not been confirmed"):
        receipts.claim_for_bill(receipt_id=receipt.id, bill_id=mobile.bill(place).id, actor=mobile.CLERK)
    receipts.dismiss(receipt_id=receipt.id, reason="It is on no statement", actor=mobile.CLERK)
    assert mobile.receipt("SFORGED001").status == "refused"


def test_the_amount_is_the_one_the_provider_confirms(session, place):
    faults.set(provider="daraja", operation="confirmation", kind="wrong_amount")
    number = mobile.sent("who knows", shillings=5_000)
    mobile.worked_off()
    receipt = mobile.receipt(number)
    assert (receipt.status, receipt.amount) == ("unclaimed", 500_000)
    assert bills.booked(place, chart.UNCLAIMED) == 500_000


def test_the_same_news_any_number_of_times_is_one_receipt(session, client, place):
    number = mobile.sent("who knows")
    mobile.worked_off()
    raw = next(each for each in outgoing.about(number, "daraja") if each.event == "confirmation").body.encode()
    token = paybill_accounts.of_place(place).token
    for _again in range(5):
        assert client.post(f"/api/pay/k/{token}-c", data=raw).status_code == 200
    mobile.worked_off()
    assert session.scalar(select(func.count()).select_from(MobileReceipt)) == 1
    kept = session.scalars(select(GatewayMessage).where(GatewayMessage.kind == "paybill.confirmation")).one()
    assert kept.deliveries == 6
    assert bytes(kept.raw) == raw
    assert bills.booked(place, MPESA) == 125_000


def test_more_than_is_due_is_claimed_and_the_rest_is_credit(session, place):
    receipt = unclaimed(place, 2_000)
    bill = mobile.bill(place)
    intent = receipts.claim_for_bill(receipt_id=receipt.id, bill_id=bill.id, actor=mobile.CLERK)
    assert (intent.status, get_bill(bill.id).status) == ("succeeded", "paid")
    assert bills.credit_booked(place, bill.customer_id) == 75_000
    assert bills.booked(place, chart.UNCLAIMED) == 0
    assert bills.booked(place, MPESA) == 200_000
    assert books_balance(session)


def test_less_than_is_due_pays_a_part(session, place):
    receipt = unclaimed(place, 700)
    bill = mobile.bill(place)
    receipts.claim_for_bill(receipt_id=receipt.id, bill_id=bill.id, actor=mobile.CLERK)
    assert (get_bill(bill.id).status, get_bill(bill.id).paid) == ("part_paid", 70_000)
    with pytest.raises(ReceiptGone, match="claimed by somebody else"):
        receipts.claim_for_bill(receipt_id=receipt.id, bill_id=bill.id, actor=mobile.SECOND)


def test_a_room_is_let_for_money_that_came_by_itself(session, place):
    room = assets.room(place, price=70_000)
    receipt = unclaimed(place, 700)
    receipts.claim(
        receipt_id=receipt.id, purpose="unit_access", subject_id=room.id, payer="ada@example.com", actor=mobile.CLERK
    )
    session.refresh(room)
    assert room.status == "active"
    assert bills.booked(place, chart.UNCLAIMED) == 0
    assert bills.booked(place, chart.HIRE) == 70_000


def test_money_is_claimed_where_it_lies(session, place):
    receipt = unclaimed(place)
    elsewhere = mobile.bill(mobile.place(name="Another business"))
    with pytest.raises(DoesNotFit, match="lies at"):
        receipts.claim_for_bill(receipt_id=receipt.id, bill_id=elsewhere.id, actor=mobile.CLERK)
    assert mobile.receipt(receipt.transaction_id).status == "unclaimed"


def test_the_account_of_a_payment_that_was_begun_pays_it(session, place):
    """Somebody who did not get the question types what the page shows: paybill, account, amount."""
    bill = mobile.bill(place)
    push = mobile.asked(bill)
    mobile.answer(push, "cancelled")
    mobile.look(push)
    number = mobile.sent(queries.account_of(mobile.intent_of(push)))
    mobile.worked_off()
    assert mobile.receipt(number).status == "claimed"
    assert mobile.intent_of(push).status == "succeeded"
    assert get_bill(bill.id).status == "paid"


def news_of(push, receipt):
    """The paybill's confirmation of a question's own payment, as production sends it when both are connected."""
    return json.dumps(
        {"TransactionType": "Pay Bill", "TransID": receipt, "TransTime": "20261120120000", "TransAmount": "1250.00",
         "BusinessShortCode": "174379", "BillRefNumber": queries.account_of(mobile.intent_of(push)),
         "MSISDN": "25471****678", "FirstName": "ADA"}
    )  # fmt: skip


@pytest.mark.parametrize("first", ["the phone", "the paybill"])
def test_a_phones_payment_that_the_paybill_tells_of_as_well_is_one_money(session, client, place, first):
    bill = mobile.bill(place)
    push = mobile.asked(bill)
    receipt = mobile.answer(push)
    token = paybill_accounts.of_place(place).token
    if first == "the phone":
        mobile.look(push)
    client.post(f"/api/pay/k/{token}-c", data=news_of(push, receipt))
    mobile.worked_off()
    mobile.look(push)
    mobile.worked_off()
    payment = session.scalars(select(Payment)).one()
    assert payment.receipt == receipt
    assert (mobile.receipt(receipt).status, mobile.receipt(receipt).intent_id) == ("claimed", payment.intent_id)
    assert bills.booked(place, MPESA) == 125_000
    assert get_bill(bill.id).status == "paid"
    assert books_balance(session)


def test_money_goes_back_by_two_people(session, place):
    receipt = unclaimed(place)
    with pytest.raises(ReasonMissing):
        receipts.ask_return(receipt_id=receipt.id, reason=" ", actor=mobile.CLERK)
    receipts.ask_return(receipt_id=receipt.id, reason="Sent to us by mistake", actor=mobile.CLERK)
    with pytest.raises(ReceiptGone, match="asked for"):
        receipts.claim_for_bill(receipt_id=receipt.id, bill_id=mobile.bill(place).id, actor=mobile.SECOND)
    with pytest.raises(SecondPersonNeeded):
        receipts.send_back(receipt_id=receipt.id, actor=mobile.CLERK)
    receipts.send_back(receipt_id=receipt.id, actor=mobile.SECOND)
    assert mobile.receipt(receipt.transaction_id).status == "returning"
    mobile.deliver()
    assert mobile.receipt(receipt.transaction_id).status == "returned"
    assert bills.booked(place, chart.UNCLAIMED) == bills.booked(place, MPESA) == 0
    assert books_balance(session)


def test_a_return_the_provider_refuses_leaves_the_money_unclaimed(session, place):
    receipt = unclaimed(place)
    receipts.ask_return(receipt_id=receipt.id, reason="Sent to us by mistake", actor=mobile.CLERK)
    faults.set(provider="daraja", operation="reversal", kind="fails")
    receipts.send_back(receipt_id=receipt.id, actor=mobile.SECOND)
    mobile.deliver()
    receipt = mobile.receipt(receipt.transaction_id)
    assert (receipt.status, receipt.return_asked_by) == ("unclaimed", None)
    assert receipt.said
    assert bills.booked(place, chart.UNCLAIMED) == 70_000


def test_a_return_whose_reply_is_lost_is_not_sent_twice(session, place):
    receipt = unclaimed(place)
    receipts.ask_return(receipt_id=receipt.id, reason="Sent to us by mistake", actor=mobile.CLERK)
    faults.set(provider="daraja", operation="reversal", kind="lost_reply")
    receipts.send_back(receipt_id=receipt.id, actor=mobile.SECOND)
    with pytest.raises(ReceiptGone, match="on its way back"):
        receipts.send_back(receipt_id=receipt.id, actor=mobile.SECOND)
    mobile.deliver()
    assert mobile.receipt(receipt.transaction_id).status == "returned"


def test_who_changes_their_mind_keeps_the_money(session, place):
    receipt = unclaimed(place)
    receipts.ask_return(receipt_id=receipt.id, reason="Sent to us by mistake", actor=mobile.CLERK)
    receipts.keep(receipt_id=receipt.id, actor=mobile.SECOND)
    receipts.claim_for_bill(receipt_id=receipt.id, bill_id=mobile.bill(place).id, actor=mobile.CLERK)
    assert mobile.receipt(receipt.transaction_id).status == "claimed"


def test_where_the_provider_cannot_be_asked_two_people_do(session, place, monkeypatch):
    """No initiator is set up: one sees the money on the statement and types its number, another claims it."""
    gateway = verification.gateway_of(unclaimed(place))
    monkeypatch.setattr(gateway, "_initiator", "")
    number = mobile.sent("who knows", shillings=700)
    mobile.worked_off()
    receipt = mobile.receipt(number)
    assert receipt.status == "unverified"
    assert "Safaricom's certificate" in receipt.said
    with pytest.raises(WrongCode):
        receipts.vouch(receipt_id=receipt.id, code="SOTHER0001", actor=mobile.CLERK)
    receipts.vouch(receipt_id=receipt.id, code=number.lower(), actor=mobile.CLERK)
    bill = mobile.bill(place)
    with pytest.raises(SecondPersonNeeded):
        receipts.claim_for_bill(receipt_id=receipt.id, bill_id=bill.id, actor=mobile.CLERK)
    receipts.claim_for_bill(receipt_id=receipt.id, bill_id=bill.id, actor=mobile.SECOND)
    assert get_bill(bill.id).paid == 70_000
    assert books_balance(session)


def strictly(place):
    return paybill_accounts.PayBillAt(place=place, token="x", account_id=None, strict=True)


@pytest.mark.parametrize(
    ("account", "amount", "strict", "answer"),
    [("1", 1_250, True, PayBillAnswer.ACCEPT), ("1", 1_251, True, PayBillAnswer.BAD_AMOUNT),
     ("1", 100, True, PayBillAnswer.ACCEPT), ("77", 100, True, PayBillAnswer.BAD_ACCOUNT),
     ("77", 100, False, PayBillAnswer.ACCEPT), ("1", 9_999, False, PayBillAnswer.ACCEPT)],
)  # fmt: skip
def test_a_payment_is_welcome_by_the_rules_of_the_place(session, place, account, amount, strict, answer):
    mobile.bill(place)
    at = strictly(place) if strict else paybill_accounts.of_place(place)
    question = {"TransID": "SASKED0001", "TransAmount": f"{amount}.00", "BillRefNumber": account,
                "BusinessShortCode": "174379", "TransTime": "20261120120000"}  # fmt: skip
    said = paybill.asked(at=at, raw=json.dumps(question).encode(), source=None)
    assert said["ResultCode"] == answer.value


def test_an_answer_about_another_receipt_is_set_aside(session, client, place):
    receipt = unclaimed(place)
    other = mobile.sent("nobody")
    mobile.deliver()
    mobile.worked_off(1)
    raw = outgoing.about(receipt.transaction_id, "daraja")[-1].body.encode()
    client.post(f"/api/pay/k/{mobile.receipt(other).token}-{addresses.Ending.STATUS}", data=raw)
    kept = session.scalars(select(GatewayMessage).where(GatewayMessage.status == "dead")).one()
    assert kept.error == "other_question"


def test_a_return_that_went_through_after_all_is_booked_or_told(session, place):
    """The provider said no, and yes an hour later: the money is gone, whatever is thought of it here."""
    receipt, claimed = unclaimed(place), unclaimed(place)
    bill = mobile.bill(place)
    receipts.claim_for_bill(receipt_id=claimed.id, bill_id=bill.id, actor=mobile.CLERK)
    for each in (receipt, claimed):
        receipts.returned(receipt_id=each.id, actor=mobile.SECOND)
    assert mobile.receipt(receipt.transaction_id).status == "returned"
    assert bills.booked(place, chart.UNCLAIMED) == 0
    assert bills.booked(place, MPESA) == claimed.amount
    intent = session.get(PaymentIntent, mobile.receipt(claimed.transaction_id).intent_id)
    told = [entry.action for entry in trail(subject="payment_intent", subject_id=intent.id)]
    assert "payment.returned_after_all" in told
    assert books_balance(session)


@pytest.fixture
def dear(place, session):
    """A charge the payer bears: 0.55 % of it, which is no whole number of shillings."""
    bands.set_band(
        provider="mpesa", direction="collection", currency="KES", lower=0, upper=None, fixed=0, basis_points=55,
        cap=None, starts_at=utcnow(), source="A test", actor=mobile.CLERK,
    )  # fmt: skip
    real = providers.choose
    bears = lambda name, business: replace(real(name, business), payer_bears_charges=True)  # noqa: E731
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(providers, "choose", bears)
        yield place


def test_a_phone_is_asked_for_whole_shillings_where_the_payer_bears_the_charge(dear):
    push = mobile.asked(mobile.bill(dear))
    assert push.amount == 125_700, "1,250 and 6.92, rounded up to what can be asked for"


def test_money_that_is_here_already_bears_no_charge(dear):
    bill = mobile.bill(dear)
    receipt = unclaimed(dear, 1_250)
    receipts.claim_for_bill(receipt_id=receipt.id, bill_id=bill.id, actor=mobile.CLERK)
    assert get_bill(bill.id).status == "paid"


def test_the_account_of_a_payment_is_paid_with_its_charge(dear):
    bill = mobile.bill(dear)
    push = mobile.asked(bill)
    mobile.answer(push, "cancelled")
    mobile.look(push)
    number = mobile.sent(queries.account_of(mobile.intent_of(push)), shillings=1_257)
    mobile.worked_off()
    assert mobile.receipt(number).status == "claimed"
    assert get_bill(bill.id).status == "paid"
    assert bills.booked(dear, chart.CHARGES_PASSED_ON) == 700
