"""What arrives at the payment providers' door, good and bad: stored once when it is signed, never when it is not."""

import json

import pytest
from sqlalchemy import func, select

from portal.core.clock import utcnow
from portal.gateways import registry
from portal.shared.access.queries import grants_of
from portal.shared.assets.queries import unit_of
from portal.shared.audit.queries import trail
from portal.shared.devices.queries import commands_of
from portal.shared.payments.models import GatewayMessage
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import inbox, intents
from tests.factories import assets, payments


@pytest.fixture(autouse=True)
def _database(session):
    """Every test here stands on the database."""


def send(client, raw, headers, status=200):
    answer = client.post(payments.WEBHOOK, data=raw, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json


def stored(session):
    return session.scalar(select(func.count()).select_from(GatewayMessage))


def message(session):
    return session.scalars(select(GatewayMessage)).one()


def told(made, **changes):
    """A charge.success about an intent, with some of its data changed."""
    body, _headers = payments.webhook(made)
    document = json.loads(body)
    document["data"] |= changes
    return payments.signed(document)


@pytest.fixture
def made():
    """A payment that was made at the sandbox and not yet told of."""
    made = payments.intent(assets.room())
    payments.decide(made)
    return made


def test_a_signed_success_is_answered_at_once_and_worked_off_afterwards(client, session, made):
    raw, headers = payments.webhook(made)
    assert send(client, raw, headers) == {"status": "stored", "deliveries": 1}
    assert get_intent(made.reference).status == "pending"
    assert inbox.process_due() == 1
    assert get_intent(made.reference).status == "succeeded"
    assert get_intent(made.reference).payment.settled_via == "webhook"
    assert (message(session).status, bytes(message(session).raw)) == ("done", raw)
    assert inbox.process_due() == 0


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "0" * 128,
        "ключ",
        "\xff\xfe",
        lambda good: good.upper(),
        lambda good: f" {good}",
        lambda good: good[:-1],
        lambda good: f"sha512={good}",
    ],
)
def test_what_is_not_signed_as_documented_stores_nothing(client, session, made, signature):
    raw, headers = payments.webhook(made)
    good = headers.pop("X-Paystack-Signature")
    given = signature(good) if callable(signature) else signature
    environ = {} if given is None else {"HTTP_X_PAYSTACK_SIGNATURE": given.encode().decode("latin-1")}
    answer = client.post(payments.WEBHOOK, data=raw, headers=headers, environ_overrides=environ)
    if given is not None and given.strip() == good:  # HTTP itself trims outer spaces
        return
    assert answer.status_code == 401
    assert answer.json["error"]["code"] == "bad_signature"
    assert stored(session) == 0


def test_one_changed_byte_is_a_forgery(client, session, made):
    raw, headers = payments.webhook(made)
    send(client, raw.replace(b'"success"', b'"succesS"'), headers, 401)
    assert stored(session) == 0


def test_a_forger_is_told_to_stop_and_a_real_message_still_passes(client, session, made):
    raw, headers = payments.webhook(made)
    answers = {client.post(payments.WEBHOOK, data=b"{}", headers=headers).status_code for _try in range(40)}
    assert answers == {401, 429}
    assert stored(session) == 0
    send(client, raw, headers)


@pytest.mark.parametrize(
    "raw", [b"", b" ", b"not json", b"[]", b"null", b'{"data": {}}', b'{"event": 7}', b"\xff", b"[" * 5_000]
)
def test_signed_nonsense_is_a_bad_request(client, session, raw):
    send(client, *payments.signed(raw), 400)
    assert stored(session) == 0


def test_an_unknown_event_is_kept_and_ignored(client, session):
    send(client, *payments.signed({"event": "moon.landed", "data": {"x": 1}}))
    assert (message(session).kind, message(session).status) == ("moon.landed", "ignored")


@pytest.mark.parametrize(
    "data",
    [
        [{"expiry_date": "12/2030"}],
        {"metadata": 0, "reference": 7},
        {"metadata": "", "amount": "10000", "transaction_reference": "x"},
        {"metadata": {"a": 1}, "reference": "y" * 400},
        None,
        0,
        "text",
    ],
)
def test_every_shape_of_data_is_stored(client, session, data):
    send(client, *payments.signed({"event": "refund.processed", "data": data}))
    send(client, *payments.signed({"event": "charge.success", "data": data}))
    inbox.process_due()
    assert {m.status for m in session.scalars(select(GatewayMessage))} == {"ignored", "unmatched"}


def test_a_body_over_the_limit_is_refused(client, session):
    send(client, *payments.signed(b'{"event": "' + b"x" * 1_100_000 + b'"}'), 413)
    assert stored(session) == 0


def test_money_nobody_asked_for_is_kept_and_told(client, session, made):
    send(client, *told(made, reference="NOT-OURS-123"))
    inbox.process_due()
    assert (message(session).status, message(session).reference) == ("unmatched", "NOT-OURS-123")
    assert any(entry.action == "payment.unknown_reference" for entry in trail(subject="payment_intent"))
    assert get_intent(made.reference).status == "pending"


def test_the_same_message_again_only_counts(client, session, made):
    raw, headers = payments.webhook(made)
    for n in range(1, 4):
        assert send(client, raw, headers)["deliveries"] == n
        inbox.process_due()
    assert message(session).deliveries == 3
    assert len(grants_of(made.subject_id)) == len(commands_of(made.subject_id)) == 1


def test_the_same_transaction_with_another_amount_is_refused(client, session, made):
    send(client, *payments.webhook(made))
    send(client, *told(made, amount=made.amount * 5), status=409)
    assert stored(session) == 1
    assert any(entry.action == "payment.message_contradicts" for entry in trail(asset_id=made.asset_id))


def test_the_same_facts_written_differently_are_the_same_message(client, session, made):
    send(client, *payments.webhook(made))
    assert send(client, *told(made, channel="bank"))["deliveries"] == 2


def test_the_provider_is_believed_before_its_message(client, session, made):
    """The message claims the whole price; the provider, asked, knows of one kobo."""
    made = payments.intent(assets.room())
    payments.decide(made, "wrong_amount")
    send(client, *told(made, amount=made.amount))
    inbox.process_due()
    assert get_intent(made.reference).status == "review"
    assert unit_of(made.subject_id).status == "inactive"


def test_a_message_its_own_provider_denies_unlocks_nothing(client, session):
    made = payments.intent(assets.room())
    payments.decide(made, "abandoned")
    send(client, *told(made, status="success"))
    for _turn in range(inbox.GIVE_UP_AFTER):
        message(session).next_attempt_at = utcnow()
        inbox.process_due()
    assert (message(session).status, message(session).error) == ("dead", "gateway_contradicts_its_message")
    assert get_intent(made.reference).status == "pending"
    assert not commands_of(made.subject_id)


@pytest.fixture
def provider_away(app):
    """The provider's API answers nobody."""
    gateway = registry.gateway("sandbox")
    right, gateway._base_url = gateway._base_url, "http://127.0.0.1:9"
    yield
    gateway._base_url = right


def test_while_the_provider_is_away_its_signed_word_is_believed_after_ten_seconds(client, session, made, provider_away):
    send(client, *payments.webhook(made))
    inbox.process_due()
    assert (message(session).status, message(session).error) == ("new", "gateway_unreachable")
    assert get_intent(made.reference).status == "pending"
    message(session).created_at = message(session).created_at - inbox.UNREACHABLE_FOR
    message(session).next_attempt_at = utcnow()
    inbox.process_due()
    assert get_intent(made.reference).status == "succeeded"
    assert message(session).status == "done"


def test_a_webhook_three_days_late_changes_nothing(client, session, made):
    payments.settle(made)
    before = unit_of(made.subject_id).expires_at
    send(client, *payments.webhook(made))
    inbox.process_due()
    assert message(session).status == "done"
    assert unit_of(made.subject_id).expires_at == before
    assert len(grants_of(made.subject_id)) == 1


def test_a_transaction_told_under_another_reference_is_refused(client, session, made):
    payments.settle(made)
    other = payments.intent(assets.room())
    send(client, *told(made, reference=other.reference))
    inbox.process_due()
    assert get_intent(other.reference).status == "pending"
    assert not commands_of(other.subject_id)


def test_success_for_an_expired_booking_that_was_let_meanwhile_is_kept(client, session, made):
    get_intent(made.reference).expires_at = utcnow()
    intents.expire_due()
    payments.paid(unit_of(made.subject_id), email="bola@example.com")
    send(client, *payments.webhook(made))
    inbox.process_due()
    assert get_intent(made.reference).status == "review"
    assert get_intent(made.reference).payment.remainder == made.amount


def test_paystacks_own_sample_is_accepted(client, session):
    sample = {
        "event": "charge.success",
        "data": {
            "id": 302961, "domain": "live", "status": "success", "reference": "qTPrJoy9Bx", "amount": 10000,
            "paid_at": "2016-09-30T21:10:19.000Z", "channel": "card", "currency": "NGN", "metadata": 0, "fees": None,
            "log": {"history": [{"type": "input", "time": 15}]}, "customer": {"phone": None}, "plan": {},
        },
    }  # fmt: skip
    send(client, *payments.signed(sample))
    inbox.process_due()
    assert message(session).status == "unmatched"
