"""The sandbox's pages: checkouts that end in every way, the phone, money going out, the fault switches."""

from urllib.parse import parse_qs, urlsplit

import pytest

from portal.gateways import sandbox
from portal.gateways.sandbox import faults, flutterwave, outgoing, transfers
from portal.gateways.sandbox.daraja import paybill, pushes
from tests.payments.test_stand_ins_paystack import charged, sent
from tests.support.standins import Asking


@pytest.fixture
def paystack(app, session):
    return Asking("paystack", {"Authorization": f"Bearer {sandbox.paystack_key(app.extensions['settings'])}"})


@pytest.fixture
def link(app, session):
    return flutterwave.create_link(
        tx_ref="TX-1", amount=10_050, currency="NGN", redirect_url="http://localhost/pay/TX-1", email="ada@example.com",
        name="Ada", phone=None, title="", meta={"description": "Room 4"},
    )  # fmt: skip


@pytest.fixture
def prompt(app, session):
    return pushes.create(
        shortcode="174379", party_b="174379", kind="CustomerPayBillOnline", amount=250, phone="254712345678",
        account="ROOM4", description="Room 4", callback_url="http://localhost/api/pay/k/x",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("paid", "successful"), ("failed", "failed"), ("late", "pending"), ("abandoned", "cancelled")],
)
def test_flutterwaves_checkout_leads_back_with_how_it_ended(client, link, outcome, status):
    there = f"/sandbox/pay/{link.token}"
    shown = client.get(there).text
    assert "Room 4" in shown
    assert "₦100.50" in shown
    back = client.post(there, data={"outcome": outcome})
    query = parse_qs(urlsplit(back.location).query)
    assert (back.status_code, query["status"], query["tx_ref"]) == (303, [status], ["TX-1"])
    last = flutterwave.last_charge_of(link)
    assert query.get("transaction_id") == (None if last is None else [str(last.number)])


def test_a_checkout_takes_its_own_words_once(client, link):
    there = f"/sandbox/pay/{link.token}"
    assert client.post(there, data={"outcome": "free"}).status_code == 422
    client.post(there, data={"outcome": "paid"})
    assert client.post(there, data={"outcome": "failed"}).status_code == 422
    assert "has been made" in client.get(there).text
    assert client.get("/sandbox/pay/nothing").status_code == 404


def test_the_phone_shows_a_prompt_until_it_is_answered(client, prompt):
    page = client.get("/sandbox/phone").text
    assert "Do you want to pay Ksh250.00 to 174379, account ROOM4?" in page
    for button in ("Cancel", "No money", "Not reached", "Let it run out"):
        assert button in page
    assert "every 2s" not in page, "a page that reloads would eat what is typed"
    there = f"/sandbox/phone/prompts/{prompt.checkout_request}"
    assert client.post(there, data={"answer": "perhaps"}).status_code == 422
    assert client.post(there, data={"answer": "unreachable"}).status_code == 303
    assert "Pay after all" in client.get("/sandbox/phone").text
    assert client.post(there, data={"answer": "paid", "pin": pushes.PIN}).status_code == 303
    assert client.post(there, data={"answer": "paid"}).status_code == 409
    page = client.get("/sandbox/phone").text
    assert pushes.recent(1)[0].receipt in page
    assert "every 2s" in page


def test_the_phone_pays_bills(client, session):
    form = {"shortcode": "174379", "account": "INV 7", "amount": "1200", "phone": "0712345678"}
    assert client.post("/sandbox/phone/pay-bill", data=form).status_code == 404
    paybill.register(
        shortcode="174379", response_type="Completed", confirmation_url="http://localhost/c", validation_url=""
    )
    assert client.post("/sandbox/phone/pay-bill", data={**form, "amount": "12.50"}).status_code == 422
    assert client.post("/sandbox/phone/pay-bill", data=form).status_code == 303
    (made,) = paybill.recent(5)
    assert (made.amount, made.account, made.phone, made.status) == (1200, "INV 7", "254712345678", "completed")
    assert "INV 7" in client.get("/sandbox/phone").text


def test_a_password_can_be_read_and_what_is_under_way_moved_on(client, paystack):
    code = sent(paystack).json()["data"]["transfer_code"]
    otp = transfers.otp_of(code)
    assert otp in client.get("/sandbox/transfers").text
    paystack.post("/transfer/finalize_transfer", transfer_code=code, otp=otp)
    charged(paystack)
    paystack.post("/refund", transaction="CH-1", amount=1_000)
    assert client.post("/sandbox/transfers/move-on").status_code == 303
    page = client.get("/sandbox/transfers").text
    assert otp not in page
    assert "Reverse" in page
    assert client.post(f"/sandbox/transfers/{code}/reverse").status_code == 303
    assert transfers.by_name(code).status == "reversed"
    assert client.post(f"/sandbox/transfers/{code}/reverse").status_code == 409


def test_faults_are_switched_on_and_off(client, session):
    form = {"what": "paystack:transfer", "kind": "lost_reply", "times": "2"}
    assert client.post("/sandbox/faults", data=form).status_code == 303
    (on,) = faults.switched_on()
    assert (on.provider, on.operation, on.kind, on.times) == ("paystack", "transfer", "lost_reply", 2)
    assert "Does it, and the answer is lost" in client.get("/sandbox/faults").text
    refused = client.post("/sandbox/faults", data={"what": "paystack:verify", "kind": "late"})
    assert refused.status_code == 422
    assert "Choose another kind of fault." in refused.text
    assert client.post("/sandbox/faults/off", data={"number": on.number}).status_code == 303
    client.post("/sandbox/faults", data=form)
    assert client.post("/sandbox/faults/off").status_code == 303
    assert (faults.switched_on(), outgoing.waiting()) == ([], 0)


def test_every_switch_of_the_page_has_words(app):
    from portal.web.public.sandbox.faults import KINDS, PROVIDERS

    assert set(KINDS) == set(faults.Kind)
    assert set(PROVIDERS) == set(faults.CALLS) == set(faults.MESSAGES)
