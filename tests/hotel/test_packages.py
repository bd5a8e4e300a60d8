"""Packages: what of a night's price is breakfast and the like stands apart, and the price stays as it was agreed."""

from datetime import UTC, date, datetime

import pytest

from portal.core.clock import clock_set_to
from portal.core.db import db
from portal.reporting.hotel import nights
from portal.shared.ledger import chart
from portal.trades.hotel.models import StayNight
from portal.trades.hotel.queries.folios import balances
from portal.trades.hotel.queries.property import lock_day
from portal.trades.hotel.services import folio_invoices, folio_moves, folio_steps, folios
from portal.trades.hotel.services.folios import night_parts
from tests.factories import folios as made
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.factories.bills import booked
from tests.hotel.hands import check_out, turn_to, undo

SECOND, THIRD, FOURTH = (date(2026, 3, day) for day in (2, 3, 4))
BREAKFAST = {"code": "breakfast", "words": "Breakfast", "amount": 1_500, "per": "person"}
WINE = {"code": "wine", "words": "A bottle of wine", "amount": 2_001, "per": "stay"}
VAT = {"name": "VAT", "amount": 654, "inclusive": True, "rate_ppm": 70_000}
CITY = {"name": "City tax", "amount": 300, "inclusive": False, "rate_ppm": None}


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


@pytest.fixture
def place(session):
    found = hotel.ber()
    hotel.plan(found, "PKG", {"DBL": 10_000}, package=[BREAKFAST, WINE])
    return found


@pytest.fixture
def stay(place):
    """Two people for two nights at 100, breakfast and wine in it."""
    return made.check_in(hotel.stay(place, SECOND, FOURTH, plan="PKG", adults=2))


def said(stay):
    return [(line.code, line.amount, line.tax) for line in made.all_lines(stay)]


def test_what_is_in_the_price_stands_beside_the_room_and_together_it_is_the_price(place, stay):
    made.charge_nights(stay, SECOND)
    made.charge_nights(stay, SECOND)
    assert said(stay) == [("room", 4_999, 0), ("breakfast", 3_000, 0), ("wine", 2_001, 0)]
    made.charge_nights(stay, THIRD)
    assert said(stay)[3:] == [("room", 7_000, 0), ("breakfast", 3_000, 0)]
    assert balances([stay.id]) == {stay.id: 20_000}
    assert (booked(place, chart.ROOMS), booked(place, chart.EXTRAS)) == (11_999, 8_001)


def test_the_taxes_are_those_agreed_and_room_revenue_is_without_the_package(place, stay):
    """Reports and books say the same of a night whose price holds both VAT and breakfast."""
    db.session.get(StayNight, (stay.id, SECOND)).taxes = [VAT, CITY]
    db.session.commit()
    made.charge_nights(stay, SECOND)
    lines = said(stay)
    assert sum(amount for _code, amount, _tax in lines) == 10_300
    assert sum(tax for _code, _amount, tax in lines) == 954
    assert lines[0] == ("room", 4_999, 327)
    (night,) = nights(place.id, SECOND, THIRD)
    assert night.revenue == booked(place, chart.ROOMS) == 4_672


def test_a_price_the_package_fills_leaves_nothing_for_the_room():
    parts = [BREAKFAST, WINE]
    assert night_parts(2_000, 131, parts) == ((0, 0), [(BREAKFAST, 1_500, 98), (WINE, 500, 33)])
    assert night_parts(0, 0, parts) == ((0, 0), [])
    assert night_parts(10_000, 654, []) == ((10_000, 654), [])


def test_the_room_is_taken_back_with_all_of_its_night_and_a_part_alone(place, stay):
    made.charge_nights(stay, SECOND, THIRD)
    lines = made.all_lines(stay)
    folio_moves.reverse(asset_id=place.id, line_id=lines[4].id, reason="Slept late", actor=ACTOR)
    assert balances([stay.id]) == {stay.id: 17_000}
    for room in (lines[0], lines[3]):
        folio_moves.reverse(asset_id=place.id, line_id=room.id, reason="Heating broken", actor=ACTOR)
    assert balances([stay.id]) == {stay.id: 0}
    assert (booked(place, chart.ROOMS), booked(place, chart.EXTRAS)) == (0, 0)


def test_the_package_goes_where_the_room_goes_unless_somebody_asks_for_it(place, stay):
    company = made.company(stay, "room")
    agent = folios.open_window(stay_id=stay.id, name="Agent", payer_id=stay.guest_id, routes=["wine"], actor=ACTOR)
    made.charge_nights(stay, SECOND)
    assert made.amounts(company) == [4_999, 3_000]
    assert made.amounts(agent) == [2_001]


def test_the_invoice_says_what_was_in_the_price(place, stay):
    made.charge_nights(stay, SECOND)
    paper = folio_invoices.issue(folio_id=made.folio(stay).id, actor=ACTOR)
    assert [(each["words"], each["amount"]) for each in paper.snapshot["lines"]] == [
        ("Room", 4_999),
        ("Breakfast", 3_000),
        ("A bottle of wine", 2_001),
    ]


def test_leaving_charges_the_package_too_and_a_stay_without_one_as_before(place, stay):
    turn_to(place, THIRD)
    with clock_set_to(datetime(2026, 3, 4, 8, 0, tzinfo=UTC)):
        check_out(place, stay, reason="The company pays")
        assert [code for code, _amount, _tax in said(stay)[:5]] == ["room", "breakfast", "wine", "room", "breakfast"]
        undo(place, stay)
    assert balances([stay.id]) == {stay.id: 20_000}
    turn_to(place, SECOND)
    plain = made.check_in(hotel.stay(place, SECOND, THIRD))
    made.charge_nights(plain, SECOND)
    assert said(plain) == [("room", 10_000, 0)]


def test_a_room_for_the_day_that_was_not_taken_costs_nothing_of_its_package(place):
    stay = hotel.stay(place, SECOND, THIRD, plan="PKG", adults=2)
    stay.day_use, stay.departure = True, SECOND
    db.session.commit()
    made.check_in(stay)
    assert balances([stay.id]) == {stay.id: 10_000}
    folio_steps.on_check_in_undone(place, lock_day(place.id, shared=True).day, stay, ACTOR)
    db.session.commit()
    assert balances([stay.id]) == {stay.id: 0}
