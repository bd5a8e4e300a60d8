"""Registered devices and their commands over a real broker: obeyed once, never late, shut by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.reporting import board
from portal.shared.access.services import expiry, grants
from portal.shared.access.services.signals import renew_lease
from portal.shared.assets.queries import lock_unit
from portal.shared.devices import queries
from portal.shared.devices.models import DeviceCommand
from portal.shared.devices.services import commands, pending, steps
from tests.factories import assets as make
from tests.factories import devices
from tests.mqtt.conftest import leads, soon
from tests.mqtt.test_faults import status_of, tell
from tests.support.envelope_device import EnvelopeDevice


@pytest.fixture
def registered(private_broker) -> Iterator[Callable[..., EnvelopeDevice]]:
    """A device fixed to a unit; it is off until it is started."""
    made: list[EnvelopeDevice] = []

    def fix(unit, *capabilities, **changes) -> EnvelopeDevice:
        name = devices.envelope(unit, *capabilities).name
        made.append(EnvelopeDevice(private_broker.device_url, name, **changes))
        return made[-1]

    yield fix
    for each in made:
        each.close()


def test_a_device_that_never_listened_is_seen_as_such_and_told_when_it_does(ingester, registered, committed):
    room = make.room()
    lock = registered(room)
    assert leads(ingester())
    command = tell(room)

    def detail():
        db.session.rollback()
        return db.session.scalar(select(DeviceCommand.detail).where(DeviceCommand.id == command.id))

    assert soon(lambda: detail() == "The device is not listening.")
    assert status_of(command) == "queued"
    lock.start()
    assert soon(lambda: lock.obeyed == [("access", "unlock")])
    assert soon(lambda: status_of(command) != "queued")
    assert lock.heard[0]["id"] == str(command.id)


def commands_told(unit):
    db.session.rollback()
    return list(
        db.session.scalars(select(DeviceCommand).where(DeviceCommand.unit_id == unit.id).order_by(DeviceCommand.seq))
    )


def statuses(unit):
    return [each.status for each in commands_told(unit)]


def let(unit, minutes=60):
    return grants.grant_direct(unit_id=unit.id, minutes=minutes, reason="Guest", actor=make.ACTOR)


def test_a_lock_obeys_once_answers_and_what_it_reports_stands_apart(ingester, registered, committed):
    room = make.room()
    lock = registered(room, reports=False).start()
    assert leads(ingester())
    let(room)
    assert soon(lambda: statuses(room) == ["done"])
    assert queries.latest_of([room.id])[room.id] == {}, "it did it, and has not said how it stands"
    assert lock.obeyed == [("access", "unlock")]
    lock.say("access", "unlocked")
    assert soon(lambda: db.session.rollback() or "access" in queries.latest_of([room.id])[room.id])
    assert soon(lambda: not lock.outbox), "acknowledged after it was kept"


def test_a_lock_that_was_offline_when_paid_opens_once_when_it_is_back_in_time(ingester, registered, committed):
    """Scenario 13, back in time."""
    room = make.room()
    lock = registered(room).start()
    assert leads(ingester())
    lock.cut()
    let(room)
    assert soon(lambda: statuses(room) == ["sent"])
    lock.connect()
    assert soon(lambda: statuses(room) == ["done"])
    assert lock.obeyed == [("access", "unlock")]
    assert len({each["id"] for each in lock.heard}) == 1


def test_a_lock_back_too_late_leaves_the_stale_word_and_gets_a_fresh_one(ingester, registered, committed, monkeypatch):
    """Scenario 13, back too late."""
    room = make.room()
    lock = registered(room).start()
    assert leads(ingester())
    lock.cut()
    monkeypatch.setattr(steps, "VALID_FOR", timedelta(seconds=2))
    let(room)
    stale = commands_told(room)[0]
    assert soon(lambda: commands.expire_overdue() == 1)
    monkeypatch.undo()
    time.sleep(1.5)  # the broker's copy has gone as well
    lock.connect()
    assert soon(lambda: expiry.reissue_commands() == 1), "coming online is reason enough to say it again"
    assert soon(lambda: statuses(room) == ["expired", "done"])
    assert lock.obeyed == [("access", "unlock")]
    assert str(stale.id) not in {each["id"] for each in lock.heard}


def test_three_reboots_after_an_unlock_open_the_door_no_further_time(ingester, registered, committed):
    """Scenario 14."""
    room = make.room()
    lock = registered(room).start()
    assert leads(ingester())
    let(room)
    assert soon(lambda: statuses(room) == ["done"])
    for _reboot in range(3):
        lock.reboot()
        time.sleep(0.5)
    assert lock.obeyed == [("access", "unlock")]
    assert len(lock.heard) == 1, "nothing was kept for it at the broker"


def test_a_command_said_twice_is_obeyed_once_and_answered_twice(ingester, registered, committed):
    """The answer was lost; the second copy gets the stored result and moves nothing."""
    room = make.room()
    lock = registered(room).start()
    answer, lost = lock._answer, []

    def lose_the_first(command_id, result):
        if lost:
            answer(command_id, result)
        lost.append(command_id)

    lock._answer = lose_the_first
    assert leads(ingester())
    command = tell(room)
    assert soon(lambda: len(lock.heard) == 1)
    db.session.execute(text("update device_command set next_attempt_at = now()"))
    db.session.commit()
    assert soon(lambda: status_of(command) == "done")
    assert lock.obeyed == [("access", "unlock")]
    assert len(lock.heard) == 2


def test_a_lock_without_a_network_shuts_itself_when_its_lease_is_over(ingester, registered, committed):
    """Scenario 15."""
    room = make.room()
    lock = registered(room).start()
    assert leads(ingester())
    let(room)
    assert soon(lambda: statuses(room) == ["done"])
    ends = utcnow() + timedelta(seconds=4)
    db.session.execute(text("update access_grant set during = tstzrange(lower(during), :e)"), {"e": ends})
    db.session.execute(text("update unit set expires_at = :e where id = :u"), {"e": ends, "u": room.id})
    db.session.commit()
    renew(room)
    assert soon(lambda: statuses(room) == ["done", "done"])
    assert lock.state["access"] == "unlocked"
    assert soon(lambda: db.session.rollback() or not lock.outbox)
    lock.cut()
    assert soon(lambda: lock.state["access"] == "locked", 10)
    assert abs((utcnow() - ends).total_seconds()) < 5
    row = board.row_of(room.id)
    assert (row.says["access"].value, row.assumed_shut("access")) == ("unlocked", ends)
    assert expiry.expire_ended() == 1
    assert board.row_of(room.id).assumed_shut("access") == ends, "told to lock, not reached, and locked all the same"
    lock.connect()
    assert soon(lambda: db.session.rollback() or board.row_of(room.id).says["access"].value == "locked")
    assert board.row_of(room.id).assumed_shut("access") is None


@transactional
def renew(room):
    assert renew_lease(lock_unit(room.id), actor=make.ACTOR, idem_key="shorter") is not None


def test_a_stop_is_not_sent_while_the_vehicle_moves_and_once_when_it_stands(ingester, registered, committed):
    car = make.vehicle()
    tracker = registered(car).start()
    assert leads(ingester())
    stop = waiting_stop(car)
    time.sleep(1.0)
    assert tracker.heard == []
    assert pending.release_standing() == 1
    assert soon(lambda: status_of(stop) == "done")
    assert tracker.obeyed == [("ignition", "turn_off")]


@transactional
def waiting_stop(car):
    command = tell(car, "turn_off", "ignition")
    steps.hold_until_standing(command)
    return command
