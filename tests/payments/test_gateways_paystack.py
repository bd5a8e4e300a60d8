"""Paystack's client: refunds, payouts, lists and messages, over real HTTP."""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from portal.core.money import Money
from portal.gateways.base import (
    About,
    DuplicateReference,
    GatewayDown,
    GatewayRefused,
    KeyRefused,
    RecipientAsked,
    RefundAccount,
    RefundAsked,
    ReplyLost,
    TransferAsked,
    UnknownCharge,
    UnknownTransfer,
    WrongOtp,
)
from portal.gateways.paystack import Paystack
from tests.payments.paystack_events import EVENTS
from tests.support.providers import said

KEY = "sk_live_a_key_nobody_may_see"
REFUND = RefundAsked(reference="RF-1", transaction_id="77", charge_reference="REF-1", amount=5_000, currency="NGN")
TRANSFER = TransferAsked(reference="payout_1", amount=30_000, currency="NGN", recipient_code="RCP_1", reason="Wages")
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def paystack(stage):
    return Paystack(secret_key=KEY, base_url=stage.url, trust_env=False)


def yes(data, **more):
    return said({"status": True, "message": "ok", "data": data, **more})


def no(status, message, code=""):
    return said({"status": False, "message": message, "code": code}, status)


def refunded(**change):
    return {"id": 5, "status": "pending", "amount": 5_000, "currency": "NGN", "domain": "live", "transaction": 77,
            "transaction_reference": "REF-1", "merchant_note": "RF-1", **change}  # fmt: skip


def transferred(**change):
    return {"reference": "payout_1", "transfer_code": "TRF_1", "status": "pending", "amount": 30_000,
            "currency": "NGN", "domain": "live", **change}  # fmt: skip


def test_a_refund_is_asked_for_once_and_keeps_our_own_name(paystack, stage):
    stage.answers = [yes(refunded(transaction={"id": 77, "reference": "REF-1"}))]
    made = paystack.refund(REFUND)
    assert (made.provider_refund_id, made.status, made.amount, made.charge_reference) == (
        "5",
        "pending",
        5_000,
        "REF-1",
    )
    assert stage.asked[0].json["merchant_note"] == "RF-1"
    assert stage.asked[0].json["transaction"] == "77"


@pytest.mark.parametrize("answer", [None, said({"status": False}, 500), (200, {}, b"<html>"), yes({"id": 5}), yes([])])
def test_an_order_whose_answer_is_lost_is_never_sent_twice(paystack, stage, answer):
    stage.answers = [answer]
    for order in (lambda: paystack.refund(REFUND), lambda: paystack.transfer(TRANSFER)):
        with pytest.raises(ReplyLost, match="Do not repeat it"):
            order()
    assert stage.paths() == [("POST", "/refund"), ("POST", "/transfer")]


def test_an_order_that_never_left_is_not_called_lost(paystack):
    paystack._base_url = "http://127.0.0.1:9"
    with pytest.raises(GatewayDown) as silent:
        paystack.transfer(TRANSFER)
    assert not isinstance(silent.value, ReplyLost)


def test_a_refund_whose_answer_was_lost_is_found_among_the_others(paystack, stage):
    others = [refunded(id=1, merchant_note="RF-0"), refunded(id=2, transaction=78, transaction_reference="REF-2")]
    stage.answers = [
        yes(others, meta={"pageCount": 2}),
        yes([refunded(id=3)], meta={"pageCount": 2}),
    ]
    assert paystack.find_refund(REFUND).provider_refund_id == "3"
    assert [each.query["page"] for each in stage.asked] == [["1"], ["2"]]
    assert paystack.find_refund(REFUND, known={"3"}) is None


def test_half_a_list_of_refunds_is_no_answer_that_there_is_none(paystack, stage):
    stage.answers = [yes([refunded(id=1, merchant_note="RF-0")], meta={"pageCount": 2}), said({}, 500)]
    with pytest.raises(GatewayDown):
        paystack.find_refund(REFUND)


@pytest.mark.parametrize(
    ("word", "status"),
    [("processed", "processed"), ("needs-attention", "needs_attention"), ("failed", "failed"), ("new", "processing")],
)
def test_how_a_refund_stands(paystack, stage, word, status):
    stage.answers = [yes(refunded(status=word))]
    assert paystack.refund_status("5").status == status


def test_a_refund_that_needs_attention_goes_to_a_bank_account(paystack, stage):
    stage.answers = [yes(refunded(status="processing"))]
    account = RefundAccount(currency="NGN", account_number="0123456789", bank_id="9")
    assert paystack.retry_refund("5", account).status == "processing"
    assert stage.asked[0].path == "/refund/retry_with_customer_details/5"
    stage.answers = [no(422, "Refund cannot be retried in its current state")]
    with pytest.raises(GatewayRefused, match="cannot be retried"):
        paystack.retry_refund("5", account)


def test_a_payout_from_the_name_behind_the_account_to_success(paystack, stage):
    stage.routes = {
        "/bank/resolve": yes({"account_number": "0123456789", "account_name": "ADA OBI", "bank_id": 9}),
        "/transferrecipient": yes({"recipient_code": "RCP_1"}),
        "/transfer": yes(transferred(status="otp")),
        "/transfer/resend_otp": said({"status": True, "message": "OTP has been resent"}),
        "/transfer/finalize_transfer": [no(400, "OTP could not be verified"), yes(transferred())],
        "/transfer/verify/payout_1": yes(transferred(status="success", fee_charged=1_000)),
    }
    assert paystack.resolve_account("0123456789", "057") == "ADA OBI"
    asked = RecipientAsked(kind="nuban", name="Ada", account_number="0123456789", bank_code="057", currency="NGN")
    assert paystack.make_recipient(asked) == "RCP_1"
    started = paystack.transfer(TRANSFER)
    assert (started.status, started.transfer_code, started.status.conclusive) == ("otp", "TRF_1", False)
    paystack.resend_otp("TRF_1")
    with pytest.raises(WrongOtp):
        paystack.finalize_transfer("TRF_1", "000000")
    assert paystack.finalize_transfer("TRF_1", "123456").status == "pending"
    ended = paystack.verify_transfer("payout_1")
    assert (ended.status, ended.fee, ended.status.conclusive) == ("success", 1_000, True)
    assert stage.asked[0].query == {"account_number": ["0123456789"], "bank_code": ["057"]}


def test_a_transfer_that_waits_for_no_password_is_no_wrong_password(paystack, stage):
    stage.answers = [no(400, "Transfer is not currently awaiting OTP")]
    with pytest.raises(GatewayRefused) as refused:
        paystack.finalize_transfer("TRF_1", "123456")
    assert not isinstance(refused.value, WrongOtp)


def test_a_transfer_nobody_made_is_told_apart_from_one_nobody_answers_for(paystack, stage):
    stage.answers = [no(404, "Transfer not found", "not_found")]
    with pytest.raises(UnknownTransfer):
        paystack.verify_transfer("payout_1")
    stage.answers = [said({"status": False, "message": "Invalid key"}, 401)]
    with pytest.raises(KeyRefused) as refused:
        paystack.verify_transfer("payout_1")
    assert not isinstance(refused.value, UnknownTransfer)
    for answer in (None, (404, {}, b"<html>not found"), said({"status": False}, 503), yes(transferred(reference="x"))):
        stage.answers = [answer]
        with pytest.raises(GatewayDown):
            paystack.verify_transfer("payout_1")


def test_a_reference_the_provider_has_is_not_used_again(paystack, stage):
    stage.answers = [no(400, "Please provide a unique reference. Reference already exists on a transfer")]
    with pytest.raises(DuplicateReference):
        paystack.transfer(TRANSFER)


def test_why_a_payout_was_refused_is_said_to_staff(paystack, stage):
    stage.answers = [no(400, "Your balance is not enough to fulfil this request")]
    with pytest.raises(GatewayRefused, match="Your balance is not enough"):
        paystack.transfer(TRANSFER)


def test_banks_are_read_page_after_page(paystack, stage):
    bank = {"code": "057", "name": "Zenith", "type": "nuban", "currency": "NGN", "id": 21, "active": True}
    stage.answers = [
        yes([bank, {**bank, "code": "1", "active": False}], meta={"next": "abc"}),
        yes([{**bank, "code": "044", "name": "Access"}, {"name": "No code"}], meta={"next": None}),
    ]
    assert [(each.code, each.name, each.kind) for each in paystack.banks("NGN")] == [
        ("044", "Access", "nuban"), ("057", "Zenith", "nuban"),
    ]  # fmt: skip
    assert stage.asked[1].query["next"] == ["abc"]


def test_the_balance_is_money_of_each_currency(paystack, stage):
    stage.answers = [yes([{"currency": "NGN", "balance": 1_700_000}, {"currency": "??", "balance": 1}])]
    assert paystack.balance() == [Money(1_700_000, "NGN")]


def charged(number, **change):
    return {"id": number, "status": "success", "reference": f"R{number}", "amount": 100, "currency": "NGN",
            "domain": "live", **change}  # fmt: skip


def test_the_list_of_charges_is_read_to_its_end_and_each_once(paystack, stage):
    stage.answers = [
        yes([charged(3), charged(2)], meta={"pageCount": 2}),
        yes([charged(2), charged(1, status="failed"), charged(9, domain="test")], meta={"pageCount": 2}),
    ]
    assert [(each.transaction_id, each.status) for each in paystack.charges(SINCE, UNTIL)] == [
        ("3", "success"), ("2", "success"), ("1", "failed"),
    ]  # fmt: skip
    assert stage.asked[0].query["from"] == ["2026-01-01T00:00:00.000Z"]


def test_a_list_that_hides_money_is_no_list(paystack, stage):
    stage.answers = [yes([charged(3), charged(2, status="failed", amount=None)], meta={"pageCount": 1})]
    assert len(list(paystack.charges(SINCE, UNTIL))) == 1
    stage.answers = [yes([charged(3, amount=1.5)], meta={"pageCount": 1})]
    with pytest.raises(GatewayDown):
        list(paystack.charges(SINCE, UNTIL))


def test_settlements_of_a_span(paystack, stage):
    def settled(number, day, **change):
        return {"id": number, "domain": "live", "status": "success", "currency": "NGN", "total_amount": 98_500,
                "effective_amount": 98_500, "total_fees": 1_500, "total_processed": 100_000,
                "settlement_date": f"2026-01-{day:02}T00:00:00.000Z", **change}  # fmt: skip

    stage.answers = [
        yes([settled(3, 5), settled(2, 1)]),
        yes([settled(1, 1), {"id": 0}]),
        yes([]),
    ]
    found = list(paystack.settlements(SINCE, UNTIL))
    assert [(each.id, each.amount, each.fees, each.gross) for each in found] == [
        ("2", 98_500, 1_500, 100_000), ("1", 98_500, 1_500, 100_000),
    ]  # fmt: skip


def test_an_unknown_charge_is_told_apart(paystack, stage):
    stage.answers = [no(400, "Transaction reference not found", "transaction_not_found")]
    with pytest.raises(UnknownCharge):
        paystack.verify("REF-1")


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_is_read_or_set_aside_with_a_reason(paystack, kind):
    raw = json.dumps({"event": kind, "data": EVENTS[kind]}).encode()
    message = paystack.read(raw)
    parts = [message.charge, message.refund, message.transfer, message.dispute]
    assert sum(part is not None for part in parts) == (message.set_aside is None)
    assert message.trusted
    expected = {"charge": "charge", "refund": "refund", "transfer": "transfer"}.get(kind.split(".")[0], "other")
    assert message.about == ("dispute" if "dispute" in kind else expected)
    assert (message.set_aside is not None) == (message.about is About.OTHER)


def test_what_each_event_says(paystack):
    def read(kind):
        return paystack.read(json.dumps({"event": kind, "data": EVENTS[kind]}).encode())

    charge = read("charge.success").charge
    assert (charge.amount, charge.requested_amount, charge.fee, charge.received) == (10_000, None, 0, 10_000)
    refund = read("refund.processed").refund
    assert (refund.amount, refund.status, refund.charge_reference, refund.provider_refund_id) == (
        10_000, "processed", "REF-302", None,
    )  # fmt: skip
    transfer = read("transfer.reversed")
    assert (transfer.reference, transfer.transfer.status, transfer.transfer.amount) == ("payout_1", "reversed", 30_000)
    dispute = read("charge.dispute.create").dispute
    assert (dispute.dispute_id, dispute.stage, dispute.amount, dispute.charge_reference) == (
        "35", "create", 5_800, "REF-302",
    )  # fmt: skip
    assert read("bank.transfer.rejected").set_aside == "turned_away"


@pytest.mark.parametrize("kind", ["charge.success", "refund.processed", "transfer.success", "charge.dispute.create"])
@pytest.mark.parametrize("data", [None, [], {}, 0, "", "x", {"amount": "ten", "currency": "NGN", "reference": "R"}])
def test_a_message_that_says_nothing_is_kept_and_not_believed(paystack, kind, data):
    message = paystack.read(json.dumps({"event": kind, "data": data}).encode())
    assert message.set_aside == "unreadable"


def test_a_message_of_the_test_world_moves_nothing_in_the_live_one(paystack):
    for kind in ("charge.success", "refund.processed", "transfer.success"):
        raw = json.dumps({"event": kind, "data": {**EVENTS[kind], "domain": "test"}}).encode()
        assert paystack.read(raw).set_aside == "test_money"


def test_the_signature_is_of_these_very_bytes(paystack):
    raw = b'{"event": "charge.success",  "data": {}}'
    proof = hmac.new(KEY.encode(), raw, hashlib.sha512).hexdigest()
    assert paystack.parse_webhook({"x-paystack-signature": proof}, raw).kind == "charge.success"
    for headers, body in (
        ({"x-paystack-signature": proof}, raw.replace(b"  ", b" ")),
        ({"x-paystack-signature": proof[:-1]}, raw),
        ({"x-paystack-signature": "\udcff" * 128}, raw),
        ({}, raw),
    ):
        with pytest.raises(Exception, match="signature does not belong"):
            paystack.parse_webhook(headers, body)
