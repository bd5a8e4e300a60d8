"""The append-only history of units, the youngest word beside it, and word of it for whoever watches."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from portal.core.clock import utcnow
from portal.core.db import db
from portal.shared.devices.book import Home
from portal.shared.devices.command_queries import lock_commands_reported
from portal.shared.devices.envelopes import Said
from portal.shared.devices.models import REPORTS, CommandStatus
from portal.shared.devices.number_queries import Sender
from portal.shared.devices.readings import Reading
from portal.shared.devices.services import commands
from portal.shared.devices.services.alerts import LATE_AFTER

#: A clock may be so much ahead, or a word so old, before the device's own time is not believed.
AHEAD = timedelta(minutes=2)
OLDEST = timedelta(days=40)
#: What was said so shortly before a command left may still be its answer: clocks differ.
CLOCKS_DIFFER = timedelta(seconds=5)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: (unit, subject, action) and when it was reported last.
Reported = dict[tuple[uuid.UUID, str, str], datetime]


def keep_plain(known: Sequence[tuple[Reading, Home]], came_at: datetime | None = None) -> int:
    """Keep plain readings under the server's time, and close the commands they answer; returns how many those were.

    `came_at` is for those that could not be taken when they came.
    """
    db.session.execute(
        _STORE_PLAIN,
        {
            "came_at": came_at,
            "ids": fresh_ids(len(known)),
            "assets": [home.asset_id for _reading, home in known],
            "units": [home.unit_id for _reading, home in known],
            "kinds": [reading.kind for reading, _home in known],
            "words": [reading.value for reading, _home in known],
        },
    )
    reported: Reported = {}
    for reading, home in known:
        action = REPORTS.get((reading.kind, reading.value))
        if action is not None:
            reported[uuid.UUID(home.unit_id), reading.kind, action] = came_at or utcnow()
    return _answer(reported)


def keep_numbered(known: Sequence[tuple[Said, Sender]], came_at: datetime | None = None) -> int:
    """Keep numbered readings in the device's own time where it can be believed; returns how many commands it closed.

    `came_at` is for those that could not be taken when they came.
    """
    present = ((came_at or utcnow()) - _EPOCH) // _MICROSECOND
    past, future = present - OLDEST // _MICROSECOND, present + AHEAD // _MICROSECOND
    old = (utcnow() - LATE_AFTER - _EPOCH) // _MICROSECOND
    at, qualities, lates, wrong = [], [], [], []
    reported: Reported = {}
    for n, (said, sender) in enumerate(known):
        believed = said.t is not None and past <= said.t <= future
        moment = said.t if believed and said.t is not None else present + n
        late = moment < old
        at.append(moment)
        qualities.append("d" if believed else "s" if said.t is None else "x")
        wrong.append(None if believed else said.t)
        lates.append(late)
        action = REPORTS.get((said.kind, said.value))
        if action is not None and not late:
            key = uuid.UUID(sender.unit_id), said.kind, action
            reported[key] = max(reported.get(key, _EPOCH), _EPOCH + moment * _MICROSECOND)
    db.session.execute(
        _STORE_NUMBERED,
        {
            "ids": fresh_ids(len(known)),
            "at": at,
            "assets": [sender.asset_id for _said, sender in known],
            "units": [sender.unit_id for _said, sender in known],
            "kinds": [said.kind for said, _sender in known],
            "words": [said.value for said, _sender in known],
            "devices": [sender.id for _said, sender in known],
            "boots": [said.number.boot for said, _sender in known],
            "seqs": [said.number.seq for said, _sender in known],
            "qualities": qualities,
            "wrong": wrong,
            "lates": lates,
        },
    )
    return _answer(reported)


def _answer(reported: Reported) -> int:
    """Close the commands whose wish is so; a word from before the command left is no answer to it."""
    if not reported:
        return 0
    done = 0
    for command in lock_commands_reported(list(reported)):
        said_at = reported[command.unit_id, command.capability, command.action]
        if command.sent_at is None or said_at >= command.sent_at - CLOCKS_DIFFER:
            done += commands.finished(command_id=command.id, status=CommandStatus.DONE)
    return done


def fresh_ids(count: int) -> list[str]:
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


# What is kept beside the rows of `told`, whichever dialect they came in.
_BESIDE = """
    news as (
        insert into reading_news (unit_id, asset_id, since, kinds)
        select unit_id, asset_id, min(at), jsonb_agg(distinct kind) from told group by unit_id, asset_id
    )
    insert into latest_reading (unit_id, kind, value, at, event_id)
    select distinct on (unit_id, kind) unit_id, kind, value, at, id from told order by unit_id, kind, at desc, id desc
    on conflict (unit_id, kind) do update
        set value = excluded.value, at = excluded.at, event_id = excluded.event_id
        -- what is stored as being of the future was said before the clock was set back
        where latest_reading.at <= excluded.at or latest_reading.at > clock_timestamp() + interval '125 seconds'
"""
_STORE_PLAIN = text(
    f"""
    with base as materialized (select coalesce(cast(:came_at as timestamptz), clock_timestamp()) as at),
    told as (
        insert into asset_event (id, at, asset_id, unit_id, kind, value)
        select said.id, base.at + said.n * interval '1 microsecond',
               said.asset_id, said.unit_id, said.kind, said.value
        from base, unnest(cast(:ids as uuid[]), cast(:assets as uuid[]), cast(:units as uuid[]),
                          cast(:kinds as text[]), cast(:words as text[]))
             with ordinality as said(id, asset_id, unit_id, kind, value, n)
        returning id, at, asset_id, unit_id, kind, value
    ),
    {_BESIDE}
    """
)
_STORE_NUMBERED = text(
    f"""
    with told as (
        insert into asset_event (id, at, asset_id, unit_id, kind, value, device_id, boot, seq, quality, said_at, late)
        select said.id, timestamptz 'epoch' + said.at * interval '1 microsecond',
               said.asset_id, said.unit_id, said.kind, said.value, said.device_id, said.boot, said.seq, said.quality,
               timestamptz 'epoch' + said.wrong * interval '1 microsecond', said.late
        from unnest(cast(:ids as uuid[]), cast(:at as bigint[]), cast(:assets as uuid[]), cast(:units as uuid[]),
                    cast(:kinds as text[]), cast(:words as text[]), cast(:devices as uuid[]),
                    cast(:boots as bigint[]), cast(:seqs as bigint[]), cast(:qualities as text[]),
                    cast(:wrong as bigint[]), cast(:lates as bool[]))
             as said(id, at, asset_id, unit_id, kind, value, device_id, boot, seq, quality, wrong, late)
        returning id, at, asset_id, unit_id, kind, value
    ),
    {_BESIDE}
    """
)
