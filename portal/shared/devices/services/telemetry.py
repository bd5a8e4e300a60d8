"""Keeping what devices said: a batch is one command, and only its commit may be acknowledged to the broker."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import DataError

from portal.core.db import db
from portal.core.errors import Busy, Conflict, DomainError, Invalid
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.devices.book import DeviceBook, Home, UnitBook
from portal.shared.devices.envelopes import Envelope, Result, from_topic, refused
from portal.shared.devices.events import ReadingsTaken
from portal.shared.devices.models import ReplayPage
from portal.shared.devices.number_queries import own_command
from portal.shared.devices.readings import Reading, Refused
from portal.shared.devices.services import commands, floods, history, numbered, presence
from portal.shared.devices.services.burying import Dead, bury
from portal.shared.devices.services.floods import Later
from portal.shared.devices.services.numbered import Ack
from portal.shared.devices.services.presence import Alarm

#: How many messages back a redelivery can be recognised: the broker never has that many on their way to us.
LOG_KEPT = 32_768
#: What a door hears.
Message = Reading | Envelope | Refused


class Unstorable(Invalid):
    """The database cannot hold one of these values."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """What the broker session delivered in this batch, to be remembered in the same transaction."""

    session: str
    upto: int
    entries: bytes


@dataclass(slots=True)
class Stored:
    """What became of a batch."""

    readings: int = 0
    dead: int = 0
    done: int = 0
    repeated: int = 0
    units: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: What the devices are to be told, now that it is kept.
    acks: list[Ack] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class Books:
    """What the door knows by heart: the units behind plain topics, and the devices that have topics of their own."""

    def __init__(self) -> None:
        self.units = UnitBook()
        self.devices = DeviceBook()

    def forget(self) -> None:
        """Know nothing by heart any more."""
        self.units.forget()
        self.devices.forget()


def store(
    *,
    said: Sequence[Message],
    books: Books | None = None,
    page: LogPage | None = None,
    tell: bool = False,
    later: Sequence[Later] = (),
) -> Stored:
    """Keep a batch: readings as events, what cannot be understood as dead letters, and the broker's log, or nothing.

    With `tell` the screens hear of it at once; what is for `later` is only put aside. Raises Unstorable or Conflict
    when the database refuses a value; the caller then tries smaller batches.
    """
    books = books or Books()
    try:
        try:
            return _store(said=said, books=books, page=page, tell=tell, later=later)
        except Busy:
            raise
        except Conflict:  # a unit known by heart is gone, or was registered anew and has another key by now
            books.forget()
            return _store(said=said, books=books, page=page, tell=tell, later=later)
    except (DataError, ValueError) as error:
        raise _unstorable(error) from error


@transactional
def take_waiting(*, books: Books, most: int, why_not: str | None = None) -> tuple[str, int, Stored] | None:
    """Keep the messages that have waited longest, up to `most` of one speaker; None when nobody waits.

    With `why_not` they are refused instead. Raises as storing does.
    """
    found = floods.lock_oldest()
    if found is None:
        return None
    page, waited = found
    said: list[Message] = [from_topic(*each) for each in waited[:most]]
    if why_not is not None:
        said = [refused(each, "refused", why_not) for each in said]
    try:
        stored = _store(said=said, books=books, page=None, tell=False, came_at=page.came_at)
        floods.shorten(page, waited[most:])
        db.session.flush()
    except (DataError, ValueError) as error:
        raise _unstorable(error) from error
    return page.speaker, len(said), stored


def _unstorable(error: Exception) -> Unstorable:
    return Unstorable(_("The database cannot hold this value."), cause=str(error)[:200])


def record_readings(*, readings: Sequence[Message]) -> Stored:
    """Keep readings that came by another door than the broker's, and tell the screens.

    One that the database refuses is kept aside, and holds none of the others up.
    """
    try:
        return store(said=readings, tell=True)
    except Busy:
        raise
    except DomainError as error:
        if len(readings) > 1:
            halves = [record_readings(readings=part) for part in (readings[: len(readings) // 2],
                                                                  readings[len(readings) // 2 :])]  # fmt: skip
            acks = {(ack.device, ack.boot): ack for half in halves for ack in half.acks}
            return Stored(
                readings=sum(half.readings for half in halves),
                dead=sum(half.dead for half in halves),
                acks=list(acks.values()),
                refused=[each for half in halves for each in half.refused],
            )
        return store(said=[refused(readings[0], "refused", error.message)], tell=True)


def is_called(*, device_name: str, name_or_key: str) -> bool:
    """Whether a device of this name is meant by this name or key."""
    if name_or_key == device_name:
        return True
    sender = DeviceBook().look_up([device_name])[device_name]
    return sender is not None and sender.id == name_or_key.lower()


@transactional
def _store(
    *,
    said: Sequence[Message],
    books: Books,
    page: LogPage | None,
    tell: bool,
    later: Sequence[Later] = (),
    came_at: datetime | None = None,
) -> Stored:
    plain: list[Reading] = []
    spoken: list[Envelope | Refused] = []
    dead: list[Dead] = []
    for each in said:
        if isinstance(each, Reading):
            plain.append(each)
        elif isinstance(each, Refused) and each.device is None:
            dead.append((each, None))
        else:
            spoken.append(each)
    known, strangers = _homes(plain, books)
    taken = _taken(spoken, books)
    alarms = presence.heard(taken.heard, taken.said, taken.alive) if taken.heard else []
    if taken.presences:
        alarms += presence.tell(taken.presences)
    alarms += [Alarm("sequence_reset", each, {"device": each.name}) for each in taken.restarted.values()]
    results, foreign = _results(taken)
    stored = Stored(acks=taken.acks, repeated=taken.repeated, readings=len(known) + len(taken.said))
    dead += [*strangers, *taken.dead, *foreign]
    # In this order, for a replay holds its dead letter before it keeps the reading.
    if dead:
        bury(dead)
        stored.dead = len(dead)
        stored.refused = [each for each, _asset_id in dead]
    if known:
        stored.done += history.keep_plain(known, came_at)
    if taken.said:
        stored.done += history.keep_numbered(taken.said, came_at)
    for result in results:
        stored.done += commands.finished(command_id=result.command_id, status=result.status, detail=result.detail)
    presence.sound(alarms)
    for _reading, home in known:
        stored.units[home.asset_id].add(home.unit_id)
    for _said, sender in taken.said:
        stored.units[str(sender.asset_id)].add(str(sender.unit_id))
    if later:
        floods.put_aside(later)
    if page is not None:
        db.session.execute(
            ReplayPage.__table__.insert(),  # type: ignore[attr-defined]
            {"session": page.session, "upto": page.upto, "entries": page.entries},
        )
    if tell:
        announce(units=stored.units)
    return stored


@transactional
def announce(*, units: Mapping[str, Iterable[str]]) -> None:
    """Tell the screens which units have spoken; called now and then, not for each message."""
    for asset_id, spoke in units.items():
        publish(ReadingsTaken(asset_id=uuid.UUID(asset_id), units=sorted(spoke)[:200]))


@transactional
def forget_session(*, session: str) -> None:
    """The broker has begun a new session: what it delivered in the old one it will not deliver again."""
    db.session.execute(delete(ReplayPage).where(ReplayPage.session == session))


@transactional
def trim_log(*, session: str, upto: int) -> int:
    """Let go of pages too old for any redelivery; returns how many."""
    gone = db.session.execute(
        delete(ReplayPage).where(ReplayPage.session == session, ReplayPage.upto < upto - LOG_KEPT)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _homes(plain: Sequence[Reading], books: Books) -> tuple[list[tuple[Reading, Home]], list[Dead]]:
    homes = books.units.look_up(plain)
    known: list[tuple[Reading, Home]] = []
    strangers: list[Dead] = []
    for reading in plain:
        home = homes[reading.asset_number, reading.unit_kind, reading.unit_number]
        if home is None:
            detail = _("There is no %(kind)s of this number at a place of this number.", kind=reading.unit_kind)
            strangers.append((refused(reading, "unit", detail), None))
        else:
            known.append((reading, home))
    return known, strangers


def _taken(spoken: Sequence[Envelope | Refused], books: Books) -> numbered.Taken:
    senders = books.devices.look_up(each.device for each in spoken if each.device is not None)
    return numbered.take([(each, senders[str(each.device)]) for each in spoken])


def _results(taken: numbered.Taken) -> tuple[list[Result], list[Dead]]:
    """How commands went; a word about a command that was never this device's is nobody's to act on."""
    known: list[Result] = []
    foreign: list[Dead] = []
    for result, sender in sorted(taken.results, key=lambda each: each[0].command_id):
        if own_command(result.command_id, uuid.UUID(sender.id)):
            known.append(result)
        else:
            detail = _("This device was never told this command.")
            foreign.append((refused(result, "command", detail), sender.asset_id))
    return known, foreign
