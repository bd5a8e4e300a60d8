"""A visitor scans a label, pays, and sees the door open: with plain forms and with htmx."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from portal import create_app
from portal.core.clock import utcnow
from portal.core.db import db
from portal.extensions import limiter
from portal.shared.access.queries import grants_of
from portal.shared.assets.queries import unit_of
from portal.shared.assets.services import registry
from portal.shared.devices.models import CommandStatus
from portal.shared.devices.queries import commands_of
from portal.shared.devices.services import commands
from portal.shared.payments import providers
from portal.shared.payments.queries import get_intent, payments_for
from tests.factories import assets, payments
from tests.support.databases import settings_for_tests

pytestmark = pytest.mark.usefixtures("session")
FORM = {"periods": "2", "email": "ada@example.com", "phone_number": "", "other": "", "once": "a-form-shown-once"}


def pay(client, room, outcome="paid", **changes):
    """From the label to the page the provider sends the payer back to; returns the reference."""
    answer = client.post(f"/u/{room.label}", data={**FORM, **changes})
    assert answer.status_code == 303, answer.text
    checkout = client.get(answer.location)
    assert checkout.status_code == 303
    there = urlsplit(checkout.location).path
    assert "Pay half a minute late" in client.get(there).text
    back = client.post(there, data={"outcome": outcome})
    assert back.status_code == 303, back.text
    came = client.get(urlsplit(back.location).path + "?" + urlsplit(back.location).query)
    assert came.status_code == 303
    return came.location.rsplit("/", 1)[1]


@pytest.fixture
def phones_first(monkeypatch):
    """A business that set up M-Pesa before the provider with a checkout page, whose charge the payer bears."""
    offers = [providers.Chosen("mpesa", None, False), providers.Chosen("sandbox", None, True)]
    monkeypatch.setattr(providers, "offered", lambda _business: offers)


def test_the_page_leads_to_a_provider_that_has_a_page(client, phones_first):
    room = assets.room()
    assert "What Sandbox charges comes on top" in client.get(f"/u/{room.label}").text
    assert get_intent(pay(client, room)).provider == "sandbox"


def test_from_the_label_to_the_open_door(client):
    room = assets.room(room_type="Double")
    door = client.get(f"/u/{room.label.lower()}").text
    assert f"Room {room.number}" in door
    assert "₦10,000.00" in door
    assert "₦20,000.00" in door
    reference = pay(client, room)
    assert grants_of(room.id)[0].ends_at - grants_of(room.id)[0].starts_at == timedelta(days=2)
    waiting = client.get(f"/pay/{reference}").text
    assert "Paid. Unlocking…" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    commands.finished(command_id=commands_of(room.id)[0].id, status=CommandStatus.DONE)
    opened = client.get(f"/pay/{reference}", headers={"HX-Request": "true", "HX-Target": "state"}).text
    assert "Unlocked" in opened
    assert opened.lstrip().startswith('<section id="state"')
    assert "every 2s" not in opened
    receipt = client.get(f"/pay/{reference}/receipt").text
    assert "₦20,000.00" in receipt
    assert reference in receipt


def test_coming_back_twice_grants_once(client):
    room = assets.room()
    reference = pay(client, room)
    for _again in range(2):
        client.get(f"/pay/{reference}?trxref={reference}")
    assert len(grants_of(room.id)) == len(commands_of(room.id)) == 1


def test_the_same_form_sent_twice_is_one_payment(client):
    room = assets.room()
    first, second = (client.post(f"/u/{room.label}", data=FORM).location for _turn in range(2))
    assert first == second
    assert len(payments_for(room.id)) == 1


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("failed", "The payment failed"),
        ("abandoned", "Not paid yet"),
        ("late", "Not paid yet"),
        ("wrong_amount", "We are looking at your payment"),
        ("wrong_currency", "We are looking at your payment"),
    ],
)
def test_when_it_goes_wrong_the_door_stays_shut_and_the_page_says_why(client, outcome, words):
    room = assets.room()
    reference = pay(client, room, outcome)
    assert words in client.get(f"/pay/{reference}").text
    assert not commands_of(room.id)
    assert unit_of(room.id).status == "inactive"


def test_whoever_gave_up_can_go_on_with_the_same_payment(client):
    room = assets.room()
    reference = pay(client, room, "abandoned")
    assert "Go to the payment" in client.get(f"/pay/{reference}").text
    payments.decide(get_intent(reference))
    client.get(f"/pay/{reference}?trxref={reference}")
    assert get_intent(reference).status == "succeeded"
    assert client.get(f"/pay/{reference}/checkout").location == f"/pay/{reference}"


def test_a_door_that_was_not_reached_says_paid_all_the_same(client):
    room = assets.room()
    reference = pay(client, room)
    command = commands_of(room.id)[0]
    db.session.execute(
        text("update device_command set not_after = now() - interval '1 s' where id = :i"), {"i": command.id}
    )
    db.session.commit()
    commands.expire_overdue()
    assert "Paid, lock not reached yet" in client.get(f"/pay/{reference}").text


def test_a_let_room_says_until_when_and_refuses_strangers_only(client):
    room = assets.room()
    pay(client, room)
    assert "Is it yours?" in client.get(f"/u/{room.label}").text
    refused = client.post(f"/u/{room.label}", data={**FORM, "email": "bola@example.com", "once": "other"})
    assert refused.status_code == 422
    assert re.search(rf"Room {room.number} is let until \d+ \w+ \d\d:\d\d\. Choose another one", refused.text)
    reference = pay(client, room, once="second")
    assert "your time is extended" in client.get(f"/pay/{reference}").text


def test_a_room_out_of_use_offers_no_form(client):
    room = assets.room()
    registry.suspend(unit_id=room.id, reason="Burst pipe", actor=assets.ACTOR)
    page = client.get(f"/u/{room.label}").text
    assert "out of use for now" in page
    assert "<form" not in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": ""}, "Enter the e-mail."),
        ({"email": "ada"}, "This is not an e-mail address."),
        ({"periods": "99"}, "Choose one from the list."),
        ({"other": "0"}, "at least 1"),
        ({"other": "367"}, "at most"),
        ({"other": "١٢"}, "whole number"),
        ({"phone_number": "abc"}, "This is not a phone number."),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(client, changes, words):
    room = assets.room()
    refused = client.post(f"/u/{room.label}", data={**FORM, **changes})
    assert refused.status_code == 422
    assert payments_for(room.id) == []
    assert words.lower() in refused.text.lower()


@pytest.mark.parametrize(
    "path", ["/u/NOPE", "/u/%00", "/u/ünit", "/pay/NOPE", "/pay/NOPE/receipt", "/pay/%00", "/sandbox/checkout/x"]
)
def test_what_is_not_there_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_the_sandbox_takes_only_its_own_words(client):
    made = payments.intent(assets.room())
    there = f"/sandbox/checkout/{made.provider_ref}"
    assert client.post(there, data={"outcome": "free"}).status_code == 422
    assert client.post(there).status_code == 422
    payments.decide(made)
    assert client.post(there, data={"outcome": "failed"}).status_code == 422
    assert "has been made" in client.get(there).text


def test_a_payer_bound_for_another_site_is_led_by_a_page(client):
    made = payments.intent(assets.room())
    get_intent(made.reference).checkout_url = "https://checkout.example.com/x"
    db.session.commit()
    page = client.get(f"/pay/{made.reference}/checkout")
    assert page.status_code == 200
    assert '<meta http-equiv="refresh" content="0;url=https://checkout.example.com/x">' in page.text


def test_a_payment_whose_time_is_over_can_be_made_again(client):
    room = assets.room()
    made = payments.intent(room)
    get_intent(made.reference).expires_at = utcnow() - timedelta(minutes=1)
    from portal.shared.payments.services import intents

    intents.expire_due()
    assert "Pay again" in client.get(f"/pay/{made.reference}").text


def test_money_for_a_room_that_was_deleted_meanwhile_is_not_lost_from_sight(client):
    room = assets.room()
    made = payments.intent(room)
    registry.delete_unit(unit_id=room.id, actor=assets.ACTOR)
    waiting = client.get(f"/pay/{made.reference}")
    assert "A room or vehicle that is not there any more" in waiting.text
    payments.decide(made)
    payments.settle(made)
    assert "We are looking at your payment" in client.get(f"/pay/{made.reference}").text
    assert "waits for a decision at the desk" in client.get(f"/pay/{made.reference}/receipt").text


@pytest.fixture
def limited(database_url):
    """The same portal with its limits on."""
    yield create_app(replace(settings_for_tests(database_url), ratelimit_enabled=True)).test_client()
    limiter.enabled = False


def test_forty_guests_behind_one_router_wait_for_their_doors_at_once(limited):
    """Each page looks again every two seconds: that is 30 looks a minute and guest."""
    looks = [limited.get(f"/pay/NOBODYS-{guest}").status_code for _look in range(8) for guest in range(40)]
    assert set(looks) == {404}
    assert [limited.get("/pay/NOBODYS-0").status_code for _look in range(240)][-1] == 429
