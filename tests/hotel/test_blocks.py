"""Rooms out of order, out of service, for the house: what they do to what can be sold, and to who has the room."""

from datetime import date

import pytest

from portal.core.clock import clock_set_to
from portal.trades.hotel.errors import DatesWrong, ReasonMissing, RoomTaken, SoldOut
from portal.trades.hotel.models import BlockKind
from portal.trades.hotel.queries.chart import chart
from portal.trades.hotel.queries.inventory import room_at
from portal.trades.hotel.queries.rooms_free import rooms_for
from portal.trades.hotel.services import blocks
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.hotel.hands import assign, check_in, fresh, turn_to
from tests.hotel.invariants import sound

NINTH, TENTH, ELEVENTH, TWELFTH = (date(2026, 3, day) for day in (9, 10, 11, 12))


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


def block(place, number, *, kind=BlockKind.OUT_OF_ORDER, start=TENTH, end=TWELFTH, **said):
    fields = {"reason": "No water", "actor": ACTOR, **said}
    return blocks.block(
        asset_id=place.id, room_id=room_at(place.id, number).unit_id, kind=kind, from_on=start, until_on=end, **fields
    )


def test_out_of_order_lowers_what_can_be_sold_and_never_below_what_is(session):
    """Scenario 21: two of three sold, one room may go; another only by force, and staff see the minus."""
    place = hotel.ber()
    hotel.book(place, TENTH, ELEVENTH, rooms=2)
    block(place, "101")
    assert hotel.figures(place, TENTH)["free"] == 0
    with pytest.raises(SoldOut, match="10 March"):
        block(place, "102")
    block(place, "102", force=True)
    assert (hotel.figures(place, TENTH)["free"], hotel.figures(place, ELEVENTH)["free"]) == (-1, 1)
    sound(place)


def test_a_room_with_a_guest_to_come_is_refused_and_offers_another(session):
    """Scenario 21."""
    place = hotel.ber()
    stay = hotel.stay(place, ELEVENTH, TWELFTH)
    assign(place, stay, "101")
    with pytest.raises(RoomTaken, match="Room 101 has a guest from 11 March") as refused:
        block(place, "101")
    assert refused.value.details["offers"] == [{"stay": str(stay.id), "room": "102"}]
    block(place, "101", re_room=True)
    assert fresh(place, stay).room_id == room_at(place.id, "102").unit_id
    sound(place)


def test_out_of_service_can_be_sold_and_warns_at_assignment(session):
    """Scenario 21."""
    place = hotel.ber()
    block(place, "101", kind=BlockKind.OUT_OF_SERVICE, reason="The lamp flickers")
    assert hotel.figures(place, TENTH)["free"] == 3
    given = assign(place, hotel.stay(place, TENTH, TWELFTH), "101")
    assert given.warning == "The lamp flickers"
    assert assign(place, hotel.stay(place, TENTH, TWELFTH)).number == "102"


def test_a_blocked_room_is_no_choice_and_says_why(session):
    place = hotel.ber()
    block(place, "101", kind=BlockKind.HOUSE_USE, reason="The night porter")
    stay = hotel.stay(place, TENTH, TWELFTH)
    with pytest.raises(RoomTaken, match="Room 101 is taken by The night porter until 12 March"):
        assign(place, stay, "101")
    assert [each.why_not() for each in rooms_for(place, stay, same_type=True)] == ["The night porter", None, None]
    (bar,) = chart(place, NINTH).bars[room_at(place.id, "101").unit_id]
    assert (bar.status, bar.words) == ("house_use", "The night porter")


def test_a_block_that_ends_early_gives_back_what_is_left(session):
    place = hotel.ber()
    made = block(place, "101", start=hotel.TODAY)
    turn_to(place, TENTH)
    with clock_set_to(hotel.NOON.replace(day=10)):
        blocks.end(asset_id=place.id, block_id=made.id, actor=ACTOR)
        assert (hotel.figures(place, NINTH)["out_of_order"], hotel.figures(place, TENTH)["out_of_order"]) == (1, 0)
        check_in(place, hotel.stay(place, TENTH, TWELFTH), "101")
    sound(place)


def test_a_block_is_moved_and_counted_where_it_stands(session):
    place = hotel.ber()
    made = block(place, "101")
    blocks.amend(
        asset_id=place.id, block_id=made.id, from_on=ELEVENTH, until_on=date(2026, 3, 14), reason="Paint", actor=ACTOR
    )
    assert [hotel.figures(place, date(2026, 3, day))["out_of_order"] for day in range(10, 15)] == [0, 1, 1, 1, 0]
    assign(place, hotel.stay(place, TENTH, ELEVENTH), "101")
    sound(place)


def test_a_block_needs_days_to_come_and_a_reason(session):
    place = hotel.ber()
    for dates in ((TENTH, TENTH), (date(2026, 2, 20), TENTH)):
        with pytest.raises(DatesWrong):
            block(place, "101", start=dates[0], end=dates[1])
    with pytest.raises(ReasonMissing):
        block(place, "101", reason=" ")
