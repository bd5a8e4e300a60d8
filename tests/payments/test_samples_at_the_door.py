"""Every sample of every provider, and every kind of message it sends, at the very door it would come to.

Each is answered 200 and kept with what became of it, or why nothing did; none is an error of ours.
(Paystack's 24 events stand in test_inbox.py.)
"""

import json

import pytest
from sqlalchemy import select

from portal.gateways.sandbox import keys
from portal.shared.payments.models import GatewayMessage, Payment
from portal.shared.payments.services import answers, inbox
from tests.factories import mobile, payments
from tests.payments.test_gateways_flutterwave import charged
from tests.support import shared

FLUTTERWAVE = "/api/payment/webhook/flutterwave/"
ENDED = ("done", "ignored", "unmatched", "dead")
#: Flutterwave v3's kinds, in both of the spellings it uses.
KINDS = [
    ({"event": "charge.completed", "data": charged()}, "unknown_reference"),
    ({"event": "charge.completed", "data": charged(status="failed")}, "unknown_reference"),
    ({"event": "charge.completed", "data": []}, "unknown_reference"),
    ({"event": "charge.completed", "data": {"id": "x" * 400, "tx_ref": 7, "amount": "1e9"}}, "unknown_reference"),
    ({"event": "transfer.completed", "data": {"id": 1, "reference": "x", "status": "SUCCESSFUL"}}, "of_no_use_here"),
    ({"event": "refund.completed", "data": {"id": 1, "TransactionId": 75}}, "ask_the_provider"),
    ({"event": "subscription.cancelled", "data": None}, "of_no_use_here"),
    ({"event.type": "CARD_TRANSACTION", "txRef": "x"}, "of_no_use_here"),
]


def kept(session):
    session.expire_all()
    return session.scalars(select(GatewayMessage)).one()


def heard(session, client, app, raw):
    """Comes in with the right hash, and is worked off."""
    headers = {"verif-hash": keys.flutterwave_hash(app.extensions["settings"])}
    answer = client.post(FLUTTERWAVE, data=raw, headers=headers)
    assert answer.status_code == 200, answer.text
    inbox.process_due()
    return kept(session)


@shared.here
@pytest.mark.parametrize("path", [each for each in shared.samples("paystack") if "s." not in each.name], ids=str)
def test_paystacks_samples(session, client, path):
    answer = client.post(payments.WEBHOOK, data=path.read_bytes(), headers=payments.signed(path.read_bytes())[1])
    assert answer.status_code == 200
    inbox.process_due()
    message = kept(session)
    assert (bytes(message.raw), message.status in (*ENDED, "new")) == (path.read_bytes(), True)
    assert message.error, "why nothing came of it stands beside it"


@shared.here
def test_flutterwaves_sample(session, client, app):
    raw = (shared.DATA / "fixtures/flutterwave/v3-charge.completed.json").read_bytes()
    message = heard(session, client, app, raw)
    assert (bytes(message.raw), message.status, message.error) == (raw, "unmatched", "unknown_reference")


@pytest.mark.parametrize(("document", "why"), KINDS)
def test_every_kind_of_message_of_flutterwave(session, client, app, document, why):
    message = heard(session, client, app, json.dumps(document).encode())
    assert message.status in ENDED
    assert message.error == why


@shared.here
@pytest.mark.parametrize("path", shared.samples("daraja"), ids=str)
def test_safaricoms_captured_callbacks(session, client, path):
    """They name a question that is not the one this address was made for: kept, and nothing moves."""
    mobile.reachable()
    push = mobile.asked()
    answer = client.post(f"/api/pay/k/{push.token}", data=path.read_bytes())
    assert (answer.status_code, answer.json["ResultCode"]) == (200, 0)
    answers.ask_due()
    message = kept(session)
    assert (bytes(message.raw), message.error) == (path.read_bytes(), "other_question")
    assert session.scalars(select(Payment)).all() == []
