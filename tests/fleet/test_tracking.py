"""Vehicles are followed through the database: in order, late, in pieces, at once, and always to the same end."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from portal.core.db import db
from portal.core.outbox import OutboxEvent
from portal.reporting import fleet
from portal.shared.assets.queries import asset_of, unit_of
from portal.shared.devices.models import ReadingNews
from portal.shared.devices.readings import from_plain_topic
from portal.shared.devices.services import telemetry, watching
from portal.trades.fleet.found import SECOND
from portal.trades.fleet.models import (
    RejectedFix,
    Trip,
    VehicleState,
)
from portal.trades.fleet.queries import live
from portal.trades.fleet.queries.history import track_of
from portal.trades.fleet.services import assignments, tracking
from tests.factories import assets as make
from tests.factories import fleet as office
from tests.factories import payments
from tests.factories.words import look, micros, moment, store, tell
from tests.fleet.seen import batches, driven, fence, known_of, place_of, retold
from tests.fleet.test_track import true_day
from tests.fleet.tracks import MORNING, Teller


def test_a_day_of_a_bad_tracker_is_twenty_kilometres_and_the_same_for_any_batches(session):
    words = sorted(true_day(), key=lambda word: word.at)
    one = make.vehicle()
    tell(one, words)
    whole = known_of(one)
    assert driven(one) == pytest.approx(20_000, rel=0.02)
    for seed in range(3):
        other = make.vehicle()
        mixed = list(words)
        random.Random(seed).shuffle(mixed)
        for batch in batches(mixed, 300):
            tell(other, batch)
        assert {**known_of(other), "rejected_fix": 0} == {**whole, "rejected_fix": 0}
        assert len(known_of(other)["rejected_fix"]) == len(whole["rejected_fix"])
    assert retold(one) == whole


def test_forty_fixes_half_an_hour_late_take_their_place_in_time(session):
    """Scenario 23. Trips, stops, odometer and days come out as if they had come in order; the latest position stays."""
    teller = Teller(seed=5)
    arrived = teller.drive(0, 12_000, every=5)
    teller.park(arrived, 2_400, every=20, at_m=12_000, jitter=4)
    words = list(teller.words)
    late = words[60:100]
    inorder, unit = make.vehicle(), make.vehicle()
    for batch in batches(words, 50):
        tell(inorder, batch)
    for batch in batches([word for word in words if word not in late], 50):
        tell(unit, batch)
    before = live.find_state(unit.id)
    where = (before.latitude_e7, before.longitude_e7, before.fix_at)
    without = driven(unit)
    tell(unit, late)
    db.session.expire_all()
    after = live.find_state(unit.id)
    assert (after.latitude_e7, after.longitude_e7, after.fix_at) == where
    assert driven(unit) == pytest.approx(12_000, rel=0.02)
    assert known_of(unit) == known_of(inorder)
    assert without > 0


@pytest.mark.parametrize("value", ["0,0", "91.2,3.3", "junk"])
def test_what_is_no_position_is_kept_and_moves_nothing(session, value):
    """Scenario 24."""
    unit, teller = make.vehicle(), Teller()
    teller.drive(0, 1_000)
    tell(unit, teller.words)
    before = known_of(unit, of={VehicleState: ("latitude_e7", "longitude_e7", "fix_at", "counted_mm")})
    teller.say(200, "location", value)
    tell(unit, teller.words[-1:])
    assert known_of(unit, of={VehicleState: ("latitude_e7", "longitude_e7", "fix_at", "counted_mm")}) == before
    assert session.scalar(select(func.count()).select_from(RejectedFix).where(RejectedFix.unit_id == unit.id)) == 1


@pytest.mark.parametrize(("metres", "seconds"), [(30_000, 5), (5_000_000, 1)])
def test_a_leap_no_vehicle_makes_and_a_wrong_clock_move_neither_map_nor_odometer(session, metres, seconds):
    """Scenario 24."""
    unit, teller = make.vehicle(), Teller()
    teller.drive(0, 1_000)
    tell(unit, teller.words)
    state = live.find_state(unit.id)
    before = (state.latitude_e7, state.longitude_e7, state.counted_mm)
    spike = [teller.at(100 + seconds, metres, 1_000)]
    tell(unit, spike)
    session.expire_all()
    state = live.find_state(unit.id)
    assert (state.latitude_e7, state.longitude_e7, state.counted_mm) == before
    assert (state.doubt, state.doubt_at) == ("jump", moment(spike[0].at))
    tell(unit, [teller.at(108, 0, 1_005), teller.at(109, 0, 80_000, clock_wrong=True)])
    session.expire_all()
    state = live.find_state(unit.id)
    assert state.doubt is None
    assert state.counted_mm == before[2]
    reasons = session.scalars(
        select(RejectedFix.reason).where(RejectedFix.unit_id == unit.id).order_by(RejectedFix.at)
    ).all()
    assert reasons == ["jump", "clock"]


def test_a_reading_from_a_plain_topic_moves_the_vehicle(session):
    unit = make.vehicle()
    topic = f"vehicles/{place_of(unit).asset_number}/{unit.number}/location"
    telemetry.store(said=[from_plain_topic(topic, b"6.5244,3.3792")])
    assert look() == 1
    state = live.find_state(unit.id)
    assert (state.latitude_e7, state.longitude_e7) == (65_244_000, 33_792_000)
    assert session.scalar(select(func.count()).select_from(ReadingNews)) == 0
    told = session.scalars(select(OutboxEvent.topic).where(OutboxEvent.asset_id == unit.asset_id)).all()
    assert told.count("fleet.vehicle.moved") == 1


def test_a_trip_has_its_driver_and_a_late_fix_leaves_it(session):
    unit, teller = make.vehicle(), Teller()
    arrived = teller.drive(0, 5_000)
    teller.park(arrived, 600, every=20, at_m=5_000)
    words = list(teller.words)
    driver = office.driver(asset_of(unit.asset_id), licence_days=9_999)
    assignments.assign(
        asset_id=unit.asset_id,
        unit_id=unit.id,
        driver_id=driver.id,
        starts_at=moment(words[0].at) - timedelta(hours=1),
        actor=make.ACTOR,
    )
    tell(unit, words[2:])
    assert session.scalars(select(Trip.driver_id).where(Trip.unit_id == unit.id)).all() == [driver.id]
    tell(unit, words[:2])
    session.expire_all()
    again = session.scalars(select(Trip).where(Trip.unit_id == unit.id)).one()
    assert again.started_at < moment(words[2].at)
    assert again.driver_id == driver.id


def test_two_places_do_not_see_each_other(session):
    one, two = make.vehicle(), make.vehicle()
    fence(place_of(two), radius=5_000)
    teller = Teller()
    teller.drive(0, 1_000)
    tell(one, teller.words)
    tell(two, teller.words)
    assert [each.number for each in fleet.live(one.asset_id, [])] == [one.number]
    assert live.find_state(one.id).inside == []
    assert live.find_state(two.id).inside != []


def test_a_room_has_no_track(session):
    room = make.room()
    store(room, [Teller().say(0, "speed", "5")])
    assert look() == 1
    assert live.find_state(room.id) is None


def test_following_a_vehicle_leaves_alone_what_was_paid_for(session):
    car, teller = make.vehicle(), Teller()
    teller.drive(0, 1_000)
    tell(car, teller.words[:10])
    payments.paid(car)
    until = unit_of(car.id).expires_at
    tell(car, teller.words[10:])
    session.expire_all()
    assert (unit_of(car.id).status, unit_of(car.id).expires_at) == ("active", until)


def test_a_span_of_the_track_is_thinned_evenly_and_leaves_out_what_is_not_believed(session):
    unit, teller = make.vehicle(), Teller()
    teller.drive(0, 3_000)
    spike = teller.at(52.5, 30_000, 0)
    tell(unit, teller.words)
    since, until = moment(MORNING), moment(MORNING + 400 * SECOND)
    every = track_of(unit.id, since, until)
    assert [point.ms * 1_000 for point in every] == sorted(word.at for word in teller.words if word != spike)
    few = track_of(unit.id, since, until, most=10)
    assert 1 < len(few) <= 10
    assert set(few) <= set(every)
    assert track_of(unit.id, until, until + timedelta(days=1)) == []


def test_days_change_at_the_places_midnight_and_clocks_change_there():
    lagos = tracking.day_at("Africa/Lagos", micros(moment(0) + timedelta(days=20_000, hours=23, minutes=30)))
    assert lagos.date == str((moment(0) + timedelta(days=20_001)).date())
    spring = tracking.day_at("Europe/Berlin", MORNING + 146 * 86_400 * SECOND)
    assert spring.date == "2027-03-28"
    begins = tracking.day_at("Europe/Berlin", MORNING + 145 * 86_400 * SECOND).until
    assert spring.until - begins == 23 * 3_600 * SECOND


def test_a_look_that_is_undone_repeats_nothing(committed):
    unit, teller = make.vehicle(), Teller()
    teller.drive(0, 3_000)
    store(unit, teller.words[:100])
    kept = tracking.telling.tell
    tracking.telling.tell = lambda *_rest: 1 / 0
    try:
        assert watching.look_at_news() == 0
    finally:
        tracking.telling.tell = kept
    assert live.find_state(unit.id) is None
    db.session.execute(text("update reading_news set due_at = clock_timestamp()"))
    db.session.commit()
    look()
    whole = make.vehicle()
    tell(whole, teller.words[:100])
    assert known_of(unit) == known_of(whole)


def test_two_looks_at_once_come_to_the_same_end_as_one(committed, app):
    teller = Teller(seed=9)
    arrived = teller.drive(0, 6_000, every=2)
    teller.park(arrived, 600, every=5, at_m=6_000, jitter=5)
    words = list(teller.words)
    alone = make.vehicle()
    tell(alone, words)
    whole = known_of(alone)
    unit = make.vehicle()
    mixed = batches(words, 9)
    random.Random(2).shuffle(mixed)
    failures = []

    def looking(stop):
        with app.app_context():
            while not stop.is_set():
                try:
                    watching.look_at_news()
                except Exception as error:
                    failures.append(error)

    stop = threading.Event()
    lookers = [threading.Thread(target=looking, args=(stop,)) for _ in range(2)]
    for thread in lookers:
        thread.start()
    try:
        for batch in mixed:
            store(unit, batch)
    finally:
        stop.set()
        for thread in lookers:
            thread.join()
    db.session.execute(text("update reading_news set due_at = clock_timestamp()"))
    db.session.commit()
    look()
    assert failures == []
    assert known_of(unit) == whole


def test_a_map_that_remembers_a_horizon_is_told_what_changed_and_misses_nothing(committed):
    asset = make.place("fleet")
    one, two = make.vehicle(asset), make.vehicle(asset)
    teller = Teller()
    teller.drive(0, 1_000)
    tell(one, teller.words[:10])
    first = since(asset, 0)
    assert first == [one.number]
    horizon, _latest = fleet.horizon()
    db.session.rollback()
    tell(two, teller.words[:10])
    assert since(asset, horizon) == [two.number]
    horizon, _latest = fleet.horizon()
    db.session.rollback()
    assert since(asset, horizon) == []


def since(asset, horizon):
    db.session.rollback()
    return [each.number for each in fleet.live(asset.id, [], since=horizon)]
