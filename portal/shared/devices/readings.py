"""What a device may say, and how it says it on a plain topic: pure, the same for every door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

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
    """A message that cannot be taken: a word to count by, a sentence for a person, the place if it names one."""

    topic: str
    payload: bytes
    reason: str
    detail: str
    asset_number: str | None = None


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


_SWITCHED = ("turn_on", "turn_off", "on", "off")
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
