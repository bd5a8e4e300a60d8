"""Registered devices and their commands over a real broker: obeyed once, never late, shut by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from portal.core.db import db
from portal.shared.devices.models import DeviceCommand
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
