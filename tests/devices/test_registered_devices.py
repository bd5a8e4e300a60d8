"""Commands to registered devices: the right device, an ever rising number, its own answer and nobody else's."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from portal.core.clock import utcnow
from portal.core.db import db
from portal.mqtt.sender import message
from portal.shared.assets.models import Unit
from portal.shared.devices.errors import CommandNotFound
from portal.shared.devices.models import CommandStatus, DeviceCommand
from portal.shared.devices.readings import Reading
from portal.shared.devices.services import commands, telemetry
from tests.devices.test_commands import tell
from tests.factories import devices as make

pytestmark = pytest.mark.database


def test_a_command_goes_to_the_device_that_can_do_it_and_else_to_the_plain_topic(session):
    room = make.room()
    lock = make.envelope(room, "access", name="lock-101")
    assert tell(room.id, "unlock").device_id == lock.id
    assert tell(room.id, "turn_on", capability="electricity").device_id is None
    topics = {message(due)[0] for due in commands.claim_due()}
    number = session.scalar(text("select asset_number from asset"))
    assert topics == {"v1/lock-101/down/cmd", f"rooms/{number}/101/electricity"}


@pytest.mark.parametrize("status", ["revoked", "retired"])
def test_a_device_out_of_service_is_told_nothing(session, status):
    room = make.room()
    make.envelope(room, status=status)
    assert tell(room.id, "unlock").device_id is None


def test_of_two_locks_the_one_online_is_told(session):
    room = make.room()
    online, _younger = make.envelope(room), make.envelope(room)
    session.execute(text("insert into device_state (device_id, state) values (:d, 'online')"), {"d": online.id})
    assert tell(room.id, "unlock").device_id == online.id


def test_what_a_device_is_told_is_complete(session):
    room = make.room()
    make.envelope(room, name="lock-7")
    ends = utcnow() + timedelta(hours=3)
    session.execute(text("update unit set status = 'active', expires_at = :e"), {"e": ends})
    command = tell(room.id, "unlock")
    (due,) = commands.claim_due()
    topic, payload = message(due)
    said = json.loads(payload)
    assert topic == "v1/lock-7/down/cmd"
    assert (said["id"], said["seq"], said["capability"], said["action"]) == (str(command.id), 1, "access", "unlock")
    assert 115 <= said["ttl_s"] <= 120
    assert abs(datetime.fromisoformat(said["not_after"]) - command.not_after) < timedelta(milliseconds=1)
    assert abs(datetime.fromisoformat(said["lease_until"]) - ends) < timedelta(milliseconds=1)


def test_a_device_that_moves_to_another_unit_never_hears_a_lower_number(session):
    old, new = make.units(make.place(), "101", "102")
    lock = make.envelope(old)
    told = [tell(old.id, "unlock" if n % 2 else "lock", key=f"old-{n}").seq for n in range(9)]
    lock.unit_id = new.id
    db.session.commit()
    told += [tell(new.id, "unlock" if n % 2 else "lock", key=f"new-{n}").seq for n in range(3)]
    lock.unit_id = old.id
    db.session.commit()
    told += [tell(old.id, "unlock", key="back").seq]
    assert told == sorted(set(told)), "each number is above every one before"
    assert session.scalar(select(Unit.command_seq).where(Unit.number == "101")) == told[-1]


def test_what_was_meant_for_a_device_that_is_elsewhere_by_now_is_not_sent(session):
    old, new = make.units(make.place(), "101", "102")
    lock = make.envelope(old)
    command = tell(old.id, "unlock")
    lock.unit_id = new.id
    db.session.commit()
    assert commands.claim_due() == []
    assert session.get(DeviceCommand, command.id, populate_existing=True).status == "failed"


def test_a_report_does_not_answer_a_registered_devices_command_but_its_own_word_does(session):
    """What it stored an hour ago and sends now must not pass for an answer."""
    room = make.room()
    lock, stranger = make.envelope(room), make.envelope(room, "electricity")
    command = tell(room.id, "unlock")
    commands.claim_due()
    commands.sent(command_id=command.id, held=True)
    number = session.scalar(text("select asset_number from asset"))
    telemetry.record_readings(readings=[Reading("room", number, "101", "access", "unlocked", b"unlocked")])
    assert session.get(DeviceCommand, command.id, populate_existing=True).status == "sent"
    with pytest.raises(CommandNotFound):
        commands.finished(command_id=command.id, status=CommandStatus.DONE, device_id=stranger.id)
    assert commands.finished(command_id=command.id, status=CommandStatus.ACCEPTED, device_id=lock.id)
    assert commands.finished(command_id=command.id, status=CommandStatus.DONE, device_id=lock.id)
    done = session.get(DeviceCommand, command.id, populate_existing=True)
    assert (done.status, done.accepted_at <= done.done_at) == ("done", True)


def test_a_command_that_nobody_listens_for_stays_queued_says_so_and_is_tried_again(session):
    room = make.room()
    make.envelope(room)
    command = tell(room.id, "unlock")
    commands.claim_due()
    commands.sent(command_id=command.id, held=True, listening=False)
    waiting = session.get(DeviceCommand, command.id, populate_existing=True)
    assert (waiting.status, waiting.detail) == ("queued", "The device is not listening.")
    assert waiting.next_attempt_at < utcnow() + timedelta(seconds=3)
    commands.sent(command_id=command.id, held=True)
    heard = session.get(DeviceCommand, command.id, populate_existing=True)
    assert (heard.status, heard.detail) == ("sent", None)
