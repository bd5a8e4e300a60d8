"""The broker that comes with the lock speaks only MQTT 3.1.1: slower, but the doors open with it too."""

from __future__ import annotations

import threading

import pytest

from portal.core.actor import system
from portal.core.transaction import transactional
from portal.gateways.broker import Broker
from portal.mqtt.worker import Worker
from portal.runtime import mosquitto
from portal.runtime.process import wait_until
from portal.shared.assets.queries import lock_unit
from portal.shared.devices.services import commands
from tests.factories import assets as make
from tests.mqtt.conftest import Device, soon
from tests.mqtt.test_faults import events, status_of
from tests.support import databases


@pytest.fixture
def small_broker(monkeypatch):
    """The stand-in for mosquitto, as run.py starts it where there is none."""
    monkeypatch.setattr(mosquitto, "program", lambda: None)
    service = mosquitto.Mosquitto(databases.run_folder() / "small")
    service.prepare()
    log = databases.run_folder() / "small.log"
    process = service.start(log)
    assert wait_until(service.answers, 20), log.read_text()
    yield service
    process.terminate()
    process.wait(10)


def test_a_lock_is_opened_and_answers_and_the_echo_is_no_reading(app, committed, small_broker):
    hotel = make.place()
    room = make.room(hotel)
    where = f"rooms/{hotel.asset_number}/{room.number}"
    broker = Broker(small_broker.url(), small_broker.version)
    assert not broker.modern
    worker = Worker(app, broker)
    leading = threading.Thread(target=worker.run)
    leading.start()
    try:
        assert soon(lambda: bool(worker.link and worker.link.connected))
        lock = Device(small_broker.url("device"), "lock", f"{where}/access", version="3.1.1")

        @transactional
        def tell():
            unit = lock_unit(room.id)
            return commands.queue(unit=unit, capability="access", action="unlock", actor=system("t"), idem_key="1")

        command = tell()
        assert soon(lambda: f"{where}/access" in {topic for topic, word, _r in lock.heard if word == "unlock"}, 8)
        lock.say(f"{where}/access", "unlocked")
        lock.say(f"{where}/occupancy", "1")
        assert soon(lambda: status_of(command) == "done")
        assert soon(lambda: events() == [("access", "unlocked"), ("occupancy", "1")])
        lock.close()
    finally:
        worker.stopping.set()
        leading.join()


def test_a_whole_place_signs_in_at_once_within_seconds(small_broker):
    broker, come = Broker(small_broker.url("device"), small_broker.version), []
    for n in range(40):
        come.append(client := broker.client(f"lock-{n}", persistent=False))
        broker.connect(client, persistent=False)
        client.loop_start()
    try:
        assert soon(lambda: all(client.is_connected() for client in come), 5)
    finally:
        for client in come:
            client.disconnect()
            client.loop_stop()
