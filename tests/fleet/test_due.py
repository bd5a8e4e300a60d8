"""How near maintenance is: whichever comes first, said in what is left of it."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.trades.fleet.due import Meters, due

TODAY = date(2031, 3, 12)


@dataclass
class Plan:
    every_km: int | None = None
    every_hours: int | None = None
    every_days: int | None = None
    soon_km: int = 500
    soon_hours: int = 25
    soon_days: int = 14
    last_done_on: date | None = TODAY
    last_done_m: int | None = 0
    last_done_engine_s: int | None = 0


@pytest.mark.parametrize(
    ("plan", "meters", "kind", "left", "stage"),
    [
        (Plan(every_km=10_000), Meters(9_680_000), "km", 320_000, "soon"),
        (Plan(every_km=10_000), Meters(9_499_999), "km", 500_001, None),
        (Plan(every_km=10_000), Meters(10_000_000), "km", 0, "over"),
        (Plan(every_km=10_000), Meters(12_000_000), "km", -2_000_000, "over"),
        (Plan(every_km=10_000, last_done_m=5_000_000), Meters(9_000_000), "km", 6_000_000, None),
        (Plan(every_hours=250), Meters(0, 240 * 3600), "hours", 10 * 3600, "soon"),
        (Plan(every_days=90, last_done_on=TODAY - timedelta(days=102)), Meters(), "days", -12, "over"),
        (Plan(every_days=90, last_done_on=TODAY - timedelta(days=90)), Meters(), "days", 0, "soon"),
        (Plan(every_days=90, last_done_on=TODAY - timedelta(days=91)), Meters(), "days", -1, "over"),
        (Plan(every_days=90, last_done_on=None), Meters(), "days", 90, None),
    ],
)
def test_one_interval(plan, meters, kind, left, stage):
    found = due(plan, meters, TODAY)
    assert (found.nearest.kind, found.nearest.left, found.stage) == (kind, left, stage)


def test_whichever_comes_first_is_what_it_waits_for():
    plan = Plan(every_km=10_000, every_days=180, last_done_on=TODAY - timedelta(days=190))
    assert due(plan, Meters(9_900_000), TODAY).nearest.kind == "days"
    assert due(plan, Meters(9_900_000), TODAY).stage == "over"
    plan = Plan(every_km=10_000, every_days=180, last_done_on=TODAY - timedelta(days=10))
    assert due(plan, Meters(9_900_000), TODAY).nearest.kind == "km"


@given(st.integers(1, 100_000), st.integers(0, 10**9), st.integers(0, 10**9))
def test_driving_on_never_brings_time_back(every, driven, more):
    plan = Plan(every_km=every)
    before, after = due(plan, Meters(driven), TODAY), due(plan, Meters(driven + more), TODAY)
    assert after.nearest.left <= before.nearest.left
    assert after.urgency <= before.urgency
