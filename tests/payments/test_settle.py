"""Money is checked once, counted once, and does its work once, whatever the payer and the provider do."""

from datetime import timedelta

import pytest

from portal.core.clock import utcnow
from portal.gateways import registry
from portal.gateways.base import Charge, ChargeStatus
from portal.reporting.revenue import total_revenue
from portal.shared.access.queries import grant_in_force, grants_of
from portal.shared.assets.queries import asset_of, unit_of
from portal.shared.assets.services import registry as rooms
from portal.shared.audit.queries import trail
from portal.shared.devices.queries import commands_of
from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing
from portal.shared.payments.queries import credit_of, get_intent
from portal.shared.payments.services import checkout, intents, reviews, settlement
from portal.shared.payments.services.settlement import Verdict
from tests.factories import assets, payments

pytestmark = pytest.mark.usefixtures("session")


def charge(made, **changes):
    """What a provider could say of an intent."""
    said = {
        "reference": made.reference,
        "status": ChargeStatus.SUCCESS,
        "amount": made.amount,
        "currency": made.currency,
        "transaction_id": f"T-{made.reference[:5]}",
    }
    return Charge(**(said | changes))


def news(made, provider="sandbox", **changes):
    return settlement.settle(charge=charge(made, **changes), provider=provider, via="webhook", actor=payments.VISITOR)


def shut(room):
    return unit_of(room.id).status != "active" and not commands_of(room.id) and grant_in_force(room.id) is None


def test_a_paid_room_opens_for_a_day():
    room = assets.room()
    made = payments.paid(room)
    assert get_intent(made.reference).status == "succeeded"
    assert unit_of(room.id).status == "active"
    assert unit_of(room.id).expires_at - utcnow() == pytest.approx(timedelta(hours=24), abs=timedelta(seconds=5))
    assert [(c.capability, c.action) for c in commands_of(room.id)] == [("access", "unlock")]
    assert total_revenue(room.asset_id) == room.price


def test_a_paid_vehicle_starts():
    car = assets.vehicle()
    payments.paid(car)
    assert [(c.capability, c.action) for c in commands_of(car.id)] == [("ignition", "turn_on")]


def test_the_same_news_twice_is_one_payment():
    room = assets.room()
    made = payments.paid(room)
    assert payments.settle(made).verdict is Verdict.ALREADY
    assert len(grants_of(room.id)) == len(commands_of(room.id)) == 1
    assert total_revenue(room.asset_id) == room.price


def test_one_naira_buys_no_day_of_a_ten_thousand_naira_room():
    room = assets.room()
    made = payments.intent(room)
    payments.decide(made, "wrong_amount")
    assert payments.settle(made).verdict is Verdict.HELD
    assert get_intent(made.reference).review_reason == "amount_below_intent"
    assert shut(room)
    assert total_revenue(room.asset_id) == 0
    assert [money.minor for money in credit_of(room.asset_id, payments.GUEST)] == [1]


def test_a_price_that_changes_on_the_way_changes_nothing():
    room = assets.room()
    made = payments.intent(room)
    rooms.amend_unit(unit_id=room.id, price=room.price * 3, actor=assets.ACTOR)
    payments.decide(made)
    payments.settle(made)
    assert get_intent(made.reference).status == "succeeded"
    assert unit_of(room.id).expires_at - utcnow() == pytest.approx(timedelta(hours=24), abs=timedelta(seconds=5))
    assert total_revenue(room.asset_id) == made.amount


def test_another_currency_is_held_and_is_no_revenue():
    room = assets.room()
    made = payments.intent(room)
    payments.decide(made, "wrong_currency")
    assert payments.settle(made).verdict is Verdict.HELD
    assert get_intent(made.reference).review_reason == "wrong_currency"
    assert shut(room)
    assert total_revenue(room.asset_id) == 0


@pytest.mark.parametrize("outcome", ["failed", "abandoned"])
def test_a_charge_that_did_not_succeed_never_unlocks(outcome):
    room = assets.room()
    made = payments.intent(room)
    payments.decide(made, outcome)
    assert payments.settle(made).verdict is Verdict.NOT_PAID
    assert get_intent(made.reference).status == outcome
    assert shut(room)


@pytest.mark.parametrize("status", [s for s in ChargeStatus if s is not ChargeStatus.SUCCESS])
def test_only_success_is_money(status):
    room = assets.room()
    assert news(payments.intent(room), status=status).verdict is Verdict.NOT_PAID
    assert shut(room)


def test_fees_the_payer_bears_are_not_ours():
    """Paystack's own sample: charged 403.33 for the 300.50 we asked."""
    room = assets.room(price=30050)
    made = payments.intent(room)
    assert news(made, amount=40333, requested_amount=30050, fee=10283).verdict is Verdict.SETTLED
    payment = get_intent(made.reference).payment
    assert (payment.amount, payment.fee, payment.remainder) == (30050, 10283, 0)


def test_what_was_asked_for_does_not_cover_for_what_was_charged():
    room = assets.room()
    made = payments.intent(room)
    assert news(made, amount=100, requested_amount=made.amount).verdict is Verdict.HELD
    assert shut(room)


def test_too_much_money_opens_once_and_the_rest_is_credit():
    room = assets.room()
    made = payments.intent(room)
    assert news(made, amount=made.amount * 3).verdict is Verdict.SETTLED
    assert len(grants_of(room.id)) == 1
    assert grants_of(room.id)[0].ends_at - grants_of(room.id)[0].starts_at == timedelta(days=1)
    assert credit_of(room.asset_id, payments.GUEST)[0].minor == made.amount * 2
    assert total_revenue(room.asset_id) == room.price


def test_only_whole_days_are_let_and_the_remainder_is_credit():
    room = assets.room()
    made = payments.paid(room, amount=room.price * 2 + 55)
    assert grants_of(room.id)[0].ends_at - grants_of(room.id)[0].starts_at == timedelta(days=2)
    assert get_intent(made.reference).payment.remainder == 55


def test_a_transaction_pays_one_intent_only():
    room, other = assets.room(), assets.room()
    first, second = payments.intent(room), payments.intent(other)
    news(first, transaction_id="same")
    assert news(second, transaction_id="same").verdict is Verdict.REFUSED
    assert shut(other)
    assert any(e.action == "payment.transaction_of_another_payment" for e in trail(asset_id=other.asset_id))


def test_money_that_comes_twice_for_one_intent_is_kept_beside_it_and_told():
    room = assets.room()
    made = payments.paid(room)
    twice = news(made, transaction_id="another")
    assert twice.verdict is Verdict.HELD
    assert twice.intent.id != made.id
    assert twice.intent.review_reason == "second_capture"
    assert news(made, transaction_id="another").verdict is Verdict.ALREADY
    assert len(grants_of(room.id)) == 1
    place = asset_of(room.asset_id)
    assert standing(place.business_id, place.id, chart.HELD, "NGN") == room.price
    assert standing(place.business_id, place.id, chart.HIRE, "NGN") == room.price
    assert any(e.action == "payment.second_capture" for e in trail(asset_id=room.asset_id))


def test_money_in_no_known_currency_is_refused_and_told():
    room = assets.room()
    made = payments.intent(room)
    assert news(made, currency="ZZZ").verdict is Verdict.REFUSED
    assert shut(room)
    assert any(e.action == "payment.unknown_currency" for e in trail(asset_id=room.asset_id))


def test_another_provider_cannot_settle_it():
    room = assets.room()
    assert news(payments.intent(room), provider="paystack").verdict is Verdict.UNMATCHED
    assert shut(room)


def expired(made):
    get_intent(made.reference).expires_at = utcnow() - timedelta(minutes=1)
    assert intents.expire_due() == 1
    assert intents.expire_due() == 0
    assert get_intent(made.reference).status == "expired"


def test_late_money_still_opens_a_room_that_is_free():
    room = assets.room()
    made = payments.intent(room)
    expired(made)
    payments.decide(made)
    assert payments.settle(made).verdict is Verdict.SETTLED
    assert unit_of(room.id).status == "active"


def test_late_money_for_a_room_let_meanwhile_waits_for_a_person():
    room = assets.room()
    late = payments.intent(room)
    expired(late)
    payments.paid(room, email="bola@example.com")
    payments.decide(late)
    assert payments.settle(late).verdict is Verdict.HELD
    assert get_intent(late.reference).review_reason == "late_unit_let_to_another"
    assert len(grants_of(room.id)) == 1
    assert credit_of(room.asset_id, payments.GUEST)[0].minor == room.price


def test_success_after_a_failure_is_success():
    room = assets.room()
    made = payments.intent(room)
    news(made, status=ChargeStatus.FAILED)
    assert news(made).verdict is Verdict.SETTLED
    assert news(made, status=ChargeStatus.FAILED).intent.status == "succeeded"


def test_money_for_a_suspended_room_waits_for_a_person():
    room = assets.room()
    made = payments.intent(room)
    rooms.suspend(unit_id=room.id, reason="Burst pipe", actor=assets.ACTOR)
    assert news(made).verdict is Verdict.HELD
    assert get_intent(made.reference).review_reason == "unit_out_of_use"
    assert not commands_of(room.id)


def test_the_poller_finds_what_neither_webhook_nor_redirect_told():
    room = assets.room()
    made = payments.intent(room)
    payments.decide(made)
    assert settlement.poll_due() == 0
    get_intent(made.reference).next_poll_at = utcnow()
    assert settlement.poll_due() == 1
    assert get_intent(made.reference).payment.settled_via == "poller"
    assert settlement.poll_due() == 0


def test_the_poller_asks_again_and_again_and_gives_up_after_three_days():
    made = payments.intent(assets.room())
    waits = []
    for _turn in range(9):
        intent = get_intent(made.reference)
        intent.next_poll_at = utcnow()
        settlement.poll_due()
        waits.append(get_intent(made.reference).next_poll_at - intent.started_at)
    minutes = [round(wait.total_seconds() / 60) for wait in waits]
    assert minutes[:5] == [2, 5, 15, 30, 60]
    intent = get_intent(made.reference)
    intent.started_at = utcnow() - timedelta(hours=73)
    intent.next_poll_at = utcnow()
    settlement.poll_due()
    assert get_intent(made.reference).next_poll_at is None


def test_the_poller_does_not_abandon_a_payer_who_is_still_typing():
    made = payments.intent(assets.room())
    payments.decide(made, "abandoned")
    payments.settle(made, via="poller")
    assert get_intent(made.reference).status == "pending"


def test_a_silent_provider_leaves_the_payment_pending(app):
    made = payments.intent(assets.room())
    gateway = registry.gateway("sandbox")
    right, gateway._base_url = gateway._base_url, "http://127.0.0.1:9"
    try:
        assert checkout.confirm(made.reference, via="redirect", actor=payments.VISITOR).status == "pending"
    finally:
        gateway._base_url = right


def test_a_second_person_takes_held_money_for_what_it_buys():
    room = assets.room()
    made = payments.intent(room, amount=room.price * 3)
    news(made, amount=room.price + 100)
    reviews.accept(reference=made.reference, reason="Asked the guest", actor=assets.ACTOR)
    intent = get_intent(made.reference)
    assert (intent.status, intent.payment.remainder, intent.payment.counted) == ("succeeded", 100, True)
    assert unit_of(room.id).status == "active"
    assert total_revenue(room.asset_id) == room.price
    with pytest.raises(reviews.NotInReview):
        reviews.accept(reference=made.reference, reason="Asked the guest", actor=assets.ACTOR)


def test_held_money_that_buys_nothing_becomes_credit():
    room = assets.room()
    made = payments.intent(room)
    payments.decide(made, "wrong_currency")
    payments.settle(made)
    reviews.accept(reference=made.reference, reason="Asked the guest", actor=assets.ACTOR)
    assert get_intent(made.reference).status == "succeeded"
    assert shut(room)
    assert total_revenue(room.asset_id) == 0
    assert credit_of(room.asset_id, payments.GUEST)[0].currency == "USD"


def test_who_started_a_payment_does_not_decide_about_it():
    room = assets.room()
    made = payments.intent(room)
    news(made, amount=1)
    with pytest.raises(reviews.SecondPersonNeeded):
        reviews.accept(reference=made.reference, reason="Asked the guest", actor=payments.VISITOR)
