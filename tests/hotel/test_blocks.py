"""Rooms out of order, out of service, for the house: what they do to what can be sold, and to who has the room."""

from datetime import date, timedelta

import pytest

from portal.core.clock import clock_set_to
from portal.core.db import db
from portal.trades.hotel.errors import DatesWrong, ReasonMissing, RoomTaken, SoldOut
from portal.trades.hotel.models import BlockKind, RoomBlock, TypePart
from portal.trades.hotel.queries.chart import chart
from portal.trades.hotel.queries.inventory import room_at, room_type_at
from portal.trades.hotel.queries.rooms_free import rooms_for
from portal.trades.hotel.services import blocks, properties, recount
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.hotel.hands import assign, check_in, fresh, turn_to
from tests.hotel.invariants import sound
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once

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


def with_suite():
    """Berlin with suite 301, made of 101 and 102."""
    place = hotel.ber()
    doubles = room_type_at(place.id, "DBL")
    suite = properties.add_type(asset_id=place.id, code="STE", name="Suite", capacity=4, actor=ACTOR)
    made = properties.add_room(asset_id=place.id, number="301", room_type_id=suite.id, price=1_000_000, actor=ACTOR)
    for number in ("101", "102"):
        room_at(place.id, number).parent_id = made.unit_id
    db.session.add(TypePart(room_type_id=suite.id, part_id=doubles.id, asset_id=place.id, count=2))
    db.session.commit()
    return place


def suites(place):
    return [hotel.figures(place, night, "STE")["free"] for night in (TENTH, ELEVENTH)]


def test_a_suite_is_not_for_sale_while_a_room_of_it_is_out_of_order(session):
    place = with_suite()
    first = block(place, "101")
    assert suites(place) == [0, 0]
    with pytest.raises(SoldOut, match="Suite is full on 10 March"):
        hotel.book(place, TENTH, ELEVENTH, type="STE", plan=None)
    second = block(place, "102", start=ELEVENTH)
    assert suites(place) == [0, 0]
    assert recount.check(asset_id=place.id) == []
    sound(place)
    blocks.end(asset_id=place.id, block_id=first.id, actor=ACTOR)
    assert suites(place) == [1, 0]
    blocks.amend(
        asset_id=place.id, block_id=second.id, from_on=TENTH, until_on=ELEVENTH, reason="No light", actor=ACTOR
    )
    assert suites(place) == [0, 1]
    blocks.end(asset_id=place.id, block_id=second.id, actor=ACTOR)
    assert suites(place) == [1, 1]
    assert recount.check(asset_id=place.id) == []
    sound(place)


def test_out_of_service_leaves_the_suite_for_sale(session):
    place = with_suite()
    block(place, "101", kind=BlockKind.OUT_OF_SERVICE)
    assert suites(place) == [1, 1]


def test_a_suite_that_is_sold_keeps_its_rooms_unless_by_force(session):
    place = with_suite()
    hotel.book(place, TENTH, ELEVENTH, type="STE", plan=None)
    with pytest.raises(SoldOut, match="Suite is full on 10 March"):
        block(place, "101")
    block(place, "101", force=True)
    assert suites(place) == [-1, 0]


def test_nights_that_are_opened_later_know_of_the_suite_too(session):
    place = with_suite()
    last = hotel.TODAY + timedelta(days=399)
    made = RoomBlock(
        asset_id=place.id, room_id=room_at(place.id, "102").unit_id, kind="house_use", from_on=last,
        until_on=last + timedelta(days=3), reason="The owner", made_by="Ada",
    )  # fmt: skip
    session.add(made)
    session.commit()
    hotel.open_nights(place, last, 3)
    assert hotel.figures(place, last, "STE") == {**hotel.figures(place, TENTH, "STE"), "out_of_order": 1, "free": 0}


def test_two_rooms_of_a_suite_go_out_of_order_at_once(app, committed):
    """Sixteen clerks close the two rooms of the suite: each once, and the suite counts once."""
    place = with_suite()
    db.session.commit()
    said = at_once(app, *[tried(lambda n=n: block(place, ("101", "102")[n % 2]).kind) for n in range(16)])
    assert (said.count("out_of_order"), set(said)) == (2, {"out_of_order", "room_taken"})
    assert suites(place) == [0, 0]
    assert recount.check(asset_id=place.id) == []
