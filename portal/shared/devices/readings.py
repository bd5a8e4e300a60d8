"""What a device may say, and how it says it on a plain topic: pure, the same for every door."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _

#: Longer texts are refused: a meter that sends a book has lost its mind.
LONGEST_TEXT = 8_000
MOST_PASSENGERS = 1_000_000
UNIT_KINDS = {"rooms": "room", "vehicles": "vehicle"}
FOLDERS = {kind: folder for folder, kind in UNIT_KINDS.items()}


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing one unit said, understood; `payload` is how it was written."""

    unit_kind: str
    asset_number: str
    unit_number: str
    kind: str
    value: str
    payload: bytes

    @property
    def topic(self) -> str:
        """The plain topic this reading belongs to."""
        return f"{FOLDERS[self.unit_kind]}/{self.asset_number}/{self.unit_number}/{self.kind}"


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that cannot be taken: a word to count by, a sentence for a person, the place if it names one.

    Of a device that numbers its messages it keeps the name and, where they could be read, the numbers: what was
    refused has come all the same.
    """

    topic: str
    payload: bytes
    reason: str
    detail: str
    asset_number: str | None = None
    device: str | None = None
    boot: int | None = None
    seq: int | None = None


@lru_cache(maxsize=16_384)
def speaker_of(topic: str) -> str:
    """Who speaks on a topic: a device that numbers its messages, `v1/<device>`, or a unit, `rooms/<place>/<room>`."""
    return "/".join(topic.split("/", 3)[: 2 if topic.startswith("v1/") else 3])


def from_plain_topic(topic: str, payload: bytes) -> Reading | Refused:
    """What a message on `rooms/...` or `vehicles/...` says, or why it cannot be understood."""
    address = _address(topic)
    if isinstance(address, str):
        return Refused(topic, payload, "topic", address)
    unit_kind, asset_number, unit_number, kind = address
    reader = READERS[unit_kind].get(kind)
    if reader is None:
        known = ", ".join(READERS[unit_kind])
        detail = _("A %(unit)s does not speak of this; it may speak of %(known)s.", unit=unit_kind, known=known)
        return Refused(topic, payload, "kind", detail, asset_number)
    if len(payload) > LONGEST_TEXT * 4:
        detail = _("The message is %(size)s bytes long, more than a reading can be.", size=len(payload))
        return Refused(topic, payload, "oversized", detail, asset_number)
    try:
        written = payload.decode("utf-8")
    except UnicodeDecodeError:
        return Refused(topic, payload, "binary", _("The message is not text."), asset_number)
    if parse.is_blank(written):
        return Refused(topic, payload, "empty", _("The message is empty."), asset_number)
    try:
        value = reader(written)
    except DomainError as error:
        return Refused(topic, payload, "payload", error.message, asset_number)
    return Reading(unit_kind, asset_number, unit_number, kind, value, payload)


@lru_cache(maxsize=8_192)
def _address(topic: str) -> tuple[str, str, str, str] | str:
    """Unit kind, place, unit and subject, or the sentence why the topic is none of ours."""
    levels = topic.split("/")
    if levels[0] not in UNIT_KINDS or len(levels) != 4:
        return _("A topic reads rooms/<place>/<room>/<subject> or vehicles/<place>/<vehicle>/<subject>.")
    if not all(level.strip() for level in levels):
        return _("A level of the topic is empty.")
    if len(topic) > 300 or not topic.isprintable():
        return _("The topic has characters no place or unit is named by.")
    return UNIT_KINDS[levels[0]], levels[1], levels[2], levels[3]


def _one_of(*words: str) -> Callable[[str], str]:
    known = frozenset(words)

    def read(written: str) -> str:
        word = written.strip()
        if word not in known:
            raise parse.ParseError(_("Only %(words)s can be said here.", words=", ".join(words)))
        return word

    return read


def _position(written: str) -> str:
    parse.position(written)
    return written.strip()


def _count(written: str) -> str:
    return str(parse.whole(written, "passenger_count", maximum=MOST_PASSENGERS))


def _words(written: str) -> str:
    """Free text; what begins like JSON is not meant as a sentence."""
    value = parse.text(written, "value", max_length=LONGEST_TEXT, multiline=True)
    if value[0] in "{[":
        raise parse.ParseError(_("Text is asked here, not JSON."))
    return value


def _payment(written: str) -> str:
    value = written.strip()
    if value[:1] in ("{", "["):
        parse.json_value(value.encode(), max_bytes=LONGEST_TEXT)
    else:
        parse.decimal(value, "payment")
    return value


def _figure(name: str, minimum: int, maximum: int) -> Callable[[str], str]:
    """A figure between two bounds, kept with all the decimals the device gave it."""

    def read(written: str) -> str:
        return format(parse.decimal(written, name, places=20, minimum=minimum, maximum=maximum), "f")

    return read


_SWITCHED = ("turn_on", "turn_off", "on", "off")
#: What can be said on a plain topic.
READERS: dict[str, dict[str, Callable[[str], str]]] = {
    "room": {
        "occupancy": _one_of("0", "1"),
        "electricity": _words,
        "access": _one_of("lock", "unlock", "locked", "unlocked"),
    },
    "vehicle": {
        "location": _position,
        "ignition": _one_of(*_SWITCHED),
        "passenger_count": _count,
        "tampering": _words,
        "payment": _payment,
    },
}
_OF_BOTH: dict[str, Callable[[str], str]] = {
    "battery": _figure("battery", 0, 100),
    "door": _one_of("open", "closed"),
}
#: What can be said in an envelope: that, and what only devices of this dialect measure. Percent, °C, watts, km/h, km.
SPOKEN: dict[str, dict[str, Callable[[str], str]]] = {
    "room": {
        **READERS["room"],
        **_OF_BOTH,
        "temperature": _figure("temperature", -100, 200),
        "humidity": _figure("humidity", 0, 100),
        "power": _figure("power", -1_000_000, 1_000_000),
    },
    "vehicle": {
        **READERS["vehicle"],
        **_OF_BOTH,
        "fuel": _figure("fuel", 0, 100),
        "speed": _figure("speed", 0, 1_000),
        "odometer": _figure("odometer", 0, 10_000_000),
        "engine_hours": _figure("engine_hours", 0, 1_000_000),
    },
}
_ANY_UNIT = {kind: reader for readers in SPOKEN.values() for kind, reader in readers.items()}
_YES_AND_NO = {
    "occupancy": ("1", "0"),
    "tampering": ("1", "0"),
    "electricity": ("on", "off"),
    "ignition": ("on", "off"),
}
_ASIDE = {"speed": (0, 1_000), "heading": (0, 360), "accuracy": (0, 100_000)}


def spoken(kind: str, value: Any) -> str:
    """The normal form of a JSON value said on a subject; raises DomainError with a sentence."""
    if kind == "location" and isinstance(value, dict):
        return _place(value)
    if kind == "payment" and isinstance(value, dict):
        value = json.dumps(value, default=str, ensure_ascii=False)
    if isinstance(value, bool):
        if kind not in _YES_AND_NO:
            raise parse.ParseError(_("Yes or no is not what can be said of this."))
        return _YES_AND_NO[kind][not value]
    if isinstance(value, (int, Decimal)):
        value = format(value, "f" if isinstance(value, Decimal) else "d")
    if not isinstance(value, str):
        raise parse.ParseError(_("The value must be a text, a number, or yes or no."))
    if parse.is_blank(value):
        raise parse.ParseError(_("The value is empty."))
    return _ANY_UNIT[kind](value)


def known_kind(kind: str) -> bool:
    """Whether any unit speaks of this in an envelope."""
    return kind in _ANY_UNIT


def _place(value: dict[str, Any]) -> str:
    """A position with what the tracker knows beside it, as compact JSON; the bare pair when it knows no more."""
    parse.known_fields(value, _ASIDE, ("lat", "lon"))
    said = {name: parse.decimal(value[name], name, places=20, minimum=-180, maximum=180) for name in ("lat", "lon")}
    parse.position(pair := f"{said['lat']:f},{said['lon']:f}")
    for name, (least, most) in _ASIDE.items():
        if value.get(name) is not None:
            said[name] = parse.decimal(value[name], name, places=20, minimum=least, maximum=most)
    if len(said) == 2:
        return pair
    return "{" + ",".join(f'"{name}":{figure:f}' for name, figure in said.items()) + "}"
