"""Occupancy, average rate, revenue per room and pickup: one definition, by the figures of the scenarios."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.core.clock import clock_set_to
from portal.reporting import hotel as figures
from portal.trades.hotel.queries.inventory import room_type_at
from portal.trades.hotel.services import cancellations, inventory
from tests.factories import hotel
from tests.factories.assets import ACTOR

NIGHT, NEXT = date(2026, 3, 10), date(2026, 3, 11)


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


def test_thirty_sold_of_a_hundred_with_five_out_of_order(session):
    """Scenario 29: both denominators, to the cent."""
    place = hotel.big()
    hotel.book(place, NIGHT, NEXT, rooms=30)
    double = room_type_at(place.id, "DBL").id
    inventory.move(changes={"out_of_order": {(double, NIGHT): 5}}, reason="leaks", correlation_id=place.id, actor=ACTOR)
    (night,) = figures.nights(place.id, NIGHT, NEXT)
    assert (night.sold, night.rooms, night.out_of_order, night.revenue) == (30, 100, 5, 300_000)
    assert (f"{night.occupancy:.1%}", f"{night.occupancy_net:.1%}") == ("30.0%", "31.6%")
    assert (night.adr, night.revpar, night.revpar_net) == (10_000, 3_000, 3_158)


def test_taxes_in_the_price_are_no_revenue_and_complimentary_rooms_stand_apart(session):
    place = hotel.ber()
    sold = hotel.stay(place, NIGHT, NEXT)
    free = hotel.plan(place, "COMP", {"DBL": 0}, complimentary=True)
    hotel.book(place, NIGHT, NEXT, plan=free.code)
    session.execute(
        figures.text("update stay_night set taxes = cast(:taxes as jsonb) where stay_id = :stay"),
        {"taxes": '[{"name": "VAT", "amount": 654, "inclusive": true}, '
                  '{"name": "City", "amount": 500, "inclusive": false}]', "stay": sold.id},
    )  # fmt: skip
    (night,) = figures.nights(place.id, NIGHT, NEXT)
    assert (night.sold, night.complimentary, night.revenue, night.adr) == (1, 1, 9_346, 9_346)


def test_a_month_gets_the_nights_that_are_its_own(session):
    """Scenario 7: 31 May to 6 June is one night of May and five of June."""
    place = hotel.ber()
    hotel.book(place, date(2026, 5, 31), date(2026, 6, 6))
    may = figures.summed(figures.nights(place.id, date(2026, 5, 1), date(2026, 6, 1)))
    june = figures.summed(figures.nights(place.id, date(2026, 6, 1), date(2026, 7, 1)))
    assert (may.sold, june.sold) == (1, 5)


def test_pickup_counts_bookings_and_takes_cancellations_away(committed):
    place = hotel.ber()
    hotel.book(place, NIGHT, NEXT)
    gone = hotel.book(place, NIGHT, NEXT)
    committed.execute(figures.text("set session_replication_role = replica"))
    committed.execute(figures.text("update inventory_event set created_at = created_at - interval '10 days'"))
    committed.execute(figures.text("set session_replication_role = origin"))
    committed.commit()
    hotel.book(place, NIGHT, NEXT)
    cancellations.cancel(reservation_id=gone.id, actor=ACTOR)
    now = datetime.now(UTC)
    (night,) = figures.pickup(place.id, NIGHT, NEXT, now - timedelta(days=7), now + timedelta(minutes=1))
    assert (night.before, night.after, night.change) == (2, 2, 0)
