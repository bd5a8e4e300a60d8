"""The fold over a vehicle's words: the odometer is right, and the same for any order in which they came."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.trades.fleet import geo
from portal.trades.fleet.found import SECOND
from tests.fleet.tracks import MORNING, Teller, folded, hours, kilometres, told


def true_day():
    """20.0 km, then eight hours parked, with everything trackers do wrong on the way."""
    teller = Teller(seed=7)
    arrived = teller.drive(0, 20_000, pace=12.5, every=5, jitter=3)
    late = [teller.words.pop(number) for number in range(100, 140)]
    teller.park(arrived, hours(8), every=30, at_m=20_000, jitter=7)
    teller.say(600.5, "location", "0,0")
    teller.say(700.5, "location", "91.2,3.4")
    teller.at(800.5, 30_000, 9_000)
    teller.at(5_000.5, 30_000, 0)
    teller.at(900.5, 0, 11_000, clock_wrong=True)
    teller.words += [word._replace(key=word.key + "again") for word in teller.words[200:260]]
    teller.words += late
    return teller.words


def test_twenty_kilometres_are_twenty_kilometres_whatever_the_tracker_does_wrong():
    words = true_day()
    assert kilometres(words) == pytest.approx(20.0, rel=0.02)
    fold, found = folded(words)
    reasons = sorted(each.reason for each in found.rejected)
    assert reasons == ["clock", *["duplicate"] * 60, "jump", "jump", "no_fix", "range"]
    (trip,) = found.trips.values()
    assert trip.distance_mm == pytest.approx(20_000_000, rel=0.02)
    assert trip.ended - trip.started == pytest.approx(1_600 * SECOND, abs=60 * SECOND)
    assert fold.journeys.trip is None
    (stop,) = found.stops.values()
    assert stop.started >= trip.ended
    assert fold.journeys.moving is False


@pytest.mark.parametrize("seed", range(5))
def test_any_order_of_arrival_tells_the_same_day(seed):
    words = true_day()
    shuffled = list(words)
    Teller(seed).chance.shuffle(shuffled)
    assert told(shuffled) == told(words)
    cuts = sorted(Teller(seed).chance.sample(range(1, len(words)), 20))
    assert told(words, cuts=cuts) == told(words)


steps = st.lists(
    st.tuples(
        st.integers(0, 1_300),
        st.sampled_from([0, 0, 5, 30, 45, 80, 300, 1_200, 40_000]),
        st.sampled_from([-1, 0, 1]),
        st.sampled_from([None, None, "on", "off", "0", "3", "64", "130", "0,0", "junk", "same", "x"]),
    ),
    max_size=60,
)


def walked(moves):
    teller, now, east, north = Teller(), 0.0, 0.0, 0.0
    for wait, metres, way, extra in moves:
        now += wait / 3
        if extra in ("on", "off"):
            teller.say(now, "ignition", extra)
        elif extra == "x":
            teller.at(now, north, east, clock_wrong=True)
        elif extra in ("0", "3", "64", "130"):
            teller.say(now, "speed", extra)
        elif extra in ("0,0", "junk"):
            teller.say(now, "location", extra)
        else:
            east, north = east + metres * way, north + (metres if way == 0 else 0)
            teller.at(now, north, east)
            if extra == "same":
                teller.at(now, north + 7, east)
    return teller.words


@settings(max_examples=150, deadline=None)
@given(steps, st.randoms(use_true_random=False), st.lists(st.integers(0, 80), max_size=6))
def test_nothing_depends_on_order_or_on_how_the_words_were_parcelled(moves, chance, cuts):
    words = walked(moves)
    whole = told(words)
    shuffled = list(words)
    chance.shuffle(shuffled)
    assert told(shuffled, cuts=[cut for cut in cuts if cut < len(words)]) == whole


@settings(max_examples=150, deadline=None)
@given(steps)
def test_what_is_told_of_a_day_makes_sense(moves):
    words = walked(moves)
    tale = told(words)
    first, last = (min(words).at, max(words).at) if words else (0, 0)
    before = None
    for trip in sorted(tale["trips"].values(), key=lambda trip: trip.started):
        assert trip.distance_mm > 0
        assert 0 <= trip.moving_seconds * SECOND <= (trip.ended or last) - trip.started
        assert first <= trip.started <= (trip.ended or last) <= last
        assert before is None or (before.ended is not None and before.ended <= trip.started)
        before = trip
    journeys = sorted([*tale["trips"].values(), *tale["stops"].values()], key=lambda each: (each.started, each.decided))
    for one, two in pairwise(journeys):
        assert one.ended is not None
        assert one.ended <= two.started
    days = tale["days"].values()
    assert all(day.distance_mm >= 0 and day.moving >= 0 and day.idle >= 0 for day in days)
    assert sum(day.moving + day.idle for day in days) <= last - first
    assert sum(day.distance_mm for day in days) >= sum(trip.distance_mm for trip in tale["trips"].values())
    assert sum(day.fixes + day.rejected for day in days) + len(tale["state"]["doubt"]) == sum(
        word.kind == "location" for word in words
    )


@settings(max_examples=100, deadline=None)
@given(steps, st.data())
def test_a_fold_taken_up_at_any_hour_comes_to_the_same_end(moves, data):
    words = sorted(walked(moves))
    whole = told(words)
    _fold, found = folded(words)
    for hour, before in found.checkpoints.items():
        again, later = folded([word for word in words if word.at >= hour], kept=before)
        assert again.kept()["journeys"] == folded(words)[0].kept()["journeys"]
        assert all(whole["stops"][key] == stop for key, stop in later.stops.items() if stop.ended)
        assert {key for key, trip in whole["trips"].items() if trip.decided >= hour} <= {
            *later.trips, *([again.journeys.trip.start.t] if again.journeys.trip else [])
        }  # fmt: skip


def test_a_lone_spike_counts_for_nothing_and_the_newest_doubt_waits():
    teller = Teller()
    teller.drive(0, 1_000)
    clean = kilometres(teller.words)
    teller.at(103, 30_000, 1_000)
    fold, found = folded(teller.words)
    assert [fix.key for fix in fold.doubt] == [teller.words[-1].key]
    assert not found.rejected
    assert fold.position().longitude < geo.e7(3.4)
    teller.at(106, 0, 1_030)
    fold, found = folded(teller.words)
    assert [each.reason for each in found.rejected] == ["jump"]
    assert kilometres(teller.words) == pytest.approx(clean, abs=0.05)


def test_a_spike_after_a_night_of_silence_is_found_out_by_the_next_fix():
    teller = Teller()
    teller.park(0, 600)
    teller.at(hours(9), 30_000)
    teller.at(hours(9) + 5, 0, 3)
    teller.at(hours(9) + 10, 0, 5)
    assert kilometres(teller.words) == 0
    assert [each.reason for each in folded(teller.words)[1].rejected] == ["jump"]


def test_three_fixes_that_agree_move_the_vehicle_but_nobody_drove_that_way():
    teller = Teller()
    teller.at(0, 500_000)  # the very first fix was wrong
    teller.drive(10, 5_000, every=5)
    assert kilometres(teller.words) == pytest.approx(5.0, rel=0.02)
    (trip,) = [trip for trip in told(teller.words)["trips"].values() if trip.ended is None]
    assert trip.distance_mm == pytest.approx(5_000_000, rel=0.05)


def test_a_slow_reporter_on_a_fast_road_is_believed():
    teller = Teller()
    teller.drive(0, 60_000, pace=30, every=120)
    teller.at(2_010, 0, 60_000)
    assert kilometres(teller.words) == pytest.approx(60, rel=0.01)


def test_parked_for_eight_hours_goes_nowhere_and_makes_no_trip():
    teller = Teller(seed=3)
    teller.park(0, hours(8), every=10, jitter=6)
    tale = told(teller.words)
    assert kilometres(teller.words) < 0.5
    assert tale["trips"] == {}
    (stop,) = tale["stops"].values()
    assert stop.started == MORNING + 10 * SECOND


def test_a_speed_without_a_way_is_no_trip():
    teller = Teller()
    for second in range(0, 1_200, 30):
        teller.at(second, 0, 2)
        teller.say(second + 1, "speed", "64")
    tale = told(teller.words)
    assert tale["trips"] == {}
    assert tale["days"]["2026-11-02"].distance_mm == 0
    assert tale["days"]["2026-11-02"].top == 0


def test_two_trips_with_a_stop_of_six_minutes_between_them():
    teller = Teller()
    arrived = teller.drive(0, 3_000)
    parked = teller.park(arrived, 420, every=30, at_m=3_000)
    teller.drive(parked + 5, 2_000, from_m=3_000)
    tale = told(teller.words)
    one, two = sorted(tale["trips"].values(), key=lambda trip: trip.started)
    (stop,) = tale["stops"].values()
    assert one.ended == stop.started <= stop.ended == two.started
    assert (one.distance_mm, two.distance_mm) == (pytest.approx(3e6, rel=0.03), pytest.approx(2e6, rel=0.05))
    assert two.ended is None


def test_a_traffic_light_ends_no_trip_and_its_wait_is_no_driving():
    teller = Teller()
    arrived = teller.drive(0, 2_000)
    waited = teller.park(arrived, 180, every=10, at_m=2_000)
    teller.drive(waited + 5, 2_000, from_m=2_000)
    (trip,) = told(teller.words)["trips"].values()
    assert trip.ended is None
    assert trip.moving_seconds == pytest.approx(400, abs=20)
    assert told(teller.words)["days"]["2026-11-02"].idle == pytest.approx(180 * SECOND, abs=30 * SECOND)


def test_a_tracker_that_sleeps_while_parked_ends_the_trip_where_it_arrived():
    teller = Teller()
    arrived = teller.drive(0, 3_000)
    teller.at(hours(3), 0, 3_010)
    tale = told(teller.words)
    (trip,), (stop,) = tale["trips"].values(), tale["stops"].values()
    assert trip.ended == stop.started
    assert trip.ended == pytest.approx(MORNING + arrived * SECOND, abs=10 * SECOND)
    assert stop.ended is None


def test_a_silence_on_the_road_ends_the_trip_where_it_was_last_heard():
    teller = Teller()
    arrived = teller.drive(0, 3_000)
    teller.drive(arrived + 1_200, 2_000, from_m=12_000)
    one, two = sorted(told(teller.words)["trips"].values(), key=lambda trip: trip.started)
    assert one.ended == MORNING + arrived * SECOND
    assert two.started == MORNING + (arrived + 1_200) * SECOND
    assert kilometres(teller.words) == pytest.approx(14, rel=0.02)


def test_engine_hours_and_idling_go_by_the_ignition():
    teller = Teller()
    teller.say(0, "ignition", "on")
    teller.park(0, 600, every=30)
    arrived = teller.drive(610, 1_000)
    teller.say(arrived + 1, "ignition", "off")
    teller.park(arrived + 1, 600, every=30, at_m=1_000)
    day = told(teller.words)["days"]["2026-11-02"]
    assert day.engine == (arrived + 1) * SECOND
    assert day.idle == pytest.approx(600 * SECOND, abs=45 * SECOND)


def test_fares_and_passengers_of_a_day():
    teller = Teller()
    for second, paid in enumerate(["450.00", '{"amount": "12.5", "currency": "USD"}', '{"broken"', "50"]):
        teller.say(second, "payment", paid)
    for second, aboard in enumerate(["3", "14", "9"]):
        teller.say(60 + second, "passenger_count", aboard)
    fold, _found = folded(teller.words)
    assert fold.day.fares == {"times": 3, "sums": {"NGN": "500.00", "USD": "12.5"}}
    assert (fold.day.passengers_most, fold.passengers) == (14, 9)


def test_a_fare_in_no_money_there_is_adds_nothing():
    teller = Teller()
    for second, currency in enumerate(["zzz", "<b>", "ngn"]):
        teller.say(second, "payment", f'{{"amount": 2, "currency": "{currency}"}}')
    teller.say(9, "payment", "1E+3")
    fold, _found = folded(teller.words)
    assert fold.day.fares == {"times": 2, "sums": {"NGN": "1002"}}


def test_each_day_has_its_own_figures_and_a_trip_may_cross_midnight():
    teller = Teller()
    teller.drive(hours(17.9), 14_400, pace=20)
    days = told(teller.words)["days"]
    assert sorted(days) == ["2026-11-02", "2026-11-03"]
    assert days["2026-11-02"].distance_mm == pytest.approx(7_200_000, rel=0.03)
    assert sum(day.distance_mm for day in days.values()) == pytest.approx(14_400_000, rel=0.01)
    assert [day.trips for day in days.values()] == [1, 0]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("0,0", "no_fix"),
        ("0.00001,-0.00002", "no_fix"),
        ("91.2,3", "range"),
        ("6,181", "range"),
        ("nan,3", "range"),
        ("6.5", "unreadable"),
        ("six,three", "unreadable"),
        ('{"lat": 6.5}', "unreadable"),
        ('{"lat": "x", "lon": 3}', "unreadable"),
        ('{"lat": true, "lon": 3}', "unreadable"),
        ('{"lat": 0, "lon": 0}', "no_fix"),
        ("[" * 5_000, "unreadable"),
        ('{"lat":' * 5_000, "unreadable"),
    ],
)
def test_what_is_no_position_says_why(value, reason):
    assert geo.position(value) == reason


def test_what_a_position_may_carry():
    assert geo.position("6.5244,3.3792") == geo.Said(65_244_000, 33_792_000)
    said = geo.position('{"lat": 6.5244, "lon": "3.3792", "speed": 64.2, "heading": 359.9, "accuracy": 4}')
    assert said == geo.Said(65_244_000, 33_792_000, 64_200, 0)
    assert geo.position('{"lat": 6.5, "lon": 3.3, "speed": 900}').speed is None


@settings(max_examples=200, deadline=None)
@given(*[st.integers(-900_000_000, 900_000_000), st.integers(-1_800_000_000, 1_800_000_000)] * 2)
def test_distances_are_distances(latitude, longitude, latitude2, longitude2):
    there = geo.metres(latitude, longitude, latitude2, longitude2)
    assert there == pytest.approx(geo.metres(latitude2, longitude2, latitude, longitude))
    assert 0 <= there <= 20_015_200
    assert geo.metres(latitude, longitude, latitude, longitude) == 0


def test_a_degree_and_the_date_line():
    assert geo.metres(0, 0, 10_000_000, 0) == pytest.approx(111_195, abs=1)
    assert geo.metres(0, 1_799_990_000, 0, -1_799_990_000) == pytest.approx(222.4, abs=0.1)
    assert geo.bearing(0, 0, 0, 10_000_000) == 90
    assert geo.bearing(0, 0, -10_000_000, 0) == 180


def test_a_step_takes_little_time():
    """The fold of a day at one fix a second has to be cheap; this only catches a blunder."""
    import time

    teller = Teller()
    teller.drive(0, 20_000, pace=10, every=1)
    began = time.process_time()
    folded(teller.words)
    assert (time.process_time() - began) / len(teller.words) < 0.0004
