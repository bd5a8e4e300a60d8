"""Scenario 27: paying at the door of a hotel's room is a stay. LAG: one room at 10,000 a day."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from portal.core.clock import clock_set_to, local_date, utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.gateways.base import ChargeStatus
from portal.shared.access.errors import AmountTooSmall, UnitLet
from portal.shared.access.models import AccessGrant
from portal.shared.access.queries import find_grant_of_payment
from portal.shared.access.services import expiry
from portal.shared.access.services.offers import PURPOSE
from portal.shared.assets.models import Unit
from portal.shared.devices.models import DeviceCommand
from portal.shared.ledger import chart
from portal.shared.payments.queries import find_payment_of, get_intent
from portal.shared.payments.services import desk, intents, refunds, settlement
from portal.trades.hotel.models import Reservation, Stay
from portal.trades.hotel.queries.folios import balances
from portal.trades.hotel.queries.inventory import room_at
from portal.trades.hotel.services import cancellations, properties, upkeep
from tests.factories import folios as made
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.factories.bills import booked, credit_booked
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once
from tests.payments.test_settle import charge as told

NIGHT = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
DAY = 1_000_000
ADA, BEN = "ada@example.com", "ben@example.com"


@pytest.fixture(autouse=True)
def _evening():
    with clock_set_to(NIGHT):
        yield


@pytest.fixture
def place(session):
    return hotel.lag()


def door(place, number="1"):
    return room_at(place.id, number).unit_id


def opened(place, amount=DAY, payer=ADA, number="1"):
    return intents.open_intent(
        purpose=PURPOSE, subject_id=door(place, number), amount=amount, payer_email=payer, actor=ACTOR
    ).intent


def settled(intent, **changes):
    settlement.settle(charge=told(intent, **changes), provider="sandbox", via="webhook", actor=ACTOR)
    db.session.expire_all()
    return get_intent(intent.reference)


def stay_of(place, status="in_house"):
    return db.session.scalar(select(Stay).where(Stay.asset_id == place.id, Stay.status == status))


def told_door(place):
    rows = select(DeviceCommand.action).where(DeviceCommand.unit_id == door(place)).order_by(DeviceCommand.seq)
    return list(db.session.scalars(rows))


def test_whoever_is_about_to_pay_keeps_the_room_for_a_quarter_of_an_hour(place):
    opened(place)
    held = stay_of(place, "held")
    assert (held.room_id, held.arrival, held.departure) == (door(place), date(2026, 3, 2), date(2026, 3, 3))
    assert hotel.figures(place, date(2026, 3, 2), "STD")["held"] == 1
    assert db.session.get(Reservation, held.reservation_id).hold_expires_at == NIGHT + timedelta(minutes=15)
    with pytest.raises(UnitLet, match="kept for somebody else"):
        opened(place, payer=BEN)
    opened(place)  # the same person tries again
    assert hotel.figures(place, date(2026, 3, 2), "STD")["held"] == 1


def test_ten_thousand_is_a_day_in_house_with_a_key_and_an_unlocked_door(place):
    intent = settled(opened(place))
    stay = stay_of(place)
    assert intent.status == "succeeded"
    assert (stay.starts_at, stay.ends_at) == (NIGHT, NIGHT + timedelta(days=1))
    grant = db.session.get(AccessGrant, stay.grant_id)
    assert grant.ends_at == NIGHT + timedelta(days=1)
    assert find_grant_of_payment(find_payment_of(intent.id).id).id == grant.id
    assert told_door(place) == ["unlock"]
    assert hotel.figures(place, date(2026, 3, 2), "STD") | {"held": 0, "booked": 1} == hotel.figures(
        place, date(2026, 3, 2), "STD"
    )
    assert [line.code for line in made.all_lines(stay)] == ["sandbox"]
    assert booked(place, chart.GUEST_LEDGER) == -DAY
    assert booked(place, chart.HIRE) == 0
    made.charge_nights(stay, date(2026, 3, 2))
    assert balances([stay.id]) == {stay.id: 0}
    assert booked(place, chart.ROOMS) == DAY


def test_twenty_five_thousand_is_two_days_and_five_thousand_credit(place):
    intent = settled(opened(place, 2_500_000))
    stay = stay_of(place)
    assert stay.ends_at == NIGHT + timedelta(days=2)
    assert [line.amount for line in made.all_lines(stay)] == [-2_000_000]
    assert find_payment_of(intent.id).remainder == 500_000
    assert credit_booked(place, get_intent(intent.reference).customer_id) == 500_000


def test_one_buys_no_day_and_the_door_stays_shut(place):
    with pytest.raises(AmountTooSmall):
        opened(place, 100)
    assert stay_of(place) is None
    assert told_door(place) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": ChargeStatus.FAILED},
        {"status": ChargeStatus.ABANDONED},
        {"currency": "USD"},
        {"amount": DAY - 1},
    ],
)
def test_what_is_not_the_money_that_was_asked_for_unlocks_nothing(place, wrong):
    settled(opened(place), **wrong)
    assert stay_of(place) is None
    assert told_door(place) == []


def test_a_second_payment_makes_the_same_stay_longer_with_one_word_to_the_door(session):
    """On the true clock, which the sweep of what has ended asks the database for."""
    with clock_set_to(datetime.now(UTC)):
        now = utcnow()
        place = hotel.lag(today=local_date("Africa/Lagos", now))
        settled(opened(place))
        second = settled(opened(place))
        stay = stay_of(place)
        assert db.session.query(Stay).filter_by(asset_id=place.id, status="in_house").count() == 1
        assert stay.ends_at == now + timedelta(days=2)
        assert db.session.get(AccessGrant, stay.grant_id).ends_at == stay.ends_at
        assert db.session.get(Unit, door(place)).expires_at == stay.ends_at
        assert find_grant_of_payment(find_payment_of(second.id).id).id == stay.grant_id
        assert expiry.expire_ended() == 0
        db.session.get(Unit, door(place)).expires_at = now - timedelta(minutes=1)
        db.session.get(AccessGrant, stay.grant_id).during = Range(now - timedelta(days=2), now - timedelta(minutes=1))
        db.session.commit()
        assert expiry.expire_ended() == 1
        assert expiry.expire_ended() == 0
        assert told_door(place) == ["unlock", "lock"]
        assert stay_of(place).id == stay.id  # nobody with luggage is checked out by a clock


def test_rolling_hours_are_true_hours_when_the_clocks_change(session):
    """Scenario 6: rolling 24 h bought 28 Mar 20:00 ends 29 Mar 21:00."""
    bought = datetime(2026, 3, 28, 19, 0, tzinfo=UTC)  # 20:00 in Berlin
    with clock_set_to(bought):
        place = hotel.lag(timezone="Europe/Berlin", today=date(2026, 3, 28))
        settled(opened(place))
        assert stay_of(place).ends_at == datetime(2026, 3, 29, 19, 0, tzinfo=UTC)


def test_a_door_let_until_check_out_ends_then(place):
    properties.amend(asset_id=place.id, door_mode="until_checkout", actor=ACTOR)
    settled(opened(place))
    stay = stay_of(place)
    assert stay.ends_at is None
    assert db.session.get(AccessGrant, stay.grant_id).ends_at == datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


def test_money_after_the_hold_lapsed_buys_the_room_if_it_is_still_free(place):
    intent = opened(place)
    with clock_set_to(NIGHT + timedelta(minutes=16)):
        upkeep.expire_holds()
        assert hotel.figures(place, date(2026, 3, 2), "STD")["held"] == 0
        assert settled(intent).status == "succeeded"
        assert stay_of(place).room_id == door(place)


def late(place):
    """Ada's hold lapses, Ben takes the room, and then Ada's money comes."""
    intent = opened(place)
    with clock_set_to(NIGHT + timedelta(minutes=16)):
        upkeep.expire_holds()
        settled(opened(place, payer=BEN))
        return settled(intent)


def test_money_after_the_room_is_taken_buys_another_of_its_kind(session):
    place = hotel.hotel({"STD": ("Standard", 2, ["1", "2"])}, currency="NGN", timezone="Africa/Lagos")
    hotel.plan(place, "BAR", {"STD": DAY})
    assert late(place).status == "succeeded"
    rooms = {stay.room_id for stay in db.session.query(Stay).filter_by(asset_id=place.id, status="in_house")}
    assert rooms == {door(place, "1"), door(place, "2")}


def test_money_after_the_last_room_is_taken_waits_to_go_back_and_never_both(place):
    intent = late(place)
    assert (intent.status, intent.review_reason) == ("review", "unit_let_to_another")
    assert db.session.query(Stay).filter_by(asset_id=place.id, status="in_house").count() == 1
    assert booked(place, chart.HELD) == DAY


def test_two_people_at_one_door_one_pays_and_the_other_is_told_before(app, committed):
    place = hotel.lag()
    said = at_once(
        app, *[tried(lambda who=who: opened(place, payer=f"{who}@example.com").provider) for who in ("ada", "ben")]
    )
    assert sorted(said) == ["sandbox", "unit_let"]
    committed.rollback()
    assert hotel.figures(place, date(2026, 3, 2), "STD")["held"] == 1


def test_cash_at_the_desk_buys_the_same_and_goes_back_from_the_folio(place):
    taken = desk.take(
        purpose=PURPOSE, subject_id=door(place), way="cash", amount=DAY, payer_email=ADA, actor=ACTOR
    )  # fmt: skip
    stay = stay_of(place)
    refunds.set_limit(asset_id=place.id, approval_above=10 * DAY, actor=ACTOR)
    refunds.request(reference=taken.intent.reference, amount=DAY, reason="No water", actor=ACTOR, alone=True)
    assert [line.amount for line in made.all_lines(stay)] == [-DAY, DAY]
    assert booked(place, chart.REFUNDS_GIVEN) == 0
    assert booked(place, chart.GUEST_LEDGER) == 0


def test_a_hotel_without_rates_lets_its_doors_as_everybody_does(session):
    place = hotel.hotel({"STD": ("Standard", 2, ["1"])}, currency="NGN", timezone="Africa/Lagos")
    settled(opened(place))
    assert db.session.query(Stay).filter_by(asset_id=place.id).count() == 0
    assert booked(place, chart.HIRE) == DAY
    assert told_door(place) == ["unlock"]


def test_a_hold_that_lapses_while_its_money_is_counted_still_buys_the_room(app, committed):
    place = hotel.lag()
    intent = opened(place)
    reservation_id = stay_of(place, "held").reservation_id

    @transactional
    def lapse_slowly():
        with clock_set_to(NIGHT + timedelta(minutes=16)):
            assert cancellations.expire_hold(reservation_id=reservation_id, actor=ACTOR)
        time.sleep(0.6)

    def pay():
        time.sleep(0.2)
        return settled(intent).status

    assert at_once(app, lapse_slowly, pay)[1] == "succeeded"
    committed.rollback()
    assert stay_of(place).room_id == door(place)
    assert hotel.figures(place, date(2026, 3, 2), "STD")["held"] == 0
