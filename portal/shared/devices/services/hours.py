"""The sums of each hour: what stays of what units said when the single words are let go of."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.shared.devices.services.watching import Spoke

HOUR = timedelta(hours=1)
#: Units of one hour that are summed in one transaction.
UNITS_AT_ONCE = 500
#: Nobody waits for a word that is older than this; what comes all the same marks its last hours only.
OLDEST = timedelta(days=400)
#: What switches say, and whether that is on.
STATES = {
    ("access", "unlocked"): True,
    ("access", "locked"): False,
    ("door", "open"): True,
    ("door", "closed"): False,
    ("electricity", "on"): True,
    ("electricity", "off"): False,
    ("ignition", "on"): True,
    ("ignition", "off"): False,
    ("occupancy", "1"): True,
    ("occupancy", "0"): False,
}
SWITCHES = frozenset(kind for kind, _value in STATES)


def mark(spoke: Sequence[Spoke]) -> None:
    """The watcher: every hour since the oldest word nobody had looked at is to be summed, again if it was before."""
    since = utcnow() - OLDEST
    db.session.execute(
        _MARK,
        {
            "units": [str(each.unit_id) for each in spoke],
            "since": [max(each.since, since).isoformat() for each in spoke],
        },
    )


@transactional
def mark_everything() -> None:
    """Have the whole history summed: for one that was written past the watchers."""
    db.session.execute(_MARK_ALL)


@transactional
def sum_closed(*, limit: int = UNITS_AT_ONCE) -> int:
    """Make the sums of some units of the oldest hour that is over and due; returns how many units that were.

    The hours come in their order, for how a switch stood when one ended is where the next begins. When a late word
    changes that, the next hour that has a row is due again.
    """
    rows = db.session.execute(_TAKE, {"closed": _hour_of(utcnow()), "limit": limit}).all()
    if rows:
        hour: datetime = rows[0].hour
        _sum(hour, [row.unit_id for row in rows])
    return len(rows)


def _sum(hour: datetime, unit_ids: Sequence[uuid.UUID]) -> None:
    values = {
        "units": list(unit_ids),
        "hour": hour,
        "until": hour + HOUR,
        "kinds": [kind for kind, _value in STATES],
        "words": [value for _kind, value in STATES],
        "on": list(STATES.values()),
        "part": f"asset_event_p{hour:%Y_%m}",
    }
    turned = db.session.execute(_SUM, values).all()
    if turned:
        db.session.execute(
            _MARK_NEXT, {"hour": hour, "units": [row.unit_id for row in turned], "kinds": [row.kind for row in turned]}
        )


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


_MARK = text(
    """
    insert into reading_hour_due (hour, unit_id)
    select distinct h, s.unit_id
    from unnest(cast(:units as uuid[]), cast(:since as timestamptz[])) as s(unit_id, since),
         generate_series(date_trunc('hour', s.since, 'UTC'), clock_timestamp(), interval '1 hour') as h
    where h > clock_timestamp() - interval '1 hour'
          or exists (select from asset_event e
                     where e.unit_id = s.unit_id and e.at >= h and e.at < h + interval '1 hour')
    order by 1, 2
    on conflict do nothing
    """
)
_MARK_ALL = text(
    "insert into reading_hour_due (hour, unit_id)"
    " select distinct date_trunc('hour', at, 'UTC'), unit_id from asset_event on conflict do nothing"
)
_TAKE = text(
    """
    delete from reading_hour_due where (hour, unit_id) in (
        select hour, unit_id from reading_hour_due
        where hour = (select min(hour) from reading_hour_due) and hour < :closed
        order by unit_id limit :limit for update skip locked)
    returning hour, unit_id
    """
)
_MARK_NEXT = text(
    """
    insert into reading_hour_due (hour, unit_id)
    select distinct next.hour, t.unit_id
    from unnest(cast(:units as uuid[]), cast(:kinds as text[])) as t(unit_id, kind)
    cross join lateral (select h.hour from reading_hour h where h.unit_id = t.unit_id and h.kind = t.kind
                        and h.hour > :hour order by h.hour limit 1) next
    on conflict do nothing
    """
)
# A month that was let go of has no partition any more: what is told of it afterwards must not take its sums' place.
_SUM = text(
    r"""
    with said as materialized (
        select e.unit_id, e.kind, e.at, e.id, e.value, state.is_on,
               case when e.value ~ '^-?[0-9]{1,12}(\.[0-9]{1,9})?$'
                    then round(cast(e.value as numeric) * 1000)::bigint end as milli
        from asset_event e
        left join unnest(cast(:kinds as text[]), cast(:words as text[]), cast(:on as bool[]))
                  as state(kind, word, is_on) on state.kind = e.kind and state.word = e.value
        where e.unit_id = any(cast(:units as uuid[])) and e.at >= :hour and e.at < :until
    ),
    stretches as (
        select unit_id, kind, at, is_on, lead(at, 1, cast(:until as timestamptz)) over other as until
        from said where is_on is not null
        window other as (partition by unit_id, kind order by at, id)
    ),
    switched as (
        select unit_id, kind, min(at) as first_at,
               coalesce(sum(until - at) filter (where is_on), interval '0') as on_for,
               (array_agg(is_on order by at desc, until desc))[1] as ends_on
        from stretches group by unit_id, kind
    ),
    sums as (
        select unit_id, kind, count(*) as said,
               case when count(milli) = count(*) then min(milli) end as lowest,
               case when count(milli) = count(*) then max(milli) end as highest,
               case when count(milli) = count(*) then sum(milli)::bigint end as total,
               (array_agg(value order by at, id))[1] as first_value,
               (array_agg(value order by at desc, id desc))[1] as last_value
        from said group by unit_id, kind
    ),
    known as (
        select unit_id, kind, ends_on from reading_hour where hour = :hour and unit_id = any(cast(:units as uuid[]))
    ),
    kept as (
        insert into reading_hour (unit_id, kind, hour, said, lowest, highest, total, first_value, last_value,
                                  seconds_on, ends_on)
        select s.unit_id, s.kind, :hour, s.said, s.lowest, s.highest, s.total, s.first_value, s.last_value,
               round(extract(epoch from coalesce(w.on_for, interval '0') + case when before.ends_on
                     then coalesce(w.first_at, cast(:until as timestamptz)) - cast(:hour as timestamptz)
                     else interval '0' end))::bigint,
               coalesce(w.ends_on, before.ends_on)
        from sums s
        left join switched w on w.unit_id = s.unit_id and w.kind = s.kind
        left join lateral (select h.ends_on from reading_hour h where h.unit_id = s.unit_id and h.kind = s.kind
                           and h.hour < :hour order by h.hour desc limit 1) before on true
        on conflict (unit_id, kind, hour) do update
            set said = excluded.said, lowest = excluded.lowest, highest = excluded.highest, total = excluded.total,
                first_value = excluded.first_value, last_value = excluded.last_value,
                seconds_on = excluded.seconds_on, ends_on = excluded.ends_on
            where to_regclass(:part) is not null
        returning unit_id, kind, ends_on
    )
    select kept.unit_id, kept.kind from kept left join known using (unit_id, kind)
    where kept.ends_on is distinct from known.ends_on
    """
)
