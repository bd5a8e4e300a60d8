"""The simulation: devices that speak at a set rate for a set time, and then wait until all they said is stored."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import quote, urlsplit

from config import Settings
from portal.demo.simulator.device import EnvelopeDevice
from portal.demo.simulator.enrol import Member
from portal.demo.simulator.faults import Faults
from portal.demo.simulator.gateway import PlainClient
from portal.demo.simulator.network import Network
from portal.demo.simulator.rooms import Room
from portal.demo.simulator.routes import Route, all_routes
from portal.demo.simulator.things import Thing
from portal.demo.simulator.vehicles import Vehicle
from portal.gateways.broker import Broker

#: A vehicle speaks once a second at most, as trackers do; a room has less to say.
VEHICLE_EVERY = 1.0
ROOM_SHARE = 0.2
TICK_EVERY = 0.05
CONNECTED_WITHIN = 30.0
#: The slowest device's summary line is of use; three hundred are not.
LISTED = 12

AnyDevice = EnvelopeDevice | PlainClient


class SimulationError(Exception):
    """Why the simulation cannot run, in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is simulated, and how long."""

    broker: Broker
    members: Sequence[Member]
    rate: float = 10.0
    seconds: float = 60.0
    seed: int = 1
    chances: dict[str, float] = field(default_factory=dict)
    routes: Sequence[Route] = ()
    drain: float = 60.0
    report_every: float = 5.0


@dataclass
class Fared:
    """How it all went; `waiting` is what nobody acknowledged, by device."""

    sent: int = 0
    acked: int = 0
    resent: int = 0
    duplicates: int = 0
    lost: int = 0
    missing: int = 0
    commands: int = 0
    online: int = 0
    waiting: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        """Whether every message was acknowledged."""
        return not self.waiting and not self.lost

    def sentence(self, seconds: float) -> str:
        """One line for the person at the terminal."""
        return (
            f"{seconds:6.0f} s  {self.online} online  {self.sent} sent  {self.acked} acked"
            f"  {sum(self.waiting.values())} waiting  {self.resent} resent  {self.duplicates} duplicates"
            f"  {self.missing} asked for again  {self.commands} commands done"
        )


class Simulation:
    """All devices on one network, in one thread."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.network = plan, Network()
        routes = plan.routes or all_routes()
        self.devices: list[AnyDevice] = []
        self._speakers: list[tuple[Callable[[float], None], bool]] = []
        for turn, member in enumerate(plan.members):
            seed = f"{plan.seed} {turn}"  # not the name, which a new place makes new
            thing: Thing = (
                Room(member.address, seed)
                if member.address.folder == "rooms"
                else Vehicle(member.address, seed, routes[turn % len(routes)])
            )
            self._add(member, thing, Faults(plan.chances, seed))

    def run(self, say: Callable[[str], None] = print, stopped: Callable[[], bool] = lambda: False) -> Fared:
        """Connect, speak, wait for the last acknowledgement, say goodbye."""
        try:
            self._connect(stopped)
            began = time.monotonic()
            self._report(began, say, self._speak(began, stopped))
            drained = began + self.plan.seconds + self.plan.drain
            self._report(began, say, self._drain(drained, stopped))
            return self.fared()
        finally:
            self.network.close(forget=True)

    def fared(self) -> Fared:
        """The sum over all devices so far."""
        found = Fared(online=sum(device.line.up for device in self.devices))
        for device in self.devices:
            for name in ("sent", "acked", "resent", "duplicates", "lost", "missing", "commands"):
                setattr(found, name, getattr(found, name) + getattr(device.tally, name))
            for name, times in device.faults.happened.items():
                found.faults[name] = found.faults.get(name, 0) + times
            if device.waiting:
                found.waiting[device.name] = device.waiting
        return found

    def _add(self, member: Member, thing: Thing, faults: Faults) -> None:
        broker = signed_in(self.plan.broker, member.name, member.secret)
        device: AnyDevice
        speak: Callable[[float], None]
        if member.envelope:
            device = EnvelopeDevice(self.network, broker, member.name, thing, faults)
            speak = device.speak
        else:
            device = plain = PlainClient(self.network, broker, member.name, topics_of(thing), [thing], faults)

            def speak(seconds: float) -> None:
                plain.speak(thing, seconds)

        self.devices.append(device)
        self._speakers.append((speak, isinstance(thing, Vehicle)))

    def _connect(self, stopped: Callable[[], bool]) -> None:
        deadline = time.monotonic() + CONNECTED_WITHIN
        while not all(device.line.up for device in self.devices) and not stopped():
            now = time.monotonic()
            if now > deadline:
                raise SimulationError(self._why_not())
            self._turn(now, TICK_EVERY)

    def _why_not(self) -> str:
        down = [device for device in self.devices if not device.line.up]
        parts = urlsplit(self.plan.broker.url)
        where = f"{parts.hostname}:{parts.port or 1883}"
        for device in down:
            if device.line.refused:
                return f"The broker at {where} refuses {device.name}: {device.line.refused}."
        return f"{len(down)} of {len(self.devices)} devices have no connection: the broker at {where} does not answer."

    def _speak(self, began: float, stopped: Callable[[], bool]) -> Iterator[float]:
        """Everybody in turn, so that the sum of it is the rate."""
        pauses = self._pauses()
        order = count()
        due = [
            (began + pause * (turn + 0.5) / len(pauses), next(order), pause, speak)
            for turn, (pause, (speak, _)) in enumerate(zip(pauses, self._speakers, strict=True))
        ]
        heapq.heapify(due)
        ends = began + self.plan.seconds
        tick_at = began
        while (now := time.monotonic()) < ends and not stopped():
            while due and due[0][0] <= now:
                at, _, pause, speak = heapq.heappop(due)
                speak(pause)
                heapq.heappush(due, (at + pause, next(order), pause, speak))
            if now >= tick_at:
                tick_at = now + TICK_EVERY
                for device in self.devices:
                    device.tick(now)
                yield now
            soonest = min(due[0][0] if due else ends, tick_at, ends)
            self.network.turn(soonest - time.monotonic())

    def _pauses(self) -> list[float]:
        """How long each speaker waits between two words: vehicles first, and rooms share what is left of the rate."""
        vehicles = sum(is_vehicle for _, is_vehicle in self._speakers)
        rooms = len(self._speakers) - vehicles
        weight = vehicles + rooms * ROOM_SHARE
        vehicle_pause = max(VEHICLE_EVERY, weight / self.plan.rate)
        left = self.plan.rate - vehicles / vehicle_pause
        room_pause = rooms / left if left > 0 else float("inf")
        return [vehicle_pause if is_vehicle else room_pause for _, is_vehicle in self._speakers]

    def _drain(self, deadline: float, stopped: Callable[[], bool]) -> Iterator[float]:
        """Say nothing new, and wait for what is on its way."""
        for device in self.devices:
            device.come_back()
        while (now := time.monotonic()) < deadline and not stopped():
            if not any(device.waiting for device in self.devices):
                return
            self._turn(now, TICK_EVERY)
            yield now

    def _turn(self, now: float, seconds: float) -> None:
        for device in self.devices:
            device.tick(now)
        self.network.turn(seconds)

    def _report(self, began: float, say: Callable[[str], None], moments: Iterator[float]) -> None:
        due = time.monotonic() + self.plan.report_every
        for now in moments:
            if now >= due:
                due = now + self.plan.report_every
                say(self.fared().sentence(now - began))


def door_of(settings: Settings, url: str = "") -> Broker:
    """Where devices sign in: at this address, or where this portal says; SimulationError when there is none."""
    address = settings.mqtt_device_address
    scheme = "mqtts" if address.endswith(":8883") else "mqtt"
    url = url or (f"{scheme}://{address}" if address else settings.mqtt_device_url or settings.mqtt_url)
    if not url.startswith(("mqtt://", "mqtts://")):
        raise SimulationError("Name the broker with --mqtt-url mqtt://host:1883, or start the portal first.")
    return Broker(url, settings.mqtt_version)


def signed_in(broker: Broker, name: str, secret: str) -> Broker:
    """The same broker with a device's own name and secret; an address that has an account in it is shared by all."""
    parts = urlsplit(broker.url)
    if parts.username or not secret:
        return broker
    return Broker(f"{parts.scheme}://{quote(name, safe='')}:{quote(secret, safe='')}@{parts.netloc}", broker.version)


def topics_of(thing: Thing) -> list[str]:
    """Where a plain thing hears what it is told."""
    return ["/".join((*thing.address, capability)) for capability in thing.capabilities]


def summary(fared: Fared, seconds: float) -> list[str]:
    """The last word of a simulation, a line each."""
    lines = [fared.sentence(seconds)]
    if fared.faults:
        lines.append("Faults: " + ", ".join(f"{times} {name}" for name, times in sorted(fared.faults.items())) + ".")
    if fared.lost:
        lines.append(f"{fared.lost} messages were refused by the broker or fell out of a device's memory.")
    worst = sorted(fared.waiting.items(), key=lambda each: -each[1])
    lines += [f"  {name} waits for {waiting}" for name, waiting in worst[:LISTED]]
    if len(worst) > LISTED:
        lines.append(f"  and {len(worst) - LISTED} more devices wait")
    lines.append("Everything that was said is stored." if fared.well else "Not everything that was said is stored.")
    return lines
