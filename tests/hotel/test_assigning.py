"""Rooms for stays: half-open days, the clerk's choice with its reason, upgrades that keep their price, two clerks."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from portal.core.clock import clock_set_to
from portal.trades.hotel.errors import RoomPromised, RoomTaken, Stale, TooManyPeople
from portal.trades.hotel.models import StayStep
from portal.trades.hotel.queries.board import board, lines_of
from portal.trades.hotel.queries.chart import chart
from portal.trades.hotel.queries.inventory import room_at
from portal.trades.hotel.queries.rooms_free import rooms_for
from portal.trades.hotel.queries.stays import get_stay, nights_of_stays
from portal.trades.hotel.services import assigning
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once

MONDAY = hotel.TODAY
EIGHTH, TENTH, ELEVENTH, TWELFTH, FOURTEENTH = (date(2026, 3, day) for day in (8, 10, 11, 12, 14))
ADA, BEN = replace(ACTOR, name="Ada"), replace(ACTOR, name="Ben")


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


def assign(place, stay, number=None, **said):
    room = room_at(place.id, number).unit_id if number else None
    return assigning.assign(asset_id=place.id, stay_id=stay.id, room_id=room, **{"actor": ACTOR, **said})


def test_a_room_is_let_again_on_the_day_it_is_left(session):
    """Scenario 4: half-open, on both sides."""
    place = hotel.ber()
    assign(place, hotel.stay(place, TENTH, TWELFTH, name="Okafor"), "101")
    assign(place, hotel.stay(place, TWELFTH, FOURTEENTH), "101")
    assign(place, hotel.stay(place, EIGHTH, TENTH), "101")
    other = hotel.stay(place, ELEVENTH, TWELFTH)
    with pytest.raises(RoomTaken, match="Room 101 is taken by Okafor until 12 March"):
        assign(place, other, "101")
    assert get_stay(place.id, other.id).room_id is None


def test_the_ranges_of_nights_in_which_the_clocks_change(session):
    """Scenario 6: 15:00 to 11:00 is 19 hours in spring and 21 in autumn; the night costs what it costs."""
    place = hotel.ber()
    hours = []
    for arrival in (date(2026, 3, 28), date(2026, 10, 24)):
        stay = hotel.stay(place, arrival, arrival + timedelta(days=1))
        assign(place, stay, "101")
        (bar,) = chart(place, arrival, 2).bars[stay.room_id]
        hours.append((bar.ends_at - bar.starts_at) / timedelta(hours=1))
        assert [night.agreed for night in nights_of_stays([stay.id])[stay.id]] == [13_000]
    assert hours == [19, 21]
    week = hotel.stay(place, date(2026, 3, 25), date(2026, 4, 1))
    assert len(nights_of_stays([week.id])[week.id]) == 7


def test_the_clerks_choice_says_why(session):
    place = hotel.ber()
    room_at(place.id, "102").status = "inspected"
    session.flush()
    today = hotel.stay(place, MONDAY, MONDAY + timedelta(days=2))
    given = assign(place, today)
    assert (given.number, given.reason) == ("102", "inspected and ready")
    assign(place, hotel.stay(place, EIGHTH, TENTH), "103")
    assign(place, hotel.stay(place, TWELFTH, FOURTEENTH), "103")
    between = assign(place, hotel.stay(place, TENTH, TWELFTH))
    assert (between.number, between.reason) == ("103", "leaves the fewest empty nights")


def test_no_room_free_for_the_whole_stay(session):
    place = hotel.ber()
    for number in ("101", "102", "103"):
        assign(place, hotel.stay(place, TENTH, ELEVENTH), number)
    other = hotel.stay(place, ELEVENTH, TWELFTH)
    assert assign(place, other).number == "101"
    for row in rooms_for(place, hotel.stay(place, ELEVENTH, TWELFTH), same_type=True):
        assert row.free is (row.number != "101")


def test_an_upgrade_takes_the_other_types_nights_and_keeps_the_price(session):
    place = hotel.ber()
    stay = hotel.stay(place, TENTH, TWELFTH, type="SGL")
    assign(place, stay, "101")
    assert [night.agreed for night in nights_of_stays([stay.id])[stay.id]] == [7_000, 7_000]
    assert (hotel.figures(place, TENTH, "SGL")["booked"], hotel.figures(place, TENTH, "DBL")["booked"]) == (0, 1)
    two = hotel.stay(place, TENTH, TWELFTH, adults=2)
    with pytest.raises(TooManyPeople, match="Room 201 sleeps 1"):
        assign(place, two, "201")


def test_a_promised_room_is_kept_until_the_promise_is_freed(session):
    place = hotel.ber()
    stay = hotel.stay(place, TENTH, TWELFTH)
    assign(place, stay, "101", lock=True)
    with pytest.raises(RoomPromised, match="promised room 101"):
        assign(place, stay, "102")
    with pytest.raises(RoomPromised):
        assigning.unassign(asset_id=place.id, stay_id=stay.id, actor=ACTOR)
    assigning.promise(asset_id=place.id, stay_id=stay.id, promised=False, actor=ACTOR)
    assigning.unassign(asset_id=place.id, stay_id=stay.id, actor=ACTOR)
    assert get_stay(place.id, stay.id).room_id is None
    steps = session.query(StayStep).filter_by(stay_id=stay.id).order_by(StayStep.id)
    assert [step.verb for step in steps] == ["assigned", "unlocked", "unassigned"]


def test_the_second_of_two_clerks_is_told_what_the_first_did(session):
    """Scenario 24: nothing is lost, and the second decides again."""
    place = hotel.ber()
    stay = hotel.stay(place, TENTH, TWELFTH)
    seen = stay.version
    assign(place, stay, "102", version=seen, actor=ADA)
    with (
        clock_set_to(hotel.NOON + timedelta(seconds=12)),
        pytest.raises(Stale, match="Ada gave this room 102, 12 s ago") as refused,
    ):
        assign(place, stay, "103", version=seen, actor=BEN)
    assert refused.value.details["version"] == seen + 1
    assert assign(place, stay, "103", version=seen + 1, actor=BEN).number == "103"


def test_sixteen_clerks_one_room(app, committed):
    place = hotel.big(16)
    stays = [hotel.stay(place, TENTH, TWELFTH) for _n in range(16)]
    said = at_once(app, *[tried(lambda each=each: assign(place, each, "1001").number) for each in stays])
    assert sorted(said) == ["1001"] + ["room_taken"] * 15
    free = at_once(app, *[tried(lambda each=each: assign(place, each).number) for each in stays[:8]])
    assert len(set(free)) == 8


def test_the_board_and_the_chart_in_a_handful_of_questions(session, count_queries):
    place = hotel.ber()
    for n in range(3):
        assign(place, hotel.stay(place, MONDAY, MONDAY + timedelta(days=2), name=f"Guest {n}"), f"10{n + 1}")
    waiting = hotel.stay(place, MONDAY, TENTH, type="SGL", name="Okafor")
    session.expire_all()
    with count_queries() as sent:
        today = board(place)
    assert len(sent) <= 5  # the hotel and its settings among them
    assert len(today.arrivals) == 4
    assert not today.in_house
    assert not today.departures
    line = lines_of(place, [waiting.id])[waiting.id]
    assert (line.guest, line.room, line.agreed, line.balance) == ("Okafor", None, 7_000 * 8, 0)
    session.expire_all()
    with count_queries() as sent:
        drawn = chart(place, MONDAY - timedelta(days=1), 14)
    assert len(sent) <= 6
    assert [bar.words for bar in drawn.unassigned] == ["Okafor"]
    assert sum(len(bars) for bars in drawn.bars.values()) == 3
