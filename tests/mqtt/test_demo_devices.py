"""The demo's devices are devices: they answer over the broker, drive like cars, and come back after being away."""

from __future__ import annotations

import math
import threading
import time
from itertools import pairwise

import pytest

from portal.demo import devices as demo
from portal.demo.places import FLEET, HOTEL
from portal.gateways.broker import Broker
from tests.mqtt.conftest import Device, soon


@pytest.fixture
def staff(broker):
    """The portal's own credential, hearing every plain topic."""
    device = Device(broker.url, "staff", "rooms/#", "vehicles/#")
    yield device
    device.close()


@pytest.fixture
def living(broker, monkeypatch):
    """The devices alive, faster than in the demo."""
    monkeypatch.setattr(demo, "TRACKER_EVERY", 0.3)
    monkeypatch.setattr(demo, "ANSWERS_AFTER", (0.05, 0.1))
    monkeypatch.setattr(demo, "ONLINE_FOR", (0.6, 0.6))
    monkeypatch.setattr(demo, "OFFLINE_FOR", (0.8, 0.8))
    stopping = threading.Event()
    life = threading.Thread(target=demo.run, args=(Broker(broker.device_url, broker.version), {}, stopping))
    life.start()
    yield
    stopping.set()
    life.join()


def words(staff, topic):
    return [word for where, word, _retained in staff.heard if where == topic]


def test_a_lock_answers_and_a_room_of_today_has_one_too(staff, living):
    for number in ("101", "999"):
        topic = f"rooms/{HOTEL.asset_number}/{number}/access"
        assert soon(lambda topic=topic: staff.say(topic, "unlock") or "unlocked" in words(staff, topic), 8, 0.3)


def test_a_started_car_drives_a_plausible_way(staff, living):
    car = f"vehicles/{FLEET.asset_number}/KD01"
    assert soon(lambda: staff.say(f"{car}/ignition", "turn_on") or "on" in words(staff, f"{car}/ignition"), 8, 0.3)
    assert soon(lambda: len(words(staff, f"{car}/location")) >= 4, 15)
    track = [tuple(map(float, word.split(","))) for word in words(staff, f"{car}/location")]
    steps = [math.dist(a, b) * demo.METRES_A_DEGREE for a, b in pairwise(track)]
    assert all(0 < step < 14 * 0.3 * 1.2 for step in steps), steps


def test_a_shaky_lock_gets_what_waited_for_it(staff, living):
    topic = f"rooms/{HOTEL.asset_number}/G01/access"
    # a broker keeps nothing for a device it has never met, so it is spoken to until it has answered once
    assert soon(lambda: staff.say(topic, "lock") or "locked" in words(staff, topic), 8, 0.3)
    time.sleep(1.0)
    for word, answer in (("unlock", "unlocked"), ("lock", "locked"), ("unlock", "unlocked")):
        before = words(staff, topic).count(answer)
        staff.say(topic, word)
        assert soon(lambda answer=answer, before=before: words(staff, topic).count(answer) > before, 8)
        time.sleep(0.5)
