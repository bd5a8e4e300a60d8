"""Simulated locks, sensors and trackers: they answer, wander, go offline and come back, over a real broker."""

from __future__ import annotations

import math
import random
import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from paho.mqtt import client as paho
from paho.mqtt.subscribeoptions import SubscribeOptions

from config import Settings
from portal import create_app
from portal.demo.places import DEPOT, PLACES, DemoUnit, units
from portal.gateways.broker import Broker
from portal.shared.devices import queries

log = structlog.get_logger(__name__)

TICK = 0.1
#: A lock takes its time: the bolt turns before it reports.
ANSWERS_AFTER = (0.4, 1.2)
SENSOR_EVERY = (60.0, 180.0)
TRACKER_EVERY = 8.0
ONLINE_FOR = (180.0, 420.0)
OFFLINE_FOR = (15.0, 45.0)
#: Where a vehicle stands that has no last position: Nairobi for the fleet, Athi River for the depot.
START = {"fleet": (-1.3152, 36.8480), "depot": (-1.4563, 36.9785), "hotel": (6.4474, 3.3903)}
METRES_A_DEGREE = 111_320.0
STATES = {"unlock": "unlocked", "lock": "locked", "turn_on": "on", "turn_off": "off"}
CAPABILITIES = {"rooms": ("access", "electricity"), "vehicles": ("ignition",)}


@dataclass
class Thing:
    """One room or vehicle with what is fixed to it; `says` is what it reports by subject."""

    folder: str
    place: str
    number: str
    says: dict[str, str] = field(default_factory=dict)
    position: tuple[float, float] = START["fleet"]
    heading: float = 0.0
    next_word_at: float = 0.0

    @property
    def address(self) -> tuple[str, str, str]:
        """Which thing this is."""
        return self.folder, self.place, self.number

    def words(self, now: float, chance: random.Random) -> Iterable[tuple[str, str]]:
        """What its sensors have to say by themselves, when it is time."""
        if now < self.next_word_at:
            return
        if self.folder == "vehicles":
            self.next_word_at = now + TRACKER_EVERY * chance.uniform(0.8, 1.2)
            if self.says.get("ignition") == "on":
                yield "location", self._drive(chance)
            return
        self.next_word_at = now + chance.uniform(*SENSOR_EVERY)
        inside = self.says.get("access") == "unlocked" and chance.random() < 0.6
        yield "occupancy", "1" if inside else "0"
        wanted = "on" if inside else "off"
        if self.says.get("electricity") != wanted:
            self.says["electricity"] = wanted
            yield "electricity", wanted

    def _drive(self, chance: random.Random) -> str:
        """On along the road at town speed, bending a little; a vehicle far from home turns round."""
        metres = chance.uniform(4, 14) * TRACKER_EVERY
        latitude, longitude = self.position
        home = min(START.values(), key=lambda at: math.dist(at, self.position))
        if math.dist(home, self.position) > 0.12:
            self.heading = math.atan2(home[1] - longitude, home[0] - latitude)
        self.heading += chance.gauss(0, 0.25)
        latitude += metres * math.cos(self.heading) / METRES_A_DEGREE
        longitude += metres * math.sin(self.heading) / METRES_A_DEGREE
        self.position = latitude, longitude
        return f"{latitude:.5f},{longitude:.5f}"


class Gateway:
    """One MQTT client with the things behind it; a shaky one loses its network now and then."""

    def __init__(
        self,
        broker: Broker,
        name: str,
        topics: list[str],
        things: list[Thing],
        not_mine: Iterable[Thing] = (),
        shaky: bool = False,
    ) -> None:
        self.broker, self.name, self.topics, self.shaky = broker, name, topics, shaky
        self.things = {each.address: each for each in things}
        self._not_mine = {each.address for each in not_mine}
        self._chance = random.Random(name)
        self._heard: SimpleQueue[tuple[float, str, str]] = SimpleQueue()
        self._client: paho.Client | None = None
        self._dial_at = 0.0
        self._hang_up_at = math.inf
        self._down = threading.Event()

    def tick(self, now: float) -> None:
        """Whatever is due: dial, hang up, answer commands, speak."""
        if self._client is not None and (self._down.is_set() or now >= self._hang_up_at):
            self.hang_up()
            self._dial_at = now + (self._chance.uniform(*OFFLINE_FOR) if now >= self._hang_up_at else 1.0)
        if self._client is None:
            if now >= self._dial_at:
                self._dial(now)
            return
        self._answer(now)
        for thing in self.things.values():
            for subject, word in thing.words(now, self._chance):
                self._say(thing, subject, word)

    def hang_up(self) -> None:
        """Go offline; the broker keeps what is meant for us until it expires."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def _dial(self, now: float) -> None:
        client: paho.Client = self.broker.client(self.name)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_disconnect = lambda *_: self._down.set()
        self._down.clear()
        self._dial_at = now + 3.0
        try:
            self.broker.connect(client)
        except (OSError, ValueError):
            return
        client.loop_start()
        self._client = client
        self._hang_up_at = now + self._chance.uniform(*ONLINE_FOR) if self.shaky else math.inf

    def _answer(self, now: float) -> None:
        later = []
        while True:
            try:
                due, topic, word = self._heard.get_nowait()
            except Empty:
                break
            if due > now:
                later.append((due, topic, word))
                continue
            folder, place, number, capability = topic.split("/")
            if (folder, place, number) in self._not_mine:
                continue
            thing = self.things.setdefault((folder, place, number), Thing(folder, place, number))
            thing.says[capability] = STATES[word]
            self._say(thing, capability, STATES[word])
            thing.next_word_at = now + self._chance.uniform(3, 10)
        for each in later:
            self._heard.put(each)

    def _say(self, thing: Thing, subject: str, word: str) -> None:
        if self._client is not None:
            self._client.publish(f"{thing.folder}/{thing.place}/{thing.number}/{subject}", word, qos=1)

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._down.set()
        elif self.broker.modern:
            client.subscribe([(topic, SubscribeOptions(qos=1, noLocal=True)) for topic in self.topics])
        else:
            client.subscribe([(topic, 1) for topic in self.topics])

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        word = bytes(message.payload).decode("utf-8", "replace")
        if word in STATES:
            self._heard.put((time.monotonic() + self._chance.uniform(*ANSWERS_AFTER), message.topic, word))


def gateways(broker: Broker, says: dict[Any, dict[str, str]]) -> list[Gateway]:
    """Per place one gateway for most of its things, and one shaky device on a link of its own.

    A gateway listens to the whole place, so that a room registered a minute ago has a lock too.
    """
    made: list[Gateway] = []
    for place in PLACES:
        things = [_thing(unit, says.get(unit.id, {})) for unit in units() if unit.place is place]
        for turn, thing in enumerate(things):
            thing.next_word_at = time.monotonic() + 2 + 3 * turn
        if not things:
            continue
        folder, name = things[0].folder, f"demo-{place.asset_number}"
        alone = [things.pop()] if place is not DEPOT else []
        made.append(Gateway(broker, name, _topics(folder, place.asset_number, "+"), things, alone))
        for thing in alone:
            shaky = f"{name}-{thing.number}"
            made.append(Gateway(broker, shaky, _topics(folder, thing.place, thing.number), alone, shaky=True))
    return made


def _topics(folder: str, place: str, number: str) -> list[str]:
    return [f"{folder}/{place}/{number}/{capability}" for capability in CAPABILITIES[folder]]


def _thing(unit: DemoUnit, said: dict[str, str]) -> Thing:
    thing = Thing(f"{unit.kind}s", unit.place.asset_number, unit.number, said, START[unit.place.kind])
    if "location" in said:
        latitude, longitude = said["location"].split(",")
        thing.position = float(latitude), float(longitude)
    return thing


def run(broker: Broker, says: dict[Any, dict[str, str]], stopping: threading.Event) -> None:
    """Let the demo's devices live until told to stop."""
    all_of_them = gateways(broker, says)
    while not stopping.wait(TICK):
        now = time.monotonic()
        for gateway in all_of_them:
            gateway.tick(now)
    for gateway in all_of_them:
        gateway.hang_up()


def devices_main() -> int:
    """The devices' role: their own credential, their own clients, no word with the database once they run."""
    settings = Settings.load()
    stopping = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stopping.set())
    with create_app(settings).app_context():
        latest = queries.latest_of([unit.id for unit in units()])
    says = {unit_id: {kind: row.value for kind, row in rows.items()} for unit_id, rows in latest.items()}
    log.info("demo_devices_started", units=len(says))
    run(Broker(settings.mqtt_device_url or settings.mqtt_url, settings.mqtt_version), says, stopping)
    return 0
