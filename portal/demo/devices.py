"""The demo's devices at work: they answer, drive along their routes, lose their network and come back."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import structlog

from config import Settings
from portal import create_app
from portal.demo import hardware
from portal.demo.hardware import DemoDevice
from portal.demo.places import PLACES, DemoPlace, DemoUnit, units
from portal.demo.simulator.device import EnvelopeDevice
from portal.demo.simulator.faults import Faults
from portal.demo.simulator.gateway import PlainClient
from portal.demo.simulator.network import Network
from portal.demo.simulator.rooms import Room
from portal.demo.simulator.routes import in_town
from portal.demo.simulator.run import door_of, signed_in, topics_of
from portal.demo.simulator.things import Address, Thing, Word, place_of
from portal.demo.simulator.vehicles import Vehicle
from portal.demo.tracks import route_of, town_of
from portal.gateways.broker import Broker
from portal.shared.devices import queries
from portal.shared.devices.services import broker_keeper

log = structlog.get_logger(__name__)

TICK = 0.1
SENSOR_EVERY = (60.0, 180.0)
#: After a command a room has something to tell soon.
SOON = (3.0, 10.0)
TRACKER_EVERY = 5.0
PARKED_EVERY = (90.0, 150.0)
#: A lock that nobody uses says so often that it is still there.
QUIET_FOR = 240.0
ONLINE_FOR = (400.0, 900.0)
OFFLINE_FOR = (15.0, 45.0)
BATTERY = 87
FOLDERS = {"room": "rooms", "vehicle": "vehicles"}
NO_FAULTS: dict[str, float] = {}

Client = EnvelopeDevice | PlainClient
SignIn = Callable[[DemoDevice], Broker]


@dataclass
class Speaker:
    """One unit's things, and how what they say leaves the house."""

    thing: Thing
    plain: bool
    say: Callable[[Word], None]
    next_at: float
    heard: dict[str, str]

    def tick(self, now: float, chance: random.Random) -> None:
        """Its next word, when it is time; what it was told just now makes it speak soon."""
        told = {kind: self.thing.says.get(kind, "") for kind in self.thing.capabilities}
        if told != self.heard:
            self.heard = told
            self.next_at = min(self.next_at, now + chance.uniform(*SOON))
        if now < self.next_at:
            return
        pause = self._pause(chance)
        self.next_at = now + pause
        if (word := self.thing.next_word(pause, plain=self.plain)) is not None:
            self.say(word)

    def _pause(self, chance: random.Random) -> float:
        if not isinstance(self.thing, Vehicle):
            return chance.uniform(*SENSOR_EVERY)
        if self.thing.says.get("ignition") == "on":
            return TRACKER_EVERY * chance.uniform(0.8, 1.2)
        return chance.uniform(*PARKED_EVERY)


class Demo:
    """All clients of the demo on one network, in one thread."""

    def __init__(self, sign_in: SignIn, says: dict[Any, dict[str, str]], registered: Collection[str]) -> None:
        self.network = Network()
        self.clients: list[Client] = []
        self.speakers: list[Speaker] = []
        self._chance = random.Random("demo devices")
        self._sign_in, self._says, self._registered = sign_in, says, registered
        self._shaky: dict[int, float] = {}
        for place in PLACES:
            if place in hardware.SHORT:
                self._people(place)

    def tick(self, now: float) -> None:
        """Whatever is due, everywhere."""
        for speaker in self.speakers:
            speaker.tick(now, self._chance)
        for turn, client in enumerate(self.clients):
            if now >= self._shaky.get(turn, now + 1):
                away = self._chance.uniform(*OFFLINE_FOR)
                self._shaky[turn] = now + away + self._chance.uniform(*ONLINE_FOR)
                client.lose_network(away)
            client.tick(now)
            if isinstance(client, EnvelopeDevice) and now - client.spoke_at > QUIET_FOR:
                client.say(Word("battery", BATTERY))

    def _people(self, place: DemoPlace) -> None:
        """One gateway for the plain things of a place, and beside it whatever has a link of its own.

        The gateway listens to the whole place, so that a room registered a minute ago has a lock too.
        """
        mine, others = [unit for unit in units() if unit.place is place], set()
        plain: list[Thing] = []
        for unit in mine:
            thing, own = self._thing(unit), [each for each in hardware.of_unit(unit) if each.name in self._registered]
            if not own:
                plain.append(thing)
                continue
            others.add(thing.address)
            if any(device.dialect == "plain" for device in own):
                self._plain(own[0], topics_of(thing), [thing])
            else:
                self._envelopes(own, unit, thing)
        gateway = next(device for device in hardware.devices() if device.place is place and device.unit is None)
        folder = FOLDERS[mine[0].kind]
        topics = [f"{folder}/{place.asset_number}/+/{each}" for each in self._thing(mine[0]).capabilities]
        self._plain(gateway, topics, plain, lambda address: None if address in others else _newcomer(place, address))

    def _envelopes(self, devices: list[DemoDevice], unit: DemoUnit, thing: Thing) -> None:
        clients: dict[str, EnvelopeDevice] = {}
        for device in devices:
            client = EnvelopeDevice(
                self.network, self._sign_in(device), device.name, thing, Faults(NO_FAULTS, device.name)
            )
            clients[device.name] = client
            self._add(client, device)

        def say(word: Word) -> None:
            speaker = hardware.speaker(unit, word.kind)
            clients[speaker.name if speaker and speaker.name in clients else devices[0].name].say(word)

        self._let_speak(thing, plain=False, say=say)

    def _plain(
        self,
        device: DemoDevice,
        topics: list[str],
        things: list[Thing],
        newcomer: Callable[[Address], Thing | None] = lambda _: None,
    ) -> None:
        def lives(thing: Thing) -> None:
            self._let_speak(thing, plain=True, say=lambda word: client.say(thing, word))

        def met(address: Address) -> Thing | None:
            if (thing := newcomer(address)) is not None:
                lives(thing)
            return thing

        faults = Faults(NO_FAULTS, device.name)
        client = PlainClient(self.network, self._sign_in(device), device.name, topics, things, faults, met)
        self._add(client, device)
        for thing in things:
            lives(thing)

    def _add(self, client: Client, device: DemoDevice) -> None:
        if device.shaky:
            self._shaky[len(self.clients)] = time.monotonic() + self._chance.uniform(*ONLINE_FOR)
        self.clients.append(client)

    def _let_speak(self, thing: Thing, *, plain: bool, say: Callable[[Word], None]) -> None:
        first = time.monotonic() + 2 + len(self.speakers) * 0.7
        heard = {kind: thing.says.get(kind, "") for kind in thing.capabilities}
        self.speakers.append(Speaker(thing, plain, say, first, heard))

    def _thing(self, unit: DemoUnit) -> Thing:
        says = dict(self._says.get(unit.id, {}))
        address = Address(FOLDERS[unit.kind], unit.place.asset_number, unit.number)
        if unit.kind == "room":
            return Room(address, "demo", says)
        route, at = route_of(unit), None
        if (place := place_of(says.pop("location", ""))) is not None:
            at = route.nearest(place)
        return Vehicle(address, "demo", route, {"ignition": "off", **says}, at)


def _newcomer(place: DemoPlace, address: Address) -> Thing:
    if address.folder == "rooms":
        return Room(address, "demo")
    return Vehicle(address, "demo", in_town(town_of(place))[0], {"ignition": "off"})


def run(
    sign_in: SignIn, says: dict[Any, dict[str, str]], registered: Collection[str], stopping: threading.Event
) -> None:
    """Let the demo's devices live until told to stop."""
    demo = Demo(sign_in, says, registered)
    for now in _moments(stopping):
        demo.tick(now)
        demo.network.turn(TICK)
    demo.network.close()


def _moments(stopping: threading.Event) -> Iterator[float]:
    while not stopping.is_set():
        yield time.monotonic()


def devices_main() -> int:
    """The devices' role: their own credentials, their own clients, no word with the database once they run."""
    settings = Settings.load()
    stopping = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stopping.set())
    with create_app(settings).app_context():
        broker_keeper.keep()  # the first devices of an installation come before the clockwork has told the broker
        latest = queries.latest_of([unit.id for unit in units()])
        registered = hardware.in_service()
    says = {unit_id: {kind: row.value for kind, row in rows.items()} for unit_id, rows in latest.items()}
    log.info("demo_devices_started", units=len(says), devices=len(registered))
    door, shared = door_of(settings), Broker(settings.mqtt_device_url or settings.mqtt_url, settings.mqtt_version)

    def sign_in(device: DemoDevice) -> Broker:
        own = device.name in registered
        return signed_in(door, device.name, device.secret(settings)) if own else shared

    run(sign_in, says, registered, stopping)
    return 0
