"""A word of weeks ago: the days since are found anew one by one, and the vehicle goes on meanwhile."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from portal.core.db import db
from portal.shared.devices.services import watching
from portal.trades.fleet.models import VehicleState
from portal.trades.fleet.services import tracking
from tests.factories import assets as make
from tests.factories.words import moment, store, tell
from tests.fleet.seen import fence, known_of, place_of
from tests.fleet.tracks import MORNING, SECOND, Teller

DAYS = 30
DAY = 86_400
#: So that the last of them is past.
BEGIN = -4 * DAY
#: On this day some words do not get through.
LATE = 5


def a_month(seed=3):
    """Thirty days: out in the morning, back in the evening; every third night the engine runs past midnight."""
    teller = Teller(seed)
    for day in range(DAYS):
        begun = BEGIN + day * DAY
        teller.say(begun, "ignition", "on")
        there = teller.drive(begun, 6_000, every=20)
        teller.park(there, 1_800, every=120, at_m=6_000, jitter=3)
        if day % 3 == 0:
            night = begun + 17 * 3_600
            teller.park(night, 1_200, every=60, at_m=6_000)
            back = teller.drive(night + 1_260, 8_000, every=30, from_m=6_000)
            teller.park(back, 900, every=60, at_m=14_000)
            teller.say(back + 960, "ignition", "off")
    return sorted(teller.words)


@pytest.fixture
def month():
    return a_month()


def at_day(day):
    return MORNING + (BEGIN + day * DAY) * SECOND


def split(words):
    """All that came in time, and what came weeks late: some fixes in the middle of the fifth day's way out."""
    begin = at_day(LATE)
    late = [word for word in words if begin + 60 * SECOND <= word.at <= begin + 300 * SECOND]
    return [word for word in words if word not in late], late


def state(unit):
    db.session.expire_all()
    return db.session.get(VehicleState, unit.id)


def test_thirty_days_are_found_anew_a_day_at_a_time_and_come_to_the_same(session, month):
    in_order = make.vehicle()
    unit = make.vehicle(place_of(in_order))
    fence(place_of(unit), radius=2_000, east=6_000.0, applies_from=moment(month[0].at))
    tell(in_order, month)
    in_time, late = split(month)
    tell(unit, in_time)
    before = known_of(unit, of={VehicleState: ("latitude_e7", "longitude_e7", "fix_at", "folded_to")})
    store(unit, late)
    assert watching.look_at_news() == 1
    assert state(unit).refold_from == moment(late[0].at), "put off, and nothing else"
    commands, moments = 0, [state(unit).refold_from]
    while tracking.catch_up():
        commands += 1
        if (mark := state(unit).refold_from) is not None:
            moments.append(mark)
            assert known_of(unit, of={VehicleState: ("latitude_e7", "longitude_e7", "fix_at", "folded_to")}) == before
    assert DAYS - LATE - 2 <= commands <= DAYS
    assert moments == sorted(set(moments)), "every command comes further"
    assert max(b - a for a, b in pairwise(moments[1:])) <= timedelta(days=1)
    assert state(unit).refold_from is None
    assert {**known_of(unit), "rejected_fix": 0} == {**known_of(in_order), "rejected_fix": 0}
    assert tracking.recount(unit_id=unit.id) == []


def test_what_it_says_meanwhile_is_taken_in_at_once(session, month):
    unit = make.vehicle()
    cut = at_day(DAYS - 1)
    earlier, now = [word for word in month if word.at < cut], [word for word in month if word.at >= cut]
    in_time, late = split(earlier)
    tell(unit, in_time)
    store(unit, late)
    assert watching.look_at_news() == 1
    assert tracking.catch_up() == 1
    half = state(unit).refold_from
    store(unit, now)
    assert watching.look_at_news() == 1
    assert state(unit).folded_to == moment(now[-1].at)
    assert state(unit).refold_from == half
    while tracking.catch_up():
        pass
    whole = make.vehicle()
    tell(whole, month)
    assert known_of(unit) == known_of(whole)


def test_a_word_of_this_morning_is_folded_in_at_once(session):
    unit, teller = make.vehicle(), Teller()
    teller.drive(0, 5_000)
    teller.park(500, 6 * 3_600, every=300, at_m=5_000)
    tell(unit, teller.words[:10] + teller.words[12:])
    store(unit, teller.words[10:12])
    assert watching.look_at_news() == 1
    assert state(unit).refold_from is None
    assert tracking.catch_up() == 0


def test_an_older_word_still_takes_the_finding_further_back(session, month):
    unit = make.vehicle()
    in_time, late = split(month)
    older = [word for word in in_time if word.at < at_day(1)][5:9]
    tell(unit, [word for word in in_time if word not in older])
    store(unit, late)
    watching.look_at_news()
    tracking.catch_up()
    store(unit, older)
    watching.look_at_news()
    assert state(unit).refold_from == moment(older[0].at)
    while tracking.catch_up():
        pass
    whole = make.vehicle()
    tell(whole, month)
    assert known_of(unit) == known_of(whole)
