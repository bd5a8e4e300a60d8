"""A door or an engine that was to be shut and was not is an alert, until a later command is done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.core import outbox
from portal.core.actor import Actor, ActorKind
from portal.core.clock import clock_set_to, utcnow
from portal.core.db import db
from portal.shared.devices.models import Alert, CommandStatus
from portal.shared.devices.services import commands
from tests.devices.test_commands import tell
from tests.factories import devices as make

pytestmark = pytest.mark.usefixtures("committed")


def settle():
    while outbox.relay() or outbox.deliver_due():
        pass


def alerts():
    settle()
    db.session.rollback()
    return [(each.status, each.kind, each.times) for each in db.session.scalars(select(Alert).order_by(Alert.id))]


def come_to(command, status, detail=None):
    commands.claim_due()
    commands.finished(command_id=command.id, status=status, detail=detail)


@pytest.mark.parametrize("status", [CommandStatus.FAILED, CommandStatus.REJECTED])
def test_a_lock_that_could_not_lock_is_an_alert_until_one_did(status):
    room = make.room()
    come_to(tell(room.id, "lock"), status, "Bolt jammed")
    assert alerts() == [("open", "command_failed", 1)]
    facts = db.session.scalar(select(Alert.facts))
    assert (facts["number"], facts["action"], facts["detail"]) == ("101", "lock", "Bolt jammed")
    come_to(tell(room.id, "lock", key="again"), status)
    assert alerts() == [("open", "command_failed", 2)], "the same thing is one alert"
    come_to(tell(room.id, "lock", key="third"), CommandStatus.DONE)
    assert alerts() == [("cleared", "command_failed", 2)]


def test_a_lock_nobody_answered_for_is_an_alert_and_a_late_announcement_does_not_raise_it_again():
    room = make.room()
    tell(room.id, "lock")
    with clock_set_to(utcnow() + timedelta(seconds=121)):
        commands.expire_overdue()
    come_to(tell(room.id, "lock", key="again"), CommandStatus.DONE)
    assert alerts() in ([], [("cleared", "command_failed", 1)])


def test_a_door_that_did_not_open_and_a_wish_that_lapsed_are_no_alerts():
    room = make.room()
    come_to(tell(room.id, "unlock"), CommandStatus.FAILED)
    car = make.units(make.place("fleet"), "KD01", kind="vehicle")[0]
    actor = Actor(ActorKind.USER, "Ada")
    commands.control(unit_id=car.id, capability="ignition", action="turn_off", reason="Stolen", actor=actor)
    with clock_set_to(utcnow() + timedelta(minutes=16)):
        commands.expire_overdue()
    assert alerts() == []
