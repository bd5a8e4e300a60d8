"""Fences and papers are kept by commands that know what a fence is, and each change is in the audit trail."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.core.db import db, uuid7
from portal.shared.assets.errors import NoSuchUnit, ReasonNeeded, UnitRetired
from portal.shared.assets.services import registry
from portal.shared.audit.models import AuditEntry
from portal.trades.fleet import errors
from portal.trades.fleet.maintenance_queries import meters_of
from portal.trades.fleet.models import FenceEvent
from portal.trades.fleet.queries.fences import get_fence
from portal.trades.fleet.services import fences, vehicles
from tests.factories import assets as make
from tests.factories.words import tell
from tests.fleet.seen import now_teller
from tests.fleet.tracks import Teller, place

CIRCLE = {"kind": "circle", "latitude": 6.5244, "longitude": 3.3792, "radius_m": 300}
TRIANGLE = {"kind": "polygon", "points": [[6.5, 3.3], [6.5, 3.4], [6.6, 3.35]]}


def draw(asset, **changes):
    fields = {"name": "Depot", "shape": CIRCLE, "actor": make.ACTOR, **changes}
    return fences.draw(asset_id=asset.id, **fields)


def actions(subject_id):
    return db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject_id == str(subject_id)).order_by(AuditEntry.id)
    ).all()


def bowtie():
    return {"kind": "polygon", "points": [[6.5, 3.3], [6.6, 3.4], [6.6, 3.3], [6.5, 3.4]]}


@pytest.mark.parametrize(
    ("shape", "word"),
    [
        (None, "circle or a polygon"),
        ({"kind": "star"}, "circle or a polygon"),
        ({**CIRCLE, "radius_m": 19}, "20 m to 100 km"),
        ({**CIRCLE, "radius_m": 100_001}, "20 m to 100 km"),
        ({**CIRCLE, "radius_m": float("nan")}, "how wide"),
        ({**CIRCLE, "radius_m": True}, "how wide"),
        ({**CIRCLE, "latitude": 91}, "not on the map"),
        ({**CIRCLE, "longitude": "3.3"}, "not on the map"),
        ({"kind": "polygon"}, "list of corners"),
        ({"kind": "polygon", "points": [[6.5, 3.3], [6.6]]}, "list of corners"),
        ({"kind": "polygon", "points": [[6.5, 3.3], [6.6, 3.4]]}, "3 to 200"),
        ({"kind": "polygon", "points": [[6.5, 3.3]] * 5}, "3 to 200"),
        ({"kind": "polygon", "points": [[6 + n / 1_000, 3 + n * n / 1e6] for n in range(201)]}, "3 to 200"),
        (bowtie(), "crosses itself"),
        ({"kind": "polygon", "points": [[6.5, 3.3], [6.50001, 3.3], [6.5, 3.30001]]}, "next to nothing"),
        ({"kind": "polygon", "points": [[6, 3], [6, 8], [9, 5]]}, "200 km"),
    ],
)
def test_what_encloses_nothing_is_refused_with_a_sentence(session, shape, word):
    with pytest.raises(errors.ShapeNotSound, match=word):
        draw(make.place("fleet"), shape=shape)


def test_a_fence_is_drawn_amended_and_retired_and_each_is_audited(session):
    asset = make.place("fleet")
    fence = draw(asset, dwell_minutes=30, speed_limit_kmh=40, on_enter=True)
    first = fence.applies_from
    fields = {"asset_id": asset.id, "fence_id": fence.id, "actor": make.ACTOR}
    fences.amend(**fields, name="Yard", shape=CIRCLE, colour="#BE123C")
    assert (fence.applies_from, fence.colour, fence.dwell_minutes) == (first, "#be123c", None)
    fences.amend(**fields, name="Yard", shape=TRIANGLE)
    assert fence.applies_from > first
    fences.retire(**fields)
    with pytest.raises(errors.FenceRetired):
        fences.retire(**fields)
    with pytest.raises(errors.FenceRetired):
        fences.amend(**fields, name="Yard", shape=CIRCLE)
    assert actions(fence.id) == ["geofence.drawn", "geofence.amended", "geofence.amended", "geofence.retired"]
    assert draw(asset, name="Yard").id != fence.id


def test_the_last_corner_may_be_the_first_again(session):
    closed = {"kind": "polygon", "points": [*TRIANGLE["points"], TRIANGLE["points"][0]]}
    assert draw(make.place("fleet"), shape=closed).shape == TRIANGLE


@pytest.mark.parametrize(
    "changes", [{"dwell_minutes": 0}, {"speed_limit_kmh": 4}, {"speed_limit_kmh": 251}, {"colour": "red"}]
)
def test_details_that_cannot_be_are_refused(session, changes):
    with pytest.raises(errors.DetailNotPlausible):
        draw(make.place("fleet"), **changes)


def test_two_fences_of_a_place_do_not_share_a_name(session):
    asset = make.place("fleet")
    draw(asset)
    draw(make.place("fleet"))
    with pytest.raises(errors.FenceNameTaken):
        draw(asset)


def test_another_places_fence_is_not_there(session):
    fence, stranger = draw(make.place("fleet")), make.place("fleet")
    for ask in (
        lambda: get_fence(stranger.id, fence.id),
        lambda: fences.retire(asset_id=stranger.id, fence_id=fence.id, actor=make.ACTOR),
        lambda: get_fence(stranger.id, uuid7()),
    ):
        with pytest.raises(errors.NoSuchFence):
            ask()


def test_a_new_shape_leaves_what_was_judged_before_as_it_was(session):
    """The vehicle came into the old circle; drawing it elsewhere does not undo that, not even when words come late."""
    unit = make.vehicle()
    asset = db.session.get(make.Asset, unit.asset_id)
    latitude, longitude = place()
    old = {"kind": "circle", "latitude": latitude, "longitude": longitude, "radius_m": 300}
    fence = draw(asset, shape=old)
    fence.applies_from = fence.created_at.replace(year=2020)
    db.session.commit()
    teller = now_teller(minutes_ago=8)
    teller.drive(0, 1_000, pace=10, every=10, from_m=-1_000)
    tell(unit, teller.words[2:])
    moved = {**old, "latitude": latitude + 1}
    fences.amend(asset_id=asset.id, fence_id=fence.id, name="Depot", shape=moved, actor=make.ACTOR)
    tell(unit, teller.words[:2])
    found = db.session.scalars(select(FenceEvent.what).where(FenceEvent.unit_id == unit.id)).all()
    assert found == ["enter"]


def test_the_papers_of_a_vehicle_are_written_and_audited(session):
    unit = make.vehicle()
    vehicle = vehicles.amend(unit_id=unit.id, actor=make.ACTOR, make="Toyota", vin="abc123", year=2020, seats=14,
                             speed_limit_kmh=100)  # fmt: skip
    assert (vehicle.make, vehicle.vin, vehicle.asset_id) == ("Toyota", "ABC123", unit.asset_id)
    for wrong in ({"year": 1850}, {"seats": 0}, {"speed_limit_kmh": 300}):
        with pytest.raises(errors.DetailNotPlausible):
            vehicles.amend(unit_id=unit.id, actor=make.ACTOR, **wrong)
    assert actions(unit.id).count("vehicle.amended") == 1
    with pytest.raises(errors.NotAVehicle):
        vehicles.amend(unit_id=make.room().id, actor=make.ACTOR)
    with pytest.raises(NoSuchUnit):
        vehicles.amend(unit_id=uuid7(), actor=make.ACTOR)
    registry.retire(unit_id=unit.id, reason="sold", actor=make.ACTOR)
    with pytest.raises(UnitRetired):
        vehicles.amend(unit_id=unit.id, actor=make.ACTOR)


def test_the_odometer_is_set_with_a_reason_and_counts_on(session):
    unit, teller = make.vehicle(), Teller()
    teller.drive(0, 2_000)
    tell(unit, teller.words)
    with pytest.raises(ReasonNeeded):
        vehicles.set_odometer(unit_id=unit.id, kilometres=84_000, reason=" ", actor=make.ACTOR)
    for wrong in (-1, 5_000_001):
        with pytest.raises(errors.OdometerNotPlausible):
            vehicles.set_odometer(unit_id=unit.id, kilometres=wrong, reason="read", actor=make.ACTOR)
    vehicles.set_odometer(unit_id=unit.id, kilometres=84_000, reason="read off", actor=make.ACTOR, engine_hours=900)
    shown = meters_of([unit.id])[unit.id]
    assert (shown.odometer_m, shown.engine_s) == (84_000_000, 900 * 3_600)
    teller.drive(205, 1_000, from_m=2_000)
    tell(unit, teller.words[41:])
    assert meters_of([unit.id])[unit.id].odometer_m == pytest.approx(84_001_000, abs=60)
    assert "vehicle.odometer_set" in actions(unit.id)
