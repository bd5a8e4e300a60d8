"""What needs somebody at the desk: each is told of with what it is about, and no more than it is true."""

from datetime import UTC, date, datetime

import pytest

from portal.core.clock import clock_set_to
from portal.core.db import db
from portal.trades.hotel.models import Reservation
from portal.trades.hotel.queries.board import board
from portal.trades.hotel.queries.inventory import room_type_at
from portal.trades.hotel.queries.property import property_of
from portal.trades.hotel.queries.troubles import troubles
from portal.trades.hotel.services import channels
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.hotel.hands import assign, check_in, turn_to
from tests.hotel.test_ical import said

SECOND, THIRD, FOURTH = (date(2026, 3, day) for day in (2, 3, 4))
#: Tuesday, nine in the morning at the hotel: guests leave by eleven.
MORNING = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)


@pytest.fixture
def place(session):
    return hotel.ber()


@pytest.fixture
def leaving(place):
    """A guest in 101 who leaves on Tuesday."""
    with clock_set_to(hotel.NOON):
        stay = hotel.stay(place, SECOND, THIRD, name="Ada Lovelace")
        check_in(place, stay, "101")
    turn_to(place, THIRD)
    return stay


def found(place, at=MORNING):
    with clock_set_to(at):
        return {each.kind: each for each in troubles(place, property_of(place), board(place))}


def test_who_comes_before_the_other_leaves_is_told_of(place, leaving):
    with clock_set_to(hotel.NOON):
        coming = hotel.stay(place, THIRD, FOURTH, name="Early Bird")
        assign(place, coming, "101")
    assert "too_early" not in found(place)
    coming.eta_minute = 9 * 60 + 30
    db.session.commit()
    told = found(place)["too_early"]
    assert (told.line.guest, told.words, told.at) == (
        "Early Bird",
        "Ada Lovelace",
        datetime(2026, 3, 3, 8, 30, tzinfo=UTC),
    )


def test_a_guest_of_the_door_whose_time_is_over_is_told_of_as_such(place, leaving):
    noon = datetime(2026, 3, 3, 11, 0, tzinfo=UTC)
    assert "overdue" in found(place, noon)
    db.session.get(Reservation, leaving.reservation_id).source = "door"
    db.session.commit()
    assert "paid_over" not in found(place)
    assert found(place, noon).keys() & {"overdue", "paid_over"} == {"paid_over"}


def test_a_channel_that_sells_what_is_sold_is_told_of_until_it_is_settled(place):
    with clock_set_to(hotel.NOON):
        single = room_type_at(place.id, "SGL").id
        for _n in range(2):
            hotel.book(place, THIRD, FOURTH, type="SGL")
        feed = channels.add_feed(asset_id=place.id, room_type_id=single, name="Airbnb", url=None, actor=ACTOR)
        channels.take(feed_id=feed.id, content=said(("a1", THIRD, FOURTH, "Reserved")), actor=ACTOR)
    told = found(place, hotel.NOON)["channel"]
    assert (told.words, told.night) == ("Airbnb", THIRD)
