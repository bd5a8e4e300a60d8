"""Many hands on the same money at once: real commits, real HTTP, real threads."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select

from portal.core.clock import utcnow
from portal.gateways.sandbox import server
from portal.shared.access.models import AccessGrant
from portal.shared.access.queries import grants_of
from portal.shared.access.services import expiry
from portal.shared.assets.models import Unit
from portal.shared.assets.queries import unit_of
from portal.shared.devices.models import DeviceCommand
from portal.shared.devices.queries import commands_of
from portal.shared.ledger.models import Entry
from portal.shared.payments.models import GatewayMessage, Payment
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import checkout, inbox, intents, settlement
from tests.factories import assets, devices, payments
from tests.support.money import sound
from tests.support.passing import grants_lie_earlier


@pytest.fixture
def url(committed, app):
    """The portal answering over HTTP."""
    return server.base_url().removesuffix("/sandbox")


def at_once(app, *works):
    """Run each in a thread and an app context of its own, all let go at the same moment; returns what each said."""
    ready = threading.Barrier(len(works))

    def run(work):
        with app.app_context():
            ready.wait(10)
            return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_fifty_webhooks_the_redirect_and_the_poller_are_one_payment(app, committed, url):
    room = assets.room()
    made = payments.intent(room)
    payments.decide(made)
    get_intent(made.reference).next_poll_at = utcnow()
    committed.commit()
    raw, headers = payments.webhook(made)
    took = []

    def webhook():
        begun = time.monotonic()
        status = httpx.post(url + payments.WEBHOOK, content=raw, headers=headers, timeout=20).status_code
        took.append(time.monotonic() - begun)
        return status

    def redirect():
        return checkout.confirm(made.reference, via="redirect", actor=payments.VISITOR).status

    def poller():
        return settlement.poll_due()

    def worker():
        return sum(inbox.process_due() or time.sleep(0.05) or 0 for _turn in range(8))

    said = at_once(app, *[webhook] * 50, *[redirect] * 3, *[poller] * 2, *[worker] * 2)
    assert said[:50] == [200] * 50
    assert said[50:53] == ["succeeded"] * 3
    inbox.process_due()
    committed.expire_all()
    assert count(committed, Payment) == count(committed, AccessGrant) == count(committed, DeviceCommand) == 1
    message = committed.scalars(select(GatewayMessage)).one()
    assert (message.deliveries, message.status) == (50, "done")
    assert commands_of(room.id)[0].action == "unlock"
    assert count(committed, Entry) == 1
    assert sound()
    assert sorted(took)[-3] < 5


def test_twenty_people_asking_for_the_same_checkout_get_one(app, committed, url):
    made = _opened(assets.room())
    said = at_once(app, *[lambda: payments.started(made).checkout_url] * 20)
    assert len(set(said)) == 1


def test_the_same_idempotency_key_at_once_opens_one_intent(app, committed, url):
    room = assets.room()
    said = at_once(app, *[lambda: _opened(room, idem_key="once", asked=b"same").reference] * 12)
    assert len(set(said)) == 1


def test_one_transaction_on_two_intents_at_once_pays_one(app, committed, url):
    from tests.payments.test_settle import charge

    first, second = payments.intent(assets.room()), payments.intent(assets.room())
    said = at_once(
        app,
        *[
            lambda made=made: (
                settlement.settle(
                    charge=charge(made, transaction_id="one"), provider="sandbox", via="webhook", actor=payments.VISITOR
                ).verdict
            )
            for made in (first, second)
        ],
    )
    assert sorted(said) == ["refused", "settled"]


def test_two_payers_for_one_room_at_once_one_is_let_in(app, committed, url):
    room = assets.room()
    made = [payments.intent(room, email=f"guest{n}@example.com") for n in range(6)]
    for each in made:
        payments.decide(each)
    said = at_once(app, *[lambda each=each: payments.settle(each).verdict for each in made])
    assert sorted(said) == ["held"] * 5 + ["settled"]
    assert len(grants_of(room.id)) == len(commands_of(room.id)) == 1
    assert count(committed, Payment) == 6


@pytest.mark.parametrize("runs", [25, pytest.param(200, marks=pytest.mark.chaos)])
def test_expiry_and_a_late_payment_never_leave_a_paid_room_shut(app, committed, url, runs):
    """Scenario 17: the room ends active with the new end, and the last word to its door is to open till then."""
    for run in range(runs):
        room = assets.room()
        registered = run % 2 and devices.envelope(room)
        payments.paid(room)
        made = payments.intent(room)
        payments.decide(made)
        _time_is_up(committed, room)
        at_once(app, expiry.expire_ended, lambda made=made: payments.settle(made), expiry.expire_ended)
        committed.expire_all()
        unit = unit_of(room.id)
        assert unit.status == "active"
        assert unit.expires_at > utcnow()
        assert commands_of(room.id)[0].action == "unlock"
        assert commands_of(room.id)[0].status == "queued"
        assert commands_of(room.id)[0].lease_until == (unit.expires_at if registered else None)


def _opened(room: Unit, **changes):
    from portal.shared.access.services.offers import PURPOSE

    return intents.open_intent(
        purpose=PURPOSE, subject_id=room.id, amount=room.price, payer_email=payments.GUEST, actor=payments.VISITOR,
        **changes,
    ).intent  # fmt: skip


def _time_is_up(session, room):
    """Move a room's whole grant into the past, so that it ends now."""
    from sqlalchemy import text

    grants_lie_earlier(timedelta(days=1), room.id)
    session.execute(text("update unit set expires_at = expires_at - interval '1 day' where id = :u"), {"u": room.id})
    session.commit()
