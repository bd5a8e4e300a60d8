"""Taking what devices number: each number once, in the device's own time, whatever order it comes in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import text

from portal.core.db import db
from portal.core.words import _
from portal.shared.devices import numbering
from portal.shared.devices.envelopes import Envelope, Lost, Presence, Result, Said, number_of, refused
from portal.shared.devices.number_queries import Came, Sender, Start, lock_starts
from portal.shared.devices.readings import SPOKEN, Refused
from portal.shared.devices.services.burying import Dead

#: An envelope, or what was refused of one, and the device it is from (None for a stranger).
Spoken = tuple[Envelope | Refused, Sender | None]


class Ack(NamedTuple):
    """What a device is told after the commit: all up to `through` are kept, and these before the last are missing."""

    device: str
    boot: int
    through: int
    missing: list[int]


@dataclass(slots=True)
class Taken:
    """What is new in a batch of envelopes, by what is to be done with it."""

    said: list[tuple[Said, Sender]] = field(default_factory=list)
    results: list[tuple[Result, Sender]] = field(default_factory=list)
    presences: list[tuple[Presence, Sender]] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)
    acks: list[Ack] = field(default_factory=list)
    #: The last number that came of starts that are not remembered any more.
    old: dict[tuple[str, int], int] = field(default_factory=dict)
    repeated: int = 0
    #: Devices that count from the beginning again without saying that they started anew.
    restarted: dict[str, Sender] = field(default_factory=dict)
    #: Who spoke, and in which start; None for a word that names none.
    heard: dict[Sender, int | None] = field(default_factory=dict)
    #: Of those, who was there to say it: a last will, and what the broker kept, are no sign of life.
    alive: set[str] = field(default_factory=set)


def take(spoken: Sequence[Spoken]) -> Taken:
    """Count the numbers of a batch, in the caller's command, and sort out what has come before."""
    taken = Taken()
    known: list[tuple[Envelope | Refused, Sender]] = []
    for each, sender in spoken:
        if sender is None or not sender.heard or sender.asset_id is None:
            taken.dead.append((_stranger(each, sender), sender and sender.asset_id))
        else:
            known.append((each, sender))
    starts = lock_starts(_starts(known)) if known else {}
    for each, sender in known:
        _take(each, sender, starts, taken)
    if starts:
        count(starts)
        names = {sender.id: sender.name for _each, sender in known}
        taken.acks = [
            Ack(names[device], boot, numbering.through(came.received), numbering.missing(came.received))
            for (device, boot), came in starts.items()
        ]
    taken.acks += [Ack(name, boot, through, []) for (name, boot), through in taken.old.items()]
    return taken


def give_up(came: Came, ranges: Iterable[tuple[int, int]]) -> bool:
    """Wait no longer for these numbers (both ends included); False when that makes a hole too many."""
    for first, last in ranges:
        absent = numbering.absent(came.received, first, last + 1)
        if not numbering.add(came.received, first, last + 1):
            return False
        for low, high in absent:
            if not numbering.add(came.lost, low, high):  # only for people to look at: the oldest are told in sum
                came.lost[:2] = [(came.lost[0][0], came.lost[1][1])]
                numbering.add(came.lost, low, high)
    return True


def _starts(known: Sequence[tuple[Envelope | Refused, Sender]]) -> Iterable[Start]:
    for each, sender in known:
        number = number_of(each)
        if number is not None:
            yield sender.id, number.boot
        if isinstance(each, Lost):
            yield sender.id, each.boot


def _take(each: Envelope | Refused, sender: Sender, starts: dict[Start, Came], taken: Taken) -> None:
    number = number_of(each)
    boot = each.boot if isinstance(each, Presence) else number and number.boot
    before = taken.heard.get(sender)
    taken.heard[sender] = boot if before is None else max(before, boot or 0)
    if not isinstance(each, Presence) or (each.state != "lost" and not each.kept):
        taken.alive.add(sender.id)
    if number is not None:
        came = starts.get((sender.id, number.boot))
        if came is None:
            detail = _("The device has started too often since: this start is not remembered any more.")
            taken.dead.append((refused(each, "old_start", detail), sender.asset_id))
            taken.old[sender.name, number.boot] = max(number.seq, taken.old.get((sender.name, number.boot), 0))
            return
        if numbering.holds(came.received, number.seq):
            if isinstance(each, Said) and each.t is not None and not came.knows(number.seq, each.t):
                # said at another moment than what came under this number: no repeat, and not to be lost as one
                detail = _("This number has come before, for something said earlier: the device started anew under"
                           " an old boot number.")  # fmt: skip
                taken.dead.append((refused(each, "seq_reset", detail), sender.asset_id))
                taken.restarted[sender.id] = sender
                return
            came.repeated += 1
            taken.repeated += 1
            return
        if not numbering.add(came.received, number.seq):
            detail = _("The device has left more holes in its numbers than can be waited for.")
            taken.dead.append((refused(each, "gaps", detail), sender.asset_id))
            return
        if isinstance(each, Said):
            came.fresh[number.seq] = each.t
    if isinstance(each, Refused):
        taken.dead.append((each, sender.asset_id))
    elif isinstance(each, Said):
        strayed = misplaced(each, sender)
        if strayed is None:
            taken.said.append((each, sender))
        else:
            taken.dead.append((strayed, sender.asset_id))
    elif isinstance(each, Result):
        taken.results.append((each, sender))
    elif isinstance(each, Presence):
        taken.presences.append((each, sender))
    elif (sender.id, each.boot) in starts and not give_up(starts[sender.id, each.boot], each.ranges):
        detail = _("The device has left more holes in its numbers than can be waited for.")
        taken.dead.append((refused(each, "gaps", detail), sender.asset_id))


def misplaced(said: Said, sender: Sender) -> Refused | None:
    """Why a reading is none of its device's unit, where it is not."""
    if sender.gateway or sender.unit_kind is None:
        return refused(said, "unbound", _("The device belongs to no room or vehicle."))
    if said.kind not in SPOKEN[sender.unit_kind]:
        known = ", ".join(SPOKEN[sender.unit_kind])
        detail = _("A %(unit)s does not speak of this; it may speak of %(known)s.", unit=sender.unit_kind, known=known)
        return refused(said, "kind", detail)
    return None


def _stranger(each: Envelope | Refused, sender: Sender | None) -> Refused:
    if isinstance(each, Refused) and sender is None:
        return each  # what it says of itself helps more than that nobody knows who said it
    if sender is None:
        return refused(each, "device", _("There is no device of this name."))
    return refused(each, "device", _("This device is not in service, or does not speak in envelopes."))


def count(starts: dict[Start, Came]) -> None:
    """Write down what has come of these locked starts."""
    db.session.execute(
        _COUNT,
        {
            "devices": [device for device, _boot in starts],
            "boots": [boot for _device, boot in starts],
            "received": [numbering.written(came.received) for came in starts.values()],
            "lost": [numbering.written(came.lost) for came in starts.values()],
            "repeated": [came.repeated for came in starts.values()],
            "open": [bool(numbering.gaps(came.received)) for came in starts.values()],
            "better": [numbering.through(came.received) > came.before for came in starts.values()],
        },
    )


# A gap stands since what had come without a hole last grew.
_COUNT = text(
    """
    update device_boot b
    set received = cast(came.received as int8multirange), lost = cast(came.lost as int8multirange),
        repeated = b.repeated + came.repeated, last_at = clock_timestamp(),
        gap_since = case when not came.open then null when came.better or b.gap_since is null then clock_timestamp()
                    else b.gap_since end
    from unnest(cast(:devices as uuid[]), cast(:boots as bigint[]), cast(:received as text[]), cast(:lost as text[]),
                cast(:repeated as bigint[]), cast(:open as bool[]), cast(:better as bool[]))
         as came (device_id, boot, received, lost, repeated, open, better)
    where b.device_id = came.device_id and b.boot = came.boot
    """
)
