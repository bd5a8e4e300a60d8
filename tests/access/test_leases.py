"""A lock that is told until when it may stay open shuts itself, and is told anew when that time changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.core.db import db
from portal.shared.access.queries import grants_of
from portal.shared.access.services import expiry, grants
from portal.shared.assets.queries import unit_of
from portal.shared.devices.models import CommandStatus
from portal.shared.devices.queries import commands_of
from portal.shared.devices.services import commands
from tests.factories import assets, payments
from tests.factories import devices as make

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def room():
    unit = assets.room()
    make.envelope(unit)
    return unit


def told(unit):
    return [(each.action, each.lease_until) for each in reversed(commands_of(unit.id))]


def test_an_unlock_carries_the_end_of_what_was_paid_for(room):
    payments.paid(room)
    assert told(room) == [("unlock", grants_of(room.id)[0].ends_at)]


def test_a_plain_lock_knows_nothing_of_leases():
    room = assets.room()
    payments.paid(room)
    payments.paid(room)
    assert told(room) == [("unlock", None)]


def test_a_vehicle_is_never_told_to_stop_itself_at_a_time():
    car = assets.vehicle()
    make.envelope(car)
    payments.paid(car)
    assert told(car) == [("turn_on", None)]


def test_time_stacked_behind_tells_the_lock_the_new_end_before_the_old_one_shuts_the_guest_out(room):
    payments.paid(room)
    payments.paid(room)
    first, second = sorted(grants_of(room.id), key=lambda grant: grant.starts_at)
    assert told(room) == [("unlock", first.ends_at), ("unlock", second.ends_at)]
    assert [each.status for each in commands_of(room.id)] == ["queued", "superseded"]


def test_a_revoked_stretch_moves_the_lease_forward(room):
    payments.paid(room)
    payments.paid(room)
    first = min(grants_of(room.id), key=lambda grant: grant.starts_at)
    grants.revoke(grant_id=first.id, reason="Entered twice", actor=assets.ACTOR)
    assert told(room)[-1] == ("unlock", unit_of(room.id).expires_at)


def test_a_door_that_staff_shut_is_not_opened_by_more_time(room):
    payments.paid(room)
    commands.control(unit_id=room.id, capability="access", action="lock", reason="Police", actor=assets.ACTOR)
    payments.paid(room)
    assert [action for action, _until in told(room)] == ["unlock", "lock"]


def test_an_unlock_by_hand_keeps_the_guests_lease_and_one_of_an_empty_room_has_none(room):
    commands.control(unit_id=room.id, capability="access", action="unlock", reason="Cleaning", actor=assets.ACTOR)
    assert told(room) == [("unlock", None)]
    payments.paid(room)
    commands.control(unit_id=room.id, capability="access", action="unlock", reason="Lost key", actor=assets.ACTOR)
    assert told(room)[-1] == ("unlock", unit_of(room.id).expires_at)


def test_an_extension_that_did_not_reach_the_lock_is_said_again_with_its_new_end(room):
    payments.paid(room)
    payments.paid(room)
    commands_of(room.id)[0].status = CommandStatus.EXPIRED
    db.session.commit()
    assert expiry.reissue_commands() == 1
    assert told(room)[-1] == ("unlock", unit_of(room.id).expires_at)


def test_a_mute_lock_is_told_again_at_once_when_it_comes_online(room):
    payments.paid(room)
    db.session.execute(text("update unit set activated_at = activated_at - interval '1 hour'"))
    db.session.execute(
        text(
            "update device_command set status = 'expired', created_at = now() - interval '10 minutes',"
            " sent_at = now() - interval '10 minutes', done_at = now() - interval '8 minutes'"
        )
    )
    db.session.commit()
    assert expiry.reissue_commands() == 0
    db.session.execute(
        text(
            "insert into device_state (device_id, state, state_at)"
            " select device_id, 'online', now() - interval '20 minutes' from device_command"
        )
    )
    db.session.commit()
    assert expiry.reissue_commands() == 0, "it was online all the while, and mute"
    db.session.execute(text("update device_state set state_at = now()"))
    db.session.commit()
    assert expiry.reissue_commands() == 1
    assert commands_of(room.id)[0].lease_until - unit_of(room.id).expires_at == timedelta(0)
