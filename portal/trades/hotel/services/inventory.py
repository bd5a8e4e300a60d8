"""The calendar: nights taken, given back, opened for sale, and counted again.

The figures of a night change only here. `forced` is kept at exactly what is sold beyond the limit, so that the
database's rule holds and the desk sees the minus.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, DATE, UUID

from portal.core.actor import Actor
from portal.core.db import db, uuid7
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.core.written import day
from portal.shared.audit.services import record
from portal.trades.hotel.errors import NotOpenYet, SoldOut
from portal.trades.hotel.events import InventoryUpdated
from portal.trades.hotel.models import RoomType
from portal.trades.hotel.queries.inventory import Key, lock_nights, parts_of
from portal.trades.hotel.times import nights_between

#: The figures of a night that a change may move.
FIGURES = ("total", "out_of_order", "booked", "held", "overbook_limit")

Deltas = Mapping[Key, int]


@transactional
def move(
    *,
    changes: Mapping[str, Deltas],
    reason: str,
    correlation_id: uuid.UUID,
    actor: Actor,
    force: bool = False,
) -> list[str]:
    """Change figures of the calendar by figure, type and night, all or nothing; suites take their parts with them.

    Selling more than may be sold raises SoldOut naming the first night, unless `force`: then the night goes below
    zero for everybody to see. Lowering a capacity or a limit never fails: what is already sold stays sold.
    Returns the nights that were sold below zero by this change, within the limit or by force.
    """
    selling = {"booked", "held"} & set(changes)
    wanted = {
        figure: _with_parts(deltas) if figure in selling else dict(deltas)
        for figure, deltas in changes.items()
        if deltas
    }
    by_key: dict[Key, dict[str, int]] = defaultdict(lambda: dict.fromkeys((*FIGURES, "forced"), 0))
    for figure, deltas in wanted.items():
        for key, delta in deltas.items():
            by_key[key][figure] += delta
    by_key = {key: figures for key, figures in by_key.items() if any(figures.values())}
    rows = _opened(by_key)
    full = sorted(key[1::-1] for key, row in rows.items() if _oversold(row, by_key[key]))
    if full and not force:
        raise _sold_out(full, rows)
    _change(by_key, rows, reason, correlation_id, actor)
    return sorted({key[1].isoformat() for key, row in rows.items() if _sold_below_zero(row, by_key[key])})


@transactional
def set_limit(*, room_type_id: uuid.UUID, start: date, end: date, limit: int, actor: Actor) -> int:
    """How many more than there are may be sold of a type, on nights from `start` until `end`; how many changed.

    Lowered below what is sold, nothing is cancelled: the night shows its minus.
    """
    room_type = db.session.get_one(RoomType, room_type_id)
    rows = lock_nights([(room_type_id, night) for night in nights_between(start, end)])
    changes = {key: limit - row.overbook_limit for key, row in rows.items() if row.overbook_limit != limit}
    move(changes={"overbook_limit": changes}, reason=_("New limit"), correlation_id=uuid7(), actor=actor)
    if changes:
        after = {"type": room_type.code, "from": start, "until": end - timedelta(days=1), "limit": limit}
        record(
            "inventory.limit_set",
            actor=actor,
            subject="room_type",
            subject_id=room_type_id,
            asset_id=room_type.asset_id,
            after=after,
        )
    return len(changes)


@transactional
def correct(*, differences: Mapping[Key, Mapping[str, int]], reason: str, actor: Actor) -> None:
    """Bring figures that were counted again to what they should be; suites' parts were counted with them."""
    by_key = {key: {**dict.fromkeys((*FIGURES, "forced"), 0), **more} for key, more in differences.items()}
    _change(by_key, _opened(by_key), reason, uuid7(), actor)


def _opened(keys: Collection[Key]) -> dict[Key, Row[Any]]:
    rows = lock_nights(keys) if keys else {}
    missing = sorted(night for _type, night in set(keys) - rows.keys())
    if missing:
        raise NotOpenYet(_("%(day)s is not open for sale yet.", day=day(missing[0])), night=missing[0].isoformat())
    return rows


def _change(
    by_key: dict[Key, dict[str, int]],
    rows: Mapping[Key, Row[Any]],
    reason: str,
    correlation_id: uuid.UUID,
    actor: Actor,
) -> None:
    """Write the figures, and `forced` as exactly what is sold beyond the limit."""
    if not by_key:
        return
    for key, row in rows.items():
        by_key[key]["forced"] = max(_beyond(row, by_key[key]), 0) - row.forced
    _write(by_key, reason, correlation_id, actor)
    _announce(by_key, rows, correlation_id)


def _with_parts(deltas: Deltas) -> dict[Key, int]:
    all_of = dict(deltas)
    parts = parts_of({type_id for type_id, _night in deltas})
    for (type_id, night), delta in deltas.items():
        for part in parts.get(type_id, ()):
            key = part.part_id, night
            all_of[key] = all_of.get(key, 0) + delta * part.rooms
    return all_of


def _beyond(row: Row[Any], more: Mapping[str, int]) -> int:
    """How many rooms are sold beyond what may be, after a change."""
    sold = row.booked + row.held + more["booked"] + more["held"]
    return int(
        sold
        - (row.total + more["total"])
        + (row.out_of_order + more["out_of_order"])
        - (row.overbook_limit + more["overbook_limit"])
    )


def _sold_below_zero(row: Row[Any], figures: Mapping[str, int]) -> bool:
    sells = figures["booked"] + figures["held"] > 0
    return sells and _beyond(row, figures) + row.overbook_limit + figures["overbook_limit"] > 0


def _oversold(row: Row[Any], figures: Mapping[str, int]) -> bool:
    """Whether this change sells more, or blocks more, than there is."""
    takes = figures["booked"] + figures["held"] > 0 or figures["out_of_order"] > 0
    return takes and _beyond(row, figures) > max(0, _beyond(row, dict.fromkeys(FIGURES, 0)))


def _sold_out(full: list[tuple[date, uuid.UUID]], rows: Mapping[Key, Row[Any]]) -> SoldOut:
    night, type_id = full[0]
    room_type = db.session.get(RoomType, type_id)
    name = room_type.name if room_type else _("This type")
    return SoldOut(
        _("%(type)s is full on %(day)s.", type=name, day=day(night)),
        night=night.isoformat(),
        nights=[each.isoformat() for each, _type in full],
        room_type=room_type.code if room_type else None,
    )


_CHANGE = text(
    """
    update inventory_calendar c set total = c.total + d.total, out_of_order = c.out_of_order + d.out_of_order,
        booked = c.booked + d.booked, held = c.held + d.held,
        overbook_limit = c.overbook_limit + d.overbook_limit, forced = c.forced + d.forced
    from unnest(:types, :nights, :total, :out_of_order, :booked, :held, :overbook_limit, :forced)
        as d (room_type_id, night, total, out_of_order, booked, held, overbook_limit, forced)
    where c.room_type_id = d.room_type_id and c.night = d.night
    """
).bindparams(
    bindparam("types", type_=ARRAY(UUID)),
    bindparam("nights", type_=ARRAY(DATE)),
    *(bindparam(name, type_=ARRAY(BIGINT)) for name in (*FIGURES, "forced")),
)
_TELL = text(
    """
    insert into inventory_event (id, room_type_id, night, kind, delta, reason, correlation_id, actor)
    select id, room_type_id, night, kind, delta, :reason, :correlation, :actor
    from unnest(:ids, :types, :nights, :kinds, :deltas) as e (id, room_type_id, night, kind, delta)
    """
).bindparams(
    bindparam("ids", type_=ARRAY(UUID)),
    bindparam("types", type_=ARRAY(UUID)),
    bindparam("nights", type_=ARRAY(DATE)),
    bindparam("deltas", type_=ARRAY(BIGINT)),
)


def _write(by_key: Mapping[Key, Mapping[str, int]], reason: str, correlation_id: uuid.UUID, actor: Actor) -> None:
    keys = sorted(by_key)
    db.session.execute(
        _CHANGE,
        {
            "types": [key[0] for key in keys],
            "nights": [key[1] for key in keys],
            **{name: [by_key[key][name] for key in keys] for name in (*FIGURES, "forced")},
        },
    )
    told = [(key, name, by_key[key][name]) for key in keys for name in (*FIGURES, "forced") if by_key[key][name]]
    db.session.execute(
        _TELL,
        {
            "ids": [uuid7() for _each in told],
            "types": [key[0] for key, _name, _delta in told],
            "nights": [key[1] for key, _name, _delta in told],
            "kinds": [name for _key, name, _delta in told],
            "deltas": [delta for _key, _name, delta in told],
            "reason": reason,
            "correlation": correlation_id,
            "actor": actor.name,
        },
    )


def _announce(by_key: Mapping[Key, Mapping[str, int]], rows: Mapping[Key, Row[Any]], correlation_id: uuid.UUID) -> None:
    types: dict[uuid.UUID, list[dict[str, Any]]] = defaultdict(list)
    for key in sorted(by_key):
        row, more = rows[key], by_key[key]
        free = row.total - row.out_of_order - row.booked - row.held
        free += more["total"] - more["out_of_order"] - more["booked"] - more["held"]
        types[key[0]].append({"night": key[1].isoformat(), "free": free})
    for type_id, nights in types.items():
        room_type = db.session.get_one(RoomType, type_id)
        publish(
            InventoryUpdated(
                asset_id=room_type.asset_id,
                subject_id=type_id,
                room_type=room_type.code,
                nights=nights,
                correlation_id=str(correlation_id),
            )
        )


_OPEN = text(
    """
    insert into inventory_calendar (room_type_id, night, total, out_of_order, overbook_limit)
    select t.id, n.night::date,
        (select count(*) from room r join unit u on u.id = r.unit_id
         where r.room_type_id = t.id and u.status <> 'retired'),
        (select count(distinct r.unit_id) from room_block b join room m on m.unit_id = b.room_id
         join room r on r.unit_id in (m.unit_id, m.parent_id)
         where r.room_type_id = t.id and b.ended_at is null and b.kind <> 'out_of_service'
            and b.from_on <= n.night and b.until_on > n.night),
        t.overbook_limit
    from room_type t, generate_series(cast(:start as date), cast(:end as date) - 1, interval '1 day') as n (night)
    where t.asset_id = :asset and t.retired_at is null
        and (cast(:type as uuid) is null or t.id = cast(:type as uuid))
    on conflict do nothing
    """
)


@transactional
def open_nights(
    *, asset_id: uuid.UUID, start: date, end: date, actor: Actor, room_type_id: uuid.UUID | None = None
) -> int:
    """Put nights from `start` until `end` on sale, those that are not yet; returns how many rows that made."""
    made: int = db.session.execute(  # type: ignore[attr-defined]
        _OPEN, {"asset": asset_id, "start": start, "end": end, "type": room_type_id}
    ).rowcount
    if made:
        after = {"from": start, "until": end - timedelta(days=1), "rows": made}
        record("inventory.opened", actor=actor, subject="asset", subject_id=asset_id, asset_id=asset_id, after=after)
    return made
