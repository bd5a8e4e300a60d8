"""Safaricom Daraja's client: the token, the question to a phone, and what callbacks claim."""

import base64
import json
import threading
import time
from datetime import UTC, datetime

import pytest

from portal.core.errors import Invalid
from portal.gateways.base import (
    BadMessage,
    GatewayDown,
    GatewayRefused,
    KeyRefused,
    PushAsked,
    PushState,
    ReplyLost,
)
from portal.gateways.daraja import Daraja
from tests.support.providers import said

PASSKEY = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"
TOKEN = "/oauth/v1/generate"
PUSH, QUERY = "/mpesa/stkpush/v1/processrequest", "/mpesa/stkpushquery/v1/query"
ACCEPTED = said(
    {"MerchantRequestID": "29115-34620561-1", "CheckoutRequestID": "ws_CO_1", "ResponseCode": "0",
     "ResponseDescription": "Success", "CustomerMessage": "Success. Request accepted for processing"}
)  # fmt: skip
EXPIRED = said({"requestId": "1", "errorCode": "404.001.03", "errorMessage": "Invalid Access Token"}, 404)
#: The moment of the sample in Safaricom's documents, which is Kenyan time.
SAMPLE = datetime(2016, 2, 16, 13, 56, 27, tzinfo=UTC)


def token(word, seconds="3599"):
    return said({"access_token": word, "expires_in": seconds})


@pytest.fixture
def daraja(stage):
    stage.routes[TOKEN] = token("tok1")
    return Daraja(
        consumer_key="ck", consumer_secret="cs_nobody_may_see", shortcode="174379", passkey=PASSKEY,
        base_url=stage.url, trust_env=False, now=lambda: SAMPLE,
    )  # fmt: skip


def asked(**change):
    words = {"phone": "+254712345678", "amount": 125_000, "currency": "KES", "account_reference": "INV-1",
             "callback_url": "https://portal.example.com/api/pay/k/abc", "description": "Room 4"}  # fmt: skip
    return PushAsked(**{**words, **change})


def answered(code, text="", checkout="ws_CO_1", status=200):
    return said({"ResponseCode": "0", "ResponseDescription": "ok", "MerchantRequestID": "1", "ResultDesc": text,
                 "CheckoutRequestID": checkout, "ResultCode": code}, status)  # fmt: skip


def trouble(code, text, status=500):
    return said({"requestId": "1", "errorCode": code, "errorMessage": text}, status)


def test_a_phone_is_asked_as_daraja_documents_it(daraja, stage):
    stage.routes[PUSH] = ACCEPTED
    started = daraja.push(asked())
    assert (started.checkout_request_id, started.merchant_request_id) == ("ws_CO_1", "29115-34620561-1")
    first, second = stage.asked
    assert first.query == {"grant_type": ["client_credentials"]}
    assert base64.b64decode(first.headers["Authorization"].removeprefix("Basic ")) == b"ck:cs_nobody_may_see"
    assert second.headers["Authorization"] == "Bearer tok1"
    sent = second.json
    assert base64.b64decode(sent["Password"]).decode() == f"174379{PASSKEY}20160216165627"
    assert sent["Timestamp"] == "20160216165627"
    assert (sent["Amount"], sent["PartyA"], sent["PartyB"], sent["PhoneNumber"]) == (
        1_250, "254712345678", "174379", "254712345678",
    )  # fmt: skip
    assert sent["TransactionType"] == "CustomerPayBillOnline"
    assert isinstance(sent["Amount"], int)


def test_what_stands_on_the_phone_fits_there(daraja, stage):
    stage.routes[PUSH] = ACCEPTED
    daraja.push(asked(account_reference="RES/2026/000123-A", description="Zimmer für zwei, drei Nächte"))
    sent = stage.asked[-1].json
    assert (sent["AccountReference"], sent["TransactionDesc"]) == ("RES2026000123"[:12], "Zimmer fr zwe")


def test_a_till_number_is_paid_as_goods(stage):
    stage.routes |= {TOKEN: token("t"), PUSH: ACCEPTED}
    till = Daraja(consumer_key="c", consumer_secret="s", shortcode="1", till="55", passkey="p", base_url=stage.url,
                  trust_env=False)  # fmt: skip
    till.push(asked())
    assert (stage.asked[-1].json["TransactionType"], stage.asked[-1].json["PartyB"]) == ("CustomerBuyGoodsOnline", "55")


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"amount": 125_050}, "amount", "whole shillings"),
        ({"amount": 0}, "amount", "whole shillings"),
        ({"amount": -100}, "amount", "whole shillings"),
        ({"currency": "NGN"}, "currency", "KES only"),
        ({"phone": "+255712345678"}, "phone", "Write it as"),
        ({"phone": "0712345678"}, "phone", "Write it as"),
        ({"phone": "+25471234567"}, "phone", "Write it as"),
        ({"phone": "+254٧12345678"}, "phone", "Write it as"),
        ({"callback_url": "http://portal.example.com/x"}, None, "https"),
        ({"callback_url": "https://portal.example.com/MPESA/x"}, None, "mpesa"),
        ({"callback_url": "https://portal.example.com/x?query=1"}, None, "query"),
    ],
)
def test_what_mpesa_cannot_take_is_said_before_anybody_is_asked(daraja, stage, change, field, words):
    with pytest.raises(Invalid, match=words) as refused:
        daraja.push(asked(**change))
    assert refused.value.field == field
    assert PUSH not in [path for _method, path in stage.paths()]


@pytest.mark.parametrize("word", ["mpesa", "safaricom", "query", "cmd", "sql", "exe"])
def test_a_portal_whose_address_safaricom_refuses_is_told_so_at_once(word):
    with pytest.raises(Invalid, match=word):
        Daraja(consumer_key="c", consumer_secret="s", shortcode="1", passkey="p", base_url="https://x",
               public_url=f"https://{word}.example.com")  # fmt: skip


def test_a_question_whose_answer_is_lost_is_not_asked_twice(daraja, stage):
    for answer in (None, (200, {}, b"<html>"), trouble("500.003.1001", "Internal Server Error"), said({"x": 1})):
        stage.routes[PUSH] = answer
        before = len(stage.asked)
        with pytest.raises(ReplyLost):
            daraja.push(asked())
        assert stage.paths()[before:].count(("POST", PUSH)) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (trouble("400.002.02", "Bad Request - Invalid PhoneNumber", 400), GatewayRefused, "Invalid PhoneNumber"),
        (trouble("500.001.1001", "Wrong credentials"), KeyRefused, "does not accept our key"),
        (trouble("500.001.1001", "[MerchantValidate] - Merchant does not exist"), KeyRefused, "our key"),
        (trouble("500.001.1001", "Unable to lock subscriber, a transaction is already in process"), GatewayRefused,
         "busy with another"),
        (trouble("500.003.02", "Spike arrest violation", 429), GatewayDown, "try again"),
        (trouble("500.003.02", "Error Occurred: Spike Arrest Violation"), GatewayDown, "try again"),
        (said({"ResponseCode": "1", "ResponseDescription": "Rejected"}), GatewayRefused, "Rejected"),
    ],
)  # fmt: skip
def test_the_many_ways_daraja_says_no(daraja, stage, answer, kind, words):
    stage.routes[PUSH] = answer
    with pytest.raises(kind, match=words) as refused:
        daraja.push(asked())
    assert type(refused.value) is kind


@pytest.mark.parametrize(
    ("code", "state"),
    [("0", "paid"), ("1", "failed"), ("1001", "failed"), ("1019", "expired"), ("1025", "failed"), ("1032", "cancelled"),
     ("1036", "unreachable"), ("1037", "unreachable"), ("2001", "failed"), ("9999", "failed"), ("4999", "waiting"),
     ("77", "unknown"), ("", "unknown"), (None, "unknown"), (0, "paid"), ("00", "unknown")],
)  # fmt: skip
def test_what_each_code_means_and_what_the_cashier_is_told(daraja, stage, code, state):
    stage.routes[QUERY] = answered(code)
    told = daraja.query_push("ws_CO_1")
    assert told.state == state
    assert told.sentence.endswith(".")
    assert told.state.open == (state in ("waiting", "unknown"))


def test_waiting_and_wrong_settings_share_a_code_and_are_told_apart(daraja, stage):
    stage.routes[QUERY] = trouble("500.001.1001", "The transaction is being processed")
    assert daraja.query_push("ws_CO_1").state is PushState.WAITING
    assert len(stage.asked) == 2, "an answer is not asked for three times"
    stage.routes[QUERY] = trouble("500.001.1001", "Wrong credentials")
    with pytest.raises(KeyRefused):
        daraja.query_push("ws_CO_1")
    stage.routes[QUERY] = trouble("500.001.1001", "Something else")
    assert daraja.query_push("ws_CO_1").state is PushState.UNKNOWN


def test_anothers_answer_and_no_answer_say_nothing(daraja, stage):
    for answer in (answered("0", checkout="ws_CO_2"), None, said({}, 503), (200, {}, b"")):
        stage.routes[QUERY] = answer
        with pytest.raises(GatewayDown):
            daraja.query_push("ws_CO_1")


def test_a_provider_that_waits_for_its_payer_is_not_down(daraja, stage):
    stage.routes[QUERY] = trouble("500.001.1001", "The transaction is being processed")
    for _again in range(12):
        assert daraja.query_push("ws_CO_1").state is PushState.WAITING


def test_the_token_is_fetched_once_for_everybody(daraja, stage):
    stage.routes |= {TOKEN: lambda _asked: time.sleep(0.05) or token("tok1"), QUERY: answered("0")}
    threads = [threading.Thread(target=daraja.query_push, args=("ws_CO_1",)) for _each in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stage.paths().count(("GET", TOKEN)) == 1
    assert stage.paths().count(("POST", QUERY)) == 12


def test_the_token_is_replaced_a_minute_early(daraja, stage):
    clock = [0.0]
    daraja._token._clock = lambda: clock[0]
    stage.routes |= {TOKEN: [token("tok1"), token("tok2")], QUERY: answered("0")}
    for now, word in ((0.0, "tok1"), (3_538.0, "tok1"), (3_540.0, "tok2")):
        clock[0] = now
        daraja.query_push("ws_CO_1")
        assert stage.asked[-1].headers["Authorization"] == f"Bearer {word}"


@pytest.mark.parametrize("refusal", [EXPIRED, (401, {}, b""), said({"errorCode": "401"}, 401)])
def test_a_token_that_is_refused_is_replaced_once(daraja, stage, refusal):
    stage.routes |= {TOKEN: [token("tok1"), token("tok2")], PUSH: [refusal, ACCEPTED]}
    assert daraja.push(asked()).checkout_request_id == "ws_CO_1"
    assert [each.headers["Authorization"] for each in stage.asked if each.path == PUSH] == [
        "Bearer tok1",
        "Bearer tok2",
    ]
    stage.routes |= {TOKEN: token("tok3"), PUSH: refusal}
    with pytest.raises(KeyRefused):
        daraja.push(asked())


@pytest.mark.parametrize("answer", [(400, {}, b""), trouble("400.008.01", "Invalid Authentication passed", 400)])
def test_a_wrong_key_is_said_so(daraja, stage, answer):
    stage.routes[TOKEN] = answer
    with pytest.raises(KeyRefused):
        daraja.check_key()


@pytest.mark.parametrize("word", ["", "two words", "line\nbreak", "é", 7, None])
def test_a_token_that_is_no_word_is_no_token(daraja, stage, word):
    stage.routes[TOKEN] = token(word)
    with pytest.raises(GatewayDown):
        daraja.check_key()


def callback(items=None, code=0, **more):
    inner = {"MerchantRequestID": "1", "CheckoutRequestID": "ws_CO_1", "ResultCode": code, "ResultDesc": "d", **more}
    if items is not None:
        inner["CallbackMetadata"] = {"Item": items}
    return json.dumps({"Body": {"stkCallback": inner}}).encode()


def test_a_callback_is_read(daraja):
    told = daraja.read_push_callback(
        callback(
            [{"Name": "Amount", "Value": 1250.0}, {"Name": "MpesaReceiptNumber", "Value": "NLJ7RT61SV"},
             {"Name": "Balance"}, {"Name": "TransactionDate", "Value": 20191219102115},
             {"Name": "PhoneNumber", "Value": 254708374149}]
        )
    )  # fmt: skip
    assert (told.amount, told.receipt, told.phone) == (125_000, "NLJ7RT61SV", "+254708374149")
    assert told.at == datetime(2019, 12, 19, 7, 21, 15, tzinfo=UTC)
    assert (told.state, told.code) == ("paid", "0")


@pytest.mark.parametrize(
    "items", [None, [], {}, "x", [1], [{"Name": 1}], [{"Value": 1}], [{"Name": "Amount", "Value": "a"}],
              [{"Name": "Amount"}], {"Name": "Amount", "Value": {}}, [{"Name": "TransactionDate", "Value": 10**14 - 1}]]
)  # fmt: skip
def test_a_callback_that_leaves_things_out_is_still_one(daraja, items):
    told = daraja.read_push_callback(callback(items))
    assert (told.checkout_request_id, told.amount, told.at) == ("ws_CO_1", None, None)


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{}", b'{"Body": []}', b'{"Body": {"stkCallback": 1}}', callback(code=None), callback(code=[]),
     callback(CheckoutRequestID=None), callback(CheckoutRequestID="x" * 101), b'{"Body": {"stkCallback": {"a": NaN}}}'],
)  # fmt: skip
def test_what_is_no_callback_is_said_so(daraja, raw):
    with pytest.raises(BadMessage):
        daraja.read_push_callback(raw)


def test_no_secret_is_in_what_is_shown(daraja, stage, caplog, capsys):
    stage.routes[TOKEN] = (400, {}, b"")
    with pytest.raises(KeyRefused) as refused:
        daraja.push(asked())
    shown = [repr(daraja), repr(daraja._token), repr(daraja._wire), repr(refused.value), caplog.text]
    told = "".join([*shown, *capsys.readouterr()])
    for secret in ("cs_nobody_may_see", PASSKEY, base64.b64encode(b"ck:cs_nobody_may_see").decode()):
        assert secret not in told
