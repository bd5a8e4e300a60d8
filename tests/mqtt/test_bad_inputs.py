"""What no device may send: the broker refuses it, the device is told, and the portal never hears of it."""

from __future__ import annotations

import pytest
from paho.mqtt import client as paho
from sqlalchemy import func, select

from portal.core.db import db
from portal.shared.devices.models import DeadLetter
from tests.mqtt.conftest import leads, soon
from tests.mqtt.test_faults import events, room, topic

__all__ = ["room"]


@pytest.fixture
def _rude(monkeypatch):
    """The client library stops nobody."""
    monkeypatch.setattr(paho.Client, "_raise_for_invalid_topic", staticmethod(lambda _topic: None))


@pytest.mark.usefixtures("_rude", "committed")
def test_what_the_broker_refuses_never_reaches_the_portal(ingester, device, room):
    hotel, unit = room
    where = topic(hotel, unit, "occupancy")
    assert leads(ingester())
    for said, payload in (
        ("rooms/+/101/occupancy", "1"),
        ("rooms/#", "1"),
        ("$SYS/broker/uptime", "for ever"),
        (where, b"x" * 65_537),
    ):
        rude, answers = device(), []
        rude.client.on_publish = lambda *told, answers=answers: answers.append(told[3])
        rude.client.on_disconnect = lambda *told, answers=answers: answers.append(told[3])
        rude.say(said, payload)
        assert soon(lambda answers=answers: bool(answers), 5), f"{said} was taken in silence"
        assert answers[0].is_failure, f"{said} was taken"
    sensor = device()
    sensor.say(where, "1")
    assert soon(lambda: events() == [("occupancy", "1")], 5)
    assert db.session.scalar(select(func.count()).select_from(DeadLetter)) == 0
