"""Fences: jitter at the edge crosses nothing, a way between two fixes does, and staying is noticed."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.trades.fleet.fences import Fence, crosses_itself
from portal.trades.fleet.found import MINUTE, SECOND
from tests.fleet.tracks import MORNING, RULES, Teller, place, told

RADIUS = 500


def circle(radius=RADIUS, north=0.0, east=0.0, **fields):
    latitude, longitude = place(north, east)
    return Fence(
        "circle", {"kind": "circle", "latitude": latitude, "longitude": longitude, "radius_m": radius}, **fields
    )


def square(half=RADIUS, north=0.0, east=0.0, **fields):
    corners = [(north - half, east - half), (north - half, east + half), (north + half, east + half),
               (north + half, east - half)]  # fmt: skip
    return Fence("square", {"kind": "polygon", "points": [list(place(*corner)) for corner in corners]}, **fields)


def crossed(words, *fences, **rules):
    return [(each.what, each.at) for each in told(words, watching(*fences, **rules))["crossings"]]


def watching(*fences, **rules):
    return type(RULES)(day_of=RULES.day_of, fences=fences, **rules)


def by_time(found):
    return [what for what, _at in sorted(found, key=lambda each: (each[1], each[0] == "leave"))]


@pytest.mark.parametrize("fence", [circle(), square()], ids=["circle", "square"])
@pytest.mark.parametrize("seed", range(10))
def test_ten_minutes_of_trembling_at_the_edge_are_at_most_one_coming_and_one_going(fence, seed):
    """Scenario 25. ±15 m about the very edge, after coming from deep inside or from far outside."""
    for start in (0, 2 * RADIUS):
        teller, chance = Teller(), random.Random(seed)
        teller.at(0, 0, start)
        teller.at(60, 0, start)
        for second in range(120, 720, 2):
            teller.at(second, 0, RADIUS + chance.uniform(-15, 15))
        found = [what for what, _at in crossed(teller.words, fence)]
        assert found.count("enter") <= 1
        assert found.count("leave") <= 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-15, 15), min_size=30, max_size=200), st.integers(1, 40))
def test_no_trembling_at_the_edge_can_make_a_fence_flap(offs, every):
    teller = Teller()
    teller.at(0, 0, RADIUS - 100)
    for number, off in enumerate(offs):
        teller.at(30 + number * every, 0, RADIUS + off)
    found = [what for what, _at in crossed(teller.words, circle())]
    assert len(found) <= 2
    assert found.count("enter") <= 1


@pytest.mark.parametrize("fence", [circle(), square()], ids=["circle", "square"])
def test_coming_and_going_are_dated_by_the_crossing_itself(fence):
    teller = Teller()
    teller.drive(0, 3_000, pace=10, every=20, from_m=-1_500)
    found = crossed(teller.words, fence)
    assert by_time(found) == ["enter", "leave"]
    times = dict(found)
    assert times["enter"] == pytest.approx(MORNING + 100 * SECOND, abs=SECOND)
    assert times["leave"] == pytest.approx(MORNING + 200 * SECOND, abs=SECOND)


@pytest.mark.parametrize("fence", [circle(200), square(200)], ids=["circle", "square"])
def test_a_fence_crossed_between_two_fixes_was_crossed(fence):
    teller = Teller()
    for number in range(4):
        teller.at(number * 60, 0, -1_250 + number * 900)
    found = crossed(teller.words, fence)
    assert by_time(found) == ["enter", "leave"]
    times = dict(found)
    assert times["leave"] - times["enter"] == pytest.approx(400 / 15 * SECOND, rel=0.02)


def test_cutting_a_corner_by_a_few_metres_is_no_crossing():
    teller = Teller()
    for number in range(4):
        teller.at(number * 60, RADIUS - 10, -1_400 + number * 900)
    assert crossed(teller.words, circle()) == []


def test_parked_just_inside_counts_after_a_minute_and_from_when_it_came():
    teller = Teller()
    teller.drive(0, 1_000, pace=10, every=5, from_m=-RADIUS - 985)
    teller.park(100, 40, every=10, at_m=-RADIUS + 10)
    assert crossed(teller.words, circle()) == []
    teller.park(140, 60, every=10, at_m=-RADIUS + 10)
    ((what, when),) = crossed(teller.words, circle())
    assert what == "enter"
    assert when == pytest.approx(MORNING + 98.5 * SECOND, abs=6 * SECOND)


def test_staying_as_long_as_the_fence_asks_is_told_once_a_visit():
    teller = Teller()
    arrived = teller.drive(0, 1_000, pace=10, every=5, from_m=-1_000)
    parked = teller.park(arrived, 1_800, every=60)
    teller.drive(parked + 5, 1_500, pace=10)
    found = crossed(teller.words, circle(dwell_minutes=15))
    assert by_time(found) == ["enter", "dwell", "leave"]
    times = dict(found)
    assert times["dwell"] == times["enter"] + 15 * MINUTE


def test_a_fence_drawn_around_a_parked_vehicle_is_not_entered_by_it():
    teller = Teller()
    teller.park(0, 600, every=10)
    drawn = circle(from_t=MORNING + 300 * SECOND)
    assert crossed(teller.words, drawn) == []
    teller.drive(610, 1_000, pace=10)
    assert [what for what, _at in crossed(teller.words, drawn)] == ["leave"]


def test_a_retired_fence_is_crossed_by_nobody():
    teller = Teller()
    teller.drive(0, 3_000, pace=10, every=20, from_m=-1_500)
    assert [what for what, _ in crossed(teller.words, circle(until_t=MORNING + 150 * SECOND))] == ["enter"]


def test_a_small_fence_can_be_entered():
    teller = Teller()
    teller.drive(0, 300, pace=5, every=2, from_m=-150)
    assert by_time(crossed(teller.words, circle(20))) == ["enter", "leave"]


def test_a_fence_across_the_date_line_is_one_fence():
    fence = Fence("f", {"kind": "polygon", "points": [[-1, 179.9], [-1, -179.9], [1, -179.9], [1, 179.9]]})
    assert fence.depth(0, 1_799_900_000) > 10_000
    assert fence.depth(0, -1_799_900_000) > 10_000
    assert fence.depth(0, 1_798_000_000) < 0


@settings(max_examples=100, deadline=None)
@given(st.floats(20, 100_000), st.floats(0, 360), st.floats(0.0, 2.5))
def test_depth_is_the_distance_to_the_edge_of_a_circle(radius, direction, share):
    out = radius * share
    fence = circle(radius)
    latitude, longitude = place(out * math.cos(math.radians(direction)), out * math.sin(math.radians(direction)))
    depth = fence.depth(round(latitude * 1e7), round(longitude * 1e7))
    assert depth == pytest.approx(radius - out, abs=0.02 * out + 0.1)


def test_speeding_needs_more_than_a_moment():
    teller = Teller()
    for second in range(0, 60):
        teller.at(second, 0, second * 25)
        teller.say(second + 0.1, "speed", "90" if 10 <= second < 16 or 30 <= second < 50 else "60")
    (episode,) = told(teller.words, watching(limit_kmh=80))["driving"].values()
    assert (episode.kind, episode.top, episode.limit) == ("speeding", 90_000, 80)
    assert (episode.ended - episode.started) / SECOND == pytest.approx(19, abs=1)


def test_the_track_itself_shows_speeding_when_no_speed_is_said():
    teller = Teller()
    teller.drive(0, 3_000, pace=30, every=5)
    (episode,) = told(teller.words, watching(limit_kmh=80))["driving"].values()
    assert episode.top == pytest.approx(108_000, rel=0.02)
    assert told(teller.words, watching(limit_kmh=120))["driving"] == {}


def test_inside_a_fence_its_own_limit_holds():
    teller = Teller()
    teller.drive(0, 4_000, pace=15, every=5, from_m=-2_000)
    (episode,) = told(teller.words, watching(circle(limit_kmh=30), limit_kmh=80))["driving"].values()
    assert (episode.limit, episode.fence) == (30, "circle")
    assert (episode.ended - episode.started) / SECOND == pytest.approx(1_000 / 15, abs=12)


def test_tampering_is_one_thing_until_it_is_over():
    teller = Teller()
    for second, said in enumerate(["0", "case opened", "case opened", "1", "0", "0"]):
        teller.say(second * 60, "tampering", said)
    (event,) = told(teller.words)["driving"].values()
    assert (event.kind, event.detail, event.ended - event.started) == ("tampering", "case opened", 180 * SECOND)


def test_edges_that_cross_are_seen():
    assert crosses_itself([(0, 0), (1, 1), (1, 0), (0, 1)])
    assert not crosses_itself([(0, 0), (1, 0), (1, 1), (0, 1)])
    assert not crosses_itself([(0, 0), (4, 0), (2, 2)])
    assert crosses_itself([(0, 0), (4, 0), (4, 4), (2, 0), (0, 4)])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 90), st.integers(-900, 900)), min_size=1, max_size=60), st.integers(0, 59))
def test_crossings_come_in_turn_and_are_the_same_for_any_parcelling(moves, cut):
    teller, now, east = Teller(), 0, -1_500
    for wait, way in moves:
        now, east = now + wait, east + max(-50 * wait, min(50 * wait, way))
        teller.at(now, 0, east)
    rules = watching(circle(dwell_minutes=5), square(200, east=300))
    whole = told(teller.words, rules)
    assert told(teller.words, rules, cuts=[min(cut, len(moves) - 1)]) == whole
    for key in ("circle", "square"):
        mine = [each for each in whole["crossings"] if each.fence == key and each.what != "dwell"]
        mine.sort(key=lambda each: (each.decided, each.at))
        for one, two in pairwise(mine):
            assert one.what != two.what
            assert one.at <= two.at
