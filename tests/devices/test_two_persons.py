"""Cutting an engine by hand takes two, and never happens while the vehicle moves."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from portal.core.actor import Actor, ActorKind, system
from portal.core.clock import clock_set_to, utcnow
from portal.core.db import db
from portal.shared.audit.models import AuditEntry
from portal.shared.devices import interlocks, queries
from portal.shared.devices.errors import AskedAlready, CommandOver, OwnWish, ReasonNeeded, UnitChanged
from portal.shared.devices.models import CommandStatus, DeviceCommand
from portal.shared.devices.services import approvals, commands, pending
from tests.devices.test_commands import tell, topics
from tests.factories import devices as make

pytestmark = pytest.mark.database
ADA = Actor(ActorKind.USER, "Ada", user_id=uuid.UUID(int=1))
BOLA = Actor(ActorKind.USER, "Bola", user_id=uuid.UUID(int=2))
CHIKE = Actor(ActorKind.USER, "Chike", user_id=uuid.UUID(int=3))


@pytest.fixture
def moving(monkeypatch):
    """The units that move now."""
    units: set[uuid.UUID] = set()
    monkeypatch.setitem(interlocks._interlocks, ("ignition", "turn_off"), lambda asked: units & set(asked))
    return units


@pytest.fixture
def car(moving):
    return lambda: make.units(make.place("fleet"), "KD01", kind="vehicle")[0]


def ask(car, actor=ADA, reason="Not brought back"):
    return commands.control(unit_id=car.id, capability="ignition", action="turn_off", reason=reason, actor=actor)


def fresh(command):
    return db.session.get(DeviceCommand, command.id, populate_existing=True)


def agree(command, actor=BOLA, **more):
    return approvals.approve(asset_id=command.asset_id, command_id=command.id, actor=actor, **more)


def test_a_stop_by_hand_waits_for_a_second_person_and_is_then_sent(committed, car):
    unit = car()
    opened = tell(unit.id, "turn_on", capability="ignition")
    wish = ask(unit)
    assert (wish.status, wish.held) == ("queued", "approval")
    assert [due.id for due in commands.claim_due()] == [opened.id], "nothing is superseded or sent before that"
    assert queries.last_commands([unit.id])[unit.id, "ignition"].id == opened.id
    agreed = agree(wish)
    assert (agreed.held, agreed.approved_by, agreed.actor) == (None, BOLA.key, ADA.key)
    assert agreed.seq > opened.seq
    assert fresh(opened).status == "superseded"
    assert [due.id for due in commands.claim_due()] == [wish.id]
    trail = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert trail == ["command.asked", "command.approved"]
    assert topics() == [f"devices.command.{step}" for step in ("queued", "waits", "superseded", "queued")]


def test_the_asker_is_not_the_second_person_in_code_or_in_the_database(committed, car):
    wish = ask(car())
    with pytest.raises(OwnWish):
        agree(wish, ADA)
    assert fresh(wish).held == "approval"
    with pytest.raises(IntegrityError, match="two_persons"):
        db.session.execute(text("update device_command set approved_by = actor"))
    db.session.rollback()


def test_a_stop_needs_a_reason_and_is_asked_for_once(committed, car):
    unit = car()
    with pytest.raises(ReasonNeeded):
        ask(unit, reason="  ")
    ask(unit)
    with pytest.raises(AskedAlready):
        ask(unit, BOLA)


def test_a_wish_nobody_agrees_to_lapses_after_a_quarter_of_an_hour(committed, car):
    unit = car()
    wish = ask(unit)
    with clock_set_to(utcnow() + timedelta(minutes=16)):
        with pytest.raises(CommandOver):
            agree(wish)
        assert commands.expire_overdue() == 1
    assert (fresh(wish).status, fresh(wish).held) == ("expired", "approval")
    assert commands.claim_due() == []
    assert (unit.id, "ignition") not in queries.last_commands([unit.id]), "it was never told"
    assert ask(unit).status == "queued"


def test_what_changed_since_the_page_was_looked_at_is_looked_at_again(committed, car):
    unit = car()
    wish = ask(unit)
    db.session.execute(text("update unit set status = 'active', expires_at = now() + interval '1 day'"))
    db.session.commit()
    with pytest.raises(UnitChanged):
        agree(wish, decided_on="inactive")
    assert agree(wish, decided_on="active").held is None


def test_the_clockwork_and_an_ended_grant_need_no_second_person(committed, car):
    assert tell(car().id, "turn_off", capability="ignition", actor=system("access expiry")).held is None


def test_refused_or_taken_back_it_is_never_sent(committed, car):
    for who, detail in ((BOLA, "The second person said no."), (ADA, "Taken back.")):
        wish = ask(car())
        approvals.refuse(asset_id=wish.asset_id, command_id=wish.id, actor=who)
        assert (fresh(wish).status, fresh(wish).detail) == ("cancelled", detail)
        with pytest.raises(CommandOver):
            agree(wish)
    assert commands.claim_due() == []


def at_once(app, *works):
    """Run them together; what each raised, by the order given."""
    gate, raised = threading.Barrier(len(works)), [None] * len(works)

    def run(n, work):
        with app.app_context():
            gate.wait()
            try:
                work()
            except Exception as error:
                raised[n] = error

    hands = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    return raised


def test_two_who_agree_at_once_make_one_command(app, committed, car):
    for _turn in range(10):
        wish = ask(car())
        raised = at_once(app, lambda w=wish: agree(w, BOLA), lambda w=wish: agree(w, CHIKE))
        assert sorted(type(each) for each in raised if each) == [CommandOver]
        assert fresh(wish).approved_by in (BOLA.key, CHIKE.key)
    assert len(commands.claim_due()) == 10


def test_agreeing_and_refusing_at_once_ends_one_way(app, committed, car):
    for _turn in range(10):
        wish = ask(car())
        raised = at_once(
            app,
            lambda w=wish: agree(w, BOLA),
            lambda w=wish: approvals.refuse(asset_id=w.asset_id, command_id=w.id, actor=ADA),
        )
        assert [type(each) for each in raised].count(CommandOver) == 1
        now = fresh(wish)
        assert (now.status, now.approved_by) in (("cancelled", None), ("queued", BOLA.key))


def test_a_moving_vehicle_is_not_stopped_before_it_stands(committed, car, moving):
    unit = car()
    moving.add(unit.id)
    stop = tell(unit.id, "turn_off", capability="ignition")
    assert (stop.status, stop.held) == ("queued", "moving")
    assert commands.claim_due() == []
    assert pending.release_standing() == 0
    moving.clear()
    assert pending.release_standing() == 1
    assert pending.release_standing() == 0
    released = fresh(stop)
    assert released.held is None
    assert timedelta(seconds=115) < released.not_after - utcnow() <= timedelta(seconds=120), "counted from the release"
    assert [due.id for due in commands.claim_due()] == [stop.id]


def test_a_vehicle_that_sets_off_between_two_tries_is_left_alone(committed, car, moving):
    unit = car()
    stop = tell(unit.id, "turn_off", capability="ignition")
    (due,) = commands.claim_due()
    assert due.broker_holds <= 2, "a stop is never left lying at the broker"
    commands.sent(command_id=stop.id, held=True)
    moving.add(unit.id)
    db.session.execute(text("update device_command set next_attempt_at = clock_timestamp()"))
    db.session.commit()
    assert commands.claim_due() == []
    assert (fresh(stop).status, fresh(stop).held) == ("queued", "moving")
    commands.sent(command_id=stop.id, held=True)
    assert fresh(stop).status == "queued", "the broker's late word about an earlier copy changes nothing"


def test_a_copy_of_a_stop_that_was_stuck_on_its_way_is_too_late_soon(committed, car, moving):
    unit = car()
    stop = tell(unit.id, "turn_off", capability="ignition")
    (due,) = commands.claim_due()
    assert due.seconds_left <= 30
    assert due.not_after - utcnow() <= timedelta(seconds=30)
    assert fresh(stop).not_after - utcnow() > timedelta(seconds=100), "it is said again for longer than that"


@pytest.mark.parametrize("word", ["accepted", "done"])
def test_what_a_vehicle_did_before_its_stop_was_made_to_wait_counts(committed, car, moving, word):
    unit = car()
    stop = tell(unit.id, "turn_off", capability="ignition")
    commands.claim_due()
    moving.add(unit.id)
    db.session.execute(text("update device_command set next_attempt_at = clock_timestamp()"))
    db.session.commit()
    commands.claim_due()
    assert fresh(stop).held == "moving"
    assert not commands.finished(command_id=stop.id, status=CommandStatus.REJECTED), "an earlier copy came too late"
    assert commands.finished(command_id=stop.id, status=CommandStatus(word))
    moving.clear()
    assert (fresh(stop).status, fresh(stop).held, pending.release_standing()) == (word, None, 0)
    assert fresh(stop).not_after - utcnow() < timedelta(minutes=3)


def test_what_was_never_sent_is_not_done(committed, car, moving):
    unit = car()
    moving.add(unit.id)
    stop = tell(unit.id, "turn_off", capability="ignition")
    assert not commands.finished(command_id=stop.id, status=CommandStatus.DONE)
    assert fresh(stop).held == "moving"


def test_an_agreed_stop_of_a_moving_vehicle_waits_too(committed, car, moving):
    unit = car()
    wish = ask(unit)
    moving.add(unit.id)
    assert agree(wish).held == "moving"
    assert commands.claim_due() == []


def test_paying_again_takes_a_pending_stop_back(committed, car, moving):
    unit = car()
    moving.add(unit.id)
    stop = tell(unit.id, "turn_off", capability="ignition")
    start = tell(unit.id, "turn_on", capability="ignition")
    moving.clear()
    assert pending.release_standing() == 0
    assert fresh(stop).status == "superseded"
    assert [due.id for due in commands.claim_due()] == [start.id]


def test_a_vehicle_that_never_stands_still_is_given_up_after_half_a_day(committed, car, moving):
    unit = car()
    moving.add(unit.id)
    stop = tell(unit.id, "turn_off", capability="ignition")
    with clock_set_to(utcnow() + timedelta(hours=11)):
        assert commands.expire_overdue() == 0
    with clock_set_to(utcnow() + timedelta(hours=12, seconds=5)):
        assert pending.release_standing() == 0
        assert commands.expire_overdue() == 1
    assert (fresh(stop).status, fresh(stop).detail) == ("expired", "The vehicle did not stand still in time.")


def test_several_workers_release_a_stop_once(app, committed, car, moving):
    units = [car() for _n in range(20)]
    moving.update(unit.id for unit in units)
    for unit in units:
        tell(unit.id, "turn_off", capability="ignition")
    moving.clear()
    released = []
    at_once(app, *[lambda: released.append(pending.release_standing()) for _n in range(4)])
    assert sum(released) == 20


def test_an_action_that_is_guarded_is_never_retained(committed, car, moving):
    unit = car()
    db.session.execute(text("update asset set retain_commands = true"))
    db.session.commit()
    tell(unit.id, "turn_off", capability="ignition")
    assert [due.retain for due in commands.claim_due()] == [False]
