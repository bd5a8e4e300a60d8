"""Money, occupancy and what waits: every figure is counted from the facts."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.core.clock import clock_set_to, utcnow
from portal.core.db import db
from portal.reporting import attention, occupancy, revenue
from portal.reporting.board import floor_of
from portal.shared.access.services import grants
from portal.shared.assets import queries
from portal.shared.assets.services import registry
from portal.shared.devices.models import DeviceCommand
from portal.shared.ledger import chart
from portal.shared.payments.models import Payment
from tests.factories import books, payments
from tests.factories.assets import ACTOR, place, room


def paid_at(moment: datetime, unit) -> None:
    with clock_set_to(moment):
        payments.paid(unit)


def test_revenue_is_what_was_bought_and_not_what_is_owed_back(committed):
    unit = room(price=1_000_000)
    payments.paid(unit, amount=2_500_000)
    assert revenue.total_revenue(unit.asset_id) == 2_000_000
    assert revenue.of_unit(unit.id) == (2_000_000, 1)


def test_a_payment_that_is_told_again_is_not_counted_again(committed):
    unit = room()
    intent = payments.paid(unit)
    for via in ("webhook", "poller", "redirect"):
        payments.settle(intent, via=via)
    assert revenue.total_revenue(unit.asset_id) == unit.price


@pytest.mark.parametrize("outcome", ["failed", "wrong_amount", "wrong_currency"])
def test_money_that_did_not_match_is_not_revenue(committed, outcome):
    unit = room()
    intent = payments.started(payments.intent(unit))
    payments.decide(intent, outcome)
    payments.settle(intent)
    assert revenue.total_revenue(unit.asset_id) == 0


def test_a_day_is_the_places_own_day(committed):
    unit = room()
    paid_at(datetime(2026, 3, 1, 23, 30, tzinfo=UTC), unit)  # half past midnight on the 2nd in Lagos
    takings = revenue.per_day([unit.asset_id], date(2026, 3, 1), date(2026, 3, 31))
    assert [(each.day, each.kind, each.currency, each.minor, each.payments) for each in takings] == [
        (date(2026, 3, 2), "hotel", "NGN", unit.price, 1)
    ]
    assert revenue.per_day([unit.asset_id], date(2026, 3, 1), date(2026, 3, 1)) == []


def test_a_refund_lowers_what_was_earned_on_the_day_it_is_decided(committed):
    unit = room()
    hotel = queries.asset_of(unit.asset_id)
    paid_at(datetime(2026, 3, 2, 12, tzinfo=UTC), unit)
    payment = db.session.scalars(db.select(Payment)).one()
    with clock_set_to(datetime(2026, 3, 5, 12, tzinfo=UTC)):
        books.given_back(hotel, payment.id, 400_000)
    days = dict(revenue.days_of(hotel, date(2026, 3, 5), 4))
    assert list(days.values()) == [unit.price, 0, 0, -400_000]
    assert revenue.total_revenue(hotel.id) == unit.price - 400_000
    assert revenue.of_unit(unit.id) == (unit.price - 400_000, 1)


def test_charges_that_customers_bore_are_not_what_was_earned(committed):
    hotel = place()
    books.made(hotel, (chart.CASH, 1_150), (chart.SALES, -1_000), (chart.CHARGES_PASSED_ON, -150))
    assert revenue.total_revenue(hotel.id) == 1_000


def test_quiet_days_are_days_too(committed):
    unit = room()
    paid_at(datetime(2026, 3, 2, 12, tzinfo=UTC), unit)
    hotel = queries.asset_of(unit.asset_id)
    assert [minor for _day, minor in revenue.days_of(hotel, date(2026, 3, 3), 3)] == [0, unit.price, 0]


def test_occupancy_counts_what_is_in_service(committed):
    hotel = place()
    let, _free, closed, gone = (room(hotel) for _number in range(4))
    grants.grant_direct(unit_id=let.id, minutes=60, reason="Guest", actor=ACTOR)
    registry.suspend(unit_id=closed.id, reason="Paint", actor=ACTOR)
    registry.retire(unit_id=gone.id, reason="Sold", actor=ACTOR)
    standing = occupancy.standing([hotel.id])[hotel.id]
    assert (standing.units, standing.in_service, standing.in_use, standing.share) == (3, 2, 1, 0.5)
    assert (standing.expected_yield, standing.full_yield) == (let.price, 2 * let.price)


def test_a_short_period_yields_more_in_a_day(committed):
    hotel = place()
    hourly = room(hotel, price=100_000, period_minutes=60)
    grants.grant_direct(unit_id=hourly.id, minutes=60, reason="Guest", actor=ACTOR)
    assert occupancy.standing([hotel.id])[hotel.id].expected_yield == 2_400_000


def test_used_time_ends_where_access_was_taken_back(committed):
    hotel = place()
    one, two = room(hotel), room(hotel)
    now = utcnow()
    for unit, hours in ((one, 10), (two, 10)):
        db.session.execute(
            db.text(
                "insert into access_grant (id, unit_id, asset_id, during, kind, holder, granted_by, revoked_at) values"
                " (gen_random_uuid(), :unit, :asset, tstzrange(:since, :until), 'direct', 'Guest', 'tests', :revoked)"
            ),
            {
                "unit": unit.id,
                "asset": hotel.id,
                "since": now - timedelta(hours=hours),
                "until": now + timedelta(hours=10),
                "revoked": now - timedelta(hours=5) if unit is two else None,
            },
        )
    db.session.commit()
    assert occupancy.used_share(hotel.id, now - timedelta(hours=20), now) == pytest.approx((10 + 5) / 40)


def test_only_the_last_word_to_a_door_can_be_unreached(committed):
    unit = room()
    grants.grant_direct(unit_id=unit.id, minutes=60, reason="Guest", actor=ACTOR)
    db.session.execute(db.update(DeviceCommand).values(status="expired"))
    db.session.commit()
    assert [each.number for each in attention.unreached(unit.asset_id, utcnow())] == [unit.number]
    assert attention.counts([unit.asset_id]) == {unit.asset_id: 1}
    db.session.execute(db.text("insert into device_command (id, unit_id, asset_id, seq, capability, action, status,"
                               " idem_key, not_after, actor) select gen_random_uuid(), unit_id, asset_id, seq + 1,"
                               " capability, action, 'done', 'later', now(), actor from device_command"))  # fmt: skip
    db.session.commit()
    assert attention.unreached(unit.asset_id, utcnow()) == []


@pytest.mark.parametrize(
    ("number", "floor"),
    [("104", "1"), ("1207", "12"), ("G01", "G"), ("204A", "2"), ("12", None), ("7", None), ("Penthouse", None)],
)
def test_a_room_number_speaks_of_its_floor(number, floor):
    assert floor_of(number) == floor
