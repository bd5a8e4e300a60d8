"""What every simulated room and vehicle has in common: where it is fixed, what it can be told, what it says next."""

from __future__ import annotations

import json
import random
from typing import Any, NamedTuple

#: What a device reports when it has done as it was told.
STATES = {"unlock": "unlocked", "lock": "locked", "turn_on": "on", "turn_off": "off"}


class Word(NamedTuple):
    """One thing said: the subject, and the value as an envelope carries it."""

    kind: str
    value: Any


class Address(NamedTuple):
    """Which unit a device is fixed to, as its plain topics spell it."""

    folder: str
    place: str
    number: str


class Thing:
    """One room or vehicle with what is fixed to it; `says` is what it last reported by subject."""

    capabilities: tuple[str, ...] = ()

    def __init__(self, address: Address, seed: str, says: dict[str, str] | None = None) -> None:
        self.address = address
        self.says = dict(says or {})
        self.chance = random.Random(f"{seed} {'/'.join(address)}")

    def next_word(self, seconds: float, *, plain: bool) -> Word | None:
        """What it has to say after so many seconds; `plain` leaves out what no plain topic carries."""
        raise NotImplementedError

    def obey(self, capability: str, action: str) -> Word | None:
        """Do as told and say how things stand now; None for what this thing cannot do."""
        if capability not in self.capabilities or action not in STATES:
            return None
        self.says[capability] = STATES[action]
        return Word(capability, STATES[action])


def as_text(word: Word) -> str:
    """The value as a plain topic carries it."""
    if word.kind == "location":
        return f"{word.value['lat']:.6f},{word.value['lon']:.6f}"
    return str(word.value)


def place_of(written: str) -> tuple[float, float] | None:
    """Latitude and longitude as either dialect writes them; None where none are written."""
    try:
        if written.startswith("{"):
            said = json.loads(written)
            return float(said["lat"]), float(said["lon"])
        latitude, longitude = written.split(",")
        return float(latitude), float(longitude)
    except (ValueError, KeyError, TypeError):
        return None
