"""Groups: rooms kept for them, picked up, given back at the cut-off, and their rooming lists."""

from datetime import date, timedelta

import pytest

from portal.core.clock import clock_set_to
from portal.shared.audit.models import AuditEntry
from portal.trades.hotel.errors import DatesWrong, GroupOver, SoldOut
from portal.trades.hotel.queries.groups import kept_for, rooming_list
from portal.trades.hotel.queries.inventory import room_type_at
from portal.trades.hotel.queries.stays import stays_of
from portal.trades.hotel.services import cancellations, groups, recount, rooming
from portal.trades.hotel.services.guests import Guest
from portal.trades.hotel.services.reservations import Wanted
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once

TENTH, ELEVENTH, TWELFTH = (date(2026, 3, day) for day in (10, 11, 12))
CUT_OFF = date(2026, 3, 7)


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


def opened(place, rooms=10, **changes):
    """A group with so many doubles for the nights of the 10th and the 11th."""
    fields = {"code": "acme", "name": "Acme", "arrival": TENTH, "departure": TWELFTH, "cutoff_on": CUT_OFF, **changes}
    blocks = {room_type_at(place.id, "DBL").id: rooms}
    return groups.open_group(asset_id=place.id, blocks=blocks, actor=ACTOR, **fields)


def pick_up(place, group, rooms=1, **dates):
    wish = Wanted(room_type_id=room_type_at(place.id, "DBL").id, plan=None, rooms=rooms, adults=1)
    return groups.pick_up(group_id=group.id, wanted=[wish], guest=Guest(name="A member"), actor=ACTOR, **dates)


def counts(place, night=TENTH):
    found = hotel.figures(place, night)
    return found["held"], found["booked"], found["free"]


def test_a_block_is_kept_picked_up_and_given_back_at_its_cut_off(session):
    """Scenario 26: general sale sees ten fewer, four are picked up, and the six return once."""
    place = hotel.big()
    group = opened(place)
    assert counts(place) == counts(place, ELEVENTH) == (10, 0, 90)
    pick_up(place, group, rooms=4)
    assert counts(place) == (6, 4, 90)
    assert recount.check(asset_id=place.id) == []
    place.business_date = CUT_OFF
    session.flush()
    assert groups.cut_off_due() == 0, "on the day itself rooms are still kept"
    place.business_date = CUT_OFF + timedelta(days=1)
    session.flush()
    assert groups.cut_off_due() == 1
    assert groups.cut_off_due() == 0
    assert counts(place) == (0, 4, 96)
    assert kept_for([group.id])[group.id].left == 0
    assert recount.check(asset_id=place.id) == []


def test_the_cut_off_by_many_hands_gives_the_rooms_back_once(app, committed):
    place = hotel.big(12)
    group = opened(place)
    at_once(app, *[lambda: groups.end(group_id=group.id, actor=ACTOR)] * 6)
    assert counts(place) == (0, 0, 12)


def test_members_at_once_take_what_is_kept_and_then_what_is_free(app, committed):
    place = hotel.big(6)
    group = opened(place, rooms=4)
    said = at_once(app, *[tried(lambda: bool(pick_up(place, group))) for _n in range(9)])
    assert sorted(map(str, said)) == ["True"] * 6 + ["sold_out"] * 3
    assert counts(place) == (0, 6, 0)
    assert recount.check(asset_id=place.id) == []


def test_no_more_is_kept_than_there_is_and_no_less_than_was_picked_up(session):
    place = hotel.big(12)
    with pytest.raises(SoldOut):
        opened(place, rooms=13)
    group = opened(place)
    pick_up(place, group, rooms=4)
    double = room_type_at(place.id, "DBL").id
    with pytest.raises(DatesWrong, match="4 rooms are picked up"):
        groups.keep(group_id=group.id, blocks={double: 3}, actor=ACTOR)
    groups.keep(group_id=group.id, blocks={double: 5}, actor=ACTOR)
    assert counts(place) == (1, 4, 7)
    groups.end(group_id=group.id, cancelled=True, actor=ACTOR)
    with pytest.raises(GroupOver):
        pick_up(place, group)
    assert counts(place) == (0, 4, 8)


def test_who_stays_longer_than_the_group_is_sold_the_other_nights(session):
    place = hotel.big(12)
    group = opened(place)
    made = pick_up(place, group, arrival=TENTH, departure=TWELFTH + timedelta(days=1))
    assert [counts(place, TENTH + timedelta(days=n))[:2] for n in range(3)] == [(9, 1), (9, 1), (0, 1)]
    cancellations.cancel(reservation_id=made.id, actor=ACTOR)
    assert counts(place) == (9, 0, 3), "a room given back goes to general sale"
    assert recount.check(asset_id=place.id) == []


LIST = """name;room_type;adults;phone;arrival
Ada Okafor;DBL;2;+4915112345678;
Bob Adu;dbl;1;;
Eve;SUITE;1;;
Cy Lee;DBL;2;;2026-03-11
Dan;DBL;3;;
"""


def test_a_rooming_list_is_booked_but_for_the_rows_that_are_wrong(session):
    """Scenario 26: rows 1, 2 and 4 are booked, rows 3 and 5 are told by their number."""
    place = hotel.big()
    group = opened(place)
    looked = rooming.read(group, LIST.encode())
    assert rooming.counted(looked) == (3, 2)
    assert counts(place) == (10, 0, 90), "looking books nothing"
    rows = rooming.book(group_id=group.id, content=LIST.encode("utf-8-sig"), actor=ACTOR)
    assert [(row.number, bool(row.booked)) for row in rows] == [(1, True), (2, True), (3, False), (4, True), (5, False)]
    assert "no room type" in rows[2].wrong
    assert "sleeps 2" in rows[4].wrong
    assert [stay.arrival for _reservation, stay in rooming_list(group.id)] == [TENTH, TENTH, ELEVENTH]
    assert counts(place) == (8, 2, 90)
    assert recount.check(asset_id=place.id) == []


def test_a_row_the_house_has_no_room_for_leaves_nothing_behind(session):
    place = hotel.big(2)
    group = opened(place, rooms=2)
    many = "name,room_type\n" + "".join(f"Guest {n},DBL\n" for n in range(4))
    rows = rooming.book(group_id=group.id, content=many.encode(), actor=ACTOR)
    assert [row.wrong for row in rows[2:]] == ["Double is full on 10 March."] * 2
    booked = session.query(AuditEntry).filter_by(action="reservation.booked", asset_id=place.id).count()
    assert (booked, counts(place)) == (2, (0, 2, 0))


@pytest.mark.parametrize("content", [b"", b"name\n", b"who,room_type\nAda,DBL\n", b"\xff\xfe\x00", b"x" * 600_000])
def test_what_is_no_list_is_refused_whole(session, content):
    group = opened(hotel.big(1), rooms=1)
    with pytest.raises(rooming.NotAList):
        rooming.read(group, content)


def test_a_group_hold_is_taken_out_of_its_own_rooms(session):
    place = hotel.big(12)
    group = opened(place)
    wish = Wanted(room_type_id=room_type_at(place.id, "DBL").id, plan=None, adults=1)
    made = groups.pick_up(
        group_id=group.id, wanted=[wish], guest=Guest(name="Unsure"), actor=ACTOR,
        hold_until=hotel.NOON + timedelta(hours=1),
    )  # fmt: skip
    assert counts(place) == (10, 0, 2)
    assert stays_of(made.id)[0].status == "held"
    assert recount.check(asset_id=place.id) == []
