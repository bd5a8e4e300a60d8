"""A vehicle that falls silent has arrived as far as anybody knows; when it speaks again, its own words count."""

from __future__ import annotations

from sqlalchemy import func, select, text

from portal.core.db import db
from portal.core.outbox import OutboxEvent
from portal.trades.fleet.models import Trip, VehicleCheckpoint
from portal.trades.fleet.queries import live
from portal.trades.fleet.services import tracking, upkeep
from tests.factories import assets as make
from tests.factories.words import moment, tell
from tests.fleet.seen import known_of, now_teller
from tests.fleet.tracks import Teller, hours


def trips_of(unit):
    db.session.expire_all()
    return db.session.scalars(select(Trip).where(Trip.unit_id == unit.id).order_by(Trip.started_at)).all()


def ends_told(unit):
    return db.session.scalar(
        select(func.count()).where(OutboxEvent.subject_id == unit.id, OutboxEvent.topic == "fleet.trip.ended")
    )


def test_a_trip_of_which_nothing_more_is_heard_ends_where_it_was_last_heard(session):
    unit, teller = make.vehicle(), Teller()
    teller.drive(0, 3_000)
    tell(unit, teller.words)
    assert live.find_state(unit.id).trip_id is not None
    assert upkeep.end_silent_trips() == 1
    assert upkeep.end_silent_trips() == 0
    (trip,) = trips_of(unit)
    assert trip.ended_at == moment(teller.words[-1].at)
    assert live.find_state(unit.id).trip_id is None
    assert ends_told(unit) == 1


def test_one_that_spoke_a_moment_ago_is_still_on_its_way(session):
    unit, teller = make.vehicle(), now_teller(minutes_ago=8)
    teller.drive(0, 3_000)
    tell(unit, teller.words)
    assert upkeep.end_silent_trips() == 0


def test_words_that_fill_the_silence_take_the_trip_up_again(session):
    unit, other, teller = make.vehicle(), make.vehicle(), Teller()
    teller.drive(0, 6_000)
    tell(unit, teller.words[:60])
    upkeep.end_silent_trips()
    tell(unit, teller.words[60:])
    (trip,) = trips_of(unit)
    assert trip.ended_at is None
    assert live.find_state(unit.id).trip_id == trip.id
    teller.park(605, 600, every=20, at_m=6_000)
    tell(unit, teller.words[121:])
    tell(other, teller.words)
    assert known_of(unit) == known_of(other)


def test_old_checkpoints_are_thinned_to_one_a_day_and_a_refold_still_finds_everything(session):
    unit, teller = make.vehicle(), Teller()
    teller.park(0, hours(40), every=600)
    tell(unit, teller.words)
    whole = known_of(unit)
    assert session.scalar(select(func.count()).select_from(VehicleCheckpoint)) > 40
    while upkeep.thin_checkpoints():
        pass
    assert session.scalar(select(func.count()).select_from(VehicleCheckpoint)) == 2
    late = teller.at(hours(30) + 5, 0, 0)
    tell(unit, [late])
    tracking.refold(unit_ids=[unit.id])
    after = known_of(unit)
    assert after["vehicle_stop"] == whole["vehicle_stop"]


def test_what_is_written_can_be_counted_again_and_mended_from_the_shell(session, app):
    unit, teller = make.vehicle(), Teller()
    place, shell = db.session.get(make.Asset, unit.asset_id).asset_number, app.test_cli_runner()
    teller.drive(hours(16.5), 60_000, pace=20)  # over midnight
    tell(unit, teller.words)
    whole = known_of(unit)
    which = ["--place", place, "--vehicle", unit.number]
    assert shell.invoke(args=["fleet", "verify", *which]).output == "What is written is what the vehicles said.\n"
    session.execute(text("update vehicle_day set distance_mm = distance_mm + 5 where unit_id = :u"), {"u": unit.id})
    session.execute(text("update vehicle_state set counted_mm = 7 where unit_id = :u"), {"u": unit.id})
    session.commit()
    told = shell.invoke(args=["fleet", "verify", "--place", place])
    assert told.exit_code == 1
    assert "the odometer is written as 7 mm" in told.output
    assert shell.invoke(args=["fleet", "refold", "--place", place]).output == f"{unit.number}: found anew.\n"
    db.session.rollback()
    assert known_of(unit) == whole
    assert shell.invoke(args=["fleet", "verify", "--place", place]).exit_code == 0
    assert (
        "There is no vehicle X9 here."
        in shell.invoke(args=["fleet", "refold", "--place", place, "--vehicle", "X9"]).output
    )
