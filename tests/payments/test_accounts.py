"""Provider accounts of a business's own: keys that never come out again, and messages heard for the right account."""

import hashlib
import hmac
import json
import threading

import pytest
from sqlalchemy import select, text
from werkzeug.serving import make_server

from portal.core import vault
from portal.core.db import db
from portal.gateways.base import BadSignature, Charge, ChargeStatus
from portal.shared.audit.queries import trail
from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing
from portal.shared.payments import paybill_accounts, providers
from portal.shared.payments.models import GatewayMessage
from portal.shared.payments.services import accounts, bands, inbox, settlement
from tests.factories import assets, bills, identity, payments

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("session")]
KEY = "sk_test_" + "a1b2c3d4e5f6g7h8"
OTHER = "sk_test_" + "z9y8x7w6v5u4t3s2"
BY = assets.ACTOR


def set_up(place, key=KEY, provider="paystack", by_payer=False, **changes):
    """Keys that serve: a person has switched them on."""
    enter(place, key, provider, by_payer, **changes)
    return accounts.switch(place=place, provider=provider, enabled=True, actor=BY)


def enter(place, key=KEY, provider="paystack", by_payer=False, **changes):
    given = {"secret_key": key, **changes}
    return accounts.set_up(place=place, provider=provider, given=given, payer_bears_charges=by_payer, actor=BY)


def test_a_key_is_stored_so_that_a_copy_of_the_database_opens_nothing():
    account = set_up(assets.place())
    row = db.session.execute(text("select secrets, hints::text from gateway_account")).one()
    assert KEY.encode() not in bytes(row.secrets)
    assert KEY not in row.hints
    assert account.hints == {"secret_key": "…g7h8"}
    assert vault.opened(account.secrets) == {"secret_key": KEY}


def test_the_trail_tells_who_changed_it_and_never_the_key():
    place = assets.place()
    set_up(place)
    (entry,) = [each for each in trail(asset_id=place.id) if each.action == "gateway_account.set_up"]
    assert KEY not in json.dumps(entry.after)


def test_an_empty_box_keeps_the_key_that_is_stored():
    place = assets.place()
    set_up(place, provider="flutterwave", key="FLWSECK_TEST-12345", secret_hash="h" * 24)
    account = set_up(place, provider="flutterwave", key="", secret_hash="n" * 24)
    assert vault.opened(account.secrets) == {"secret_key": "FLWSECK_TEST-12345", "secret_hash": "n" * 24}
    assert account.version == 2


@pytest.mark.parametrize(
    ("key", "error"),
    [("", accounts.KeyMissing), ("pk_live_12345678", accounts.NotAKey), ("sk_test_ü", accounts.NotAKey)],
)
def test_what_cannot_be_a_key_is_refused_on_its_field(key, error):
    with pytest.raises(error) as refused:
        set_up(assets.place(), key=key)
    assert refused.value.field == "secret_key"


def test_payments_go_through_the_account_of_the_business():
    place, stranger = assets.place(), assets.place()
    account = set_up(place)
    assert providers.choose(None, place.business_id).account_id == account.id
    assert providers.choose(None, stranger.business_id).account_id is None
    accounts.switch(place=place, provider="paystack", enabled=False, actor=BY)
    assert "paystack" not in [each.provider for each in providers.offered(place.business_id)]


def test_what_was_begun_at_an_account_is_finished_there_after_it_was_switched_off():
    place = assets.place()
    account = set_up(place)
    begun = payments.opened(assets.room(place), provider="paystack")
    accounts.switch(place=place, provider="paystack", enabled=False, actor=BY)
    assert begun.gateway_account_id == account.id
    assert providers.gateway_of(begun) is providers.gateway_for("paystack", place.business_id)


def told(intent, key, amount=None):
    """A charge.success about an intent, signed with a key."""
    data = {"id": 77, "reference": intent.reference, "status": "success", "currency": intent.currency}
    raw = json.dumps({"event": "charge.success", "data": {**data, "amount": amount or intent.amount}}).encode()
    return raw, {"x-paystack-signature": hmac.new(key.encode(), raw, hashlib.sha512).hexdigest()}


def test_a_message_is_heard_for_the_account_whose_key_signed_it():
    place = assets.place()
    account = set_up(place)
    raw, headers = told(payments.opened(assets.room(place), provider="paystack"), KEY)
    inbox.receive(provider="paystack", headers=headers, raw=raw, address="127.0.0.1")
    message = db.session.scalars(select(GatewayMessage)).one()
    assert message.gateway_account_id == account.id


def test_the_key_of_one_business_cannot_speak_for_anothers_payment():
    victim, rogue = assets.place(), assets.place()
    set_up(victim)
    set_up(rogue, OTHER)
    intent = payments.opened(assets.room(victim), provider="paystack")
    raw, headers = told(intent, OTHER)
    inbox.receive(provider="paystack", headers=headers, raw=raw, address="127.0.0.1")
    inbox.process_due()
    db.session.refresh(intent)
    assert intent.status == "created"
    assert db.session.scalars(select(GatewayMessage)).one().status == "unmatched"
    raw, headers = told(intent, KEY)
    assert inbox.receive(provider="paystack", headers=headers, raw=raw, address="127.0.0.1").deliveries == 1


def test_a_key_that_two_businesses_share_is_heard_for_the_one_that_began(app):
    """The same merchant behind two businesses, or keys that moved here from the settings."""
    places = [assets.place(), assets.place()]
    held = [set_up(each) for each in places]
    for place, account in zip(places, held, strict=True):
        raw, headers = told(payments.opened(assets.room(place), provider="paystack"), KEY)
        inbox.receive(provider="paystack", headers=headers, raw=raw, address="127.0.0.1")
        kept = db.session.scalars(select(GatewayMessage).order_by(GatewayMessage.id.desc()).limit(1)).one()
        assert kept.gateway_account_id == account.id


def test_a_key_that_was_replaced_signs_nothing_any_more():
    place = assets.place()
    set_up(place)
    raw, headers = told(payments.opened(assets.room(place), provider="paystack"), KEY)
    set_up(place, OTHER)
    with pytest.raises(BadSignature):
        inbox.receive(provider="paystack", headers=headers, raw=raw, address="127.0.0.1")


@pytest.fixture
def provider(app):
    """A provider that knows one key, over HTTP."""

    def answer(environ, start):
        known = environ.get("HTTP_AUTHORIZATION") == f"Bearer {KEY}"
        body = {"status": known, "message": "ok" if known else "Invalid key", "data": [] if known else None}
        start("200 OK" if known else "401 Unauthorized", [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    server = make_server("127.0.0.1", 0, answer, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = app.extensions["settings"]
    before = settings.paystack_base_url
    object.__setattr__(settings, "paystack_base_url", f"http://127.0.0.1:{server.server_port}")
    yield
    object.__setattr__(settings, "paystack_base_url", before)
    app.extensions.pop("own_gateways", None)
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("provider")
def test_the_test_button_says_whether_the_provider_knows_the_key(client):
    place = assets.place()
    identity.sign_in(client, identity.member(place))
    at = f"/payments/{place.asset_number}/providers"
    assert "Not set up" in client.get(at).text
    client.post(f"{at}/paystack", data={"secret_key": KEY})
    assert "To be tested" in client.get(at).text
    assert providers.choose(None, place.business_id).account_id is None
    page = client.post(f"{at}/paystack/test", follow_redirects=True).text
    assert "The provider knows these keys." in page
    assert "…g7h8" in page
    assert providers.choose(None, place.business_id).provider == "paystack"
    client.post(f"{at}/paystack", data={"secret_key": OTHER, "payer_bears_charges": "y"})
    page = client.post(f"{at}/paystack/test", follow_redirects=True).text
    assert "The provider said no" in page
    assert KEY not in page
    assert OTHER not in page
    assert "Borne by the payer" in page


def test_a_refused_key_is_not_shown_back(client):
    place = assets.place()
    identity.sign_in(client, identity.member(place))
    page = client.post(f"/payments/{place.asset_number}/providers/paystack", data={"secret_key": "pk_wrong_123456789"})
    assert page.status_code == 422
    assert "pk_wrong_123456789" not in page.text
    assert "does not look like one from Paystack" in page.text


def test_where_the_payer_bears_the_charge_the_house_gets_its_price_to_the_last_kobo():
    place = assets.place()
    bands.load_known()
    set_up(place, by_payer=True)
    room = assets.room(place)
    intent = payments.opened(room, provider="paystack")
    fee = bands.charge("paystack", "collection", intent.asked, "NGN")
    assert intent.amount == room.price
    assert fee > 0
    assert intent.asked - fee >= room.price > intent.asked - 1 - fee
    charge = Charge(
        reference=intent.reference,
        status=ChargeStatus.SUCCESS,
        amount=intent.asked,
        fee=fee,
        currency="NGN",
        transaction_id="1",
    )
    settled = settlement.settle(charge=charge, provider="paystack", via="poller", actor=BY)
    assert settled.verdict == "settled"
    stands = {
        account: standing(place.business_id, place.id, account, "NGN")
        for account in ("1100:paystack", chart.HIRE, chart.PROVIDER_CHARGES, chart.CHARGES_PASSED_ON)
    }
    assert stands == {
        "1100:paystack": intent.asked - fee,
        chart.HIRE: room.price,
        chart.PROVIDER_CHARGES: fee,
        chart.CHARGES_PASSED_ON: intent.surcharge,
    }


def test_less_than_was_asked_for_is_held_though_it_would_cover_the_price():
    place = assets.place()
    bands.load_known()
    set_up(place, by_payer=True)
    intent = payments.opened(assets.room(place), provider="paystack")
    charge = Charge(
        reference=intent.reference,
        status=ChargeStatus.SUCCESS,
        amount=intent.amount,
        currency="NGN",
        transaction_id="2",
    )
    assert settlement.settle(charge=charge, provider="paystack", via="poller", actor=BY).verdict == "held"


@pytest.mark.usefixtures("provider")
def test_keys_that_never_passed_a_test_send_nobody_anywhere():
    place = assets.place()
    enter(place, OTHER)
    tested = accounts.test(place=place, provider="paystack", actor=BY)
    assert not tested.test_passed
    assert [each.account_id for each in providers.offered(place.business_id)].count(tested.id) == 0
    assert payments.opened(assets.room(place)).provider == "sandbox"
    enter(place)
    assert accounts.test(place=place, provider="paystack", actor=BY).enabled
    assert payments.opened(assets.room(place)).provider == "paystack"


def test_paybill_keys_that_never_passed_a_test_leave_the_paybill_where_it_is():
    place = assets.place(currency="KES", timezone="Africa/Nairobi")
    keys = {"consumer_key": "consumer-key", "consumer_secret": "consumer-secret", "passkey": "the-passkey"}
    account = accounts.set_up(
        place=place, provider="mpesa", given=keys | {"shortcode": "600123"}, payer_bears_charges=False, actor=BY
    )
    bill = bills.bill(place)
    assert paybill_accounts.of_place(place).account_id is None
    assert paybill_accounts.pay_from_a_phone(place, bill)[0] != "600123"
    accounts.switch(place=place, provider="mpesa", enabled=True, actor=BY)
    assert paybill_accounts.of_place(place).account_id == account.id
    assert paybill_accounts.pay_from_a_phone(place, bill)[0] == "600123"
