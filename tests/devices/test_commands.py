"""What a unit was told: one open word per capability, in order, none late."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from portal.core.actor import Actor, ActorKind, system
from portal.core.clock import clock_set_to, utcnow
from portal.core.db import db
from portal.core.outbox import OutboxEvent
from portal.core.transaction import transactional
from portal.shared.assets.models import Asset, Unit
from portal.shared.audit.models import AuditEntry
from portal.shared.devices import queries
from portal.shared.devices.errors import CommandOver, NotCapable
from portal.shared.devices.models import CommandStatus, DeviceCommand
from portal.shared.devices.services import commands
from tests.factories import devices as make

pytestmark = pytest.mark.database
CLERK = Actor(ActorKind.USER, "Ada")


@transactional
def tell(unit_id, action, *, capability="access", key=None, actor=None, **rest):
    """A caller as they all are: the unit locked first, then the command queued."""
    unit = db.session.scalar(
        select(Unit).where(Unit.id == unit_id).with_for_update().execution_options(populate_existing=True)
    )
    key = key or f"{capability}-{action}-{unit.command_seq}"
    return commands.queue(
        unit=unit, capability=capability, action=action, actor=actor or system("test"), idem_key=key, **rest
    )


def topics():
    return db.session.scalars(select(OutboxEvent.topic).order_by(OutboxEvent.id)).all()


def test_a_younger_word_takes_the_place_of_an_open_one(committed):
    unit = make.room()
    unlock = tell(unit.id, "unlock")
    light = tell(unit.id, "turn_on", capability="electricity")
    lock = tell(unit.id, "lock")
    db.session.refresh(unlock)
    assert (unlock.status, light.status, lock.status) == ("superseded", "queued", "queued")
    assert [each.seq for each in (unlock, light, lock)] == [1, 2, 3]
    assert {each.id for each in queries.open_commands([unit.id])} == {light.id, lock.id}
    assert topics().count("devices.command.superseded") == 1
    assert queries.last_commands([unit.id])[unit.id, "access"].id == lock.id


def test_the_same_key_is_the_same_command(committed):
    unit = make.room()
    assert tell(unit.id, "unlock", key="grant-1").id == tell(unit.id, "unlock", key="grant-1").id
    assert topics() == ["devices.command.queued"]


def test_a_room_has_no_ignition(committed):
    with pytest.raises(NotCapable):
        tell(make.room().id, "turn_on", capability="ignition")
    assert db.session.scalar(select(Unit.command_seq)) == 0


def test_thirty_hands_on_one_lock_leave_one_open_command(app, committed):
    unit_id = make.room().id

    def press(n):
        with app.app_context():
            tell(unit_id, "unlock" if n % 2 else "lock", key=f"press-{n}")

    hands = [threading.Thread(target=press, args=(n,)) for n in range(30)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    rows = db.session.scalars(select(DeviceCommand).order_by(DeviceCommand.seq)).all()
    assert [row.seq for row in rows] == list(range(1, 31))
    assert [row.status for row in rows] == ["superseded"] * 29 + ["queued"]


def test_a_claim_puts_the_next_attempt_off_before_anything_is_published(committed):
    unit = make.room()
    command = tell(unit.id, "unlock")
    waits = []
    for _attempt in range(5):
        (due,) = commands.claim_due()
        assert not commands.claim_due()
        db.session.refresh(command)
        waits.append(round((command.next_attempt_at - utcnow()).total_seconds()))
        db.session.execute(text("update device_command set next_attempt_at = clock_timestamp()"))
        db.session.commit()
    assert waits == [2, 5, 15, 30, 30]
    assert (due.asset_number, due.unit_kind, due.unit_number, due.attempt) == (
        db.session.scalar(select(Asset.asset_number)),
        "room",
        "101",
        5,
    )


def test_two_senders_never_hold_the_same_command(app, committed):
    asset = make.place()
    for unit in make.units(asset, *(str(n) for n in range(40))):
        tell(unit.id, "lock")
    taken, gate = [], threading.Barrier(4)

    def send():
        with app.app_context():
            gate.wait()
            for _turn in range(10):
                taken.extend(due.id for due in commands.claim_due(limit=5))

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(taken) == len(set(taken)) == 40


def test_a_command_lives_from_queued_to_done_and_no_further(committed):
    unit = make.room()
    command = tell(unit.id, "unlock")
    commands.claim_due()
    commands.sent(command_id=command.id, held=True)
    assert commands.finished(command_id=command.id, status=CommandStatus.ACCEPTED)
    assert commands.finished(command_id=command.id, status=CommandStatus.DONE)
    assert not commands.finished(command_id=command.id, status=CommandStatus.FAILED, detail="late word")
    commands.sent(command_id=command.id, held=True)
    db.session.refresh(command)
    assert (command.status, command.detail) == ("done", None)
    assert command.sent_at <= command.done_at
    assert topics() == [f"devices.command.{step}" for step in ("queued", "sent", "accepted", "done")]
    with pytest.raises(CommandOver):
        commands.cancel(command_id=command.id, actor=CLERK)


def test_a_late_unlock_is_closed_and_never_sent(committed):
    unit = make.room()
    command = tell(unit.id, "unlock")
    assert commands.expire_overdue() == 0
    with clock_set_to(utcnow() + timedelta(seconds=121)):
        assert commands.expire_overdue() == 1
        assert commands.expire_overdue() == 0
    db.session.refresh(command)
    assert command.status == "expired"
    short = tell(unit.id, "unlock", key="again", not_after=utcnow() - timedelta(seconds=1))
    assert commands.claim_due() == []
    assert short.status == "queued"


def test_what_staff_did_is_on_the_trail_with_the_reason(committed):
    unit = make.room()
    by_clerk = tell(unit.id, "unlock", actor=CLERK, reason="guest lost the phone")
    tell(unit.id, "turn_on", capability="electricity")
    commands.cancel(command_id=by_clerk.id, actor=CLERK, reason="found it")
    trail = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(each.action, each.reason) for each in trail] == [
        ("command.queued", "guest lost the phone"),
        ("command.cancelled", "found it"),
    ]
