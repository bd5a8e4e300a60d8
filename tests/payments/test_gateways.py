"""Gateways that are slow, broken, or send us elsewhere; and the sandbox's own duties as a provider."""

import json
import threading
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import text

from portal.core.db import db
from portal.gateways import registry
from portal.gateways.base import Checkout, DuplicateReference, GatewayDown, GatewayRefused
from portal.gateways.paystack import Paystack
from portal.gateways.sandbox import outgoing, server, webhooks
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import checkout, inbox
from tests.factories import assets, payments

KEY = "sk_live_a_key_nobody_may_see"
ASKED = Checkout(
    reference="REF-123", amount=100, currency="NGN", email="a@b.co", callback_url="http://x", description=""
)
GOOD = {"id": 7, "status": "success", "reference": "REF-123", "amount": 100, "currency": "NGN", "domain": "live"}


class Provider:
    """A small HTTP server that answers what it is told to, and remembers what it was asked."""

    def __init__(self):
        self.answer, self.asked = (200, {}, b"{}"), []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                length = int(self.headers.get("Content-Length") or 0)
                outer.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
                status, headers, body = outer.answer
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def says(self, data, status=200, **more):
        self.answer = (status, {}, json.dumps({"status": status == 200, "message": "", "data": data, **more}).encode())


@pytest.fixture
def provider():
    provider = Provider()
    yield provider
    provider.server.shutdown()
    provider.server.server_close()


@pytest.fixture
def paystack(provider):
    return Paystack(secret_key=KEY, base_url=provider.url, trust_env=False)


def test_a_checkout_is_asked_for_as_paystack_documents_it(paystack, provider):
    provider.says(
        {"authorization_url": "https://checkout.paystack.com/abc", "access_code": "abc", "reference": "REF-123"}
    )
    assert paystack.initialize(ASKED).checkout_url == "https://checkout.paystack.com/abc"
    method, path, headers, body = provider.asked[0]
    assert (method, path, headers["Authorization"]) == ("POST", "/transaction/initialize", f"Bearer {KEY}")
    sent = json.loads(body)
    assert (sent["email"], sent["amount"], sent["reference"]) == ("a@b.co", 100, "REF-123")
    assert isinstance(sent["amount"], int)


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, b'{"status": false}'),
        (502, {}, b"<html>Bad gateway</html>"),
        (200, {}, b"<html>Maintenance</html>"),
        (200, {}, b""),
        (200, {}, b'{"status": true, "data": {"amount": NaN}}'),
        (200, {}, b'{"status": true, "data": {"status": "success"}}'),
        (302, {"Location": "http://127.0.0.1:9/"}, b""),
        (429, {}, b'{"status": false}'),
    ],
)
def test_what_is_no_answer_is_never_taken_for_one(paystack, provider, answer):
    provider.answer = answer
    for ask in (lambda: paystack.initialize(ASKED), lambda: paystack.verify("REF-123")):
        with pytest.raises(GatewayDown):
            ask()
    assert [method for method, *_rest in provider.asked].count("POST") == 1, "a checkout is not opened twice"


def test_success_of_the_request_is_not_success_of_the_charge(paystack, provider):
    provider.says({**GOOD, "status": "failed"})
    assert paystack.verify("REF-123").status == "failed"
    provider.says({**GOOD, "status": "something new"})
    assert paystack.verify("REF-123").status == "pending"


def test_another_references_answer_is_not_ours(paystack, provider):
    provider.says({**GOOD, "reference": "REF-124"})
    with pytest.raises(GatewayDown):
        paystack.verify("REF-123")


def test_test_money_is_refused_by_a_live_account(paystack, provider):
    provider.says({**GOOD, "domain": "test"})
    with pytest.raises(GatewayRefused):
        paystack.verify("REF-123")
    document = json.dumps({"event": "charge.success", "data": {**GOOD, "domain": "test"}}).encode()
    assert paystack.read(document).charge is None


def test_the_key_is_in_no_log_and_no_refusal(paystack, provider, caplog, capsys):
    provider.says(None, status=401, code="invalid_Key")
    with pytest.raises(GatewayRefused) as refused:
        paystack.verify("REF-123")
    said = "".join([str(refused.value), repr(paystack), caplog.text, *capsys.readouterr()])
    assert "gateway_refused" in said
    assert KEY not in said


def test_a_lost_answer_ends_the_payment_in_words(session):
    """The sandbox knows the reference, and we never heard its address."""
    made = payments.intent(assets.room())
    intent = get_intent(made.reference)
    intent.checkout_url, intent.started_at, intent.status = None, None, "created"
    db.session.commit()
    with pytest.raises(DuplicateReference, match="Start the payment again"):
        payments.started(made)
    assert get_intent(made.reference).status == "failed"


def test_a_silent_gateway_can_be_asked_again(session):
    gateway = registry.gateway("sandbox")
    right, gateway._base_url = gateway._base_url, "http://127.0.0.1:9"
    try:
        with pytest.raises(GatewayDown, match="Nothing was charged"):
            payments.intent(assets.room())
    finally:
        gateway._base_url = right
    reference = db.session.scalar(text("select reference from payment_intent"))
    assert payments.started(get_intent(reference)).status == "pending"


class Watched:
    """The sandbox, and whether anything was locked or open while it was asked."""

    def __init__(self, gateway, app):
        self.gateway, self.app, self.name, self.held = gateway, app, gateway.name, []

    def _look(self):
        with db.engine.connect() as other:
            self.held.append(
                other.scalar(
                    text(
                        "select count(*) from pg_stat_activity where datname = current_database()"
                        " and state like 'idle in transaction%'"
                    )
                )
            )

    def initialize(self, asked):
        self._look()
        return self.gateway.initialize(asked)

    def verify(self, reference):
        self._look()
        return self.gateway.verify(reference)

    def read(self, raw):
        return self.gateway.read(raw)


def test_nothing_is_locked_while_a_provider_thinks(app, committed, client):
    watched = Watched(registry.gateway("sandbox"), app)
    app.extensions["gateways"]["sandbox"] = watched
    try:
        made = payments.intent(assets.room())
        payments.decide(made)
        raw, headers = payments.webhook(made)
        app.extensions["gateways"]["sandbox"] = watched.gateway
        client.post(payments.WEBHOOK, data=raw, headers=headers)
        app.extensions["gateways"]["sandbox"] = watched
        inbox.process_due()
        checkout.confirm(made.reference, via="redirect", actor=payments.VISITOR)
    finally:
        app.extensions["gateways"]["sandbox"] = watched.gateway
    assert watched.held == [0, 0]
    assert get_intent(made.reference).status == "succeeded"


@pytest.fixture
def reachable(app, committed):
    """A portal whose public address is one it really answers at."""
    before = app.extensions["settings"]
    app.extensions["settings"] = replace(before, public_url=server.base_url().removesuffix("/sandbox"))
    yield
    app.extensions["settings"] = before


def test_the_sandbox_tells_by_signed_webhook_and_is_believed(app, committed, reachable):
    made = payments.intent(assets.room())
    payments.decide(made)
    assert webhooks.deliver_due() == 1
    assert webhooks.deliver_due() == 0
    inbox.process_due()
    assert get_intent(made.reference).payment.settled_via == "webhook"


def test_the_sandbox_tries_again_until_it_is_heard(app, committed, reachable):
    made = payments.intent(assets.room())
    payments.decide(made)
    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, public_url="http://127.0.0.1:9")
    assert webhooks.deliver_due() == 0
    (told,) = outgoing.about(made.reference)
    assert (told.attempts, told.error, told.status) == (1, "ConnectError", None)
    app.extensions["settings"] = settings
    assert webhooks.deliver_due() == 0, "not before its time"
    committed.execute(text("update sandbox_webhook set due_at = now()"))
    committed.commit()
    assert webhooks.deliver_due() == 1
    assert [each.attempts for each in outgoing.about(made.reference)] == [2]


def test_money_that_was_to_come_late_comes_late(app, committed, reachable):
    made = payments.intent(assets.room())
    payments.decide(made, "late", late_after=timedelta(0))
    payments.settle(made)
    assert get_intent(made.reference).status == "abandoned"
    assert webhooks.deliver_due() == 1
    inbox.process_due()
    assert get_intent(made.reference).status == "succeeded"


def test_the_sandbox_asks_for_the_key(client, session):
    answer = client.get("/sandbox/transaction/verify/x", headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json) == (401, {"status": False, "message": "Invalid key"})
