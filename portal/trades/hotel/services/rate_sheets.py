"""The rate grid written: prices and restrictions of many nights in one command, taken back as a whole."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7, written
from portal.core.locks import lock_in_transaction
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.core.written import day
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.trades.hotel.errors import DatesWrong, FollowsParent, Stale, TooLate
from portal.trades.hotel.events import RatesChanged
from portal.trades.hotel.models import RateChange, RatePlan, RoomType
from portal.trades.hotel.queries.inventory import Key, room_types
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.rates import (
    COLUMNS,
    RULES,
    Cell,
    Change,
    Span,
    changed_rates,
    changed_rules,
    fingerprint,
    get_plan,
    rates_of,
    rules_of,
)
from portal.trades.hotel.shorthand import FLAGS, Rule

UNDONE_WITHIN = timedelta(hours=1)
RATES, RESTRICTIONS = "rates", "restrictions"


@transactional
def set_rates(
    *,
    asset_id: uuid.UUID,
    plan_id: uuid.UUID,
    span: Span,
    change: Change,
    actor: Actor,
    seen: str | None = None,
) -> RateChange | None:
    """Change the prices of a stretch of nights; raises Stale when they are not those whose fingerprint was `seen`."""
    _wait(asset_id)
    plan = get_plan(asset_id, plan_id)
    _not_over(asset_id, span.start)
    cells = changed_rates(plan, span, change)
    _as_seen(cells, seen)
    said = {"how": change.how, "value": change.value, "what": change.column, **_stretch(span)}
    return _write(asset_id, RATES, plan, cells, said, actor)


@transactional
def set_rules(
    *,
    asset_id: uuid.UUID,
    plan_id: uuid.UUID | None,
    span: Span,
    rule: Rule,
    lifted: Collection[str] = (),
    actor: Actor,
    seen: str | None = None,
) -> RateChange | None:
    """Set and lift restrictions of a stretch of nights, for one plan or for all; raises Stale as `set_rates` does."""
    _wait(asset_id)
    plan = get_plan(asset_id, plan_id) if plan_id else None
    _not_over(asset_id, span.start)
    cells = changed_rules(plan, span, rule, lifted)
    _as_seen(cells, seen)
    said = {"how": "rules", "set": rule, "lifted": sorted(lifted), **_stretch(span)}
    return _write(asset_id, RESTRICTIONS, plan, cells, said, actor)


@transactional
def type_in(
    *,
    asset_id: uuid.UUID,
    plan_id: uuid.UUID | None,
    prices: Mapping[Key, int | None],
    rules: Mapping[Key, Rule],
    actor: Actor,
) -> list[RateChange]:
    """Write the cells somebody typed into the grid; a price of None is a night that is not sold on this plan."""
    _wait(asset_id)
    plan = get_plan(asset_id, plan_id) if plan_id else None
    if prices and (plan is None or plan.parent_id is not None):
        raise FollowsParent(_("These prices follow another plan. Change them there."))
    nights = [night for _type, night in [*prices, *rules]]
    if not nights:
        return []
    first, last = min(nights), max(nights)
    _not_over(asset_id, first)
    types = {each.id: each for each in room_types(asset_id)}
    made = []
    end = last + timedelta(days=1)
    if prices and plan is not None:
        now = rates_of(plan.id, types, first, end)
        cells = _real([Cell(*key, now.get(key), _priced(now.get(key), price)) for key, price in prices.items()], types)
        made.append(_write(asset_id, RATES, plan, cells, _typed(cells, types), actor))
    if rules:
        held = rules_of(asset_id, plan.id if plan else None, first, end)
        cells = _real(
            [Cell(*key, held.get((key[0], key[1])) or None, rule or None) for key, rule in rules.items()], types
        )
        made.append(_write(asset_id, RESTRICTIONS, plan, cells, _typed(cells, types), actor))
    return [each for each in made if each is not None]


@transactional
def undo(*, asset_id: uuid.UUID, change_ids: Sequence[uuid.UUID], actor: Actor) -> None:
    """Take edits back as a whole; raises TooLate after an hour, and Stale once a cell was changed again."""
    _wait(asset_id)
    for change_id in change_ids:
        change = db.session.get(RateChange, change_id, populate_existing=True)
        if change is None or change.asset_id != asset_id or change.undone_at is not None:
            raise Stale(_("That was taken back already."))
        if change.created_at < utcnow() - UNDONE_WITHIN:
            raise TooLate(_("That was more than an hour ago. Change the cells again instead."))
        cells = [Cell(_key(type_id), date.fromisoformat(night), after, before)
                 for type_id, night, before, after in change.cells]  # fmt: skip
        _still(change, cells)
        _store(asset_id, change.kind, change.rate_plan_id, cells)
        change.undone_at = utcnow()
        record(
            f"{change.kind}.change_undone",
            actor=actor,
            subject="rate_plan",
            subject_id=change.rate_plan_id,
            asset_id=asset_id,
            before=change.said,
            after={"cells": len(cells)},
        )
    publish(RatesChanged(asset_id=asset_id, subject_id=asset_id))


def _wait(asset_id: uuid.UUID) -> None:
    """Edits of a hotel's rates wait for one another; bookings do not wait for them."""
    lock_in_transaction(f"rates of {asset_id}")


def _not_over(asset_id: uuid.UUID, first: date) -> None:
    if first < business_date(asset_of(asset_id)):
        raise DatesWrong(_("Nights that are over keep their prices. Begin today or later."), field="start")


def _as_seen(cells: Sequence[Cell], seen: str | None) -> None:
    if seen is not None and fingerprint(cells) != seen:
        raise Stale(_("Somebody changed some of these meanwhile. Look at what would change now."))


def _priced(before: Any, price: int | None) -> tuple[int, int, int] | None:
    if price is None:
        return None
    return price, *(before or (0, 0, 0))[1:]


def _real(cells: Sequence[Cell], types: Mapping[uuid.UUID, RoomType]) -> list[Cell]:
    return [each for each in cells if each.before != each.after and each.type_id in types]


def _stretch(span: Span) -> dict[str, Any]:
    return {
        "types": [each.code for each in span.types],
        "from": span.start.isoformat(),
        "until": span.end.isoformat(),
        "weekdays": sorted(span.weekdays),
    }


def _typed(cells: Sequence[Cell], types: Mapping[uuid.UUID, RoomType]) -> dict[str, Any]:
    nights = [each.night for each in cells] or [date.min]
    codes = {types[each.type_id].code for each in cells if each.type_id is not None and each.type_id in types}
    return {
        "how": "typed",
        "types": sorted(codes),
        "from": min(nights).isoformat(),
        "until": max(nights).isoformat(),
    }


def _write(
    asset_id: uuid.UUID,
    kind: str,
    plan: RatePlan | None,
    cells: Sequence[Cell],
    said: dict[str, Any],
    actor: Actor,
) -> RateChange | None:
    """Store the cells, and keep what they were; nothing to change is no edit."""
    if not cells:
        return None
    _store(asset_id, kind, plan.id if plan else None, cells)
    said = {**said, "plan": plan.code if plan else None, "cells": len(cells)}
    change = written(
        RateChange(
            asset_id=asset_id,
            kind=kind,
            rate_plan_id=plan.id if plan else None,
            said=said,
            cells=[[str(each.type_id), each.night.isoformat(), each.before, each.after] for each in cells],
            made_by=actor.name,
            created_at=utcnow(),
        )
    )
    record(
        f"{kind}.changed",
        actor=actor,
        subject="rate_plan",
        subject_id=plan.id if plan else None,
        asset_id=asset_id,
        before=_prices(cells, "before") if kind == RATES else None,
        after={**said, **(_prices(cells, "after") if kind == RATES else {})},
    )
    publish(RatesChanged(asset_id=asset_id, subject_id=asset_id))
    return change


def _prices(cells: Sequence[Cell], side: str) -> dict[str, Any]:
    """Between which prices the cells were, or are."""
    prices = [getattr(each, side)[0] for each in cells if getattr(each, side)]
    return {"lowest": min(prices), "highest": max(prices)} if prices else {}


def _still(change: RateChange, cells: Sequence[Cell]) -> None:
    """Every cell is as the edit left it."""
    nights = [each.night for each in cells]
    first, end = min(nights), max(nights) + timedelta(days=1)
    now: dict[Any, Any]
    if change.kind == RATES and change.rate_plan_id is not None:
        now = dict(rates_of(change.rate_plan_id, [each.type_id for each in cells if each.type_id], first, end))
    else:
        now = dict(rules_of(change.asset_id, change.rate_plan_id, first, end))
    for each in cells:
        found = now.get((each.type_id, each.night)) or None
        if (list(found) if isinstance(found, tuple) else found) != each.before:
            raise Stale(_("%(day)s was changed again since. Change the cells again instead.", day=day(each.night)))


def _store(asset_id: uuid.UUID, kind: str, plan_id: uuid.UUID | None, cells: Sequence[Cell]) -> None:
    if kind == RATES and plan_id is not None:
        _store_rates(plan_id, cells)
    else:
        _store_rules(asset_id, plan_id, cells)


def _store_rates(plan_id: uuid.UUID, cells: Sequence[Cell]) -> None:
    gone = [_place(each) for each in cells if each.after is None]
    priced = [{**_place(each), **dict(zip(COLUMNS, each.after, strict=True))} for each in cells if each.after]
    db.session.execute(_UNPRICE, {"plan": plan_id, "cells": json.dumps(gone)})
    db.session.execute(_PRICE, {"plan": plan_id, "cells": json.dumps(priced)})


def _store_rules(asset_id: uuid.UUID, plan_id: uuid.UUID | None, cells: Sequence[Cell]) -> None:
    held = [
        {**_place(each), "id": str(uuid7()), **dict.fromkeys(FLAGS, False), **each.after}
        for each in cells
        if each.after
    ]
    where = {"asset": asset_id, "plan": plan_id}
    db.session.execute(_LIFT, {**where, "cells": json.dumps([_place(each) for each in cells])})
    db.session.execute(_RULE, {**where, "cells": json.dumps(held)})


def _place(cell: Cell) -> dict[str, Any]:
    return {"room_type_id": str(cell.type_id) if cell.type_id else None, "night": cell.night.isoformat()}


_PRICE = text(
    """
    insert into daily_rate (rate_plan_id, room_type_id, night, price, extra_adult, extra_child)
    select :plan, c.room_type_id, c.night, c.price, c.extra_adult, c.extra_child
    from jsonb_to_recordset(cast(:cells as jsonb))
        as c (room_type_id uuid, night date, price bigint, extra_adult bigint, extra_child bigint)
    on conflict (rate_plan_id, room_type_id, night) do update
        set price = excluded.price, extra_adult = excluded.extra_adult, extra_child = excluded.extra_child
    """
)
_UNPRICE = text(
    """
    delete from daily_rate r using jsonb_to_recordset(cast(:cells as jsonb)) as c (room_type_id uuid, night date)
    where r.rate_plan_id = :plan and r.room_type_id = c.room_type_id and r.night = c.night
    """
)
_RULE = text(
    f"""
    insert into restriction (id, asset_id, rate_plan_id, room_type_id, night, {", ".join(RULES)})
    select c.id, :asset, cast(:plan as uuid), c.room_type_id, c.night, {", ".join(f"c.{name}" for name in RULES)}
    from jsonb_to_recordset(cast(:cells as jsonb)) as c (id uuid, room_type_id uuid, night date,
        {", ".join(f"{name} {'boolean' if name in FLAGS else 'bigint'}" for name in RULES)})
    """
)
_LIFT = text(
    """
    delete from restriction r using jsonb_to_recordset(cast(:cells as jsonb)) as c (room_type_id uuid, night date)
    where r.asset_id = :asset and r.rate_plan_id is not distinct from cast(:plan as uuid)
        and r.room_type_id is not distinct from c.room_type_id and r.night = c.night
    """
)


def _key(said: str) -> uuid.UUID | None:
    return None if said == "None" else uuid.UUID(said)
