"""The stand-in for Paystack: what it answers fits Paystack's own document, and its money adds up."""

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from portal.core.clock import clock_set_to, utcnow
from portal.gateways import sandbox
from portal.gateways.sandbox import balances, clockwork, faults, outgoing, prices, refunds, service, transfers, webhooks
from tests.support import shared
from tests.support.standins import Asking, fits_paystack, lacking

CHARGE = {"email": "ada@example.com", "amount": 1_000_000, "currency": "NGN", "callback_url": "http://localhost/back"}
ACCOUNT = {"type": "nuban", "name": "Ada Obi", "account_number": "0123456789", "bank_code": "058", "currency": "NGN"}


@pytest.fixture
def paystack(app, session):
    key = sandbox.paystack_key(app.extensions["settings"])
    return Asking("paystack", {"Authorization": f"Bearer {key}"})


def charged(paystack, reference="CH-1", outcome="paid", **changes):
    begun = paystack.post("/transaction/initialize", {**CHARGE, "reference": reference, **changes}).json()["data"]
    service.decide(access_code=begun["access_code"], outcome=service.Outcome(outcome))
    return reference


def sent(paystack, reference="payout-1", amount=500_000):
    """A transfer that waits for its password."""
    to = paystack.post("/transferrecipient", ACCOUNT).json()["data"]["recipient_code"]
    body = {"source": "balance", "amount": amount, "recipient": to, "reference": reference, "reason": "Wages"}
    return paystack.post("/transfer", body)


def said(reference):
    """The messages about a reference: (event, data)."""
    return [(each.event, json.loads(each.body)["data"]) for each in outgoing.about(reference)]


@shared.here
def test_charges_are_answered_as_paystack_documents_them(paystack):
    begun = paystack.post("/transaction/initialize", {**CHARGE, "reference": "CH-1", "metadata": {"cart": 7}})
    data = fits_paystack(begun, "post", "/transaction/initialize")["data"]
    assert paystack.get("/transaction/verify/CH-1").json()["data"]["status"] == "ongoing"
    service.decide(access_code=data["access_code"], outcome=service.Outcome.PAID)
    verified = fits_paystack(paystack.get("/transaction/verify/CH-1"), "get", "/transaction/verify/{reference}")["data"]
    assert (verified["amount"], verified["fees"], verified["metadata"]) == (1_000_000, 25_000, {"cart": 7})
    listed = fits_paystack(paystack.get("/transaction", perPage=1), "get", "/transaction")
    assert listed["meta"] | {"total_volume": 1_000_000, "pageCount": 1} == listed["meta"]


@shared.here
def test_samples_of_paystack_have_no_key_that_ours_lack(paystack):
    charged(paystack)
    verify = json.loads((shared.DATA / "fixtures/paystack/transactions.verify.json").read_text())["200"]["data"]
    assert list(lacking(verify, paystack.get("/transaction/verify/CH-1").json())) == []
    begun = sent(paystack)
    otp = json.loads((shared.DATA / "fixtures/paystack/transfers.initiate.otp.json").read_text())
    assert list(lacking(otp, begun.json())) == []
    assert begun.json()["message"] == otp["message"]
    done = paystack.post(
        "/transfer/finalize_transfer",
        transfer_code=begun.json()["data"]["transfer_code"],
        otp=transfers.otp_of("payout-1"),
    )
    finalized = json.loads((shared.DATA / "fixtures/paystack/transfers.finalize.json").read_text())["200"]["data"]
    assert list(lacking(finalized, done.json())) == []
    clockwork.advance()
    success = json.loads((shared.DATA / "fixtures/paystack/transfer.success.json").read_text())["data"]
    assert list(lacking(success, said("payout-1")[0][1])) == []


@pytest.mark.parametrize(
    ("amount", "fee"), [(249_999, 3_750), (250_000, 13_750), (12_666_667, 200_000), (90_000_000, 200_000)]
)
def test_the_price_list_of_nigeria(amount, fee):
    assert prices.paystack("NGN").of(amount) == fee
    on_top = prices.paystack("NGN").on_top(amount)
    assert on_top - prices.paystack("NGN").of(on_top) in (amount, amount + 1)


def test_a_payer_who_bears_the_fees_pays_more_than_was_asked(paystack):
    begun = paystack.post("/transaction/initialize", {**CHARGE, "amount": 30_050, "reference": "CH-1"}).json()["data"]
    service.decide(access_code=begun["access_code"], outcome=service.Outcome.FEES_ON_TOP, fees=10_283)
    data = paystack.get("/transaction/verify/CH-1").json()["data"]
    assert (data["amount"], data["requested_amount"], data["fees"]) == (40_333, 30_050, 10_283)
    charged(paystack, "CH-2", "fees_on_top")
    data = paystack.get("/transaction/verify/CH-2").json()["data"]
    assert data["amount"] - data["fees"] == data["requested_amount"] == 1_000_000


def test_transactions_are_listed_by_time_and_page(paystack):
    began = utcnow()
    for number in range(3):
        charged(paystack, f"CH-{number}")
    middle = paystack.get("/transaction/verify/CH-1").json()["data"]["created_at"]
    page = paystack.get("/transaction", **{"from": middle, "perPage": 1, "page": 2}).json()
    assert ([each["reference"] for each in page["data"]], page["meta"]["total"]) == (["CH-1"], 2)
    early = paystack.get("/transaction", to=(began - timedelta(hours=1)).isoformat()).json()
    assert (early["data"], early["meta"]["total"]) == ([], 0)


@shared.here
def test_a_refund_goes_its_way_and_is_told_of_without_an_id(paystack):
    charged(paystack)
    begun = fits_paystack(paystack.post("/refund", transaction="CH-1", amount=400_000), "post", "/refund")["data"]
    assert begun["status"] == "pending"
    clockwork.advance()
    fetched = fits_paystack(paystack.get(f"/refund/{begun['id']}"), "get", "/refund/{id}")["data"]
    assert (fetched["status"], fetched["transaction_reference"]) == ("processed", "CH-1")
    assert fits_paystack(paystack.get("/refund"), "get", "/refund")["meta"]["total"] == 1
    events = said("CH-1")[1:]
    assert [name for name, _ in events] == ["refund.pending", "refund.processing", "refund.processed"]
    sample = json.loads((shared.DATA / "fixtures/paystack/refund.processed.json").read_text())["data"]
    assert list(lacking(sample, events[2][1])) == []
    assert all(data["amount"] == "400000" and "id" not in data for _, data in events)
    assert events[0][1]["refund_reference"] is None


def test_refunds_never_come_to_more_than_the_charge(paystack):
    charged(paystack)
    assert paystack.post("/refund", transaction="CH-1", amount=700_000).status_code == 200
    more = paystack.post("/refund", transaction="CH-1", amount=300_001)
    assert (more.status_code, more.json()["status"]) == (400, False)
    assert paystack.post("/refund", transaction="CH-1").json()["data"]["amount"] == 300_000
    assert "fully reversed" in paystack.post("/refund", transaction="CH-1").json()["message"]
    clockwork.advance()
    assert paystack.get("/transaction/verify/CH-1").json()["data"]["status"] == "reversed"


@shared.here
def test_a_refund_that_needs_attention_goes_on_with_a_bank_account(paystack):
    charged(paystack)
    faults.set(provider="paystack", operation="refund", kind="needs_attention")
    number = paystack.post("/refund", transaction="CH-1").json()["data"]["id"]
    account = {"currency": "NGN", "account_number": "0123456789", "bank_id": "9"}
    path = f"/refund/retry_with_customer_details/{number}"
    assert paystack.post(path, refund_account_details=account).status_code == 422, "it does not wait yet"
    clockwork.advance()
    assert paystack.get(f"/refund/{number}").json()["data"]["status"] == "needs-attention"
    retried = paystack.post(path, refund_account_details=account)
    fits_paystack(retried, "post", "/refund/retry_with_customer_details/{id}")
    clockwork.advance()
    assert [name for name, _ in said("CH-1")][1:] == [
        "refund.pending", "refund.processing", "refund.needs-attention", "refund.processing", "refund.processed",
    ]  # fmt: skip


def test_a_refund_that_fails_leaves_the_money_to_be_refunded_again(paystack):
    charged(paystack)
    faults.set(provider="paystack", operation="refund", kind="fails")
    paystack.post("/refund", transaction="CH-1")
    clockwork.advance()
    assert said("CH-1")[-1][0] == "refund.failed"
    assert said("CH-1")[-1][1]["amount"] == 1_000_000, "this one event writes a figure"
    assert paystack.post("/refund", transaction="CH-1").status_code == 200


@shared.here
def test_banks_and_the_people_behind_accounts(paystack):
    listed = fits_paystack(paystack.get("/bank", currency="NGN"), "get", "/bank")["data"]
    assert {"058", "057"} <= {each["code"] for each in listed}
    known = paystack.get("/bank/resolve", account_number="0123456789", bank_code="058")
    assert fits_paystack(known, "get", "/bank/resolve")["data"]["account_name"]
    assert paystack.get("/bank/resolve", account_number="0000000000", bank_code="058").status_code == 422
    first = fits_paystack(paystack.post("/transferrecipient", ACCOUNT), "post", "/transferrecipient")["data"]
    assert paystack.post("/transferrecipient", ACCOUNT).json()["data"]["recipient_code"] == first["recipient_code"]


@shared.here
def test_a_transfer_waits_for_its_password_and_succeeds(paystack):
    begun = fits_paystack(sent(paystack), "post", "/transfer")
    assert (begun["data"]["status"], begun["message"]) == ("otp", "Transfer requires OTP to continue")
    code = begun["data"]["transfer_code"]
    done = paystack.post("/transfer/finalize_transfer", transfer_code=code, otp=transfers.otp_of(code))
    assert fits_paystack(done, "post", "/transfer/finalize_transfer")["data"]["status"] == "pending"
    clockwork.advance()
    verified = paystack.get("/transfer/verify/payout-1")
    data = fits_paystack(verified, "get", "/transfer/verify/{reference}")["data"]
    assert (data["status"], data["fee_charged"]) == ("success", 1_000)
    assert [name for name, _ in said("payout-1")] == ["transfer.success"]


def test_a_reference_makes_one_transfer_only(paystack):
    assert sent(paystack).status_code == 200
    again = sent(paystack)
    assert (again.status_code, again.json()["code"]) == (400, "duplicate_transfer_reference")
    assert sent(paystack, "Payout-2").json()["code"] == "invalid_transfer_reference"
    assert len(transfers.latest(10)) == 1


def test_three_wrong_passwords_lock_until_another_is_sent(paystack):
    code = sent(paystack).json()["data"]["transfer_code"]
    wrong = "x" + transfers.otp_of(code)[1:]

    def tried(otp):
        answer = paystack.post("/transfer/finalize_transfer", transfer_code=code, otp=otp)
        return answer.status_code, answer.json().get("code")

    assert [tried(wrong) for _ in range(3)] == [(400, "invalid_otp"), (400, "invalid_otp"), (400, "otp_locked")]
    assert tried(transfers.otp_of(code)) == (400, "otp_locked"), "even the right one comes too late"
    resent = paystack.post("/transfer/resend_otp", transfer_code=code, reason="resend_otp")
    assert resent.json()["status"] is True
    assert tried(transfers.otp_of(code)) == (200, None)


def test_a_transfer_without_its_password_is_given_up_after_half_an_hour(paystack):
    code = sent(paystack).json()["data"]["transfer_code"]
    otp = transfers.otp_of(code)
    with clock_set_to(utcnow() + timedelta(minutes=29)):
        assert paystack.get("/transfer/verify/payout-1").json()["data"]["status"] == "otp"
    with clock_set_to(utcnow() + timedelta(minutes=31)):
        assert paystack.post("/transfer/finalize_transfer", transfer_code=code, otp=otp).status_code == 400
        assert paystack.get("/transfer/verify/payout-1").json()["data"]["status"] == "abandoned"
    assert said("payout-1") == [], "and nobody is told"


@pytest.mark.parametrize(
    ("kind", "events"), [("fails", ["transfer.failed"]), ("reverses", ["transfer.success", "transfer.reversed"])]
)
def test_transfers_that_end_badly_give_the_money_back(paystack, kind, events):
    before = balances.available("NGN")
    for switch in (kind, "no_otp"):
        faults.set(provider="paystack", operation="transfer", kind=switch)
    assert sent(paystack).json()["data"]["status"] == "pending"
    assert balances.available("NGN") == before - 500_000 - 1_000
    clockwork.advance()
    assert [name for name, _ in said("payout-1")] == events
    assert balances.available("NGN") == before


@shared.here
def test_the_balance_knows_what_came_and_went(paystack):
    before = balances.available("NGN")
    charged(paystack)
    paystack.post("/refund", transaction="CH-1", amount=100_000)
    answer = fits_paystack(paystack.get("/balance"), "get", "/balance")["data"]
    assert {each["currency"]: each["balance"] for each in answer}["NGN"] == before + 1_000_000 - 25_000 - 100_000
    refused = sent(paystack, amount=10**11)
    assert (refused.status_code, refused.json()["code"]) == (400, "insufficient_balance")


def test_charges_of_earlier_days_are_settled_once(paystack):
    charged(paystack)
    charged(paystack, "CH-2")
    assert balances.settle() == 0, "not today's"
    with clock_set_to(utcnow() + timedelta(days=1)):
        assert (balances.settle(), balances.settle()) == (1, 0)
    (made,) = paystack.get("/settlement").json()["data"]
    assert (made["total_processed"], made["total_fees"], made["effective_amount"]) == (2_000_000, 50_000, 1_950_000)
    inside = paystack.get(f"/settlement/{made['id']}/transactions").json()["data"]
    assert [each["reference"] for each in inside] == ["CH-2", "CH-1"]


def test_webhooks_are_signed_on_their_very_bytes(app, paystack):
    charged(paystack)
    (message,) = outgoing.about("CH-1")
    settings = app.extensions["settings"]
    signed = webhooks.headers_of(message, settings)["x-paystack-signature"]
    key = sandbox.paystack_key(settings).encode()
    assert signed == hmac.new(key, message.body.encode(), hashlib.sha512).hexdigest()


def test_strangers_and_other_machines_get_nothing(client, paystack):
    assert paystack("GET", "/balance", headers={}).json() == {"status": False, "message": "Invalid key"}
    far = client.get("/sandbox/balance", headers=paystack.headers, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert far.status_code == 404


def test_a_lost_refund_can_be_found_in_the_list(paystack):
    charged(paystack)
    assert refunds.listed(since=None, until=None, page=1, per_page=10)[1] == 0
    paystack.post("/refund", transaction="CH-1", merchant_note="RF-1")
    assert [each["merchant_note"] for each in paystack.get("/refund").json()["data"]] == ["RF-1"]


def test_the_same_transfer_asked_for_by_eight_at_once_is_one(app, committed):
    paystack = Asking("paystack", {"Authorization": f"Bearer {sandbox.paystack_key(app.extensions['settings'])}"})
    to = paystack.post("/transferrecipient", ACCOUNT).json()["data"]["recipient_code"]
    body = {"source": "balance", "amount": 500_000, "recipient": to, "reference": "payout-1", "reason": "Wages"}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _each: paystack.post("/transfer", body), range(8)))
    assert sorted(each.status_code for each in answers) == [200] + [400] * 7
    assert {each.json()["code"] for each in answers if each.status_code == 400} == {"duplicate_transfer_reference"}
    assert len(transfers.latest(10)) == 1
