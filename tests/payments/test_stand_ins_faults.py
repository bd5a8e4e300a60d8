"""The fault switches: what they spoil, for how many calls, and that every process sees them."""

import json
import time
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from portal.core.clock import clock_set_to, utcnow
from portal.core.errors import Invalid
from portal.gateways import sandbox
from portal.gateways.sandbox import faults, outgoing, refunds, service, transfers, webhooks
from tests.payments.test_stand_ins_paystack import charged, said, sent
from tests.support.standins import Asking


@pytest.fixture
def paystack(app, session):
    key = sandbox.paystack_key(app.extensions["settings"])
    return Asking("paystack", {"Authorization": f"Bearer {key}"})


def switch(operation, kind, **options):
    faults.set(provider="paystack", operation=operation, kind=kind, **options)


def test_a_lost_reply_leaves_the_work_done(paystack):
    switch("transfer", "lost_reply")
    with pytest.raises(httpx.HTTPError):
        sent(paystack)
    assert transfers.by_name("payout-1").status == "otp"
    assert sent(paystack).json()["code"] == "duplicate_transfer_reference"
    assert paystack.get("/transfer/verify/payout-1").json()["data"]["reference"] == "payout-1"


def test_an_error_leaves_nothing_done(paystack):
    charged(paystack)
    switch("refund", "500", times=2)
    assert [paystack.post("/refund", transaction="CH-1").status_code for _ in range(3)] == [500, 500, 200]
    assert refunds.listed(since=None, until=None, page=1, per_page=5)[1] == 1
    assert faults.switched_on() == []


def test_a_slow_answer_is_late_and_right(paystack):
    charged(paystack)
    switch("verify", "slow", seconds=1)
    began = time.monotonic()
    assert paystack.get("/transaction/verify/CH-1").json()["data"]["status"] == "success"
    assert time.monotonic() - began >= 1


def test_verify_may_say_one_thing_and_the_webhook_another(paystack):
    charged(paystack)
    switch("verify", "wrong_amount")
    assert paystack.get("/transaction/verify/CH-1").json()["data"]["amount"] == 100_000
    assert said("CH-1")[0][1]["amount"] == 1_000_000
    assert paystack.get("/transaction/verify/CH-1").json()["data"]["amount"] == 1_000_000
    switch("charge.success", "wrong_currency")
    charged(paystack, "CH-2")
    assert said("CH-2")[0][1]["currency"] == "USD"
    assert paystack.get("/transaction/verify/CH-2").json()["data"]["currency"] == "NGN"


def test_a_switch_for_any_call_spoils_whatever_comes(paystack):
    switch(faults.ANY_CALL, "500", times=2)
    assert paystack.get("/balance").status_code == 500
    assert paystack.get("/bank").status_code == 500
    assert paystack.get("/bank").status_code == 200


@pytest.mark.parametrize(
    ("provider", "operation", "kind"),
    [("paystack", "verify", "late"), ("paystack", "nothing", "slow"), ("nobody", "verify", "slow"),
     ("daraja", "push", "wrong_currency"), ("paystack", "charge.success", "500")],
)  # fmt: skip
def test_what_cannot_happen_cannot_be_switched_on(session, provider, operation, kind):
    with pytest.raises(Invalid):
        faults.set(provider=provider, operation=operation, kind=kind)


def test_the_messages_of_one_charge_twice_late_or_never(paystack):
    switch("charge.success", "duplicate")
    charged(paystack)
    assert len(outgoing.about("CH-1")) == 2
    switch(faults.ANY_MESSAGE, "late", seconds=60)
    charged(paystack, "CH-2")
    switch("charge.success", "never")
    charged(paystack, "CH-3")
    assert {each.subject for each in outgoing.claim()} == {"CH-1"}
    (never,) = outgoing.about("CH-3")
    assert (never.due_at, never.attempts) == (None, 0)


def test_messages_come_in_the_wrong_order(paystack):
    switch("charge.success", "reordered")
    charged(paystack)
    assert outgoing.claim() == []
    charged(paystack, "CH-2")
    with clock_set_to(utcnow() + timedelta(seconds=1)):
        assert [each.subject for each in outgoing.claim()] == ["CH-2", "CH-1"]


def test_a_message_nothing_overtakes_comes_all_the_same(paystack):
    switch("charge.success", "reordered")
    charged(paystack)
    (held,) = outgoing.about("CH-1")
    assert held.held
    with clock_set_to(utcnow() + timedelta(seconds=outgoing.HELD_SECONDS)):
        assert [each.subject for each in outgoing.claim()] == ["CH-1"]


def test_a_production_portal_neither_opens_stand_ins_nor_delivers(app, session, paystack):
    charged(paystack)
    before = app.extensions["settings"]
    app.extensions["settings"] = replace(before, payment_provider="paystack", paystack_secret_key="k" * 20)
    try:
        assert webhooks.deliver_due() == 0
    finally:
        app.extensions["settings"] = before
    assert [each.attempts for each in outgoing.about("CH-1")] == [0]


def test_what_is_told_is_json_that_can_be_read(paystack):
    charged(paystack)
    (message,) = outgoing.about("CH-1")
    assert json.loads(message.body)["event"] == "charge.success"
    assert message.url == service.PATH
