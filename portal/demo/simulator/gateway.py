"""Plain devices: bare values on their unit's own topics, one client for one of them or for all of a place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from portal.demo.simulator.commands import ACTS_AFTER
from portal.demo.simulator.device import DIALS_AFTER, Tally
from portal.demo.simulator.faults import Faults
from portal.demo.simulator.network import Line, Network
from portal.demo.simulator.things import STATES, Address, Thing, Word, as_text
from portal.gateways.broker import Broker


class PlainClient:
    """One MQTT client with the plain things behind it; `newcomer` makes a thing nobody told it of."""

    def __init__(
        self,
        network: Network,
        broker: Broker,
        name: str,
        topics: list[str],
        things: Iterable[Thing],
        faults: Faults,
        newcomer: Callable[[Address], Thing | None] = lambda _: None,
    ) -> None:
        self.name, self.faults, self.tally = name, faults, Tally()
        self.things = {thing.address: thing for thing in things}
        self.line = Line(
            network, broker, name, topics,
            hears=self._hears, comes_up=self._comes_up, goes_down=self._goes_down, taken=self._taken,
        )  # fmt: skip
        self._newcomer = newcomer
        self._to_say: list[tuple[str, str]] = []
        self._said: dict[int, tuple[str, str]] = {}
        self._acting: list[tuple[float, Thing, str, str]] = []
        self._held: list[tuple[float, str, str]] = []
        self._dial_at = 0.0
        self._failures = 0

    @property
    def waiting(self) -> int:
        """How many of its messages the broker has not confirmed."""
        return len(self._to_say) + len(self._said) + len(self._held)

    def tick(self, now: float) -> None:
        """Whatever is due: dial, do as told, say what was held up."""
        if self.line.idle and now >= self._dial_at:
            self._dial_at = now + DIALS_AFTER[min(self._failures, len(DIALS_AFTER) - 1)]
            self._failures += 1
            self.line.dial()
        ready = [each for each in self._acting if each[0] <= now]
        self._acting = [each for each in self._acting if each[0] > now]
        for _due, thing, capability, action in ready:
            if (word := thing.obey(capability, action)) is not None:
                self.tally.commands += 1
                self.say(thing, word)
        if self._held:
            due = [each for each in self._held if each[0] <= now]
            self._held = [each for each in self._held if each[0] > now]
            for _due, topic, payload in due:
                self._publish(topic, payload)

    def speak(self, thing: Thing, seconds: float) -> None:
        """A thing's next word, with whatever befalls it."""
        word = thing.next_word(seconds, plain=True)
        if word is None:
            return
        word, _skew, trouble = self.faults.befall(word)
        self.say(thing, word, held=trouble.held)
        if trouble.duplicate:
            self.tally.duplicates += 1
            self.say(thing, word)
        if trouble.offline or trouble.reboot:
            self.lose_network(trouble.offline or 1.0)

    def say(self, thing: Thing, word: Word, held: float = 0.0) -> None:
        """Send a word; what the broker has not confirmed is said again after the next connection."""
        self.tally.sent += 1
        topic = "/".join((*thing.address, word.kind))
        if held:
            self._held.append((time.monotonic() + held, topic, as_text(word)))
        else:
            self._publish(topic, as_text(word))

    def lose_network(self, seconds: float) -> None:
        """Be away for so long."""
        self.line.cut()
        self._dial_at = time.monotonic() + seconds

    def come_back(self) -> None:
        """Dial at the next chance."""
        self._dial_at, self._failures = 0.0, 0

    def _publish(self, topic: str, payload: str) -> None:
        number = self.line.publish(topic, payload)
        if number is None:
            self._to_say.append((topic, payload))
        else:
            self._said[number] = topic, payload

    def _comes_up(self) -> None:
        self._failures = 0
        waiting, self._to_say = self._to_say, []
        for topic, payload in waiting:
            self._publish(topic, payload)

    def _goes_down(self) -> None:
        self.tally.resent += len(self._said)
        self._to_say = [*self._said.values(), *self._to_say]
        self._said.clear()

    def _taken(self, number: int, well: bool) -> None:
        if self._said.pop(number, None) is not None:
            self.tally.acked += well
            self.tally.lost += not well

    def _hears(self, topic: str, payload: bytes) -> None:
        action, levels = payload.decode("utf-8", "replace"), topic.split("/")
        if action not in STATES or len(levels) != 4:
            return
        address = Address(*levels[:3])
        thing = self.things.get(address) or self._newcomer(address)
        if thing is not None:
            self.things[address] = thing
            due = time.monotonic() + thing.chance.uniform(*ACTS_AFTER)
            self._acting.append((due, thing, levels[3], action))
