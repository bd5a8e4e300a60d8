"""Who drives what: never two with one vehicle, never one with two, and no moment without an answer."""

from datetime import timedelta
from functools import partial
from threading import Event
from time import sleep

import pytest
from sqlalchemy import func, select

from portal.core.clock import clock_set_to, utcnow
from portal.core.db import db
from portal.core.errors import Conflict
from portal.core.transaction import transactional
from portal.shared.assets.services import units
from portal.trades.fleet import office_errors as errors
from portal.trades.fleet.driver_queries import (
    assignments_of_driver,
    assignments_of_unit,
    driver_at,
    drivers_during,
    drivers_now,
)
from portal.trades.fleet.models import DriverAssignment, DriverStatus, Trip, VehicleState
from portal.trades.fleet.queries.words import lock_states
from portal.trades.fleet.services import assignments, drivers
from tests.factories import assets, fleet
from tests.factories.assets import ACTOR
from tests.payments.test_races import at_once

HOUR = timedelta(hours=1)


@pytest.fixture
def place(session):
    return fleet.place()


@pytest.fixture
def car(place):
    return assets.vehicle(place)


def give(unit, driver, since=None, until=None, **changes):
    return assignments.assign(
        **{"asset_id": unit.asset_id, "unit_id": unit.id, "driver_id": driver.id, "actor": ACTOR, "starts_at": since,
           "ends_at": until, **changes}
    )  # fmt: skip


def hand(unit, driver, **changes):
    return assignments.hand_over(asset_id=unit.asset_id, unit_id=unit.id, driver_id=driver.id, actor=ACTOR, **changes)


def test_a_vehicle_given_without_an_end_is_had_until_somebody_says_so(place, car):
    driver, now = fleet.driver(place), utcnow()
    made = give(car, driver, now - HOUR)
    assert driver_at(car.id, now + 1000 * HOUR).id == driver.id
    assert driver_at(car.id, now - 2 * HOUR) is None
    assignments.end(asset_id=place.id, assignment_id=made.id, actor=ACTOR)
    assert driver_at(car.id, utcnow() + HOUR) is None
    with pytest.raises(errors.AssignmentOver, match="brought the vehicle back already"):
        assignments.end(asset_id=place.id, assignment_id=made.id, actor=ACTOR)


def test_what_had_not_begun_is_simply_taken_away(place, car):
    made = give(car, fleet.driver(place), utcnow() + HOUR)
    assignments.end(asset_id=place.id, assignment_id=made.id, actor=ACTOR)
    assert assignments_of_unit(car.id) == []


def test_stretches_may_touch_but_not_overlap(place, car):
    first, second, now = fleet.driver(place, "Ada"), fleet.driver(place, "Ben"), utcnow()
    give(car, first, now, now + HOUR)
    give(car, second, now + HOUR, now + 2 * HOUR)
    with pytest.raises(errors.VehicleBusy, match="Ada has Vehicle"):
        give(car, fleet.driver(place), now - HOUR, now + HOUR / 2)
    with pytest.raises(errors.DriverBusy, match="Ben has another vehicle"):
        give(assets.vehicle(place), second, now + HOUR)
    with pytest.raises(errors.BadStretch, match="end must be after the beginning"):
        give(car, first, now + 5 * HOUR, now + 5 * HOUR)


def test_only_vehicles_of_the_place_are_driven_by_its_drivers(place, car):
    other = fleet.place()
    with pytest.raises(errors.NotAVehicle):
        give(car, fleet.driver(other), asset_id=other.id)
    with pytest.raises(errors.NoSuchDriver):
        give(car, fleet.driver(other))
    with pytest.raises(errors.NotAVehicle):
        give(assets.room(), fleet.driver(place))
    units.retire(unit_id=car.id, reason="Sold", actor=ACTOR)
    with pytest.raises(errors.VehicleBusy, match="left service"):
        give(car, fleet.driver(place))


def test_a_hand_over_leaves_no_moment_between(place, car):
    ada, ben, now = fleet.driver(place, "Ada"), fleet.driver(place, "Ben"), utcnow()
    give(car, ada, now - HOUR, now + 3 * HOUR)
    made = hand(car, ben)
    assert (made.ends_at, made.starts_at) == (now + 3 * HOUR, assignments_of_driver(ada.id)[0].ends_at)
    assert driver_at(car.id, made.starts_at).id == ben.id
    with pytest.raises(errors.VehicleBusy, match=r"Ben has Vehicle .* already"):
        hand(car, ben)


def test_a_hand_over_taken_back_leaves_things_as_they_were(place, car):
    ada, ben, now = fleet.driver(place, "Ada"), fleet.driver(place, "Ben"), utcnow()
    first = give(car, ada, now - HOUR)
    made = hand(car, ben)
    assignments.take_back(asset_id=place.id, assignment_id=made.id, actor=ACTOR)
    (kept,) = assignments_of_unit(car.id)
    assert (kept.id, kept.ends_at, kept.ended_by) == (first.id, None, None)
    with pytest.raises(errors.NoSuchAssignment):
        assignments.take_back(asset_id=place.id, assignment_id=made.id, actor=ACTOR)


def test_an_old_hand_over_is_not_taken_back(place, car):
    give(car, fleet.driver(place), utcnow() - HOUR)
    made = hand(car, fleet.driver(place))
    with clock_set_to(utcnow() + HOUR), pytest.raises(errors.HandOverTooOld, match="too long ago"):
        assignments.take_back(asset_id=place.id, assignment_id=made.id, actor=ACTOR)


def test_it_is_not_taken_back_to_somebody_who_drives_another_by_now(place, car):
    ada = fleet.driver(place, "Ada")
    give(car, ada, utcnow() - HOUR)
    made = hand(car, fleet.driver(place, "Ben"))
    give(assets.vehicle(place), ada)
    with pytest.raises(errors.DriverBusy, match="Ada has another vehicle"):
        assignments.take_back(asset_id=place.id, assignment_id=made.id, actor=ACTOR)
    assert drivers_now([car.id], utcnow())[car.id][1].name == "Ben"


def test_it_is_not_taken_back_to_somebody_who_has_left(place, car):
    ada = fleet.driver(place, "Ada")
    give(car, ada, utcnow() - HOUR)
    made = hand(car, fleet.driver(place, "Ben"))
    drivers.set_status(driver_id=ada.id, status=DriverStatus.LEFT, actor=ACTOR)
    with pytest.raises(errors.DriverNotAvailable, match="Ada does not drive here any more"):
        assignments.take_back(asset_id=place.id, assignment_id=made.id, actor=ACTOR)
    assert drivers_now([car.id], utcnow())[car.id][1].name == "Ben"


def test_who_drove_when_is_one_question_for_many_vehicles(place, car):
    other, now = assets.vehicle(place), utcnow()
    give(car, fleet.driver(place, "Ada"), now - 5 * HOUR, now - 3 * HOUR)
    give(car, fleet.driver(place, "Ben"), now - 3 * HOUR)
    give(other, fleet.driver(place, "Cleo"), now - 9 * HOUR, now - 8 * HOUR)
    found = drivers_during([car.id, other.id], now - 4 * HOUR, now)
    assert [each.unit_id for each in found] == [car.id, car.id]


def a_trip(unit, started_at):
    made = Trip(unit_id=unit.id, asset_id=unit.asset_id, started_at=started_at, start_latitude_e7=0,
                start_longitude_e7=0, end_latitude_e7=0, end_longitude_e7=0, distance_mm=1, moving_seconds=1,
                top_speed_kmh_milli=1, decided_at=started_at)  # fmt: skip
    db.session.add(made)
    db.session.commit()
    return made


def whose(*trips):
    db.session.expire_all()
    return [trip.driver_id for trip in trips]


def test_a_trip_is_whose_the_vehicle_was_when_it_began(place, car):
    ada, ben, now = fleet.driver(place, "Ada"), fleet.driver(place, "Ben"), utcnow()
    early, middle, last = (a_trip(car, now - hours * HOUR) for hours in (6, 4, 1))
    give(car, ada, now - 5 * HOUR)  # written down afterwards
    assert whose(early, middle, last) == [None, ada.id, ada.id]
    made = hand(car, ben, at=now - 2 * HOUR)
    assert whose(early, middle, last) == [None, ada.id, ben.id]
    late = a_trip(car, now - HOUR / 2)
    assert assignments.stamp_trips(unit_ids=[car.id], since=now - HOUR) == 1
    assert assignments.stamp_trips(unit_ids=[car.id], since=now - HOUR) == 0
    assignments.take_back(asset_id=place.id, assignment_id=made.id, actor=ACTOR)
    assert whose(early, middle, last, late) == [None, ada.id, ada.id, ada.id]


def test_a_trip_that_is_found_meanwhile_gets_its_driver_too(app, committed):
    place = fleet.place()
    car, ada, now = assets.vehicle(place), fleet.driver(place, "Ada"), utcnow()
    committed.add(VehicleState(unit_id=car.id, asset_id=place.id))
    committed.commit()
    found = Event()

    def follow():
        lock_states([car.id])
        made = Trip(unit_id=car.id, asset_id=place.id, started_at=now - HOUR / 2, start_latitude_e7=0,
                    start_longitude_e7=0, end_latitude_e7=0, end_longitude_e7=0, distance_mm=1, moving_seconds=1,
                    top_speed_kmh_milli=1, decided_at=now)  # fmt: skip
        db.session.add(made)
        db.session.flush()
        assignments.stamp_trips(unit_ids=[car.id], since=now - HOUR)
        found.set()
        sleep(0.5)

    def assign():
        found.wait(10)
        give(car, ada, now - HOUR)

    at_once(app, transactional(follow), assign)
    committed.expire_all()
    assert committed.scalars(select(Trip.driver_id)).all() == [ada.id]


def _done(work):
    """True for what was done, False for what was refused in words."""
    try:
        work()
    except Conflict:
        return False
    return True


def _at_once(app, works):
    return at_once(app, *[partial(_done, work) for work in works])


def test_twenty_dispatchers_give_away_one_vehicle_once(app, committed):
    place = fleet.place()
    car, people = assets.vehicle(place), [fleet.driver(place, f"Driver {n}") for n in range(20)]
    now = utcnow()
    done = _at_once(app, [lambda each=each: give(car, each, now) for each in people])
    assert done.count(True) == 1
    committed.expire_all()
    assert committed.scalar(select(func.count()).select_from(DriverAssignment)) == 1


def test_one_driver_is_given_twenty_vehicles_once(app, committed):
    place = fleet.place()
    driver, cars = fleet.driver(place), [assets.vehicle(place) for _turn in range(20)]
    now = utcnow()
    assert _at_once(app, [lambda each=each: give(each, driver, now) for each in cars]).count(True) == 1


def test_vehicles_handed_round_at_once_always_have_one_driver(app, committed):
    place = fleet.place()
    cars = [assets.vehicle(place) for _turn in range(2)]
    people = [fleet.driver(place, f"Driver {n}") for n in range(8)]
    now = utcnow() - HOUR
    for car, driver in zip(cars, people, strict=False):
        give(car, driver, now)
    _at_once(app, [lambda car=car, each=each: hand(car, each) for car in cars for each in people])
    committed.expire_all()
    running = drivers_now([each.id for each in cars], utcnow() + HOUR)
    assert len(running) == 2
    assert len({driver.id for _assignment, driver in running.values()}) == 2
    overlapping = committed.scalar(
        select(func.count()).select_from(DriverAssignment).where(func.upper(DriverAssignment.during).is_(None))
    )
    assert overlapping == 2
