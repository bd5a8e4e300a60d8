"""Utilisation: what was driven, let and earned, counted once, and the same on the page and in the sheet."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from portal.core.clock import utcnow
from portal.core.db import db
from portal.reporting.fleet_use import utilisation
from portal.shared.access.models import AccessGrant
from portal.shared.identity.models import Role
from portal.shared.payments.models import Payment
from portal.trades.fleet.models import VehicleDay
from tests.factories import assets, fleet, payments
from tests.support.queries import counting
from tests.web.conftest import browser

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 10)


def day(unit, on, **figures):
    db.session.add(VehicleDay(unit_id=unit.id, asset_id=unit.asset_id, day=on, **figures))
    db.session.commit()


def let(unit, since, until, revoked=None):
    from sqlalchemy.dialects.postgresql import Range

    db.session.add(AccessGrant(unit_id=unit.id, asset_id=unit.asset_id, during=Range(since, until), kind="direct",
                               holder="x", granted_by="x", revoked_at=revoked))  # fmt: skip
    db.session.commit()


def at(on, hour=0):
    return datetime(on.year, on.month, on.day, hour, tzinfo=ZoneInfo("Africa/Lagos"))


def use(place, first=FIRST, last=LAST):
    return utilisation(place, first, last, utcnow())


def test_days_are_added_up_and_the_days_around_them_are_not(place, car):
    day(car, FIRST, distance_mm=12_600_000, moving_seconds=1800, idle_seconds=60, engine_seconds=2000, trips=2,
        passengers_most=4)  # fmt: skip
    day(car, LAST, distance_mm=500_000, moving_seconds=100, trips=1, passengers_most=9)
    day(car, date(2026, 3, 5), fixes=3)
    for outside in (FIRST - timedelta(days=1), LAST + timedelta(days=1)):
        day(car, outside, distance_mm=99_000_000, trips=9)
    (one,) = use(place).vehicles
    assert (one.days, one.km, one.trips, one.moving_seconds, one.passengers_most) == (2, 13, 3, 1900, 9)
    assert [km for _day, km in use(place).km_by_day] == [12, 0, 0, 0, 0, 0, 0, 0, 0, 0]


def test_the_time_it_was_let_is_cut_at_both_ends_and_where_it_was_taken_back(place, car):
    let(car, at(FIRST - timedelta(days=1)), at(FIRST, 12))  # half a day inside
    let(car, at(date(2026, 3, 4)), at(date(2026, 3, 6)), revoked=at(date(2026, 3, 5)))  # a day of two
    let(car, at(LAST, 12), at(LAST + timedelta(days=5)))  # half a day inside
    (one,) = use(place).vehicles
    assert one.let_seconds == 2 * 86_400
    assert one.let_share == pytest.approx(0.2)


def test_what_was_paid_on_board_is_added_by_currency(place, car):
    day(car, FIRST, fares={"times": 3, "sums": {"NGN": "1500.50", "USD": "2"}})
    day(car, LAST, fares={"times": 1, "sums": {"NGN": "99.50"}})
    other = assets.vehicle(place)
    day(other, LAST, fares={"times": 2})
    found = use(place)
    assert found.vehicles[0].fares == {"NGN": Decimal("1600.00"), "USD": Decimal(2)}
    assert [each.fares_paid for each in found.vehicles] == [4, 2]
    assert found.total.fares_paid == 6


def test_what_was_paid_for_its_use_counts_less_what_went_back(place, car):
    made = payments.paid(car)
    today = utcnow().astimezone(ZoneInfo(place.timezone)).date()
    payment = db.session.query(Payment).filter_by(intent_id=made.id).one()
    payment.refunded = 500
    db.session.commit()
    day(car, today, distance_mm=100_000_000)
    (one,) = use(place, today, today).vehicles
    assert one.revenue == payment.amount - payment.remainder - 500
    assert one.revenue_per_km == one.revenue // 100
    assert use(place).total.revenue == 0


def test_a_hundred_vehicles_are_as_few_questions_as_one(place, car):
    with counting() as few:
        use(place)
    for _turn in range(20):
        day(assets.vehicle(place), FIRST, distance_mm=5_000_000)
    with counting() as many:
        use(place)
    assert len(many) == len(few) <= 9


def test_the_page_the_sheet_and_what_is_asked_wrongly(app, wired, place, car):
    desk = browser(app, place, Role.DISPATCHER)
    day(car, FIRST, distance_mm=12_600_000, trips=2)
    shown = desk.get(f"/fleet/{place.asset_number}/utilisation?from={FIRST}&to={LAST}").text
    assert "How is this counted?" in shown
    assert "12 km" in shown
    sheet = desk.get(f"/fleet/{place.asset_number}/utilisation.csv?from={FIRST}&to={LAST}")
    assert f"{car.number},KJA 123 AB,2026-03-01,2026-03-10,1,12," in sheet.text
    for wrong in ("from=2026-03-10&to=2026-03-01", "from=1999-01-01", "to=2026-02-30", "from=x", "stretch=zzz",
                  "from=0001-01-01&to=9999-12-31"):  # fmt: skip
        assert desk.get(f"/fleet/{place.asset_number}/utilisation?{wrong}").status_code == 200
    for stretch in ("7", "30", "month", "last", "year"):
        assert desk.get(f"/fleet/{place.asset_number}/utilisation?stretch={stretch}").status_code == 200
    assert desk.get(f"/fleet/{fleet.place().asset_number}/utilisation").status_code == 404
    assert browser(app, place, Role.DRIVER).get(f"/fleet/{place.asset_number}/utilisation").status_code == 403


def test_no_vehicles_is_said(app, wired, place):
    assert "No vehicles yet" in browser(app, place, Role.OWNER).get(f"/fleet/{place.asset_number}/utilisation").text
