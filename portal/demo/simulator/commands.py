"""How a device with envelopes obeys: each command once, in turn, in time, and an open door only as long as lent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from portal.demo.simulator.things import Thing, Word

#: The bolt turns before it reports.
ACTS_AFTER = (0.4, 1.2)
REMEMBERS = 50


class Obedience:
    """What a device remembers of its commands, through every reboot."""

    def __init__(self, thing: Thing, *, say: Callable[[Word], None], answer: Callable[[str], None]) -> None:
        self.thing = thing
        self.last_seq: dict[str, int] = {}  # by capability: a lock obeyed does not make a switch deaf
        self.lease_ends: float | None = None
        self._say, self._answer = say, answer
        self._results: dict[str, str] = {}
        self._acting: list[tuple[float, dict[str, Any]]] = []

    def told(self, command: dict[str, Any], now: float) -> None:
        """Take a command or refuse it; one that comes again gets the answer it got before."""
        known = self._results.get(str(command["id"]))
        if known is not None:
            self._answer(known)
        elif int(command["seq"]) <= self.last_seq.get(command["capability"], 0):
            self._result(command, "rejected", "A newer command has been obeyed already.")
        elif _moment(command["not_after"]) < time.time():
            self._result(command, "rejected", "The command came too late.")
        elif command["capability"] not in self.thing.capabilities:
            self._result(command, "rejected", "There is nothing here that could do this.")
        else:
            self.last_seq[command["capability"]] = int(command["seq"])
            self._result(command, "accepted")
            self._acting.append((now + self.thing.chance.uniform(*ACTS_AFTER), command))

    def tick(self, now: float) -> int:
        """Do what was accepted a moment ago, and lock by itself when the lease is over; how many were done."""
        ready = [command for due, command in self._acting if due <= now]
        self._acting = [each for each in self._acting if each[0] > now]
        for command in ready:
            self._act(command)
        if self.lease_ends is not None and time.time() >= self.lease_ends:
            self.lease_ends = None
            if (word := self.thing.obey("access", "lock")) is not None:
                self._say(word)
        return len(ready)

    def _act(self, command: dict[str, Any]) -> None:
        word = self.thing.obey(command["capability"], command["action"])
        if word is None:
            self._result(command, "failed", "There is nothing here that could do this.")
            return
        if command["capability"] == "access":
            lent = command.get("lease_until")
            self.lease_ends = _moment(lent) if lent and command["action"] == "unlock" else None
        self._say(word)
        self._result(command, "done")

    def _result(self, command: dict[str, Any], status: str, detail: str | None = None) -> None:
        said = {"id": command["id"], "status": status} | ({"detail": detail} if detail else {})
        self._results[str(command["id"])] = json.dumps(said)
        while len(self._results) > REMEMBERS:
            del self._results[next(iter(self._results))]
        self._answer(json.dumps(said))


def _moment(written: Any) -> float:
    """Seconds of a moment as a command carries it: RFC 3339, or a number of seconds or milliseconds."""
    if isinstance(written, int | float):
        return float(written) / (1_000 if written > 1e11 else 1)
    return datetime.fromisoformat(str(written)).timestamp()
