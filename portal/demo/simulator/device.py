"""A device with envelopes: it numbers what it says, and keeps it until the portal has stored it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from portal.demo.simulator.commands import Obedience
from portal.demo.simulator.faults import Faults, Trouble
from portal.demo.simulator.network import Line, Network, Will
from portal.demo.simulator.things import Thing, Word
from portal.gateways.broker import Broker

#: Unanswered messages it has on their way at most; the others wait their turn.
WINDOW = 100
#: It says again what was not acknowledged for so long, and ever less often.
AGAIN_AFTER = (3.0, 6.0, 12.0, 30.0)
#: Its memory: past so many messages the oldest are let go.
KEEPS = 20_000
#: It tries its network again after so many seconds, by how many tries have failed.
DIALS_AFTER = (0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass
class Kept:
    """One message until it is acknowledged."""

    kind: str
    payload: str
    times: int = 0
    due: float = 0.0
    twice: bool = False


@dataclass
class Tally:
    """How a device fared, for the summary."""

    sent: int = 0
    acked: int = 0
    resent: int = 0
    duplicates: int = 0
    lost: int = 0
    commands: int = 0
    missing: int = 0


class EnvelopeDevice:
    """One device on a line of its own: `v1/<name>/...`."""

    def __init__(
        self, network: Network, broker: Broker, name: str, thing: Thing, faults: Faults, boot: int | None = None
    ) -> None:
        self.name, self.thing, self.faults, self.tally = name, thing, faults, Tally()
        self.boot, self.seq = boot or int(time.time()), 0
        self.spoke_at = time.monotonic()
        self.kept: dict[tuple[int, int], Kept] = {}
        self.line = Line(
            network, broker, name, [f"v1/{name}/down/#"],
            hears=self._hears, will=self._will, comes_up=self._comes_up, goes_down=self._goes_down, taken=self._taken,
        )  # fmt: skip
        self.obedience = Obedience(thing, say=self.say, answer=self._answer)
        self._dial_at = 0.0
        self._failures = 0
        self._answers: list[str] = []
        self._answering: dict[int, str] = {}
        self._admitted: set[tuple[int, int]] = set()

    @property
    def waiting(self) -> int:
        """How many of its messages nobody has acknowledged."""
        return len(self.kept)

    def tick(self, now: float) -> None:
        """Whatever is due: dial, say again, act, lock by itself."""
        if self.line.idle:
            if now >= self._dial_at:
                self._dial_at = now + DIALS_AFTER[min(self._failures, len(DIALS_AFTER) - 1)]
                self._failures += 1
                self.line.dial()
        elif self.line.up:
            for key in [key for key, kept in islice(self.kept.items(), WINDOW) if kept.due <= now]:
                self._publish(key, now)
        self.tally.commands += self.obedience.tick(now)

    def speak(self, seconds: float) -> None:
        """The thing's next word, with whatever befalls it."""
        word = self.thing.next_word(seconds, plain=False)
        if word is not None:
            word, skew, trouble = self.faults.befall(word)
            self.say(word, skew, trouble)
            if trouble.reboot:
                self.restart()
            if trouble.offline:
                self.lose_network(trouble.offline)

    def say(
        self, word: Word, skew: float = 0.0, trouble: Trouble | None = None, more: dict[str, Any] | None = None
    ) -> None:
        """Number a word, keep it, and send it when there is a network."""
        now, trouble = time.monotonic(), trouble or Trouble()
        self.seq, self.spoke_at = self.seq + 1, now
        said_at = datetime.fromtimestamp(time.time() + skew, UTC).isoformat(timespec="milliseconds")
        payload = json.dumps({"boot": self.boot, "seq": self.seq, "t": said_at, "v": word.value, **(more or {})})
        key = self.boot, self.seq
        self.kept[key] = Kept(word.kind, payload, due=now + trouble.held, twice=trouble.duplicate)
        self.tally.sent += 1
        if len(self.kept) > KEEPS:
            del self.kept[next(iter(self.kept))]
            self.tally.lost += 1
        if self.line.up and not trouble.held and len(self.kept) <= WINDOW:
            self._publish(key, now)

    def restart(self) -> None:
        """Reboot: what is in memory for good stays there, and the numbers begin anew."""
        self.boot, self.seq = max(self.boot + 1, int(time.time())), 0
        self.lose_network(1.0)

    def lose_network(self, seconds: float) -> None:
        """Be away for so long; the portal hears of it by the last will."""
        self.line.cut()
        self._dial_at = time.monotonic() + seconds

    def come_back(self) -> None:
        """Dial at the next chance."""
        self._dial_at, self._failures = 0.0, 0

    def _will(self) -> Will:
        return Will(f"v1/{self.name}/status", json.dumps({"state": "lost", "boot": self.boot}))

    def _comes_up(self) -> None:
        self._failures = 0
        now = time.monotonic()
        self.line.publish(f"v1/{self.name}/status", json.dumps({"state": "online", "boot": self.boot}), retain=True)
        answers, self._answers = self._answers, []
        for answer in answers:
            self._answer(answer)
        for kept in self.kept.values():
            if kept.times:  # a message on its way when the network went may have arrived or not
                kept.due = now

    def _goes_down(self) -> None:
        self._answers = [*self._answering.values(), *self._answers]
        self._answering.clear()

    def _publish(self, key: tuple[int, int], now: float) -> None:
        kept = self.kept[key]
        topic = f"v1/{self.name}/up/{kept.kind}"
        if self.line.publish(topic, kept.payload) is None:
            return
        self.tally.resent += kept.times > 0
        if kept.twice:
            kept.twice = False
            self.tally.duplicates += 1
            self.line.publish(topic, kept.payload)
        kept.due = now + AGAIN_AFTER[min(kept.times, len(AGAIN_AFTER) - 1)]
        kept.times += 1

    def _answer(self, payload: str) -> None:
        """Tell how a command fares; said again after a lost connection, for nobody acknowledges it but the broker."""
        number = self.line.publish(f"v1/{self.name}/up/cmdres", payload)
        if number is None:
            self._answers.append(payload)
        else:
            self._answering[number] = payload

    def _taken(self, number: int, _well: bool) -> None:
        self._answering.pop(number, None)

    def _hears(self, topic: str, payload: bytes) -> None:
        try:
            said = json.loads(payload)
            if topic.endswith("/down/ack"):
                self._acknowledged(int(said["boot"]), int(said["through"]), said.get("missing") or [])
            elif topic.endswith("/down/cmd"):
                self.obedience.told(said, time.monotonic())
        except (ValueError, KeyError, TypeError):
            return  # a device that cannot read a message goes on living

    def _acknowledged(self, boot: int, through: int, missing: list[Any]) -> None:
        """Let go of what is stored, and send at once what is asked for."""
        asked: set[int] = set()
        for each in missing:
            first, last = each if isinstance(each, list) else (each, each)
            asked.update(range(int(first), min(int(last), self.seq if boot == self.boot else int(last)) + 1))
        now, gone = time.monotonic(), list[int]()
        for number in sorted(asked):
            kept = self.kept.get((boot, number))
            if kept is None:
                gone.append(number)
            elif kept.times:
                kept.due = now
                self.tally.missing += 1
        stored = []
        for key in self.kept:
            if key > (boot, through):
                break
            if key[0] == boot and key[1] not in asked:
                stored.append(key)
        for key in stored:
            del self.kept[key]
        self.tally.acked += len(stored)
        self._admit(boot, gone)

    def _admit(self, boot: int, gone: list[int]) -> None:
        """Say once of each message that is asked for and not here any more that nobody need wait for it."""
        fresh = [number for number in gone if (boot, number) not in self._admitted]
        self._admitted.update((boot, number) for number in fresh)
        ranges: list[list[int]] = []
        for number in fresh:
            if ranges and ranges[-1][1] == number - 1:
                ranges[-1][1] = number
            else:
                ranges.append([number, number])
        if ranges:
            self.say(Word("lost", ranges), more={"of": boot})
