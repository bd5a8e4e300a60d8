"""The providers' own sample messages and answers are taken, or set aside with a reason; none is an error of ours."""

import json

import pytest

from portal.core.errors import DomainError
from portal.gateways.daraja import Daraja
from portal.gateways.flutterwave import Flutterwave
from portal.gateways.paystack import Paystack
from tests.support import shared
from tests.support.providers import said

pytestmark = shared.here


@pytest.fixture
def paystack(stage):
    return Paystack(secret_key="sk_test_x", base_url=stage.url, trust_env=False)


def document(provider, name):
    return json.loads((shared.DATA / "fixtures" / provider / name).read_text())


def answers(path):
    """The answers a sample file holds: one, or one for each status."""
    found = json.loads(path.read_text())
    return [(int(key), each["data"]) for key, each in found.items()] if "200" in found else [(200, found)]


def taken_or_refused(ask, reference):
    """Whether an answer was taken as money, or refused in a sentence."""
    try:
        return ask(reference).amount > 0
    except DomainError as refused:
        return refused.message.endswith(".")


def by_name(path):
    return path.name


@pytest.mark.parametrize("path", [each for each in shared.samples("paystack") if "s." not in each.name], ids=by_name)
def test_paystack_tells(paystack, path):
    message = paystack.read(path.read_bytes())
    assert message.set_aside is None
    part = message.charge or message.refund or message.transfer
    assert part.amount == int(json.loads(path.read_bytes())["data"]["amount"])


@pytest.mark.parametrize("path", shared.samples("paystack"), ids=by_name)
def test_paystack_answers(paystack, stage, path):
    """Each sample, as the answer to each question, is taken or refused in a sentence."""
    for status, found in answers(path):
        stage.answers = [said(found, status)]
        reference = (found.get("data") or {}).get("reference", "x")
        for ask in (paystack.verify, paystack.verify_transfer, paystack.refund_status):
            assert taken_or_refused(ask, reference)


def test_what_the_payer_bore_is_not_ours(paystack, stage):
    """Scenario 6, from Paystack's own sample."""
    stage.answers = [said(document("paystack", "transactions.verify.json")["200"]["data"])]
    charge = paystack.verify("re4lyvq3s3")
    assert (charge.gross, charge.requested_amount, charge.fee) == (40_333, 30_050, 10_283)
    assert (charge.received, charge.fee_by_payer, charge.fee_by_us, charge.net) == (30_050, 10_283, 0, 30_050)


def test_a_transfer_that_waits_for_a_password_and_one_that_is_through(paystack, stage):
    stage.answers = [said(document("paystack", "transfers.initiate.otp.json"))]
    assert paystack.verify_transfer("x8beye1xud").status == "otp"
    stage.answers = [said(document("paystack", "transfers.finalize.json")["200"]["data"])]
    assert paystack.finalize_transfer("TRF_zuirlnr9qblgfko", "1").status == "success"


def test_flutterwave_tells_and_answers(stage):
    """Scenario 7: 100 in major units are 10,000 minor ones; a message alone moves nothing."""
    flutterwave = Flutterwave(secret_key="k", secret_hash="h", base_url=stage.url, trust_env=False)
    message = flutterwave.read((shared.DATA / "fixtures/flutterwave/v3-charge.completed.json").read_bytes())
    assert (message.charge.received, message.charge.currency, message.charge.fee) == (10_000, "NGN", 140)
    assert (message.trusted, message.reference, message.transaction_id) == (False, "Links-616626414629", "285959875")
    stage.answers = [said(document("flutterwave", "v3-verify.json"))]
    for charge in (flutterwave.verify("LiveCardTest"), flutterwave.verify_transaction("288200108")):
        assert (charge.status, charge.received, charge.net) == ("success", 10_000, 9_860)


@pytest.mark.parametrize("path", shared.samples("daraja"), ids=by_name)
def test_safaricom_calls_back(path):
    """Two captured callbacks: a payment whose Balance has no value, and a refusal."""
    daraja = Daraja(consumer_key="c", consumer_secret="s", shortcode="1", passkey="p", base_url="http://127.0.0.1:9")
    told = daraja.read_push_callback(path.read_bytes())
    if told.code == "0":
        assert (told.amount, told.receipt, told.phone) == (100, "NCB9FJNAIT", "+254719748260")
        assert told.at is not None
        assert told.at.isoformat() == "2019-03-11T09:21:21+00:00"
    else:
        assert (told.state, told.code, told.amount, told.receipt) == ("failed", "2001", None, None)
