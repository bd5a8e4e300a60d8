"""Bills at a desk and on the customer's phone: with plain forms and with htmx."""

import re
from urllib.parse import urlsplit

import pytest

from portal.shared.identity.queries import latest_mail
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.queries import payments_for
from portal.shared.payments.services import accounts, bands, bills
from portal.web.filters import money
from tests.factories import assets, identity
from tests.factories import bills as made
from tests.factories.bills import CLERK

NEW = {"description": "Wedding hall", "amount": "120000", "kind": "invoice", "customer": "Ada Obi",
       "email": "Ada@Example.com", "phone_number": "", "due_on": "", "once": "a-page-shown-once"}  # fmt: skip


@pytest.fixture
def place(session):
    """A hotel whose bills are looked at."""
    return assets.place()


@pytest.fixture
def desk(client, place):
    """The cashier's browser."""
    identity.sign_in(client, identity.member(place, "cashier"))
    return client


def at(place, path=""):
    return f"/payments/{place.asset_number}/bills{path}"


def paid_by_phone(client, bill, outcome="paid", **form):
    """From the customer's page over the provider's checkout and back; answers the page they land on."""
    address = f"/pay/b/{bill.token}"
    answer = client.post(address, data={"email": "ada@example.com", "provider": "sandbox", **form})
    assert answer.status_code == 303, answer.text
    checkout = client.get(answer.location)
    back = client.post(urlsplit(checkout.location).path, data={"outcome": outcome})
    came = client.get(urlsplit(back.location).path + "?" + urlsplit(back.location).query)
    return client.get(came.location)


def test_a_bill_is_raised_shown_and_listed(desk, place):
    answer = desk.post(at(place, "/new"), data=NEW)
    assert answer.status_code == 303, answer.text
    assert answer.location == at(place, "/1")
    page = desk.get(answer.location).text
    assert "₦120,000.00" in page
    assert "Ada Obi" in page
    assert "Take cash" in page
    assert "/pay/b/" in page
    listed = desk.get(at(place)).text
    assert "Wedding hall" in listed
    assert "To be paid" in listed


def test_the_same_form_sent_twice_raises_one_bill(desk, place):
    first, again = (desk.post(at(place, "/new"), data=NEW).location for _turn in range(2))
    assert (first, again) == (at(place, "/1"), at(place))
    assert desk.get(at(place, "/2")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"amount": "0"}, "The amount must be more than 0."),
        ({"amount": "12.345"}, "The amount can have at most 2 decimals, such as 12.50."),
        ({"description": " "}, "Enter the description."),
        ({"email": "", "phone_number": ""}, "Write an e-mail address or a telephone number."),
        ({"email": "nobody"}, "This is not an e-mail address."),
        ({"due_on": "2031-02-30"}, "2031-02-30"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(desk, place, changes, sentence):
    refused = desk.post(at(place, "/new"), data=NEW | changes)
    assert refused.status_code == 422
    assert sentence in refused.text


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("", True), ("status=open", True), ("status=paid", False), ("status=overdue", False), ("status=junk", True),
     ("kind=sale", True), ("kind=invoice", False), ("q=laun", True), ("q=1", True), ("q=99", False)],
)  # fmt: skip
def test_filters_are_in_the_address(desk, place, asked, shown):
    made.bill(place)
    assert ("Laundry" in desk.get(f"{at(place)}?{asked}").text) is shown


def test_the_list_is_a_file_too(desk, place):
    made.bill(place, description="=1+1", amount=123_456)
    head, line = desk.get(at(place, ".csv")).text.strip().splitlines()
    assert head.startswith("number,raised,kind,status,customer")
    assert ",sale,open,Ada Obi,ada@example.com,,'=1+1,1234.56,0.00,1234.56,NGN," in line


def test_cash_is_taken_and_the_change_is_shown(desk, place):
    bill = made.bill(place)
    answer = desk.post(
        at(place, "/1/cash"), data={"cash-amount": "8500", "cash-tendered": "10000", "cash-once": "a-page"}
    )
    assert answer.status_code == 303, answer.text
    page = desk.get(answer.location).text
    assert "Hand back" in page
    assert "₦1,500.00" in page
    assert get_bill(bill.id).status == "paid"
    assert at(place, "/1/cash") not in desk.get(at(place, "/1")).text


def test_a_refused_payment_says_why_beside_its_form(desk, place):
    made.bill(place)
    refused = desk.post(at(place, "/1/cash"), data={"cash-amount": "9000", "cash-tendered": ""})
    assert refused.status_code == 422
    assert "Only 8,500.00 NGN is due for bill 1." in refused.text
    refused = desk.post(at(place, "/1/card"), data={"card-amount": "8500", "card-slip": ""})
    assert "Enter the slip number." in refused.text
    assert re.search(r'<details name="way" class="way" open><summary>.*?Card machine', refused.text)


def test_a_card_slip_and_credit_pay_the_rest(desk, place):
    bill = made.bill(place)
    made.credit(place, 350_000)
    assert desk.post(at(place, "/1/card"), data={"card-amount": "5000", "card-slip": "004711"}).status_code == 303
    assert "₦3,500.00" in desk.get(at(place, "/1")).text
    assert desk.post(at(place, "/1/credit"), data={"credit-amount": "3500", "credit-once": "x1"}).status_code == 303
    assert get_bill(bill.id).status == "paid"
    page = desk.get(at(place, "/1")).text
    assert "from the customer&#39;s credit" in page
    assert "by card machine" in page


def test_cash_for_a_room_is_taken_at_the_desk(desk, place):
    room = assets.room(place)
    form = {"unit": f"room-{room.number}", "periods": "2", "email": "ada@example.com", "way": "cash",
            "tendered": "20500", "slip": "", "phone_number": "", "once": "a-page"}  # fmt: skip
    assert f"Room {room.number}" in desk.get(f"/payments/{place.asset_number}/take?unit=room-{room.number}").text
    answer = desk.post(f"/payments/{place.asset_number}/take", data=form)
    assert answer.status_code == 303, answer.text
    page = desk.get(answer.location).text
    assert "₦20,000.00 taken" in page
    assert "₦500.00" in page
    assert len(payments_for(room.id)) == 1
    refused = desk.post(f"/payments/{place.asset_number}/take", data=form | {"way": "card", "once": "another"})
    assert "Enter the number on the card machine&#39;s slip." in refused.text


def test_the_link_is_sent_by_mail(desk, place):
    bill = made.bill(place)
    assert desk.post(at(place, "/1/send"), data={"send-email": "ada@example.com"}).status_code == 303
    letter = latest_mail()[0]
    assert letter.recipient == "ada@example.com"
    assert "₦8,500.00" in letter.subject
    assert f"/pay/b/{bill.token}" in letter.body


@pytest.mark.parametrize(("role", "status"), [("cashier", 403), ("manager", 303), ("housekeeper", 403)])
def test_who_may_cancel(client, place, role, status):
    bill = made.bill(place)
    identity.sign_in(client, identity.member(place, role))
    answer = client.post(at(place, "/1/cancel"), data={"cancel-reason": "Raised twice"})
    assert answer.status_code == status
    assert (get_bill(bill.id).status == "cancelled") is (status == 303)


def test_a_deposit_is_counted_as_earned_by_a_button(client, desk, place):
    bill = made.bill(place, kind="deposit")
    paid_by_phone(client, bill, amount="3000")
    assert "Held, not yet earned" in desk.get(at(place, "/1")).text
    assert desk.post(at(place, "/1/used")).status_code == 303
    page = desk.get(at(place, "/1")).text
    assert "₦3,000.00 earned" in page
    assert "Held, not yet earned" not in page
    assert desk.post(at(place, "/1/used")).status_code == 409


def test_another_places_bill_is_not_there(desk, place):
    made.bill(assets.place())
    assert desk.get(at(place, "/1")).status_code == 404
    assert desk.post(at(place, "/1/cash"), data={"cash-amount": "1"}).status_code == 404


def test_the_customer_pays_by_phone_and_sees_it(client, place):
    bill = made.bill(place)
    page = client.get(f"/pay/b/{bill.token}").text
    for words in ("Laundry", "Ada Obi", "₦8,500.00", "Sandbox", "Flutterwave", 'value="ada@example.com"'):
        assert words in page
    assert 'name="amount"' not in page
    landed = paid_by_phone(client, bill).text
    assert "Paid. Thank you." in landed
    assert "Receipt" in landed
    now = client.get(f"/pay/b/{bill.token}").text
    assert "There is nothing more to do." in now
    assert "What you paid" in now


def test_a_charge_the_payer_bears_is_said_before_they_pay(client, place):
    bands.load_known()
    accounts.set_up(
        place=place, provider="paystack", given={"secret_key": "sk_test_a1b2c3d4e5f6g7h8"}, payer_bears_charges=True,
        actor=CLERK,
    )  # fmt: skip
    accounts.switch(place=place, provider="paystack", enabled=True, actor=CLERK)
    bill = made.bill(place)
    charge = bands.surcharge_for("paystack", 850_000, "NGN")
    assert charge > 0
    page = client.get(f"/pay/b/{bill.token}").text
    assert "Paystack" in page
    assert money(charge, "NGN") in page
    assert "Sandbox" not in page, "nobody with live keys offers pretended money"


def test_a_declined_card_leads_back_to_the_bill(client, place):
    bill = made.bill(place)
    landed = paid_by_phone(client, bill, "failed").text
    assert "The payment failed" in landed
    assert f'href="/pay/b/{bill.token}"' in landed


def test_a_part_is_paid_where_the_bill_allows_it(client, place):
    invoice = made.bill(place, kind="invoice")
    landed = paid_by_phone(client, invoice, amount="2000").text
    assert "Pay the rest" in landed
    assert "₦6,500.00" in client.get(f"/pay/b/{invoice.token}").text
    refused = client.post(
        f"/pay/b/{invoice.token}", data={"email": "a@example.com", "provider": "sandbox", "amount": "7000"}
    )
    assert refused.status_code == 422
    assert "Only 6,500.00 NGN is due" in refused.text
    sale = made.bill(place)
    paid_by_phone(client, sale, amount="2000")
    assert get_bill(sale.id).status == "paid", "a sale is paid whole"


def test_cancelled_and_unknown_bills_say_so(client, place):
    bill = made.bill(place)
    bills.cancel(bill_id=bill.id, reason="Raised twice", actor=CLERK)
    assert "This bill was cancelled" in client.get(f"/pay/b/{bill.token}").text
    refused = client.post(f"/pay/b/{bill.token}", data={"email": "a@example.com", "provider": "sandbox"})
    assert refused.status_code == 422
    assert payments_for(bill.id) == []
    unknown = client.get("/pay/b/AAAAAAAAAAAAAAAAAAAAAA")
    assert unknown.status_code == 404
    assert "There is no such bill." in unknown.text


def test_the_open_page_changes_only_when_something_came(client, place):
    bill = made.bill(place)
    page = client.get(f"/pay/b/{bill.token}").text
    looks = re.search(r'hx-get="([^"]*standing[^"]*)"', page)[1]
    there = {"HX-Request": "true", "HX-Target": "bill"}
    assert client.get(looks, headers=there).status_code == 204
    paid_by_phone(client, bill)
    changed = client.get(looks, headers=there)
    assert changed.text.lstrip().startswith('<div id="bill"')
    assert "Paid. Thank you." in changed.text
    assert "hx-trigger" not in changed.text


def test_the_list_and_a_bill_ask_few_questions(desk, place, count_queries):
    for _n in range(5):
        made.bill(place)
    with count_queries() as sent:
        desk.get(at(place))
    assert len(sent) <= 7, sent
    with count_queries() as sent:
        desk.get(at(place, "/1"))
    assert len(sent) <= 12, sent


def test_the_receipt_is_on_screen_as_a_file_and_sent_again(desk, place):
    made.bill(place)
    taken = desk.post(at(place, "/1/cash"), data={"cash-amount": "8500", "cash-once": "a-page"}).location
    reference = taken.split("/")[-2]
    shown = desk.get(f"/pay/{reference}/receipt")
    assert "Laundry" in shown.text
    assert 'class="qr"' in shown.text
    sheet = desk.get(f"/pay/{reference}/receipt.pdf")
    assert (sheet.mimetype, sheet.data[:5]) == ("application/pdf", b"%PDF-")
    assert desk.get("/pay/AAAAA-BBBBB-CCCCC-DDDDD-EEEEEE/receipt.pdf").status_code == 404
    again = desk.post(f"/payments/{place.asset_number}/{reference}/receipt", data={"receipt-email": "b@example.com"})
    assert again.status_code == 303
    assert latest_mail()[0].recipient == "b@example.com"
    refused = desk.post(f"/payments/{place.asset_number}/{reference}/receipt", data={"receipt-email": "nobody"})
    assert "This is not an e-mail address." in refused.text
