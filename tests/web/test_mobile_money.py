"""Mobile money at a desk and on the customer's phone: with plain forms and with htmx."""

import pytest

from portal.gateways.sandbox import faults
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments import paybill_accounts
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.services import answers
from tests.factories import assets, identity, mobile


@pytest.fixture
def place(session):
    """A lodge in Nairobi."""
    mobile.reachable()
    return mobile.place()


@pytest.fixture
def desk(client, place):
    """The cashier's browser."""
    identity.sign_in(client, identity.member(place, "cashier"))
    return client


@pytest.fixture
def bill(place):
    return mobile.bill(place, phone="+254712345678")


def at(place, path=""):
    return f"/payments/{place.asset_number}{path}"


def ask(desk, place, bill, **form):
    """Asks the customer's phone from the bill's page; where the answer is watched."""
    form = {"phone-phone_number": "0712 345 678", "phone-amount": "1250", **form}
    return desk.post(at(place, f"/bills/{bill.number}/phone"), data=form)


def asked(bill):
    push, intent = queries.latest_push_for("bill", bill.id)
    return push, intent


def test_a_bill_is_paid_from_the_customers_phone(desk, place, bill):
    page = desk.get(at(place, f"/bills/{bill.number}")).text
    assert "Ask the phone" in page
    assert 'value="+254712345678"' in page
    answer = ask(desk, place, bill)
    push, intent = asked(bill)
    assert (answer.status_code, answer.location) == (303, at(place, f"/phone/{intent.reference}"))
    watching = desk.get(answer.location).text
    assert "Waiting for the PIN…" in watching
    assert "every 2s" in watching
    assert '<noscript><meta http-equiv="refresh"' in watching, "it works without JavaScript"
    again = desk.get(at(place, f"/bills/{bill.number}")).text
    assert "Watch the answer" in again
    receipt = mobile.answer(push)
    mobile.deliver()
    answers.ask_due()
    part = desk.get(answer.location, headers={"HX-Request": "true", "HX-Target": "question"}).text
    assert f"Paid, receipt {receipt}" in part
    assert "<html" not in part
    assert get_bill(bill.id).status == "paid"
    life = desk.get(at(place, f"/{intent.reference}")).text
    assert "The phone paid" in life
    assert "the phone that was asked" in life


@pytest.mark.parametrize(
    ("how", "title", "sentence"),
    [("cancelled", "Cancelled on the phone", "Ask again if they still want to pay."),
     ("unreachable", "It did not work", "could not be reached"),
     ("expired", "No answer: try again or pay otherwise", "lapsed")],
)  # fmt: skip
def test_what_did_not_work_is_said_and_asked_again(desk, place, bill, how, title, sentence):
    watched = ask(desk, place, bill).location
    push, intent = asked(bill)
    mobile.answer(push, how)
    mobile.look(push)
    page = desk.get(watched).text
    assert title in page
    assert sentence in page
    assert "Pay another way" in page
    answer = desk.post(f"{watched}/again", data={"phone_number": "+254722000111"})
    assert (answer.status_code, answer.location) == (303, watched)
    assert asked(bill)[0].phone == "+254722000111"
    assert asked(bill)[1].reference == intent.reference
    assert "Waiting for the PIN…" in desk.get(watched).text


def test_who_stops_waiting_is_told_that_late_money_is_taken(desk, place, bill):
    watched = ask(desk, place, bill).location
    assert desk.post(f"{watched}/stop").location == watched
    page = desk.get(watched).text
    assert "Stopped waiting" in page
    assert "If the money comes all the same, it is taken." in page
    mobile.answer(asked(bill)[0])
    mobile.look(asked(bill)[0])
    assert "Paid" in desk.get(watched).text


def test_the_phone_that_is_asked_already_is_watched_not_asked_twice(desk, place, bill):
    watched = ask(desk, place, bill).location
    again = ask(desk, place, bill)
    assert (again.status_code, again.location) == (303, watched)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [({"phone-phone_number": "+2347031234567"}, "asks Kenyan mobile numbers only"),
     ({"phone-phone_number": "nobody"}, "This is not a phone number."),
     ({"phone-amount": "1250.50"}, "takes whole shillings"), ({"phone-amount": "2000"}, "is due for bill")],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_at_its_field(desk, place, bill, form, sentence):
    refused = ask(desk, place, bill, **form)
    assert refused.status_code == 422
    assert sentence in refused.text
    assert queries.latest_push_for("bill", bill.id) is None


def test_what_the_provider_refuses_is_said_on_the_bill(desk, place, bill):
    mobile.asked(mobile.bill(place))
    refused = ask(desk, place, bill)
    assert refused.status_code == 422
    assert "The phone is busy with another M-Pesa question." in refused.text


def test_a_question_whose_reply_was_lost_is_watched_all_the_same(desk, place, bill):
    faults.set(provider="daraja", operation="push", kind="lost_reply")
    answer = ask(desk, place, bill)
    assert answer.status_code == 303
    assert "Asking the phone…" in desk.get(answer.location).text


def test_a_place_that_counts_in_naira_asks_no_phones(client, session):
    lagos = assets.place()
    identity.sign_in(client, identity.member(lagos, "cashier"))
    bill = mobile.bill(lagos)
    assert "Ask the phone" not in client.get(at(lagos, f"/bills/{bill.number}")).text


def test_a_room_is_paid_from_a_phone_at_the_desk(desk, place):
    room = assets.room(place, price=300_000)
    form = {"unit": f"room-{room.number}", "periods": "1", "email": "ada@example.com", "way": "mpesa",
            "phone_number": "+254712345678", "once": "shown-once-123"}  # fmt: skip
    answer = desk.post(at(place, "/take"), data=form)
    assert answer.status_code == 303, answer.text
    push, _intent = queries.latest_push_for("unit_access", room.id)
    mobile.answer(push)
    mobile.look(push)
    assert "The money is here" in desk.get(answer.location).text


def test_the_customer_pays_a_bill_with_their_own_phone(client, place, bill):
    page = client.get(f"/pay/b/{bill.token}").text
    assert "M-Pesa" in page
    form = {"email": "ada@example.com", "provider": "mpesa", "phone_number": "0712345678"}
    answer = client.post(f"/pay/b/{bill.token}", data=form)
    assert answer.status_code == 303, answer.text
    state = client.get(answer.location).location or answer.location
    shown = client.get(state).text
    assert "Look at your phone" in shown
    push, _intent = asked(bill)
    mobile.answer(push, "cancelled")
    mobile.look(push)
    shown = client.get(state).text
    assert "You cancelled it on the phone." in shown
    assert "Pay again" in shown
    client.post(f"/pay/b/{bill.token}", data=form)
    mobile.answer(asked(bill)[0])
    mobile.look(asked(bill)[0])
    assert "Paid. Thank you." in client.get(f"/pay/b/{bill.token}").text


def test_whoever_is_not_asked_reads_what_to_type(client, desk, place, bill):
    typed = f"account {place.asset_number}-{bill.number}."
    assert typed in desk.get(f"/payments/{place.asset_number}/bills/{bill.number}").text
    assert typed in client.get(f"/pay/b/{bill.token}").text


def test_a_bill_is_not_paid_by_a_phone_nobody_named(client, place, bill):
    refused = client.post(f"/pay/b/{bill.token}", data={"email": "ada@example.com", "provider": "mpesa"})
    assert refused.status_code == 422
    assert "Enter the number of the phone that pays." in refused.text


def test_a_strangers_phone_is_not_made_to_ring_for_ever(client, place):
    form = {"email": "ada@example.com", "provider": "mpesa", "phone_number": "0712345678"}
    said = set()
    for _each in range(8):
        bill = mobile.bill(place)
        said.add(client.post(f"/pay/b/{bill.token}", data=form).status_code)
        found = queries.latest_push_for("bill", bill.id)
        if found and found[0].checkout_request_id:
            mobile.answer(found[0], "cancelled")
    assert said == {303, 422}


def test_a_guest_pays_at_the_door_with_their_phone(client, place):
    room = assets.room(place, price=300_000)
    page = client.get(f"/u/{room.label}").text
    assert "Pay with M-Pesa" in page
    form = {"periods": "1", "email": "ada@example.com", "phone_number": "0712345678", "way": "mpesa", "once": "x" * 12}
    answer = client.post(f"/u/{room.label}", data=form)
    assert answer.status_code == 303, answer.text
    push, intent = queries.latest_push_for("unit_access", room.id)
    assert "Look at your phone" in client.get(f"/pay/{intent.reference}").text
    mobile.answer(push)
    mobile.look(push)
    assert "Unlocking" in client.get(f"/pay/{intent.reference}").text


@pytest.fixture
def receipt(place):
    """Money for nobody known."""
    mobile.registered(place)
    number = mobile.sent("Aunt Rose", shillings=700)
    mobile.worked_off()
    return mobile.receipt(number)


def test_unclaimed_money_is_listed_and_claimed_for_a_bill(desk, place, receipt):
    bill = mobile.bill(place, amount=70_000)
    listed = desk.get(at(place, "/mobile")).text
    for words in (receipt.transaction_id, "Aunt Rose", "Unclaimed", "ADA"):
        assert words in listed
    address = at(place, f"/mobile/{receipt.transaction_id}")
    page = desk.get(address).text
    assert "Nothing here has the account that was typed." in page
    assert f"Bill {bill.number}" in page, "a bill that fits is offered"
    refused = desk.post(f"{address}/bill", data={"bill-number": "99"})
    assert refused.status_code == 422
    assert "There is no such bill." in refused.text
    answer = desk.post(f"{address}/bill", data={"bill-number": str(bill.number)})
    assert (answer.status_code, answer.location) == (303, address)
    assert "It is the money of a payment" in desk.get(address).text
    assert get_bill(bill.id).status == "paid"
    late = desk.post(f"{address}/bill", data={"bill-number": str(mobile.bill(place).number)})
    assert "was claimed by somebody else a moment ago." in late.text


def test_a_vehicle_or_room_is_let_for_unclaimed_money(desk, place, receipt):
    room = assets.room(place, price=70_000)
    address = at(place, f"/mobile/{receipt.transaction_id}")
    answer = desk.post(f"{address}/unit", data={"unit-unit": str(room.id), "unit-email": "ada@example.com"})
    assert answer.status_code == 303, answer.text


def test_money_goes_back_by_two_people_at_two_desks(desk, client, app, place, receipt):
    address = at(place, f"/mobile/{receipt.transaction_id}")
    assert desk.post(f"{address}/back", data={"back-reason": " "}).status_code == 422
    assert desk.post(f"{address}/back", data={"back-reason": "Not for us"}).status_code == 303
    assert "A second person sends it" in desk.get(address).text
    assert desk.post(f"{address}/send-back").status_code == 403
    manager = app.test_client()
    identity.sign_in(manager, identity.member(place, "manager"))
    assert "Send it back" in manager.get(address).text
    assert manager.post(f"{address}/send-back").status_code == 303
    assert "Going back" in manager.get(address).text
    mobile.deliver()
    assert "went back to the phone" in manager.get(address).text


def test_who_asked_for_the_return_does_not_send_it(client, place, receipt):
    identity.sign_in(client, identity.member(place, "manager"))
    address = at(place, f"/mobile/{receipt.transaction_id}")
    client.post(f"{address}/back", data={"back-reason": "Not for us"})
    refused = client.post(f"{address}/send-back")
    assert refused.status_code == 403
    assert "somebody else must send it." in refused.text
    assert client.post(f"{address}/keep").status_code == 303
    assert "Claim for this bill" in client.get(address).text


def test_money_that_is_not_confirmed_is_confirmed_by_hand(app, desk, client, place, session):
    token = paybill_accounts.of_place(place).token
    news = {"TransID": "SNEWS00001", "TransAmount": "50.00", "BillRefNumber": "x", "BusinessShortCode": "174379"}
    client.post(f"/api/pay/k/{token}-c", json=news)
    address = at(place, "/mobile/SNEWS00001")
    assert "Not confirmed yet" in desk.get(address).text
    assert desk.post(f"{address}/check").status_code == 303
    assert desk.post(f"{address}/vouch", data={"vouch-code": "snews00001"}).status_code == 403, "no manager"
    manager = app.test_client()
    identity.sign_in(manager, identity.member(place, "manager"))
    assert manager.post(f"{address}/vouch", data={"vouch-code": "SOTHER0001"}).status_code == 422
    assert manager.post(f"{address}/vouch", data={"vouch-code": "snews00001"}).status_code == 303
    bill = mobile.bill(place)
    refused = manager.post(f"{address}/bill", data={"bill-number": str(bill.number)})
    assert "somebody else must claim it." in refused.text


def test_receipts_are_exported_and_another_places_are_not_there(desk, client, place, receipt):
    sheet = desk.get(at(place, "/mobile.csv"))
    assert sheet.mimetype == "text/csv"
    assert receipt.transaction_id in sheet.text
    other = mobile.place(name="Elsewhere")
    identity.sign_in(client, identity.member(other, "cashier"))
    assert client.get(at(other, f"/mobile/{receipt.transaction_id}")).status_code == 404


def test_the_paybill_is_registered_with_the_provider(client, place):
    identity.sign_in(client, identity.member(place, "owner"))
    address = at(place, "/mobile-paybill")
    assert "Register the addresses" in client.get(address).text
    answer = client.post(f"{address}/register")
    assert answer.status_code == 303, answer.text
    mobile.sent("Aunt Rose")


def test_unclaimed_money_is_told_under_the_bell(desk, place, receipt):
    bell = desk.get(f"/home/{place.asset_number}/bell", headers={"HX-Request": "true", "HX-Target": "bell"}).text
    assert "1 mobile payment is unclaimed" in bell
