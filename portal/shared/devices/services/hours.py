"""The sums of each hour: what stays of what units said when the single words are let go of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.shared.devices.services.watching import Spoke

HOUR = timedelta(hours=1)
#: Hours of units that are summed in one transaction.
AT_ONCE = 500
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
def sum_closed(*, limit: int = AT_ONCE) -> int:
    """Make the sums of some hours of units that are over and due, the oldest first; returns how many that were.

    The hours come in their order, for how a switch stood when one ended is where the next begins. When a late word
    changes that, the next hour that has a row is due again.
    """
    due = db.session.execute(_TAKE, {"closed": _hour_of(utcnow()), "limit": limit}).all()
    if not due:
        return 0
    taken = {"hours": [row.hour for row in due], "units": [str(row.unit_id) for row in due]}
    states = {
        "kinds": [kind for kind, _value in STATES],
        "words": [value for _kind, value in STATES],
        "on": list(STATES.values()),
    }
    turned = db.session.execute(_SUM, taken | states).all()
    if turned:
        ends = {
            "turned_hours": [row.hour for row in turned],
            "turned_units": [str(row.unit_id) for row in turned],
            "turned_kinds": [row.kind for row in turned],
        }
        db.session.execute(_MARK_NEXT, taken | ends)
    return len(due)


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
        select hour, unit_id from reading_hour_due where hour < :closed
        order by hour, unit_id limit :limit for update skip locked)
    returning hour, unit_id
    """
)
_MARK_NEXT = text(
    """
    with taken as (select * from unnest(cast(:hours as timestamptz[]), cast(:units as uuid[])) as t(hour, unit_id))
    insert into reading_hour_due (hour, unit_id)
    select distinct next.hour, t.unit_id
    from unnest(cast(:turned_hours as timestamptz[]), cast(:turned_units as uuid[]), cast(:turned_kinds as text[]))
         as t(hour, unit_id, kind)
    cross join lateral (select h.hour from reading_hour h where h.unit_id = t.unit_id and h.kind = t.kind
                        and h.hour > t.hour order by h.hour limit 1) next
    where not exists (select from taken where taken.unit_id = t.unit_id and taken.hour = next.hour)
    on conflict do nothing
    """
)
# `stood` is how switches stood when hours ended: those of this batch, those beside it, and the last before it.
# A month that was let go of has no partition any more: what is told of it afterwards must not take its sums' place.
_SUM = text(
    r"""
    with taken as materialized (
        select * from unnest(cast(:hours as timestamptz[]), cast(:units as uuid[])) as t(hour, unit_id)
    ),
    said as materialized (
        select t.hour, e.unit_id, e.kind, e.at, e.id, e.value, state.is_on,
               case when e.value ~ '^-?[0-9]{1,12}(\.[0-9]{1,9})?$'
                    then round(cast(e.value as numeric) * 1000)::bigint end as milli
        from taken t
        join asset_event e on e.unit_id = t.unit_id and e.at >= t.hour and e.at < t.hour + interval '1 hour'
        left join unnest(cast(:kinds as text[]), cast(:words as text[]), cast(:on as bool[]))
                  as state(kind, word, is_on) on state.kind = e.kind and state.word = e.value
    ),
    stretches as (
        select hour, unit_id, kind, at, is_on, lead(at, 1, hour + interval '1 hour') over other as until
        from said where is_on is not null
        window other as (partition by hour, unit_id, kind order by at, id)
    ),
    switched as materialized (
        select hour, unit_id, kind, min(at) as first_at,
               coalesce(sum(until - at) filter (where is_on), interval '0') as on_for,
               (array_agg(is_on order by at desc, until desc))[1] as ends_on
        from stretches group by hour, unit_id, kind
    ),
    spans as (select unit_id, min(hour) as first, max(hour) as last from taken group by unit_id),
    stood as materialized (
        select unit_id, kind, hour, ends_on from switched
        union all
        select h.unit_id, h.kind, h.hour, h.ends_on from spans s
        join reading_hour h on h.unit_id = s.unit_id and h.kind = any(cast(:kinds as text[]))
             and h.hour >= s.first and h.hour < s.last and h.ends_on is not null
        where not exists (select from taken t where t.unit_id = h.unit_id and t.hour = h.hour)
        union all
        select s.unit_id, k.kind, h.hour, h.ends_on from spans s
        cross join (select distinct unnest(cast(:kinds as text[]))) as k(kind)
        cross join lateral (select hour, ends_on from reading_hour where unit_id = s.unit_id and kind = k.kind
                            and hour < s.first order by hour desc limit 1) h
        where h.ends_on is not null
    ),
    sums as (
        select hour, unit_id, kind, count(*) as said,
               case when count(milli) = count(*) then min(milli) end as lowest,
               case when count(milli) = count(*) then max(milli) end as highest,
               case when count(milli) = count(*) then sum(milli)::bigint end as total,
               (array_agg(value order by at, id))[1] as first_value,
               (array_agg(value order by at desc, id desc))[1] as last_value
        from said group by hour, unit_id, kind
    ),
    known as (
        select h.hour, h.unit_id, h.kind, h.ends_on from taken t
        join reading_hour h on h.unit_id = t.unit_id and h.hour = t.hour
    ),
    kept as (
        insert into reading_hour (unit_id, kind, hour, said, lowest, highest, total, first_value, last_value,
                                  seconds_on, ends_on)
        select s.unit_id, s.kind, s.hour, s.said, s.lowest, s.highest, s.total, s.first_value, s.last_value,
               round(extract(epoch from coalesce(w.on_for, interval '0') + case when before.ends_on
                     then coalesce(w.first_at, s.hour + interval '1 hour') - s.hour else interval '0' end))::bigint,
               coalesce(w.ends_on, before.ends_on)
        from sums s
        left join switched w on w.hour = s.hour and w.unit_id = s.unit_id and w.kind = s.kind
        left join lateral (select b.ends_on from stood b where b.unit_id = s.unit_id and b.kind = s.kind
                           and b.hour < s.hour order by b.hour desc limit 1) before on true
        on conflict (unit_id, kind, hour) do update
            set said = excluded.said, lowest = excluded.lowest, highest = excluded.highest, total = excluded.total,
                first_value = excluded.first_value, last_value = excluded.last_value,
                seconds_on = excluded.seconds_on, ends_on = excluded.ends_on
            where to_regclass('asset_event_p' || to_char(excluded.hour at time zone 'UTC', 'YYYY_MM')) is not null
        returning unit_id, kind, hour, ends_on
    )
    select kept.hour, kept.unit_id, kept.kind from kept left join known using (hour, unit_id, kind)
    where kept.ends_on is distinct from known.ends_on
    """
)
