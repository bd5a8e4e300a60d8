"""Who is told of what: crossings, speeding and tampering once, trips at both ends, and nobody of what is long past."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import select

from portal.core.outbox import OutboxEvent
from portal.shared.assets.services import registry
from portal.shared.devices.models import Alert, Severity
from portal.shared.devices.services import alerts
from portal.trades.fleet.models import (
    FenceEvent,
    Vehicle,
)
from portal.trades.fleet.queries import live
from portal.trades.fleet.services import tracking
from tests.factories import assets as make
from tests.factories.words import tell
from tests.fleet.seen import alerts_of, batches, driven, fence, known_of, now_teller, place_of
from tests.fleet.tracks import Teller


def test_late_fixes_cross_fences_in_the_past_and_call_nobody(session):
    """Scenario 23: nobody is called."""
    unit = make.vehicle()
    fence(place_of(unit), radius=300, on_enter=True, on_leave=True)
    teller = now_teller(minutes_ago=60)
    teller.drive(0, 2_000, pace=10, every=10, from_m=-1_000)
    late = teller.words[5:]
    fresh = now_teller(minutes_ago=2)
    fresh.at(0, 0, 5_000)
    tell(unit, teller.words[:5])
    tell(unit, fresh.words)
    tell(unit, late)
    crossings = session.scalars(select(FenceEvent).where(FenceEvent.unit_id == unit.id).order_by(FenceEvent.at)).all()
    assert [(each.what, each.historical) for each in crossings] == [("enter", True), ("leave", True)]
    found = alerts_of(unit)
    assert {alert.kind for alert in found} == {"fence_entered", "fence_left"}
    assert all(alert.late and alert.status == "cleared" for alert in found)


def test_a_crossing_now_is_an_alert_and_is_over_when_it_goes_back(session):
    unit = make.vehicle()
    drawn = fence(place_of(unit), radius=300, on_enter=True)
    teller = now_teller(minutes_ago=5)
    teller.drive(0, 1_000, pace=10, every=10, from_m=-1_000)
    tell(unit, teller.words)
    (alert,) = alerts_of(unit)
    assert (alert.kind, alert.status, alert.late) == ("fence_entered", "open", False)
    assert alert.facts["geofence_id"] == str(drawn.id)
    assert live.find_state(unit.id).inside == [str(drawn.id)]
    tale = known_of(unit)
    tracking.refold(unit_ids=[unit.id])
    assert known_of(unit) == tale
    session.expire_all()
    (alert,) = alerts_of(unit)
    assert alert.times == 1
    more = now_teller(minutes_ago=3)
    more.drive(0, 1_000, pace=10, every=10)
    tell(unit, more.words)
    session.expire_all()
    (alert,) = alerts_of(unit)
    assert alert.status == "cleared"
    assert live.find_state(unit.id).inside == []


def test_ten_minutes_of_trembling_at_a_fence_are_at_most_one_going(session):
    unit = make.vehicle()
    fence(place_of(unit), on_leave=True, on_enter=True)
    teller = now_teller(minutes_ago=14)
    teller.at(0, 0, 0)
    teller.at(60, 0, 400)
    chance = random.Random(4)
    for second in range(120, 720, 2):
        teller.at(second, 0, 500 + chance.uniform(-15, 15))
    for batch in batches(teller.words, 40):
        tell(unit, batch)
    found = session.scalars(select(FenceEvent.what).where(FenceEvent.unit_id == unit.id)).all()
    assert found.count("leave") <= 1
    assert found.count("enter") <= 1


def test_trips_are_announced_once_at_each_end(session):
    unit, teller = make.vehicle(), Teller()
    arrived = teller.drive(0, 3_000)
    teller.park(arrived, 600, every=20, at_m=3_000)
    for batch in batches(teller.words, 7):
        tell(unit, batch)
    tracking.refold(unit_ids=[unit.id])
    told = session.scalars(
        select(OutboxEvent.topic).where(OutboxEvent.subject_id == unit.id).order_by(OutboxEvent.id)
    ).all()
    assert [topic for topic in told if topic.startswith("fleet.trip")] == ["fleet.trip.started", "fleet.trip.ended"]
    assert live.find_state(unit.id).trip_id is None


def test_speeding_is_one_alert_that_ends_by_itself(session):
    unit = make.vehicle()
    session.add(Vehicle(unit_id=unit.id, asset_id=unit.asset_id, speed_limit_kmh=80))
    session.commit()
    teller = now_teller(minutes_ago=5)
    teller.drive(0, 1_500, pace=30, every=5)
    tell(unit, teller.words[:4])
    (alert,) = alerts_of(unit)
    assert (alert.kind, alert.status, alert.facts["limit_kmh"]) == ("speeding", "open", 80)
    teller.drive(55, 300, pace=5, every=5, from_m=1_510)
    tell(unit, teller.words[4:])
    session.expire_all()
    (alert,) = alerts_of(unit)
    assert (alert.status, alert.times) == ("cleared", 1)
    tracking.refold(unit_ids=[unit.id])
    assert len(alerts_of(unit)) == 1


def test_speeding_again_is_told_again_and_a_late_word_does_not_end_it(session):
    unit = make.vehicle()
    session.add(Vehicle(unit_id=unit.id, asset_id=unit.asset_id, speed_limit_kmh=80))
    session.commit()
    teller = now_teller(minutes_ago=6)
    teller.drive(0, 900, pace=30, every=5)
    tell(unit, teller.words)
    before = len(teller.words)
    teller.drive(35, 100, pace=5, every=5, from_m=905)
    teller.drive(65, 900, pace=30, every=5, from_m=1_030)
    tell(unit, teller.words[before:])
    session.expire_all()
    assert [each.status for each in alerts_of(unit)] == ["cleared", "open"]
    tell(unit, [teller.say(12.5, "passenger_count", "3")])
    session.expire_all()
    assert [each.status for each in alerts_of(unit)] == ["cleared", "open"]


def test_a_leaving_that_is_heard_late_ends_what_was_told_of_the_coming(session):
    unit = make.vehicle()
    drawn = fence(place_of(unit), radius=300, on_enter=True)
    teller = now_teller(minutes_ago=20)
    teller.drive(0, 1_000, pace=10, every=10, from_m=-1_000)
    tell(unit, teller.words)
    told = alerts.raise_alert(
        asset_id=unit.asset_id, kind="fence_entered", key=f"fence_entered:{unit.id}:{drawn.id}",
        severity=Severity.WARNING, facts={}, unit_id=unit.id,
    )  # fmt: skip
    before = len(teller.words)
    teller.drive(110, 1_000, pace=10, every=10)
    tell(unit, teller.words[before:])
    session.expire_all()
    assert session.get(Alert, told).status == "cleared"


def test_an_old_leaving_does_not_end_what_is_told_of_a_vehicle_that_is_inside(session):
    unit = make.vehicle()
    fence(place_of(unit), radius=300, on_enter=True)
    past = now_teller(minutes_ago=40)
    past.drive(0, 2_000, pace=10, every=10, from_m=-1_000)
    teller = now_teller(minutes_ago=5)
    teller.drive(0, 1_000, pace=10, every=10, from_m=-1_000)
    tell(unit, teller.words)
    tell(unit, past.words)
    session.expire_all()
    assert {(each.late, each.status) for each in alerts_of(unit)} == {(False, "open"), (True, "cleared")}


def test_tampering_is_critical_and_raised_once(session):
    unit, teller = make.vehicle(), now_teller(minutes_ago=3)
    teller.at(0, 0, 0)
    teller.say(5, "tampering", "case opened")
    teller.say(6, "tampering", "1")
    tell(unit, teller.words[:2])
    tell(unit, teller.words[2:])
    late = now_teller(minutes_ago=4)
    tell(unit, [late.at(0, 0, 0)])
    session.expire_all()
    (alert,) = alerts_of(unit)
    assert (alert.kind, alert.severity, alert.status, alert.times) == ("tampering", "critical", "open", 1)


def test_one_that_was_retired_is_followed_and_calls_nobody(session):
    unit = make.vehicle()
    fence(place_of(unit), radius=300, on_enter=True)
    registry.retire(unit_id=unit.id, reason="sold", actor=make.ACTOR)
    teller = now_teller(minutes_ago=5)
    teller.drive(0, 1_000, pace=10, every=10, from_m=-1_000)
    tell(unit, teller.words)
    assert driven(unit) == pytest.approx(1_000, rel=0.05)
    assert alerts_of(unit) == []
