"""What has to hold of money that comes in, end to end: real commits, the stand-ins over HTTP, and the books."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, text

from jobs.schedule import SCHEDULE
from portal.gateways import sandbox
from portal.gateways.sandbox import faults, flutterwave, outgoing, webhooks
from portal.shared.access.queries import grants_of
from portal.shared.access.services import expiry
from portal.shared.assets.queries import asset_of, unit_of
from portal.shared.devices.queries import commands_of
from portal.shared.identity.models import Role
from portal.shared.ledger.models import Entry
from portal.shared.payments.models import GatewayMessage, Payment
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import checkout, inbox, intents, reviews, settlement
from tests.factories import assets, identity, payments
from tests.factories import refunds as given
from tests.support.money import sound, stands
from tests.support.passing import grants_lie_earlier

pytestmark = pytest.mark.usefixtures("committed")
FLUTTERWAVE = "/api/payment/webhook/flutterwave/"


def place_of(room):
    return asset_of(room.asset_id)


def told(client, made):
    """Paystack's signed message arrives and is worked off."""
    raw, headers = payments.webhook(made)
    assert client.post(payments.WEBHOOK, data=raw, headers=headers).status_code == 200
    inbox.process_due()


def comes_back(client, made):
    """The page the payer's browser ends on, coming from the checkout."""
    return client.get(f"/pay/{made.reference}?trxref={made.reference}", follow_redirects=True).text


def count(session, model):
    session.rollback()
    return session.scalar(select(func.count()).select_from(model))


def by_flutterwave(room, outcome="paid"):
    """A room paid at Flutterwave's checkout, nothing told yet."""
    made = payments.started(payments.opened(room, provider="flutterwave"))
    flutterwave.decide(token=made.provider_ref, outcome=flutterwave.Outcome(outcome))
    return made


def told_by_flutterwave(app, client, made):
    """Its message arrives, with the hash it always carries, and is worked off."""
    (message,) = outgoing.about(made.reference, "flutterwave")
    headers = webhooks.headers_of(message, app.extensions["settings"])
    assert client.post(FLUTTERWAVE, data=message.body.encode(), headers=headers).status_code == 200
    inbox.process_due()


def test_a_message_quicker_than_the_browser_has_the_page_ready_and_grants_once(client):
    room = assets.room()
    made = payments.intent(room)
    payments.decide(made)
    told(client, made)
    page = comes_back(client, made)
    assert "Paid. Unlocking…" in page
    assert get_intent(made.reference).payment.settled_via == "webhook"
    assert len(grants_of(room.id)) == len(commands_of(room.id)) == 1
    assert sound()


def test_a_message_three_days_after_the_browser_opens_nothing_again(client, committed):
    room = assets.room()
    made = payments.intent(room)
    payments.decide(made)
    assert "Paid. Unlocking…" in comes_back(client, made)
    before = stands(place_of(room))
    _passes(committed, hours=71)
    assert expiry.expire_ended() == 1
    told(client, made)
    committed.expire_all()
    assert unit_of(room.id).status == "expired"
    assert [each.action for each in commands_of(room.id)].count("unlock") == 1
    assert (count(committed, Payment), count(committed, Entry), len(grants_of(room.id))) == (1, 1, 1)
    assert committed.scalar(select(GatewayMessage.status)) == "done"
    assert stands(place_of(room)) == before
    assert sound()


def test_without_message_and_browser_the_poller_settles_within_35_seconds(committed):
    made = payments.intent(assets.room())
    payments.decide(made)  # the payer is quick: the provider knows of success from now on
    assert settlement.poll_due() == 0
    every = next(job.every for job in SCHEDULE if job.run is settlement.poll_due)
    assert settlement.POLL_AFTER[0] + timedelta(seconds=every) <= timedelta(seconds=35)
    _passes(committed, seconds=30 + every)
    assert settlement.poll_due() == 1
    assert get_intent(made.reference).payment.settled_via == "poller"
    assert sound()


def test_the_provider_says_less_than_its_message_and_managers_decide(app, client):
    """Asked for 1,000; the signed message says 1,000, the provider when asked 100."""
    room = assets.room(price=100_000)
    managers = [app.test_client() for _each in range(2)]
    for each in managers:
        identity.sign_in(each, identity.member(place_of(room), Role.MANAGER))
    made = payments.intent(room)
    payments.decide(made)
    faults.set(provider="paystack", operation="verify", kind="wrong_amount")
    told(client, made)
    assert (get_intent(made.reference).status, get_intent(made.reference).review_reason) == (
        "review", "amount_below_intent",
    )  # fmt: skip
    assert unit_of(room.id).status != "active"
    assert not commands_of(room.id)
    standing = stands(place_of(room))
    assert standing["held"] == 10_000
    assert "hire" not in standing
    fragment = {"HX-Request": "true", "HX-Target": "bell"}
    for each in managers:
        bell = each.get(f"/home/{place_of(room).asset_number}/bell", headers=fragment).text
        assert "1 payment needs a decision" in bell
    assert sound()


def test_a_charge_the_payer_bore_is_booked_to_the_last_kobo(client):
    """Paystack's own sample: 300.50 asked for, 403.33 charged, 102.83 of it the provider's."""
    room = assets.room(price=30_050)
    made = payments.intent(room)
    payments.decide(made, "fees_on_top", fees=10_283)
    told(client, made)
    assert get_intent(made.reference).status == "succeeded"
    assert stands(place_of(room)) == {
        "at sandbox": 30_050, "charges": 10_283, "charges passed on": 10_283, "hire": 30_050,
    }  # fmt: skip
    assert sound()


def test_flutterwaves_hundred_is_ten_thousand_kobo(app, client):
    room = assets.room(price=10_000)
    made = by_flutterwave(room)
    answer = httpx.get(
        sandbox.base_url("flutterwave") + "/v3/transactions/verify_by_reference",
        params={"tx_ref": made.reference},
        headers={"Authorization": f"Bearer {sandbox.flutterwave_key(app.extensions['settings'])}"},
        trust_env=False,
    )
    assert answer.json()["data"]["amount"] == 100
    told_by_flutterwave(app, client, made)
    payment = get_intent(made.reference).payment
    assert (payment.amount, payment.currency, payment.fee) == (10_000, "NGN", 140)
    assert stands(place_of(room)) == {"at flutterwave": 9_860, "charges": 140, "hire": 10_000}
    assert sound()


@pytest.mark.parametrize("provider", ["sandbox", "flutterwave"])
def test_the_right_number_in_another_currency_waits_for_a_person(app, client, provider):
    room = assets.room()
    if provider == "flutterwave":
        made = by_flutterwave(room, "wrong_currency")
        told_by_flutterwave(app, client, made)
    else:
        made = payments.intent(room)
        payments.decide(made, "wrong_currency")
        told(client, made)
    intent = get_intent(made.reference)
    assert (intent.status, intent.review_reason) == ("review", "wrong_currency")
    assert (intent.payment.currency, intent.payment.amount) == ("USD", room.price)
    assert stands(place_of(room)) == {}
    assert stands(place_of(room), currency="USD")["held"] == room.price
    assert not commands_of(room.id)
    assert sound()


def test_a_thousand_forged_messages_leave_every_table_as_it_was(app, client, committed):
    made = payments.intent(assets.room())
    payments.decide(made)
    raw, headers = payments.webhook(made)
    other = by_flutterwave(assets.room())
    (message,) = outgoing.about(other.reference, "flutterwave")
    before = _rows(committed)
    said = set()
    for n in range(1_000):
        at = n % len(raw)
        forged = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        said.add(client.post(payments.WEBHOOK, data=forged, headers=headers).status_code)
    for n in range(100):
        said.add(client.post(FLUTTERWAVE, data=message.body, headers={"verif-hash": f"guess {n}"}).status_code)
    assert said == {401, 429}
    assert _rows(committed) == before
    told(client, made)  # what is really signed passes all the same, from the very same address
    told_by_flutterwave(app, client, other)
    assert {get_intent(each.reference).status for each in (made, other)} == {"succeeded"}


def _passes(session, **time):
    """So much time goes by for whatever has a moment of its own: what is to be paid, asked about, or let."""
    for statement in (
        "update payment_intent set created_at = created_at - :by, started_at = started_at - :by,"
        " expires_at = expires_at - :by, next_poll_at = next_poll_at - :by",
        "update unit set activated_at = activated_at - :by, expires_at = expires_at - :by",
    ):
        session.execute(text(statement.replace(":by", "cast(:by as interval)")), {"by": timedelta(**time)})
    grants_lie_earlier(timedelta(**time))
    session.commit()
    session.expire_all()


def _rows(session):
    """Every row of every table, but for the counters of who forges and what the provider keeps of itself."""
    session.rollback()
    tables = session.scalars(
        text(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in"
            " ('r', 'p') and not c.relispartition and n.nspname = 'public' and c.relname not like '%throttle%'"
        )
    ).all()
    return {each: session.scalar(text(f"select count(*) from {each}")) for each in tables}


@pytest.mark.parametrize("end", ["free", "credit", "refund"])
def test_money_in_minute_31_is_never_lost(client, committed, end):
    room = assets.room()
    place = place_of(room)
    late = payments.intent(room)
    _passes(committed, minutes=31)
    assert intents.expire_due() == 1
    if end != "free":
        payments.paid(room, email="bola@example.com")
    payments.decide(late)
    told(client, late)
    fee = 25_000  # 1.5 % of 10,000.00 and 100.00
    if end == "free":
        assert (get_intent(late.reference).status, unit_of(room.id).status) == ("succeeded", "active")
        assert stands(place) == {"at sandbox": room.price - fee, "charges": fee, "hire": room.price}
        assert sound()
        return
    assert get_intent(late.reference).review_reason == "late_unit_let_to_another"
    both = {"at sandbox": 2 * (room.price - fee), "charges": 2 * fee, "hire": room.price}
    assert stands(place) == both | {"held": room.price}
    if end == "credit":
        reviews.accept(reference=late.reference, reason="Comes again in May", actor=given.MANAGER)
        taken = get_intent(late.reference)
        assert stands(place, customer=taken.customer_id) == both | {"credit": room.price}
    else:
        refund = reviews.send_back(reference=late.reference, reason="Found another hotel", actor=given.MANAGER)
        assert stands(place) == both | {"refunds under way": room.price}
        assert given.arrived(refund).status == "processed"
        assert stands(place) == both | {"at sandbox": room.price - 2 * fee}
    assert len(grants_of(room.id)) == 1
    assert sound()


def test_a_transaction_of_one_payment_told_as_anothers_moves_nothing(client, committed):
    first, second = payments.paid(assets.room()), payments.intent(assets.room())
    payments.decide(second)
    committed.execute(text("update payment set provider_txn_id = (select number::text from sandbox_transaction"
                           " where reference = :r)"), {"r": second.reference})  # fmt: skip
    committed.commit()
    told(client, second)
    assert checkout.confirm(second.reference, via="redirect", actor=payments.VISITOR).status == "pending"
    assert count(committed, Payment) == 1
    assert committed.scalar(
        text("select count(*) from audit_entry where action = 'payment.transaction_of_another_payment'")
    )
    assert get_intent(first.reference).status == "succeeded"
    assert sound()
