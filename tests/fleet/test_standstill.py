"""A stop goes out only when it is proved that the vehicle stands: unknown, stale or unseen facts prove nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from portal.core.db import db
from portal.shared.devices import interlocks
from portal.trades.fleet.queries import live
from tests.factories import assets as make
from tests.factories.words import look, store, tell
from tests.fleet.seen import now_teller


def may_move(*units):
    db.session.rollback()
    return live.may_be_moving([unit.id for unit in units])


@pytest.fixture
def car(session):
    return make.vehicle()


def parked(car, said="location", seconds=60):
    """A car whose tracker has said for a minute, until now, that it stands."""
    teller = now_teller(minutes_ago=seconds / 60)
    for second in range(0, seconds + 1, 10):
        if said == "location":
            teller.at(second)
        else:
            teller.say(second, "speed", "0")
    tell(car, teller.words)
    return teller


def test_what_nothing_can_see_is_not_waited_for(car):
    assert may_move(car) == set()
    tell(car, [now_teller(0).say(0, "ignition", "on")])
    assert may_move(car) == set()


def test_a_car_that_drives_waits_and_one_that_parks_does_not(car):
    teller = now_teller(4)
    teller.drive(0, 1_000)
    tell(car, teller.words)
    assert may_move(car) == {car.id}
    assert interlocks.has_to_wait("ignition", "turn_off", [car.id]) == {car.id}
    assert interlocks.has_to_wait("ignition", "turn_on", [car.id]) == set()
    said = len(teller.words)
    teller.park(100, 120, every=10, at_m=1_000)
    tell(car, teller.words[said:])
    assert may_move(car) == set()


def test_one_bare_position_proves_nothing_and_two_in_a_row_do(car):
    teller = now_teller(1)
    tell(car, [teller.at(0)])
    assert may_move(car) == {car.id}, "how fast it goes is unknown"
    tell(car, [teller.at(40)])
    assert may_move(car) == set()


def test_a_first_position_with_its_speed_is_proof(car):
    still, fast = (f'{{"lat": 6.5, "lon": 3.3, "speed": {speed}}}' for speed in (0, 64))
    teller = now_teller(1)
    tell(car, [teller.say(0, "location", still)])
    assert may_move(car) == set()
    other = make.vehicle()
    tell(other, [teller.say(5, "location", fast)])
    assert may_move(other) == {other.id}


def test_a_tracker_that_says_only_its_speed(car):
    parked(car, said="speed")
    assert may_move(car) == set()
    tell(car, [now_teller(0).say(0, "speed", "64")])
    assert may_move(car) == {car.id}


def test_what_was_heard_long_ago_proves_nothing(car):
    parked(car)
    assert may_move(car) == set()
    for change in (
        "update latest_reading set at = at - interval '6 min'",
        "update vehicle_state set fix_at = fix_at - interval '6 min', folded_to = folded_to - interval '6 min'",
    ):
        db.session.execute(text(change))
    db.session.commit()
    assert may_move(car) == {car.id}, "its last word is six minutes old"


def test_junk_does_not_make_an_old_position_young(car):
    parked(car)
    db.session.execute(text("update latest_reading set value = '0,0'"))
    db.session.execute(text("update vehicle_state set fix_at = fix_at - interval '6 min'"))
    db.session.commit()
    assert may_move(car) == {car.id}


def test_words_the_watcher_has_not_seen_are_judged_by_themselves(car):
    teller = parked(car)
    store(car, [teller.at(61, 5)])
    assert may_move(car) == set(), "where it was"
    store(car, [teller.at(62, 200)])
    assert may_move(car) == {car.id}, "somewhere else"
    store(car, [teller.say(62.5, "location", '{"lat": 6.5244, "lon": 3.3792, "speed": 64}')])
    assert may_move(car) == {car.id}
    store(car, [teller.say(63, "location", '{"lat": 6.5244, "lon": 3.3792, "speed": 0}')])
    assert may_move(car) == set(), "it says that it stands"


def test_a_watcher_that_is_behind_proves_nothing(car):
    parked(car)
    db.session.execute(text("update vehicle_state set folded_to = folded_to - interval '40 s'"))
    db.session.commit()
    assert may_move(car) == {car.id}


def test_a_position_far_off_that_waits_to_be_confirmed(car):
    teller = parked(car)
    tell(car, [teller.at(63, 2_000)])
    assert may_move(car) == {car.id}


def test_after_a_long_silence_the_first_position_alone_proves_nothing(car):
    teller = now_teller(30)
    teller.park(0, 120, every=10)
    tell(car, teller.words)
    look()
    again = now_teller(1)
    tell(car, [again.at(0)])
    assert may_move(car) == {car.id}
    tell(car, [again.at(40)])
    assert may_move(car) == set()
