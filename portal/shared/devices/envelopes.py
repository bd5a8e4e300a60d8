"""What a device with topics of its own says, `v1/<device>/...`: numbered since its start, in its own time. Pure."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.devices.models import CommandStatus
from portal.shared.devices.readings import LONGEST_TEXT, Reading, Refused, from_plain_topic, known_kind, spoken

LARGEST = LONGEST_TEXT * 4
#: Numbers that every JSON library can hold.
HIGHEST = 2**53
#: From here on a moment in figures is meant in milliseconds.
_MILLISECONDS_FROM = 100_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEVICE = re.compile(r"[a-z0-9][a-z0-9_-]{2,31}")
_KIND = re.compile(r"[a-z0-9_]{1,40}")
#: The subject of a status topic; no kind of an `up` topic is written like that.
STATUS = "/status"
_STATES = ("online", "lost")
_RESULTS = (CommandStatus.ACCEPTED, CommandStatus.DONE, CommandStatus.FAILED, CommandStatus.REJECTED)
MOST_RANGES = 500


class Number(NamedTuple):
    """Which word of a device this is: its start, and the count since then, from 1."""

    boot: int
    seq: int


@dataclass(frozen=True, slots=True)
class Said:
    """One reading of a device; `t` is its own time in microseconds since 1970, None when it has no clock."""

    device: str
    number: Number
    t: int | None
    kind: str
    value: str
    payload: bytes

    @property
    def topic(self) -> str:
        """Where it was said."""
        return f"v1/{self.device}/up/{self.kind}"


@dataclass(frozen=True, slots=True)
class Result:
    """How a command went, in the device's word; it need not be numbered."""

    device: str
    number: Number | None
    command_id: uuid.UUID
    status: CommandStatus
    detail: str | None
    payload: bytes

    @property
    def topic(self) -> str:
        """Where it was said."""
        return f"v1/{self.device}/up/cmdres"


@dataclass(frozen=True, slots=True)
class Lost:
    """Numbers of a start that the device does not have any more: nobody waits for them; both ends belong to a range."""

    device: str
    number: Number
    boot: int
    ranges: tuple[tuple[int, int], ...]
    payload: bytes

    @property
    def topic(self) -> str:
        """Where it was said."""
        return f"v1/{self.device}/up/lost"


@dataclass(frozen=True, slots=True)
class Presence:
    """A device's word that it is there, or the broker's that it is gone (its last will)."""

    device: str
    state: str
    boot: int
    payload: bytes
    #: The broker's copy of a word said earlier, for whoever comes to listen: nobody speaks now.
    kept: bool = False

    @property
    def topic(self) -> str:
        """Where it was said."""
        return f"v1/{self.device}/status"


Envelope = Said | Result | Lost | Presence


def refused(each: Reading | Envelope | Refused, reason: str, detail: str) -> Refused:
    """The same message as one that cannot be taken."""
    if isinstance(each, Refused):
        return replace(each, reason=reason, detail=detail)
    if isinstance(each, Reading):
        return Refused(each.topic, each.payload, reason, detail, each.asset_number)
    boot, seq = number_of(each) or (None, None)
    return Refused(each.topic, each.payload, reason, detail, device=each.device, boot=boot, seq=seq)


def number_of(each: Envelope | Refused) -> Number | None:
    """By what number a message is counted, where it has one."""
    if isinstance(each, Refused):
        return None if each.boot is None or each.seq is None else Number(each.boot, each.seq)
    return None if isinstance(each, Presence) else each.number


def from_topic(topic: str, payload: bytes) -> Reading | Envelope | Refused:
    """What a message says in either dialect, or why it cannot be understood."""
    return (from_device_topic if topic.startswith("v1/") else from_plain_topic)(topic, payload)


def from_device_topic(topic: str, payload: bytes) -> Envelope | Refused:
    """What a message on `v1/<device>/up/<kind>` or `v1/<device>/status` says, or why it cannot be understood."""
    address = _address(topic)
    if isinstance(address, str):
        return Refused(topic, payload, "topic", address)
    device, kind = address
    if len(payload) > LARGEST:
        detail = _("The message is %(size)s bytes long, more than a reading can be.", size=len(payload))
        return Refused(topic, payload, "oversized", detail, device=device)
    try:
        document = parse.json_object(payload, max_bytes=LARGEST)
    except DomainError as error:
        return Refused(topic, payload, "payload", error.message, device=device)
    return _understood(device, kind, document, payload, topic)


def from_item(device: str, item: Any) -> Envelope | Refused:
    """One reading of a list that came by HTTP, {boot, seq, t, kind, value}; refused, it can be replayed like others."""
    if not isinstance(item, dict):
        detail = _("A reading is an object with boot, seq, t, kind and value.")
        return Refused(f"v1/{device}/up/reading", _written(item), "payload", detail, device=device)
    kind = item.get("kind")
    document = {("v" if name == "value" else name): value for name, value in item.items() if name != "kind"}
    plain = isinstance(kind, str) and _KIND.fullmatch(kind) is not None and kind not in ("cmdres", STATUS)
    topic = f"v1/{device}/up/{kind if plain else 'reading'}"
    payload = _written(document)
    if len(payload) > LARGEST:
        return Refused(topic, payload, "oversized", _("The reading is too long."), device=device)
    return _understood(device, str(kind) if plain else "", document, payload, topic)


def _understood(device: str, kind: str, document: dict[str, Any], payload: bytes, topic: str) -> Envelope | Refused:
    boot = seq = None
    try:
        number = None
        if kind != STATUS and not (kind == "cmdres" and document.get("boot") is None and document.get("seq") is None):
            number = Number(_count(document, "boot"), _count(document, "seq"))
            boot, seq = number
        reader = _READERS.get(kind)
        if reader is not None:
            return reader(device, number, document, payload)
        if number is None or not known_kind(kind):
            return Refused(topic, payload, "kind", _("No unit speaks of this."), device=device, boot=boot, seq=seq)
        return Said(device, number, moment(document.get("t")), kind, spoken(kind, document.get("v")), payload)
    except DomainError as error:
        return Refused(topic, payload, "payload", error.message, device=device, boot=boot, seq=seq)


def moment(value: Any) -> int | None:
    """Microseconds since 1970 of an RFC 3339 text or of seconds or milliseconds in figures; None for no clock."""
    if value is None:
        return None
    if isinstance(value, str):
        return (parse.timestamp(value, "t") - _EPOCH) // timedelta(microseconds=1)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise parse.ParseError(_("Write t as a moment in RFC 3339, or as seconds or milliseconds since 1970."), "t")
    if not 0 <= value < _MILLISECONDS_FROM * 1_000:
        raise parse.ParseError(_("There is no such moment: t is out of range."), "t")
    return int(value * (1_000 if value >= _MILLISECONDS_FROM else 1_000_000))


def _written(value: Any) -> bytes:
    return json.dumps(value, default=float, separators=(",", ":")).encode()


def _count(document: dict[str, Any], name: str) -> int:
    return parse.whole(document.get(name), name, minimum=1 if name == "seq" else 0, maximum=HIGHEST, typed=True)


def _result(device: str, number: Number | None, document: dict[str, Any], payload: bytes) -> Result:
    detail = document.get("detail")
    return Result(
        device,
        number,
        parse.uuid(document.get("id"), "id"),
        CommandStatus(parse.choice(document.get("status"), "status", [str(each) for each in _RESULTS])),
        None if detail is None else parse.text(detail, "detail", max_length=500, multiline=True),
        payload,
    )


def _lost(device: str, number: Number | None, document: dict[str, Any], payload: bytes) -> Lost:
    assert number is not None, "only a result may come without a number"
    said = document.get("v")
    pairs = said if isinstance(said, list) else []
    if not 0 < len(pairs) <= MOST_RANGES or any(not isinstance(pair, list) or len(pair) != 2 for pair in pairs):
        raise parse.ParseError(_("Write v as a list of pairs, from and to, of the numbers that are lost."), "v")
    ranges = []
    for pair in pairs:
        low = parse.whole(pair[0], "v", minimum=1, maximum=HIGHEST, typed=True)
        ranges.append((low, parse.whole(pair[1], "v", minimum=low, maximum=HIGHEST, typed=True)))
    boot = number.boot if document.get("of") is None else _count(document, "of")
    return Lost(device, number, boot, tuple(ranges), payload)


def _presence(device: str, _none: Number | None, document: dict[str, Any], payload: bytes) -> Presence:
    state = parse.choice(document.get("state"), "state", _STATES)
    return Presence(device, state, _count(document, "boot"), payload)


_READERS: dict[str, Callable[[str, Number | None, dict[str, Any], bytes], Envelope]] = {
    "cmdres": _result,
    "lost": _lost,
    STATUS: _presence,
}


@lru_cache(maxsize=16_384)
def _address(topic: str) -> tuple[str, str] | str:
    """The device and its subject, or the sentence why the topic is none of ours."""
    match topic.split("/"):
        case ["v1", device, "status"]:
            kind = STATUS
        case ["v1", device, "up", kind] if _KIND.fullmatch(kind):
            pass
        case _other:
            return _("A topic reads v1/<device>/up/<kind> or v1/<device>/status.")
    return (device, kind) if _DEVICE.fullmatch(device) else _("No device is called like that.")
