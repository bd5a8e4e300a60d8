"""Flutterwave's client: major units, references that repeat, and messages that prove nothing."""

import json
from datetime import UTC, datetime

import pytest

from portal.gateways.base import (
    BadMessage,
    BadSignature,
    Checkout,
    GatewayDown,
    GatewayRefused,
    KeyRefused,
    RefundAccount,
    RefundAsked,
    ReplyLost,
    UnknownCharge,
)
from portal.gateways.flutterwave import Flutterwave
from tests.support.providers import said

KEY, HASH = "FLWSECK-a-key-nobody-may-see", "a hash nobody may see"
REFUND = RefundAsked(reference="RF-1", transaction_id="75", charge_reference="REF-1", amount=690_050, currency="NGN")
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def flutterwave(stage):
    return Flutterwave(secret_key=KEY, secret_hash=HASH, base_url=stage.url, trust_env=False)


def yes(data, **more):
    return said({"status": "success", "message": "ok", "data": data, **more})


def no(status, message):
    return said({"status": "error", "message": message, "data": None}, status)


def charged(number=75, **change):
    return {"id": number, "tx_ref": "REF-1", "flw_ref": "FLW", "amount": 100, "currency": "NGN", "charged_amount": 100,
            "app_fee": 1.4, "status": "successful", "payment_type": "card", "created_at": "2026-01-01T10:00:00.000Z",
            **change}  # fmt: skip


def checkout(amount, currency):
    return Checkout(
        reference="REF-1", amount=amount, currency=currency, email="a@b.co", callback_url="https://x/y", description="4"
    )


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [(10_000, "NGN", b"100.00"), (12_345, "KES", b"123.45"), (500, "UGX", b"500"), (1, "USD", b"0.01")],
)
def test_a_checkout_asks_for_major_units_exactly(flutterwave, stage, amount, currency, written):
    stage.answers = [yes({"link": "https://checkout.flutterwave.com/v3/hosted/pay/abc"})]
    started = flutterwave.initialize(checkout(amount, currency))
    assert (started.checkout_url[-3:], started.access_code) == ("abc", "abc")
    asked = stage.asked[0]
    assert (asked.method, asked.path, asked.json["tx_ref"]) == ("POST", "/v3/payments", "REF-1")
    assert b'"amount": ' + written + b"," in asked.raw


@pytest.mark.parametrize(
    ("change", "gross", "received", "fee"),
    [
        ({}, 10_000, 10_000, 140),  # 100 major units are 10,000 minor ones; we bear the fee of 1.4
        ({"amount": 100.10, "charged_amount": 100.10, "app_fee": 0.385}, 10_010, 10_010, 39),
        ({"charged_amount": 101.4}, 10_140, 10_000, 140),  # the payer bears it
        ({"amount": 100, "charged_amount": 50}, 5_000, 5_000, 140),  # less came than was asked
        ({"currency": "UGX", "amount": 500, "charged_amount": 500, "app_fee": 0}, 500, 500, 0),
        ({"amount": "100.00", "charged_amount": None, "app_fee": None}, 10_000, 10_000, 0),
    ],
)
def test_major_units_become_minor_units(flutterwave, stage, change, gross, received, fee):
    stage.answers = [yes(charged(**change))]
    charge = flutterwave.verify("REF-1")
    assert (charge.gross, charge.received, charge.fee) == (gross, received, fee)


@pytest.mark.parametrize("amount", [100.001, "1e2", -1, True, None, "ten", 10**20])
def test_an_amount_its_currency_cannot_hold_is_no_answer(flutterwave, stage, amount):
    stage.answers = [yes(charged(amount=amount))]
    with pytest.raises(GatewayDown):
        flutterwave.verify("REF-1")


@pytest.mark.parametrize(
    ("word", "status"), [("successful", "success"), ("failed", "failed"), ("success", "pending"), ("odd", "pending")]
)
def test_only_successful_is_money(flutterwave, stage, word, status):
    stage.routes = {"/v3/transactions/verify_by_reference": yes(charged(status=word)), "/v3/transactions": yes([])}
    assert flutterwave.verify("REF-1").status == status


def test_a_reference_on_two_transactions_is_the_one_that_is_money(flutterwave, stage):
    stage.routes = {
        "/v3/transactions/verify_by_reference": yes(charged(76, status="failed")),
        "/v3/transactions": yes([charged("76", status="failed"), charged("75"), charged("9", tx_ref="REF-2")]),
        "/v3/transactions/75/verify": yes(charged(75)),
    }
    charge = flutterwave.verify("REF-1")
    assert (charge.transaction_id, charge.status) == ("75", "success")
    assert [each.transaction_id for each in flutterwave.charges_of("REF-1")] == ["75", "76"]


def test_anothers_transaction_is_not_ours(flutterwave, stage):
    stage.answers = [yes(charged(tx_ref="REF-2"))]
    for ask in (
        lambda: flutterwave.verify("REF-1"),
        lambda: flutterwave.verify_transaction("75", "REF-1"),
        lambda: flutterwave.verify_transaction("76"),
    ):
        with pytest.raises(GatewayDown):
            ask()


def test_what_is_not_known_and_what_is_not_allowed(flutterwave, stage):
    stage.answers = [no(404, "No transaction was found for this id")]
    with pytest.raises(UnknownCharge):
        flutterwave.verify("REF-1")
    stage.answers = [no(401, "Invalid authorization key")]
    with pytest.raises(KeyRefused):
        flutterwave.verify("REF-1")
    stage.answers = [no(400, "Currency not supported")]
    with pytest.raises(GatewayRefused, match="Nothing was charged"):
        flutterwave.initialize(checkout(1, "NGN"))


def refunded(number=8, **change):
    return {"id": number, "tx_id": 75, "flw_ref": "URF", "amount_refunded": 6_900.5, "status": "completed",
            "comments": "RF-1", **change}  # fmt: skip


def test_a_refund_of_part(flutterwave, stage):
    stage.answers = [yes(refunded())]
    made = flutterwave.refund(REFUND)
    assert (made.provider_refund_id, made.amount, made.currency, made.status) == ("8", 690_050, "NGN", "processed")
    assert stage.asked[0].path == "/v3/transactions/75/refund"
    assert b'"amount": 6900.50,' in stage.asked[0].raw


def test_a_refund_whose_answer_is_lost_is_looked_for_not_repeated(flutterwave, stage):
    stage.answers = [None]
    with pytest.raises(ReplyLost):
        flutterwave.refund(REFUND)
    assert len(stage.asked) == 1
    stage.answers = [
        yes([refunded(7, tx_id=70), refunded(8)], meta={"page_info": {"current_page": 1, "total_pages": 1}})
    ]
    assert flutterwave.find_refund(REFUND).provider_refund_id == "8"
    assert flutterwave.find_refund(REFUND, known={"8"}) is None


@pytest.mark.parametrize(
    ("word", "status"),
    [("completed-mpgs", "processed"), ("pending-momo", "pending"), ("failed", "failed"), ("odd", "processing")],
)
def test_how_a_refund_stands_in_the_charges_currency(flutterwave, stage, word, status):
    stage.routes = {
        "/v3/refunds/8": yes(refunded(status=word, amount_refunded=500)),
        "/v3/transactions/75/verify": yes(charged(currency="UGX")),
    }
    said_of_it = flutterwave.refund_status("8")
    assert (said_of_it.status, said_of_it.amount, said_of_it.currency) == (status, 500, "UGX")


def test_a_refund_takes_no_other_account_here(flutterwave):
    with pytest.raises(GatewayRefused, match="takes no bank account"):
        flutterwave.retry_refund("8", RefundAccount(currency="NGN", account_number="1", bank_id="1"))


def test_the_list_and_the_settlements_of_a_day(flutterwave, stage):
    info = {"page_info": {"current_page": 1, "total_pages": 2}}
    stage.answers = [
        yes([charged("3"), charged("2", created_at="2026-01-02T00:00:00.000Z")], meta=info),
        yes([charged("1", status="pending", app_fee=None), charged("3")], meta=info),
    ]
    assert [each.transaction_id for each in flutterwave.charges(SINCE, UNTIL)] == ["3", "1"]
    assert stage.asked[0].query["from"] == ["2026-01-01"]
    stage.answers = [
        yes(
            [{"id": 4, "currency": "NGN", "gross_amount": 2826.96, "app_fee": 2508.96, "net_amount": 318,
              "status": "pending", "due_date": "2026-01-01T19:12:49.000Z"}],
            meta={"page_info": {"total_pages": 1}},
        )
    ]  # fmt: skip
    (settled,) = flutterwave.settlements(SINCE, UNTIL)
    assert (settled.id, settled.amount, settled.fees, settled.gross) == ("4", 31_800, 250_896, 282_696)


def test_a_list_that_hides_money_is_no_list(flutterwave, stage):
    stage.answers = [yes([charged(amount=None)])]
    with pytest.raises(GatewayDown):
        list(flutterwave.charges(SINCE, UNTIL))


def test_the_fee_and_the_message_once_more(flutterwave, stage):
    stage.answers = [yes({"charge_amount": 1_014, "fee": 14, "currency": "NGN"})]
    assert flutterwave.fee(100_000, "NGN") == 1_400
    assert stage.asked[0].query == {"amount": ["1000.00"], "currency": ["NGN"]}
    stage.answers = [yes("hook sent")]
    flutterwave.resend_hook("75")
    assert stage.paths()[-1] == ("POST", "/v3/transactions/75/resend-hook")


def test_a_message_proves_nothing_by_itself(flutterwave):
    raw = json.dumps({"event": "charge.completed", "data": charged()}).encode()
    message = flutterwave.parse_webhook({"verif-hash": HASH}, raw)
    assert (message.trusted, message.about, message.reference, message.transaction_id) == (
        False, "charge", "REF-1", "75",
    )  # fmt: skip
    assert message.charge.received == 10_000
    forged = flutterwave.parse_webhook({"verif-hash": HASH}, raw.replace(b'"amount": 100', b'"amount": 900'))
    assert forged.trusted is False


@pytest.mark.parametrize("given", [None, "", HASH[:-1], HASH + " ", "\udcff", HASH.upper()])
def test_another_hash_is_refused(flutterwave, given):
    with pytest.raises(BadSignature):
        flutterwave.parse_webhook({} if given is None else {"verif-hash": given}, b'{"event": "charge.completed"}')


def test_without_a_hash_nobody_is_believed(stage):
    bare = Flutterwave(secret_key=KEY, secret_hash="", base_url=stage.url, trust_env=False)
    with pytest.raises(BadSignature):
        bare.parse_webhook({"verif-hash": ""}, b'{"event": "charge.completed"}')


@pytest.mark.parametrize(
    ("document", "about", "why"),
    [
        ({"event": "charge.completed", "data": charged(status="failed")}, "charge", None),
        ({"event": "charge.completed", "data": []}, "charge", "unreadable"),
        ({"event": "charge.completed", "data": {"id": 1}}, "charge", "unreadable"),
        ({"event": "transfer.completed", "data": {"id": 1, "reference": "x"}}, "transfer", "of_no_use_here"),
        ({"event": "refund.completed", "data": {"id": 1, "TransactionId": 75}}, "refund", "ask_the_provider"),
        ({"event.type": "CARD_TRANSACTION", "txRef": "x"}, "other", "of_no_use_here"),
        ({"event": "subscription.cancelled", "data": None}, "other", "of_no_use_here"),
    ],
)
def test_every_message_is_read_or_set_aside_with_a_reason(flutterwave, document, about, why):
    message = flutterwave.read(json.dumps(document).encode())
    assert (message.about, message.set_aside, message.trusted) == (about, why, False)


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"event": 1}', b'{"data": {}}', b'{"event": "x", "data": NaN}'])
def test_what_is_no_message_is_said_so(flutterwave, raw):
    with pytest.raises(BadMessage):
        flutterwave.read(raw)
