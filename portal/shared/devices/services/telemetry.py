"""Keeping what devices said: a batch is one command, and only its commit may be acknowledged to the broker."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, text
from sqlalchemy.exc import DataError

from portal.core.db import db
from portal.core.errors import Busy, Conflict, Invalid
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.devices.book import Home, UnitBook
from portal.shared.devices.command_queries import lock_commands_reported
from portal.shared.devices.events import DeadLetterStored, ReadingsTaken
from portal.shared.devices.models import REPORTS, CommandStatus, ReplayPage
from portal.shared.devices.readings import Reading, Refused
from portal.shared.devices.services import commands

#: How many messages back a redelivery can be recognised: the broker never has that many on their way to us.
LOG_KEPT = 32_768
#: More of a message than this is no help to the person who looks at it.
DEAD_KEPT_BYTES = 65_536

_STORE = text(
    """
    with base as materialized (select clock_timestamp() as at),
    told as (
        insert into asset_event (id, at, asset_id, unit_id, kind, value)
        select said.id, base.at + said.n * interval '1 microsecond',
               said.asset_id, said.unit_id, said.kind, said.value
        from base, unnest(cast(:ids as uuid[]), cast(:assets as uuid[]), cast(:units as uuid[]),
                          cast(:kinds as text[]), cast(:words as text[]))
             with ordinality as said(id, asset_id, unit_id, kind, value, n)
        returning id, at, asset_id, unit_id, kind, value
    ),
    news as (
        insert into reading_news (unit_id, asset_id, since, kinds)
        select unit_id, asset_id, min(at), jsonb_agg(distinct kind) from told group by unit_id, asset_id
    )
    insert into latest_reading (unit_id, kind, value, at, event_id)
    select distinct on (unit_id, kind) unit_id, kind, value, at, id from told order by unit_id, kind, at desc
    on conflict (unit_id, kind) do update
        set value = excluded.value, at = excluded.at, event_id = excluded.event_id
        -- what is stored as being of the future was said before the clock was set back
        where latest_reading.at <= excluded.at or latest_reading.at > clock_timestamp() + interval '5 seconds'
    """
)
_BURY = text(
    """
    insert into dead_letter (id, topic, payload, reason, detail, sha, times, asset_id)
    values (:id, :topic, :payload, :reason, :detail, :sha, :times,
            (select id from asset where asset_number = :asset_number))
    on conflict (sha) do update
        set times = dead_letter.times + excluded.times, last_at = clock_timestamp(), replayed_at = null,
            reason = excluded.reason, detail = excluded.detail, asset_id = excluded.asset_id
    returning asset_id
    """
)


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
    units: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def store(*, said: Sequence[Reading | Refused], book: UnitBook | None = None, page: LogPage | None = None) -> Stored:
    """Keep a batch: readings as events, what cannot be understood as dead letters, and the broker's log, or nothing.

    Raises Unstorable or Conflict when the database refuses a value; the caller then tries smaller batches.
    """
    book = book or UnitBook()
    try:
        try:
            return _store(said=said, book=book, page=page)
        except Busy:
            raise
        except Conflict:  # a unit known by heart is gone, or was registered anew and has another key by now
            book.forget()
            return _store(said=said, book=book, page=page)
    except (DataError, ValueError) as error:
        raise Unstorable(_("The database cannot hold this value."), cause=str(error)[:200]) from error


def record_readings(*, readings: Sequence[Reading], book: UnitBook | None = None) -> Stored:
    """Keep readings that came by another door than the broker's, and tell the screens."""
    stored = store(said=readings, book=book)
    announce(units=stored.units)
    return stored


@transactional
def _store(*, said: Sequence[Reading | Refused], book: UnitBook, page: LogPage | None) -> Stored:
    stored = Stored()
    homes = book.look_up(each for each in said if isinstance(each, Reading))
    known: list[tuple[Reading, Home]] = []
    dead: list[Refused] = []
    for each in said:
        if isinstance(each, Refused):
            dead.append(each)
            continue
        home = homes[each.asset_number, each.unit_kind, each.unit_number]
        if home is None:
            dead.append(_stranger(each))
        else:
            known.append((each, home))
    # In this order, for a replay holds its dead letter before it keeps the reading.
    if dead:
        _bury(dead, stored)
    if known:
        _keep(known, stored)
    if page is not None:
        db.session.execute(
            ReplayPage.__table__.insert(),  # type: ignore[attr-defined]
            {"session": page.session, "upto": page.upto, "entries": page.entries},
        )
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


def _keep(known: Sequence[tuple[Reading, Home]], stored: Stored) -> None:
    reported: set[tuple[uuid.UUID, str, str]] = set()
    for reading, home in known:
        stored.units[home.asset_id].add(home.unit_id)
        action = REPORTS.get((reading.kind, reading.value))
        if action is not None:
            reported.add((uuid.UUID(home.unit_id), reading.kind, action))
    db.session.execute(
        _STORE,
        {
            "ids": _fresh_ids(len(known)),
            "assets": [home.asset_id for _reading, home in known],
            "units": [home.unit_id for _reading, home in known],
            "kinds": [reading.kind for reading, _home in known],
            "words": [reading.value for reading, _home in known],
        },
    )
    stored.readings += len(known)
    if reported:
        for command in lock_commands_reported(reported):
            stored.done += commands.finished(command_id=command.id, status=CommandStatus.DONE)


def _bury(dead: Sequence[Refused], stored: Stored) -> None:
    counted: dict[bytes, tuple[Refused, int]] = {}
    for each in dead:
        sha = hashlib.sha256(each.topic.encode("utf-8", "backslashreplace") + b"\0" + each.payload).digest()
        counted[sha] = (each, counted.get(sha, (each, 0))[1] + 1)
    places = set()
    for sha, (each, times) in sorted(counted.items()):
        place = db.session.execute(
            _BURY,
            {
                "id": uuid.UUID(_fresh_ids(1)[0]),
                "topic": _storable(each.topic)[:2_000],
                "payload": each.payload[:DEAD_KEPT_BYTES],
                "reason": each.reason,
                "detail": each.detail,
                "sha": sha,
                "times": times,
                "asset_number": each.asset_number and _storable(each.asset_number),
            },
        ).scalar_one()
        places.add(place)
    for place in places:
        publish(DeadLetterStored(asset_id=place))
    stored.dead += len(dead)


def _stranger(reading: Reading) -> Refused:
    detail = _("There is no %(kind)s of this number at a place of this number.", kind=reading.unit_kind)
    return Refused(reading.topic, reading.payload, "unit", detail, reading.asset_number)


def _storable(words: str) -> str:
    return words.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")


def _fresh_ids(count: int) -> list[str]:
    """Version 7 keys in the order of the batch, made together: one look at the clock, one draw of noise."""
    milliseconds = f"{time.time_ns() // 1_000_000:012x}"
    head = f"{milliseconds[:8]}-{milliseconds[8:]}-7"
    noise = os.urandom(8 * count).hex()
    start = int.from_bytes(os.urandom(1), "big")
    # Twelve ordered bits after the clock keep the batch in its order.
    return [
        f"{head}{(start + n) % 4096:03x}-8{noise[n * 16 : n * 16 + 3]}-{noise[n * 16 + 3 : n * 16 + 15]}"
        for n in range(count)
    ]
