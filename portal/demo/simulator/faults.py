"""What goes wrong with real devices, each with a probability per message, drawn from the device's own dice."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

from portal.demo.simulator.routes import METRES_A_DEGREE
from portal.demo.simulator.things import Word

#: Every fault there is, and the chance it has when it is named without one.
KNOWN = {
    "offline": 0.002, "reboot": 0.001, "duplicate": 0.02, "jitter": 0.2,
    "jump": 0.005, "skew": 0.001, "late": 0.01, "zero": 0.005,
}  # fmt: skip
OFFLINE_FOR = (4.0, 15.0)
HELD_FOR = (4.0, 12.0)
JITTER_METRES = 15.0
JUMP_METRES = 30_000.0
#: A wrong clock stays wrong for so many messages: years ahead, years behind, or hours off.
WRONG_FOR = 5
SKEWS = (221_000_000.0, -1_700_000_000.0, 10_800.0, -7_200.0)


@dataclass
class Trouble:
    """What befalls one message beside what it says."""

    offline: float = 0.0
    reboot: bool = False
    duplicate: bool = False
    held: float = 0.0


class Faults:
    """The faults one device is prone to. `happened` counts them by name."""

    def __init__(self, chances: dict[str, float], seed: str) -> None:
        self.chances = chances
        self.happened: dict[str, int] = {}
        # dice of its own for each fault: switching one off leaves the story of the others as it was
        self._dice = {name: random.Random(f"{seed} {name}") for name in KNOWN}
        self._wrong_left = 0
        self._skew = 0.0

    def befall(self, word: Word) -> tuple[Word, float, Trouble]:
        """The word as it leaves the device, how far its clock is off, and what else happens with it."""
        if word.kind == "location":
            word = Word(word.kind, self._misplaced(dict(word.value)))
        return word, self._clock(), self._trouble()

    def _trouble(self) -> Trouble:
        return Trouble(
            offline=self._dice["offline"].uniform(*OFFLINE_FOR) if self._hits("offline") else 0.0,
            reboot=self._hits("reboot"),
            duplicate=self._hits("duplicate"),
            held=self._dice["late"].uniform(*HELD_FOR) if self._hits("late") else 0.0,
        )

    def _misplaced(self, fix: dict[str, Any]) -> dict[str, Any]:
        if self._hits("zero"):
            return {**fix, "lat": 0.0, "lon": 0.0}
        if self._hits("jump"):
            return _moved(fix, JUMP_METRES, self._dice["jump"])
        if self._hits("jitter"):
            return _moved(fix, self._dice["jitter"].uniform(0, JITTER_METRES), self._dice["jitter"])
        return fix

    def _clock(self) -> float:
        if self._wrong_left:
            self._wrong_left -= 1
        elif self._hits("skew"):
            self._wrong_left, self._skew = WRONG_FOR - 1, self._dice["skew"].choice(SKEWS)
        else:
            self._skew = 0.0
        return self._skew

    def _hits(self, name: str) -> bool:
        hit = self._dice[name].random() < self.chances.get(name, 0.0)
        if hit:
            self.happened[name] = self.happened.get(name, 0) + 1
        return hit


def _moved(fix: dict[str, Any], metres: float, dice: random.Random) -> dict[str, Any]:
    way = dice.uniform(0, 2 * math.pi)
    north, east = math.cos(way) * metres / METRES_A_DEGREE, math.sin(way) * metres / METRES_A_DEGREE
    return {**fix, "lat": round(fix["lat"] + north, 6), "lon": round(fix["lon"] + east, 6)}


def read(written: str) -> dict[str, float]:
    """`offline,jump=0.05` as chances; `all` for every fault; ValueError says in a sentence what is wrong."""
    chances: dict[str, float] = {}
    for each in filter(None, (part.strip() for part in written.split(","))):
        name, given, number = each.partition("=")
        if name == "all":
            chances |= {known: float(number or KNOWN[known]) for known in KNOWN}
            continue
        if name not in KNOWN:
            raise ValueError(f"There is no fault called {name}; there are {', '.join(KNOWN)} and all.")
        try:
            chances[name] = float(number) if given else KNOWN[name]
        except ValueError:
            raise ValueError(f"The chance of {name} is a number between 0 and 1, like {name}=0.01.") from None
        if not 0 <= chances[name] <= 1:
            raise ValueError(f"The chance of {name} is a number between 0 and 1, like {name}=0.01.")
    return chances
