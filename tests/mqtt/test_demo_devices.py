"""The demo's devices are devices: they answer over the broker, drive like cars, and come back after being away."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from portal.demo import devices as demo
from portal.demo import hardware
from portal.demo.places import FLEET, HOTEL
from portal.demo.simulator import commands
from portal.demo.simulator.routes import metres
from portal.gateways.broker import Broker
from tests.mqtt.conftest import Device, soon


@pytest.fixture
def staff(broker):
    """The portal's own credential, hearing every topic."""
    device = Device(broker.url, "staff", "rooms/#", "vehicles/#", "v1/#")
    yield device
    device.close()


@pytest.fixture
def living(broker, monkeypatch):
    """The devices alive, faster than in the demo."""
    monkeypatch.setattr(demo, "TRACKER_EVERY", 0.3)
    monkeypatch.setattr(demo, "ONLINE_FOR", (0.9, 0.9))
    monkeypatch.setattr(demo, "OFFLINE_FOR", (0.8, 0.8))
    monkeypatch.setattr(commands, "ACTS_AFTER", (0.05, 0.1))
    stopping = threading.Event()
    broker = Broker(broker.device_url, broker.version)
    names = {device.name for device in hardware.devices()}
    life = threading.Thread(target=demo.run, args=(lambda _device: broker, {}, names, stopping))
    life.start()
    yield
    stopping.set()
    life.join()


def words(staff, topic):
    return [word for where, word, _retained in staff.heard if where == topic]


def values(staff, name, kind):
    """What a device with envelopes said of a subject, each word once."""
    said = {(each["boot"], each["seq"]): each["v"] for each in map(json.loads, words(staff, f"v1/{name}/up/{kind}"))}
    return [said[number] for number in sorted(said)]


def tell(staff, name, capability, action, seq):
    soon_over = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    command = {"id": f"{name}-{seq}", "seq": seq, "capability": capability, "action": action, "not_after": soon_over}
    staff.say(f"v1/{name}/down/cmd", json.dumps(command))


def there(staff, name):
    """Whether the device has said that it is online."""
    return soon(lambda: any('"online"' in word for word in words(staff, f"v1/{name}/status")), 15)


def test_a_plain_lock_answers_and_a_room_of_today_has_one_too(staff, living):
    for number in ("101", "999"):
        topic = f"rooms/{HOTEL.asset_number}/{number}/access"
        assert soon(lambda topic=topic: staff.say(topic, "unlock") or "unlocked" in words(staff, topic), 15, 0.3)


def test_a_lock_with_envelopes_answers_for_its_door_and_its_meter_for_the_power(staff, living):
    for name, capability, action, state in (
        ("marina-301-lock", "access", "unlock", "unlocked"),
        ("marina-301-meter", "electricity", "turn_on", "on"),
    ):
        assert there(staff, name)
        tell(staff, name, capability, action, 1)
        assert soon(lambda name=name, kind=capability, state=state: values(staff, name, kind) == [state], 15)
        results = [json.loads(each)["status"] for each in words(staff, f"v1/{name}/up/cmdres")]
        assert results == ["accepted", "done"]


def test_a_started_car_drives_a_plausible_way(staff, living):
    assert there(staff, "swift-kd01")
    tell(staff, "swift-kd01", "ignition", "turn_on", 1)
    assert soon(lambda: len(values(staff, "swift-kd01", "location")) >= 8, 30)
    track = [(fix["lat"], fix["lon"]) for fix in values(staff, "swift-kd01", "location")]
    steps = [metres(a, b) for a, b in pairwise(track)]
    assert all(step < 17 * 0.3 * 1.2 + 0.5 for step in steps), steps
    assert track[0] != track[-1]


def test_a_tracker_with_a_bad_aerial_is_lost_and_comes_back(staff, living):
    topic = "v1/swift-kd12/status"
    assert soon(lambda: [json.loads(each)["state"] for each in words(staff, topic)].count("online") >= 2, 20)


def test_a_shaky_lock_gets_what_waited_for_it(staff, living):
    topic = f"rooms/{HOTEL.asset_number}/G01/access"
    # a broker keeps nothing for a device it has never met, so it is spoken to until it has answered once
    assert soon(lambda: staff.say(topic, "lock") or "locked" in words(staff, topic), 15, 0.3)
    time.sleep(1.0)
    for word, answer in (("unlock", "unlocked"), ("lock", "locked"), ("unlock", "unlocked")):
        before = words(staff, topic).count(answer)
        staff.say(topic, word)
        assert soon(lambda answer=answer, before=before: words(staff, topic).count(answer) > before, 15)
        time.sleep(0.5)


def test_a_demo_of_before_has_plain_devices_everywhere(staff, broker, monkeypatch):
    monkeypatch.setattr(commands, "ACTS_AFTER", (0.05, 0.1))
    stopping = threading.Event()
    broker = Broker(broker.device_url, broker.version)
    life = threading.Thread(target=demo.run, args=(lambda _device: broker, {}, set(), stopping))
    life.start()
    topic = f"vehicles/{FLEET.asset_number}/KD01/ignition"
    try:
        assert soon(lambda: staff.say(topic, "turn_on") or "on" in words(staff, topic), 15, 0.3)
    finally:
        stopping.set()
        life.join()
