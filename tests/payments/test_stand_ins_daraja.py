"""The stand-in for Safaricom's Daraja: tokens that lapse, prompts on a phone, pay bill, reversals by callback."""

import base64
import json
import stat
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding

from portal.core.clock import clock_set_to, utcnow
from portal.gateways import sandbox
from portal.gateways.base import PushAsked, PushState
from portal.gateways.daraja import Daraja
from portal.gateways.sandbox import faults, outgoing, webhooks
from portal.gateways.sandbox.daraja import paybill, pushes, tokens
from portal.gateways.sandbox.daraja.credentials import PRIVATE, password
from tests.support import shared
from tests.support.providers import said
from tests.support.standins import Asking, lacking

PHONE = "254712345678"
PUSH, QUERY = "/mpesa/stkpush/v1/processrequest", "/mpesa/stkpushquery/v1/query"


@pytest.fixture
def mine(app, session):
    return sandbox.daraja_credentials(app.extensions["settings"])


@pytest.fixture
def daraja(mine):
    asking = Asking("daraja")
    asking.headers = {"Authorization": f"Bearer {token(asking, mine).json()['access_token']}"}
    return asking


def token(asking, mine, secret=None):
    basic = base64.b64encode(f"{mine.consumer_key}:{secret or mine.consumer_secret}".encode()).decode()
    path = "/oauth/v1/generate?grant_type=client_credentials"
    return asking("GET", path, headers={"Authorization": f"Basic {basic}"})


def signed(mine):
    at = datetime.now().strftime("%Y%m%d%H%M%S")  # noqa: DTZ005 - the provider only looks at its shape
    return {"BusinessShortCode": mine.shortcode, "Password": password(mine, at), "Timestamp": at}


def push(daraja, mine, **changes):
    body = {
        **signed(mine), "TransactionType": "CustomerPayBillOnline", "Amount": 250, "PartyA": PHONE,
        "PartyB": mine.shortcode, "PhoneNumber": PHONE, "CallBackURL": "http://localhost/api/pay/k/token",
        "AccountReference": "ROOM4", "TransactionDesc": "Room 4",
    }  # fmt: skip
    return daraja.post(PUSH, {**body, **changes})


def shown(daraja, mine, **changes):
    return push(daraja, mine, **changes).json()["CheckoutRequestID"]


def query(daraja, mine, checkout):
    return daraja.post(QUERY, {**signed(mine), "CheckoutRequestID": checkout})


def told(subject):
    return [json.loads(each.body) for each in outgoing.about(subject, "daraja")]


def test_a_token_is_for_whoever_has_the_secret_and_lapses(daraja, mine):
    assert token(daraja, mine).json()["expires_in"] == "3599"
    assert token(daraja, mine, secret="wrong").json()["errorCode"] == "400.008.01"
    tokens.expire_all()
    refused = push(daraja, mine)
    assert (refused.status_code, refused.json()["errorCode"]) == (404, "404.001.03")
    with clock_set_to(utcnow() + timedelta(minutes=61)):
        assert not tokens.good(daraja.headers["Authorization"].partition(" ")[2])


def test_a_prompt_is_accepted_and_answered_later(daraja, mine):
    accepted = push(daraja, mine).json()
    assert accepted["ResponseCode"] == "0"
    assert set(accepted) == {
        "MerchantRequestID", "CheckoutRequestID", "ResponseCode", "ResponseDescription", "CustomerMessage",
    }  # fmt: skip
    checkout = accepted["CheckoutRequestID"]
    waiting = query(daraja, mine, checkout)
    assert (waiting.status_code, waiting.json()["errorCode"]) == (500, "500.001.1001")
    assert waiting.json()["errorMessage"] == "The transaction is being processed"
    pushes.answer(checkout_request=checkout, how=pushes.Answer.PAID, pin=pushes.PIN)
    done = query(daraja, mine, checkout).json()
    assert (done["ResultCode"], done["ResponseCode"]) == ("0", "0"), "text, not a figure"
    assert not {"Amount", "MpesaReceiptNumber"} & set(done)


@shared.here
def test_samples_of_callbacks_have_no_key_that_ours_lack(daraja, mine):
    paid, refused = (
        json.loads((shared.DATA / f"fixtures/daraja/stk_callback_{number}.json").read_text()) for number in (1, 2)
    )
    checkout = shown(daraja, mine)
    push_made = pushes.answer(checkout_request=checkout, how=pushes.Answer.PAID)
    (callback,) = told(checkout)
    assert list(lacking(paid, callback)) == []
    items = {each["Name"]: each.get("Value") for each in callback["Body"]["stkCallback"]["CallbackMetadata"]["Item"]}
    names = [each["Name"] for each in paid["Body"]["stkCallback"]["CallbackMetadata"]["Item"]]
    assert list(items) == names
    assert (items["Amount"], items["MpesaReceiptNumber"], items["Balance"]) == (250, push_made.receipt, None)
    assert items["PhoneNumber"] == int(PHONE)
    assert '"Value": 250.00' in outgoing.about(checkout, "daraja")[0].body
    checkout = shown(daraja, mine)
    pushes.answer(checkout_request=checkout, how=pushes.Answer.PAID, pin="9999")
    (callback,) = told(checkout)
    assert list(lacking(refused, callback)) == []
    assert callback["Body"]["stkCallback"]["ResultCode"] == 2001
    assert "CallbackMetadata" not in callback["Body"]["stkCallback"]


@pytest.mark.parametrize(
    ("how", "code"), [("cancelled", 1032), ("no_money", 1), ("unreachable", 1037), ("expired", 1019)]
)
def test_every_way_a_prompt_ends(daraja, mine, how, code):
    checkout = shown(daraja, mine)
    pushes.answer(checkout_request=checkout, how=pushes.Answer(how))
    assert told(checkout)[0]["Body"]["stkCallback"]["ResultCode"] == code
    assert query(daraja, mine, checkout).json()["ResultCode"] == str(code)


def test_a_phone_that_was_not_reached_may_pay_all_the_same(daraja, mine):
    checkout = shown(daraja, mine)
    pushes.answer(checkout_request=checkout, how=pushes.Answer.UNREACHABLE)
    pushes.answer(checkout_request=checkout, how=pushes.Answer.PAID)
    assert [each["Body"]["stkCallback"]["ResultCode"] for each in told(checkout)] == [1037, 0]
    checkout = shown(daraja, mine)
    pushes.answer(checkout_request=checkout, how=pushes.Answer.CANCELLED)
    with pytest.raises(pushes.errors.AlreadyAnswered):
        pushes.answer(checkout_request=checkout, how=pushes.Answer.PAID)


def test_a_prompt_nobody_answers_runs_out_and_a_phone_shows_one_at_a_time(daraja, mine):
    checkout = shown(daraja, mine)
    busy = push(daraja, mine)
    assert (busy.status_code, busy.json()["errorCode"]) == (500, "500.001.1001")
    assert "lock subscriber" in busy.json()["errorMessage"]
    with clock_set_to(utcnow() + timedelta(seconds=61)):
        assert (pushes.expire_due(), pushes.expire_due()) == (1, 0)
    assert told(checkout)[0]["Body"]["stkCallback"]["ResultCode"] == 1019
    assert shown(daraja, mine)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"Amount": "1.5"}, "Amount"), ({"Amount": 0}, "Amount"), ({"Amount": 250_001}, "Amount"),
        ({"PhoneNumber": "0712345678"}, "PhoneNumber"), ({"PhoneNumber": "254912345678"}, "PhoneNumber"),
        ({"PartyA": "254712345679"}, "PartyA"), ({"PartyB": "600000"}, "PartyB"),
        ({"TransactionType": "Pay"}, "TransactionType"), ({"AccountReference": "A" * 13}, "AccountReference"),
        ({"TransactionDesc": "A" * 14}, "TransactionDesc"), ({"Timestamp": "2026"}, "Timestamp"),
        ({"CallBackURL": "http://example.com/x"}, "CallBackURL"),
        ({"CallBackURL": "https://example.com/mpesa/callback"}, "CallBackURL"),
    ],
)  # fmt: skip
def test_what_safaricom_refuses_is_refused(daraja, mine, changes, field):
    refused = push(daraja, mine, **changes)
    assert refused.status_code == 400
    assert (
        refused.json() | {"errorCode": "400.002.02", "errorMessage": f"Bad Request - Invalid {field}"} == refused.json()
    )


def test_a_password_for_another_second_is_wrong(daraja, mine):
    refused = push(daraja, mine, Timestamp="20200101000000")
    assert (refused.status_code, refused.json()["errorMessage"]) == (500, "Wrong credentials")
    assert push(daraja, mine, BusinessShortCode="600000").json()["errorMessage"] == "Merchant does not exist"


def test_the_certificate_is_made_once_and_its_key_is_for_its_owner_only(app, mine):
    again = sandbox.daraja_credentials(app.extensions["settings"])
    assert again.certificate.read_bytes() == mine.certificate.read_bytes()
    assert stat.S_IMODE((mine.certificate.parent / PRIVATE).stat().st_mode) == 0o600
    assert mine.initiator_password not in repr(mine)


@pytest.fixture
def merchant(stage):
    """The merchant's own addresses, which accept whatever comes."""
    stage.says({"ResultCode": 0, "ResultDesc": "Accepted"})
    return stage


def registered(daraja, mine, merchant, response_type="Completed"):
    answer = daraja.post(
        "/mpesa/c2b/v1/registerurl", ShortCode=mine.shortcode, ResponseType=response_type,
        ConfirmationURL=f"{merchant.url}/c", ValidationURL=f"{merchant.url}/v",
    )  # fmt: skip
    assert answer.json()["ResponseDescription"] == "success"


def sent_in(mine, amount=1_200, account="INV-7"):
    return paybill.pay(shortcode=mine.shortcode, amount=amount, phone=PHONE, account=account, first_name="ADA")


def test_pay_bill_asks_first_and_then_tells(daraja, mine, merchant):
    registered(daraja, mine, merchant)
    made = sent_in(mine)
    webhooks.deliver_due()
    assert merchant.paths() == [("POST", "/v"), ("POST", "/c")]
    confirmation = merchant.asked[1].json
    assert (confirmation["TransID"], confirmation["TransAmount"]) == (made.receipt, "1200.00")
    assert (confirmation["BillRefNumber"], confirmation["MSISDN"]) == ("INV-7", "25471****678")
    assert {
        "TransactionType", "TransTime", "BusinessShortCode", "OrgAccountBalance", "ThirdPartyTransID", "FirstName",
    } <= set(confirmation)  # fmt: skip
    assert paybill.recent(1)[0].status == "completed"


def test_pay_bill_refused_by_the_merchant_takes_no_money(daraja, mine, merchant):
    registered(daraja, mine, merchant)
    merchant.says({"ResultCode": "C2B00012", "ResultDesc": "Rejected"})
    sent_in(mine)
    webhooks.deliver_due()
    assert merchant.paths() == [("POST", "/v")]
    assert (paybill.recent(1)[0].status, paybill.recent(1)[0].reason) == ("refused", "C2B00012")


@pytest.mark.parametrize(("response_type", "status"), [("Completed", "completed"), ("Cancelled", "refused")])
def test_a_silent_merchant_gets_the_default(daraja, mine, merchant, response_type, status):
    registered(daraja, mine, merchant, response_type)
    merchant.answers = [(500, {}, b""), said({"ResultCode": 0})]
    sent_in(mine)
    webhooks.deliver_due()
    assert paybill.recent(1)[0].status == status


def test_only_registered_addresses_hear_of_pay_bill(daraja, mine):
    with pytest.raises(paybill.NotRegistered):
        sent_in(mine)
    refused = daraja.post("/mpesa/c2b/v1/registerurl", ShortCode=mine.shortcode, ResponseType="completed")
    assert refused.json()["errorMessage"] == "Bad Request - Invalid ResponseType", "the case is exact"


def proof(mine, words=None):
    key = x509.load_pem_x509_certificate(mine.certificate.read_bytes()).public_key()
    return base64.b64encode(key.encrypt((words or mine.initiator_password).encode(), padding.PKCS1v15())).decode()


def reversal(daraja, mine, receipt, **changes):
    body = {
        "Initiator": mine.initiator, "SecurityCredential": proof(mine), "CommandID": "TransactionReversal",
        "TransactionID": receipt, "Amount": 250, "ReceiverParty": mine.shortcode, "RecieverIdentifierType": "11",
        "ResultURL": "http://localhost/api/pay/k/r", "QueueTimeOutURL": "http://localhost/api/pay/k/t",
        "Remarks": "Refund", "Occasion": "",
    }  # fmt: skip
    answer = daraja.post("/mpesa/reversal/v1/request", {**body, **changes}).json()
    assert answer["ResponseCode"] == "0"
    result = next(
        each["Result"] for each in told(receipt) if each["Result"]["ConversationID"] == answer["ConversationID"]
    )
    return result["ResultCode"], {each["Key"]: each.get("Value") for each in _parameters(result)}


def _parameters(result):
    return result.get("ResultParameters", {}).get("ResultParameter", [])


def test_a_reversal_is_accepted_first_and_reported_later(daraja, mine):
    receipt = pushes.answer(checkout_request=shown(daraja, mine), how=pushes.Answer.PAID).receipt
    assert reversal(daraja, mine, receipt, SecurityCredential=proof(mine, "wrong"))[0] == 2001
    assert reversal(daraja, mine, receipt, SecurityCredential="bm90IGVuY3J5cHRlZA==")[0] == 2001
    assert reversal(daraja, mine, receipt, Amount=100)[0] == "R000002"
    faults.set(provider="daraja", operation="reversal", kind="fails")
    assert reversal(daraja, mine, receipt)[0] == 1
    code, parameters = reversal(daraja, mine, receipt)
    assert (code, parameters["OriginalTransactionID"], parameters["Amount"]) == (0, receipt, 250)
    assert reversal(daraja, mine, receipt)[0] == "R000001", "once only"
    assert reversal(daraja, mine, "SNOTTHERE1")[0] == "R000002"


def test_the_status_of_a_payment_is_found_by_receipt_or_by_request(daraja, mine):
    accepted = push(daraja, mine).json()
    receipt = pushes.answer(checkout_request=accepted["CheckoutRequestID"], how=pushes.Answer.PAID).receipt
    body = {
        "Initiator": mine.initiator, "SecurityCredential": proof(mine), "CommandID": "TransactionStatusQuery",
        "PartyA": mine.shortcode, "IdentifierType": "4", "Remarks": "x", "Occasion": "",
        "ResultURL": "http://localhost/api/pay/k/r", "QueueTimeOutURL": "http://localhost/api/pay/k/t",
    }  # fmt: skip
    for named in ({"TransactionID": receipt}, {"OriginatorConversationID": accepted["MerchantRequestID"]}):
        assert daraja.post("/mpesa/transactionstatus/v1/query", {**body, **named}).json()["ResponseCode"] == "0"
    for each in told(receipt):
        found = {item["Key"]: item.get("Value") for item in _parameters(each["Result"])}
        assert (found["ReceiptNo"], found["TransactionStatus"], found["Amount"]) == (receipt, "Completed", 250)
    missing = daraja.post("/mpesa/transactionstatus/v1/query", {**body, "TransactionID": "SNOTTHERE1"})
    assert missing.json()["ResponseCode"] == "0"
    assert told("SNOTTHERE1")[0]["Result"]["ResultCode"] == "R000002"


def test_faults_of_the_phone(daraja, mine):
    faults.set(provider="daraja", operation="push callback", kind="wrong_amount")
    checkout = shown(daraja, mine)
    pushes.answer(checkout_request=checkout, how=pushes.Answer.PAID)
    items = told(checkout)[0]["Body"]["stkCallback"]["CallbackMetadata"]["Item"]
    assert items[0] == {"Name": "Amount", "Value": 25}
    faults.set(provider="daraja", operation="push", kind="lost_reply")
    with pytest.raises(Exception, match="disconnected"):
        push(daraja, mine)
    assert pushes.recent(1)[0].result_code is None, "and yet the phone rings"


@pytest.fixture
def client_of_ours(mine):
    return Daraja(
        consumer_key=mine.consumer_key,
        consumer_secret=mine.consumer_secret,
        shortcode=mine.shortcode,
        passkey=mine.passkey,
        initiator=mine.initiator,
        initiator_password=mine.initiator_password,
        certificate=mine.certificate,
        base_url=lambda: sandbox.base_url("daraja"),
        trust_env=False,
    )


def test_our_own_client_asks_queries_and_reverses(client_of_ours, mine):
    begun = client_of_ours.push(
        PushAsked(phone="+254712345678", amount=25_000, currency="KES", callback_url="http://localhost/api/pay/k/x",
                  account_reference="ROOM4", description="Room 4")
    )  # fmt: skip
    checkout = begun.checkout_request_id
    assert client_of_ours.query_push(checkout).state is PushState.WAITING
    tokens.expire_all()
    paid = pushes.answer(checkout_request=checkout, how=pushes.Answer.PAID)
    assert client_of_ours.query_push(checkout).state is PushState.PAID, "with a token fetched anew"
    callback = client_of_ours.read_push_callback(outgoing.about(checkout, "daraja")[0].body.encode())
    assert (callback.amount, callback.receipt, callback.phone) == (25_000, paid.receipt, "+254712345678")
    asked = client_of_ours.reverse(
        paid.receipt, amount=25_000, result_url="http://localhost/r", timeout_url="http://localhost/t", remarks="x"
    )
    (result,) = outgoing.about(paid.receipt, "daraja")
    heard = client_of_ours.read_result(result.body.encode())
    assert (heard.conversation_id, heard.code) == (asked.conversation_id, "0")
    client_of_ours.register_urls(confirmation="http://localhost/c", validation="http://localhost/v")
    sent_in(mine)
    question = client_of_ours.read_validation(outgoing.about(paybill.recent(1)[0].receipt, "daraja")[0].body.encode())
    assert (question.amount, question.account) == (120_000, "INV-7")
