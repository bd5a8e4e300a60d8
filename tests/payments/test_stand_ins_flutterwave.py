"""The stand-in for Flutterwave v3: major units, references that repeat, failures told under the name of success."""

import json
from datetime import timedelta

import pytest

from portal.core.clock import clock_set_to, utcnow
from portal.gateways import sandbox
from portal.gateways.base import ChargeStatus, Checkout, RefundAsked, UnknownCharge
from portal.gateways.flutterwave import Flutterwave
from portal.gateways.sandbox import faults, flutterwave, outgoing, webhooks
from portal.gateways.sandbox.service import AlreadyDecided, Outcome
from tests.support import shared
from tests.support.standins import Asking, lacking

ASKED = {
    "tx_ref": "TX-1",
    "amount": 100.5,
    "currency": "NGN",
    "redirect_url": "http://localhost/back",
    "customer": {"email": "ada@example.com", "name": "Ada Obi", "phonenumber": "08012345678"},
    "meta": {"cart": 7},
}


@pytest.fixture
def asking(app, session):
    return Asking("flutterwave", {"Authorization": f"Bearer {sandbox.flutterwave_key(app.extensions['settings'])}"})


@pytest.fixture
def client_of_ours(app, session):
    settings = app.extensions["settings"]
    return Flutterwave(
        secret_key=sandbox.flutterwave_key(settings),
        secret_hash=sandbox.flutterwave_hash(settings),
        base_url=lambda: sandbox.base_url("flutterwave"),
        trust_env=False,
    )


def link(asking, **changes):
    answer = asking.post("/v3/payments", {**ASKED, **changes})
    assert answer.json()["status"] == "success"
    return answer.json()["data"]["link"].rpartition("/")[2]


def paid(asking, outcome="paid", **changes):
    return flutterwave.decide(token=link(asking, **changes), outcome=Outcome(outcome))


def said(tx_ref="TX-1"):
    return [json.loads(each.body) for each in outgoing.about(tx_ref, "flutterwave")]


def sample(name):
    return json.loads((shared.DATA / "fixtures/flutterwave" / name).read_text())


@shared.here
def test_samples_of_flutterwave_have_no_key_that_ours_lack(asking):
    number = paid(asking).number
    verified = asking.get(f"/v3/transactions/{number}/verify").json()
    assert list(lacking(sample("v3-verify.json"), verified)) == []
    (told,) = said()
    assert list(lacking(sample("v3-charge.completed.json"), told)) == []


def test_amounts_are_major_units_with_all_their_digits(asking):
    number = paid(asking).number
    answer = asking.get(f"/v3/transactions/{number}/verify")
    assert '"amount": 100.5' in answer.text
    data = answer.json()["data"]
    assert (data["app_fee"], data["status"], data["meta"]) == (1.41, "successful", {"cart": 7})
    assert paid(asking, amount=100, tx_ref="TX-2")
    assert '"amount": 100,' in asking.get("/v3/transactions/verify_by_reference", tx_ref="TX-2").text
    assert asking.post("/v3/payments", {**ASKED, "amount": "1.005"}).status_code == 400


def test_one_reference_may_stand_on_several_transactions(asking, client_of_ours):
    token = link(asking)
    first = flutterwave.decide(token=token, outcome=Outcome.FAILED)
    second = flutterwave.decide(token=token, outcome=Outcome.PAID)
    assert first.number < second.number
    with pytest.raises(AlreadyDecided):
        flutterwave.decide(token=token, outcome=Outcome.FAILED)
    listed = asking.get("/v3/transactions", tx_ref="TX-1").json()
    assert [each["id"] for each in listed["data"]] == [str(second.number), str(first.number)]
    assert listed["meta"]["page_info"]["total"] == 2
    assert [each["data"]["status"] for each in said()] == ["failed", "successful"]
    assert {each["event"] for each in said()} == {"charge.completed"}
    assert client_of_ours.verify("TX-1").status is ChargeStatus.SUCCESS


def test_our_own_client_pays_looks_and_refunds(asking, client_of_ours):
    begun = client_of_ours.initialize(
        Checkout(reference="TX-1", amount=30_050, currency="NGN", email="a@b.co", callback_url="http://localhost/x",
                 description="Room 4")
    )  # fmt: skip
    with pytest.raises(UnknownCharge):
        client_of_ours.verify("TX-1")
    flutterwave.decide(token=begun.access_code, outcome=Outcome.FEES_ON_TOP)
    charge = client_of_ours.verify("TX-1")
    assert (charge.received, charge.fee_by_us) == (30_050, 0)
    assert charge.amount == 30_050 + charge.fee
    asked = RefundAsked(
        reference="RF-1", transaction_id=charge.transaction_id, charge_reference="TX-1", amount=10_000, currency="NGN",
        asked_at=utcnow(),
    )  # fmt: skip
    made = client_of_ours.refund(asked)
    assert client_of_ours.find_refund(asked).provider_refund_id == made.provider_refund_id
    assert client_of_ours.refund_status(made.provider_refund_id).amount == 10_000
    now = utcnow()
    assert [each.reference for each in client_of_ours.charges(now - timedelta(hours=1), now + timedelta(hours=1))]
    assert client_of_ours.fee(1_000_000, "NGN") == 14_000


def test_refunds_never_come_to_more_than_the_charge(asking):
    number = paid(asking).number
    first = asking.post(f"/v3/transactions/{number}/refund", amount=60).json()["data"]
    assert (first["amount_refunded"], first["tx_id"], first["status"]) == (60, number, "completed")
    assert asking.post(f"/v3/transactions/{number}/refund", amount=40.51).status_code == 400
    faults.set(provider="flutterwave", operation="refund", kind="fails")
    assert asking.post(f"/v3/transactions/{number}/refund", {}).json()["data"]["status"] == "failed"
    assert asking.post(f"/v3/transactions/{number}/refund", {}).json()["data"]["amount_refunded"] == 40.5


def test_the_webhook_carries_the_hash_and_can_be_sent_again(app, asking, client_of_ours):
    number = paid(asking, "failed").number
    assert asking.post(f"/v3/transactions/{number}/resend-hook", {}).json()["data"] == "hook sent"
    messages = outgoing.about("TX-1", "flutterwave")
    assert len(messages) == 2
    headers = webhooks.headers_of(messages[0], app.extensions["settings"])
    assert headers["verif-hash"] == sandbox.flutterwave_hash(app.extensions["settings"])
    heard = client_of_ours.parse_webhook(headers, messages[0].body.encode())
    assert (heard.trusted, heard.reference, heard.charge.status) == (False, "TX-1", ChargeStatus.FAILED)
    assert messages[0].url == "/api/payment/webhook/flutterwave/"


def test_money_that_comes_late_and_money_that_is_wrong(asking):
    token = link(asking)
    flutterwave.decide(token=token, outcome=Outcome.LATE)
    verify = "/v3/transactions/verify_by_reference"
    assert asking.get(verify, tx_ref="TX-1").json()["data"]["status"] == "pending"
    assert said() == []
    with clock_set_to(utcnow() + timedelta(minutes=1)):
        assert flutterwave.pay_late() == 1
    assert asking.get(verify, tx_ref="TX-1").json()["data"]["status"] == "successful"
    paid(asking, "wrong_amount", tx_ref="TX-2")
    assert asking.get(verify, tx_ref="TX-2").json()["data"]["amount"] == 0.01
    paid(asking, "wrong_currency", tx_ref="TX-3")
    assert asking.get(verify, tx_ref="TX-3").json()["data"]["currency"] == "USD"


def test_giving_up_leaves_no_transaction(asking):
    assert paid(asking, "abandoned") is None
    missing = asking.get("/v3/transactions/verify_by_reference", tx_ref="TX-1")
    assert (missing.status_code, missing.json()["status"]) == (404, "error")


def test_a_days_charges_are_settled_the_day_after(asking):
    paid(asking)
    paid(asking, tx_ref="TX-2")
    assert asking.get("/v3/settlements").json()["data"] == []
    with clock_set_to(utcnow() + timedelta(days=1)):
        (made,) = asking.get("/v3/settlements").json()["data"]
    assert (made["gross_amount"], made["app_fee"], made["net_amount"]) == (201, 2.82, 198.18)


def test_strangers_get_nothing(asking):
    refused = asking("GET", "/v3/transactions", headers={"Authorization": "Bearer wrong"})
    assert (refused.status_code, refused.json()["status"]) == (401, "error")
