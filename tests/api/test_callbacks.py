"""The door for Daraja, which signs nothing: an address nobody can guess, a list of who may knock, bytes kept once."""

import re
from dataclasses import replace
from ipaddress import ip_network

import pytest
from sqlalchemy import func, select, text

from portal.gateways.sandbox import outgoing
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments.models import GatewayMessage, MobileReceipt, Payment, PhonePush
from portal.shared.payments.paybill_accounts import of_place
from portal.shared.payments.services import addresses
from tests.factories import mobile

ACCEPTED = {"ResultCode": 0, "ResultDesc": "Accepted"}
REFUSED_WORDS = ("mpesa", "m-pesa", "safaricom", "query", "cmd", "sql", "exe")


@pytest.fixture(autouse=True)
def _ground(session):
    mobile.reachable()


@pytest.fixture
def push():
    return mobile.asked()


def rows(session):
    """How many rows every table has that a message could touch; the counter of guesses is no message."""
    return {
        model.__tablename__: session.scalar(select(func.count()).select_from(model))
        for model in (GatewayMessage, MobileReceipt, Payment, PhonePush)
    } | {"outbox": session.scalar(text("select count(*) from outbox_event")),
         "audit": session.scalar(text("select count(*) from audit_entry"))}  # fmt: skip


def messages(session):
    return session.scalars(select(GatewayMessage).order_by(GatewayMessage.id)).all()


def test_an_address_can_be_given_to_safaricom(push):
    for address in (addresses.address(push.token), addresses.address(push.token, addresses.Ending.STATUS)):
        assert re.search(r"/api/pay/k/[0-9a-f]{32}(-[a-z])?$", address)
        assert not any(word in address for word in REFUSED_WORDS)
    assert len({addresses.new_token() for _each in range(100)}) == 100


def test_what_comes_to_a_right_address_is_kept_once_and_counted(session, client, push):
    mobile.answer(push, "cancelled")
    raw = outgoing.about(push.checkout_request_id, "daraja")[0].body.encode()
    for _again in range(3):
        answer = client.post(f"/api/pay/k/{push.token}", data=raw, content_type="text/plain")
        assert (answer.status_code, answer.json) == (200, ACCEPTED)
    (kept,) = messages(session)
    assert (bytes(kept.raw), kept.deliveries, kept.status) == (raw, 3, "done")
    assert kept.address == "127.0.0.1"
    assert push.token not in kept.dedupe_key


@pytest.mark.parametrize(
    "raw", [b"", b" ", b"not json", b"[]", b"null", b'{"Body": 1}', b"\xff\xfe", b"[" * 5_000,
            b'{"Body": {"stkCallback": {"ResultCode": 0}}}']
)  # fmt: skip
def test_a_bad_body_at_a_right_address_is_set_aside_with_the_reason(session, client, push, raw):
    answer = client.post(f"/api/pay/k/{push.token}", data=raw)
    assert (answer.status_code, answer.json) == (200, ACCEPTED)
    (kept,) = messages(session)
    assert (bytes(kept.raw), kept.status, kept.error) == (raw, "dead", "unreadable")
    assert queries.get_push(push.id).status == "waiting"


def test_a_message_about_another_question_is_set_aside(session, client, push):
    other = mobile.asked(phone="+254722000111")
    mobile.answer(other)
    raw = outgoing.about(other.checkout_request_id, "daraja")[0].body.encode()
    client.post(f"/api/pay/k/{push.token}", data=raw)
    (kept,) = messages(session)
    assert (kept.status, kept.error) == ("dead", "other_question")


@pytest.mark.parametrize("ending", ["", "-c", "-v", "-s", "-t", "-r", "-u", "-x", "-", "-cc"])
def test_an_address_nobody_was_given_is_not_there(session, calling, push, ending):
    before = rows(session)
    answer = calling().client.post(f"/api/pay/k/{'0' * 32}{ending}", json={"Body": {}})
    assert answer.status_code == 404
    assert rows(session) == before


@pytest.mark.parametrize("ending", ["-c", "-v", "-s", "-x"])
def test_the_address_of_a_question_is_no_address_of_a_paybill(session, client, push, ending):
    before = rows(session)
    assert client.post(f"/api/pay/k/{push.token}{ending}", data=b"{}").status_code == 404
    assert rows(session) == before


def test_the_paybill_of_another_place_cannot_be_made_up(session, client, push):
    mine = of_place(mobile.place()).token
    other = mobile.place()
    forged = other.id.hex + mine[32:]
    assert client.post(f"/api/pay/k/{forged}-c", data=b"{}").status_code == 404


def test_a_thousand_forged_posts_leave_the_tables_as_they_were(session, client, push):
    """A stranger who guesses is told to stop; what comes to a real address still passes."""
    before = rows(session)
    answers = {
        client.post(f"/api/pay/k/{addresses.new_token()}", data=b'{"Body": {}}').status_code for _try in range(1_000)
    }
    assert answers == {404, 429}
    assert rows(session) == before
    assert client.post(f"/api/pay/k/{push.token}", data=b"{}").status_code == 200


@pytest.fixture
def listed(app, monkeypatch):
    """A portal that takes such messages from one network only."""
    settings = replace(
        app.extensions["settings"],
        payment_provider="mpesa",
        daraja_callback_addresses=(ip_network("196.201.214.0/24"),),
    )
    monkeypatch.setitem(app.extensions, "settings", settings)


def test_an_address_outside_the_list_is_turned_away_though_the_token_is_right(session, client, push, listed):
    before = rows(session)
    answer = client.post(f"/api/pay/k/{push.token}", data=b"{}")
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "not_from_there")
    told = {"REMOTE_ADDR": "10.0.0.9"}
    lied = client.post(
        f"/api/pay/k/{push.token}", data=b"{}", environ_overrides=told, headers={"X-Forwarded-For": "196.201.214.200"}
    )
    assert lied.status_code == 403, "only a trusted proxy says where a message is from"
    assert rows(session) == before


def test_an_address_of_the_list_passes(session, client, push, listed):
    answer = client.post(f"/api/pay/k/{push.token}", data=b"{}", environ_overrides={"REMOTE_ADDR": "196.201.214.200"})
    assert answer.status_code == 200
    assert messages(session)[0].address == "196.201.214.200"


def test_a_validation_is_answered_in_the_providers_own_spelling(session, client, calling):
    token = of_place(mobile.place()).token
    answer = calling().client.post(f"/api/pay/k/{token}-v", data=b"nonsense")
    assert answer.json["ResultCode"] == "C2B00016"
    assert messages(session)[0].error == "unreadable"
    question = {"TransID": "SASKED0001", "TransAmount": "10.00", "BillRefNumber": "x", "BusinessShortCode": "174379"}
    answer = client.post(f"/api/pay/k/{token}-v", json=question)
    assert answer.json == {"ResultCode": "0", "ResultDesc": "Accepted"}
