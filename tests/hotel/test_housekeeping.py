"""Rooms are cleaned in the order guests need them, by people who know what is theirs, and what broke is mended."""

from datetime import timedelta

import pytest

from portal.core.clock import clock_set_to
from portal.trades.hotel.errors import NoSuchRoom, ReasonMissing, SoldOut, Stale, WrongStatus
from portal.trades.hotel.models import HousekeepingTask, MaintenanceRequest, Room, RoomSense, StayStatus
from portal.trades.hotel.queries.housekeeping import rooms_to_clean
from portal.trades.hotel.queries.inventory import room_at
from portal.trades.hotel.services import housekeeping, lost_items, mending
from tests.factories import hotel, identity
from tests.factories.assets import ACTOR
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once

TOMORROW = hotel.TODAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


def in_house(place, number, departure=TOMORROW):
    """Somebody sleeps in that room."""
    stay = hotel.stay(place, hotel.TODAY, departure)
    stay.room_id, stay.status = room_at(place.id, number).unit_id, StayStatus.IN_HOUSE
    return stay


def board(place):
    return {room.number: room for room in rooms_to_clean(place.id, hotel.TODAY)}


def test_the_day_is_planned_from_who_goes_and_who_stays_once(session):
    place = hotel.ber()
    leaves = in_house(place, "101")
    in_house(place, "102", TOMORROW + timedelta(days=3))
    leaves.departure = leaves.arrival + timedelta(days=1)
    housekeeping.set_status(asset_id=place.id, room_id=room_at(place.id, "201").unit_id, status="dirty", actor=ACTOR)
    session.commit()
    assert housekeeping.plan_day(asset_id=place.id, day=TOMORROW, actor=ACTOR) == 3
    assert housekeeping.plan_day(asset_id=place.id, day=TOMORROW, actor=ACTOR) == 0
    kinds = {room.number: room.kind for room in rooms_to_clean(place.id, TOMORROW)}
    assert kinds == {"101": "departure", "102": "stayover", "103": None, "201": "departure", "202": None}


def test_a_task_done_leaves_its_room_clean_and_can_be_taken_back(session):
    place = hotel.ber()
    room = room_at(place.id, "101")
    housekeeping.set_status(asset_id=place.id, room_id=room.unit_id, status="dirty", actor=ACTOR)
    housekeeping.plan_day(asset_id=place.id, actor=ACTOR)
    task = board(place)["101"].task_id
    housekeeping.start(asset_id=place.id, task_id=task, actor=ACTOR)
    assert board(place)["101"].status == "cleaning"
    for _n in range(2):  # a phone that was away sends it twice
        housekeeping.finish(asset_id=place.id, task_id=task, actor=ACTOR)
    assert (board(place)["101"].status, board(place)["101"].task_status) == ("clean", "done")
    housekeeping.reopen(asset_id=place.id, task_id=task, actor=ACTOR)
    assert (board(place)["101"].status, board(place)["101"].task_status) == ("dirty", "open")
    with pytest.raises(ReasonMissing):
        housekeeping.skip(asset_id=place.id, task_id=task, reason=" ", actor=ACTOR)
    housekeeping.skip(asset_id=place.id, task_id=task, reason="The guest sleeps", actor=ACTOR)
    with pytest.raises(WrongStatus):
        housekeeping.finish(asset_id=place.id, task_id=task, actor=ACTOR)


def test_two_people_who_touch_one_room_are_told_of_each_other(app, committed):
    place = hotel.ber()
    room = room_at(place.id, "101")
    say = [
        tried(lambda status=status: housekeeping.set_status(
            asset_id=place.id, room_id=room.unit_id, status=status, version=1, actor=ACTOR).status)
        for status in ("dirty", "inspected")
    ]  # fmt: skip
    said = at_once(app, *say)
    assert sorted(said, key=lambda word: word == "stale")[1] == "stale"
    committed.expire_all()
    assert committed.get(Room, room.unit_id).status == next(word for word in said if word != "stale")


def test_the_work_is_shared_out_floor_by_floor(session):
    place = hotel.big(12)
    session.query(Room).filter_by(asset_id=place.id).update({"status": "dirty"})
    session.commit()
    housekeeping.plan_day(asset_id=place.id, actor=ACTOR)
    ada, ben = (identity.person().id for _n in range(2))
    assert housekeeping.share_out(asset_id=place.id, people=[ada, ben], actor=ACTOR) == 12
    shares = [task.assigned_to for task in session.query(HousekeepingTask).filter_by(asset_id=place.id)]
    assert (shares.count(ada), shares.count(ben)) == (6, 6)
    assert housekeeping.share_out(asset_id=place.id, people=[ada], actor=ACTOR) == 0


def test_sensors_that_disagree_with_the_desk_are_shown(session):
    place = hotel.ber()
    in_house(place, "102")
    for number, occupied in (("101", True), ("102", True), ("103", False)):
        session.add(RoomSense(unit_id=room_at(place.id, number).unit_id, asset_id=place.id, occupied=occupied))
    session.commit()
    assert {number: room.discrepancy for number, room in board(place).items() if room.discrepancy} == {"101": "sleeps"}


def test_another_hotels_room_is_not_there(session):
    ours, theirs = hotel.ber(), hotel.lag()
    with pytest.raises(NoSuchRoom):
        housekeeping.set_status(asset_id=ours.id, room_id=room_at(theirs.id, "1").unit_id, status="dirty", actor=ACTOR)


def test_stale_says_what_it_is_now(session):
    place = hotel.ber()
    room = room_at(place.id, "101")
    housekeeping.set_status(asset_id=place.id, room_id=room.unit_id, status="dirty", actor=ACTOR)
    with pytest.raises(Stale, match="Room 101 was changed meanwhile: it is dirty now"):
        housekeeping.set_status(asset_id=place.id, room_id=room.unit_id, status="clean", version=1, actor=ACTOR)


def test_what_a_guest_left_is_kept_until_it_goes_back(session):
    place = hotel.ber()
    item = lost_items.find(asset_id=place.id, what="A red umbrella", kept_at="Shelf 2", actor=ACTOR)
    assert (item.number, item.status) == (1, "kept")
    lost_items.settle(asset_id=place.id, number=1, status="returned", outcome="Posted to Ms Ade", actor=ACTOR)
    with pytest.raises(WrongStatus):
        lost_items.settle(asset_id=place.id, number=1, status="disposed", outcome="Bin", actor=ACTOR)
    assert lost_items.keep_again(asset_id=place.id, number=1, actor=ACTOR).status == "kept"


def test_what_is_broken_is_mended_with_words(session):
    place = hotel.ber()
    room = room_at(place.id, "101")
    made = mending.report(asset_id=place.id, room_id=room.unit_id, what="The tap drips", urgent=True, actor=ACTOR)
    mending.begin(asset_id=place.id, number=made.number, actor=ACTOR)
    with pytest.raises(ReasonMissing):
        mending.end(asset_id=place.id, number=made.number, outcome="", actor=ACTOR)
    assert mending.end(asset_id=place.id, number=made.number, outcome="New seal", actor=ACTOR).status == "done"
    assert mending.reopen(asset_id=place.id, number=made.number, actor=ACTOR).status == "open"


def test_a_room_is_out_of_order_until_it_is_mended(session):
    place = hotel.ber()
    room = room_at(place.id, "101")
    until = hotel.TODAY + timedelta(days=3)
    made = mending.report(asset_id=place.id, room_id=room.unit_id, what="No water", until_on=until, actor=ACTOR)
    assert hotel.figures(place, hotel.TODAY)["out_of_order"] == 1
    mending.end(asset_id=place.id, number=made.number, outcome="New pump", actor=ACTOR)
    assert hotel.figures(place, hotel.TODAY)["out_of_order"] == 0


def test_a_room_guests_need_is_not_taken_from_them_by_a_report(session):
    place = hotel.ber()
    hotel.book(place, hotel.TODAY, TOMORROW, rooms=3)
    room = room_at(place.id, "101")
    with pytest.raises(SoldOut):
        mending.report(asset_id=place.id, room_id=room.unit_id, what="No water", until_on=TOMORROW, actor=ACTOR)
    assert session.query(MaintenanceRequest).count() == 0
