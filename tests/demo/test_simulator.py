"""Simulated devices behave as good devices do: what they say arrives, what they are told is done once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from portal.demo.simulator import faults as faults_module
from portal.demo.simulator import routes
from portal.demo.simulator.device import EnvelopeDevice
from portal.demo.simulator.enrol import Member
from portal.demo.simulator.faults import Faults
from portal.demo.simulator.network import Network
from portal.demo.simulator.rooms import Room
from portal.demo.simulator.run import Plan, Simulation
from portal.demo.simulator.things import Address, Word
from portal.demo.simulator.vehicles import Vehicle
from portal.gateways.broker import Broker
from tests.mqtt.conftest import Device

TOWNS = {"Nairobi": (-1.29, 36.83), "Athi River": (-1.44, 36.96), "Lagos": (6.44, 3.41)}
CAR = Address("vehicles", "P1", "V1")
DOOR = Address("rooms", "P1", "101")


@pytest.mark.parametrize("route", routes.all_routes(), ids=lambda route: route.name)
def test_a_shipped_route_is_a_round_trip_through_its_town(route):
    assert 60 <= len(route._points) <= 150
    assert all(routes.metres(a, b) < 300 for a, b in pairwise(route._points))
    assert all(routes.metres(point, TOWNS[route.town]) < 20_000 for point in route._points)
    assert 5_000 < route.length < 40_000


def test_a_vehicle_drives_at_town_speed_stops_on_the_way_and_tells_how_fast_it_is():
    car = Vehicle(CAR, "1", routes.in_town("Nairobi")[0])
    speeds, odometer = [], 0.0
    for _second in range(3_600):
        before = car.fix()
        car.advance(1.0)
        after = car.fix()
        went = routes.metres((before["lat"], before["lon"]), (after["lat"], after["lon"]))
        assert went <= after["speed"] / 3.6 + 0.5
        speeds.append(after["speed"])
        odometer += went
    assert max(speeds) < 65
    assert 0.03 < speeds.count(0.0) / len(speeds) < 0.6
    assert odometer == pytest.approx(car.counted, rel=0.03)
    assert 8_000 < odometer < 45_000


def test_a_vehicle_that_is_switched_off_stays_where_it_is():
    car = Vehicle(CAR, "1", routes.in_town("Lagos")[0])
    assert car.obey("ignition", "turn_off") == Word("ignition", "off")
    before = car.fix()
    car.advance(600)
    assert car.fix() == {**before, "speed": 0.0}


def test_the_same_seed_tells_the_same_story_and_another_seed_another():
    def story(seed: str) -> list[Any]:
        car, room = Vehicle(CAR, seed, routes.all_routes()[0]), Room(DOOR, seed, {"access": "unlocked"})
        told = [thing.next_word(7.0, plain=False) for _turn in range(200) for thing in (car, room)]
        befallen = Faults(faults_module.read("all"), seed)
        return [befallen.befall(word)[0] for word in told if word]

    assert story("1") == story("1")
    assert story("1") != story("2")


def test_a_fault_that_is_left_out_changes_nothing_about_the_others():
    words = [Word("location", {"lat": -1.3, "lon": 36.8})] * 3_000
    every, fewer = Faults(faults_module.read("all"), "1"), Faults(faults_module.read("offline,late,reboot"), "1")
    troubles = [[each.befall(word)[2] for word in words] for each in (every, fewer)]
    assert [t.offline for t in troubles[0]] == [t.offline for t in troubles[1]]
    assert [t.held for t in troubles[0]] == [t.held for t in troubles[1]]
    assert set(every.happened) == set(faults_module.KNOWN)
    assert set(fewer.happened) == {"offline", "late", "reboot"}


@pytest.mark.parametrize("written", ["fire", "offline=often", "jump=2", "late=-0.1", "zero="])
def test_a_fault_that_cannot_be_meant_is_refused_in_a_sentence(written):
    with pytest.raises(ValueError, match=r"^(There is no fault|The chance of)"):
        faults_module.read(written)


def test_a_file_that_is_no_route_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "route.geojson"
    for text in ("", "[]", '{"geometry": {"type": "Point", "coordinates": [1, 2]}}', '{"geometry": null}'):
        path.write_text(text)
        with pytest.raises(ValueError, match="is not a GeoJSON feature with one LineString"):
            routes.read(path)


class Portal:
    """What the portal does on the wire, and no more: it hears, and acknowledges when the test says so."""

    def __init__(self, broker: Any, device: EnvelopeDevice) -> None:
        self.client = Device(broker.url, f"portal-{device.name}", f"v1/{device.name}/up/#", f"v1/{device.name}/status")
        self.device = device

    def close(self) -> None:
        self.client.close()

    def heard(self, kind: str) -> list[dict[str, Any]]:
        topic = f"v1/{self.device.name}/up/{kind}"
        return [json.loads(payload) for where, payload, _ in self.client.heard if where == topic]

    def states(self) -> list[str]:
        return [json.loads(payload)["state"] for where, payload, _ in self.client.heard if where.endswith("/status")]

    def acknowledge(self, through: int, *missing: Any) -> None:
        said = {"boot": self.device.boot, "through": through, "missing": list(missing)}
        self.client.say(f"v1/{self.device.name}/down/ack", json.dumps(said))

    def tell(self, seq: int, action: str, *, seconds: float = 60, number: str = "", **more: Any) -> None:
        said = {
            "id": number or f"c{seq}",
            "seq": seq,
            "capability": "access",
            "action": action,
            "not_after": (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(),
            "ttl_s": seconds,
            **more,
        }
        self.client.say(f"v1/{self.device.name}/down/cmd", json.dumps(said))

    def answers(self, number: str) -> list[str]:
        return [each["status"] for each in self.heard("cmdres") if each["id"] == number]


def alive(device: EnvelopeDevice, until: Any, within: float = 15.0) -> bool:
    """Let the device live until something is so."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        device.tick(time.monotonic())
        device.line.network.turn(0.02)
        if until():
            return True
    return False


@pytest.fixture
def lock(broker: Any, request: Any) -> Iterator[EnvelopeDevice]:
    """A lock with envelopes that is connected."""
    network = Network()
    name = f"sim-{abs(hash(request.node.name)) % 10**9}"
    device = EnvelopeDevice(network, Broker(broker.device_url, broker.version), name, Room(DOOR, "1"), Faults({}, "1"))
    assert alive(device, lambda: device.line.up)
    yield device
    network.close(forget=True)


@pytest.fixture
def portal(broker: Any, lock: EnvelopeDevice) -> Iterator[Portal]:
    """The other end."""
    portal = Portal(broker, lock)
    yield portal
    portal.close()


def test_a_word_is_kept_until_it_is_stored_and_said_again_when_nobody_answers(lock, portal):
    lock.say(Word("temperature", 24.5))
    lock.say(Word("door", "open"))
    assert alive(lock, lambda: [each["seq"] for each in portal.heard("temperature")] == [1, 1])
    assert portal.heard("temperature")[0] == portal.heard("temperature")[1]
    portal.acknowledge(2)
    assert alive(lock, lambda: lock.waiting == 0)
    assert (lock.tally.sent, lock.tally.acked) == (2, 2)


def test_what_is_asked_for_is_said_at_once_and_what_is_not_there_any_more_is_admitted(lock, portal):
    for turn in range(5):
        lock.say(Word("temperature", turn))
    del lock.kept[lock.boot, 2]
    assert alive(lock, lambda: len(portal.heard("temperature")) >= 5)
    portal.acknowledge(5, [2, 3])
    assert alive(lock, lambda: [each["seq"] for each in portal.heard("temperature")].count(3) >= 2, 2.5)
    assert alive(lock, lambda: any(each["v"] == [[2, 2]] and each["of"] == lock.boot for each in portal.heard("lost")))
    assert {seq for _boot, seq in lock.kept} == {3, 6}


def test_a_device_whose_network_went_is_called_lost_and_tells_everything_when_it_is_back(lock, portal):
    lock.lose_network(3600)
    assert alive(lock, lambda: "lost" in portal.states())
    for turn in range(30):
        lock.say(Word("temperature", turn))
    assert alive(lock, lambda: False, 0.5) is False
    assert portal.heard("temperature") == []
    lock.come_back()
    assert alive(lock, lambda: len({each["seq"] for each in portal.heard("temperature")}) == 30)
    assert portal.states()[-1] == "online"


def test_a_restart_begins_the_numbers_anew_and_forgets_nothing(lock, portal):
    lock.lose_network(3600)
    lock.say(Word("temperature", 20))
    first = lock.boot
    lock.restart()
    lock.say(Word("temperature", 21))
    lock.come_back()
    assert alive(lock, lambda: len(portal.heard("temperature")) >= 2)
    assert [(each["boot"], each["seq"]) for each in portal.heard("temperature")[:2]] == [(first, 1), (lock.boot, 1)]


def test_a_command_is_done_once_and_a_repeat_gets_the_answer_of_the_first(lock, portal):
    portal.tell(7, "unlock")
    assert alive(lock, lambda: portal.answers("c7") == ["accepted", "done"])
    portal.tell(7, "unlock")
    assert alive(lock, lambda: portal.answers("c7") == ["accepted", "done", "done"])
    assert [each["v"] for each in portal.heard("access")] == ["unlocked"]
    lock.restart()
    portal.tell(6, "lock")
    portal.tell(8, "lock", seconds=-5)
    assert alive(lock, lambda: portal.answers("c6") == portal.answers("c8") == ["rejected"])
    assert lock.thing.says["access"] == "unlocked"


def test_an_open_door_locks_itself_when_its_time_is_over_even_without_a_network(lock, portal):
    until = datetime.now(UTC) + timedelta(seconds=3)
    portal.tell(1, "unlock", lease_until=until.isoformat())
    assert alive(lock, lambda: lock.thing.says["access"] == "unlocked")
    lock.lose_network(3600)
    assert alive(lock, lambda: lock.thing.says["access"] == "locked")
    assert datetime.now(UTC) >= until
    lock.come_back()
    assert alive(lock, lambda: [each["v"] for each in portal.heard("access")][-1:] == ["locked"])


def test_a_crowd_of_plain_devices_says_what_it_should_though_everything_goes_wrong(broker, monkeypatch):
    monkeypatch.setattr(faults_module, "HELD_FOR", (0.2, 1.0))
    monkeypatch.setattr(faults_module, "OFFLINE_FOR", (0.2, 1.0))
    members = [
        Member(f"sim-plain-{turn}", "", Address(folder, "SIMPLACE", f"{turn}"), envelope=False)
        for turn, folder in enumerate(["rooms"] * 20 + ["vehicles"] * 10)
    ]
    staff = Device(broker.url, "staff-of-the-simulation", "rooms/SIMPLACE/#", "vehicles/SIMPLACE/#")
    chances = {"offline": 0.02, "duplicate": 0.1, "late": 0.1, "jump": 0.1, "zero": 0.1}
    plan = Plan(
        broker=Broker(broker.device_url, broker.version), members=members, rate=60, seconds=4, seed=3, chances=chances
    )
    lines: list[str] = []
    fared = Simulation(plan).run(lines.append)
    staff.close()
    assert fared.well, fared
    assert fared.sent == fared.acked
    assert 150 < fared.sent < 400
    assert set(chances) <= set(fared.faults)
    assert len(staff.heard) >= fared.sent
