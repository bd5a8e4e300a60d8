"""The rate grid: what is written in its cells, what an edit would make of them, and what was edited lately."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import defer

from portal.core.db import db
from portal.core.money import MAX_MINOR, PPM, round_minor
from portal.core.words import _
from portal.trades.hotel.errors import DatesWrong, FollowsParent, NoRate, NotUnderstood
from portal.trades.hotel.models import (
    CancelPolicy,
    DailyRate,
    HotelTax,
    Promotion,
    RateChange,
    RatePlan,
    Restriction,
    RoomType,
)
from portal.trades.hotel.pricing import derived
from portal.trades.hotel.queries.inventory import Key, room_types
from portal.trades.hotel.shorthand import FIGURES, FLAGS, Rule

#: The figures of a cell: for two, for one adult more, for one child more.
Rate = tuple[int, int, int]
COLUMNS = ("price", "extra_adult", "extra_child")
RULES = (*FLAGS, *FIGURES)
LONGEST = 731
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Span:
    """The nights of some types from one day to another, both included, on some days of the week (Monday is 0)."""

    types: Sequence[RoomType]
    start: date
    end: date
    weekdays: frozenset[int] = EVERY_DAY

    def nights(self) -> list[date]:
        """The nights that are meant."""
        days = (self.start + timedelta(days=n) for n in range((self.end - self.start).days + 1))
        return [each for each in days if each.weekday() in self.weekdays]


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to a figure of each cell: set to minor units, or moved by parts per million or minor units."""

    how: str
    value: int
    column: str = "price"
    rounding: int = 1

    def of(self, before: Rate | None) -> Rate | None:
        """A cell after the change; one that is not sold stays so, unless it gets a price."""
        if before is None and (self.how != "set" or self.column != "price"):
            return None
        figures = dict(zip(COLUMNS, before or (0, 0, 0), strict=True))
        figures[self.column] = self._moved(figures[self.column])
        return tuple(figures[name] for name in COLUMNS)  # type: ignore[return-value]

    def _moved(self, figure: int) -> int:
        if self.how == "set":
            return self.value
        more = Fraction(figure * self.value, PPM) if self.how == "percent" else self.value
        return min(MAX_MINOR, max(0, round_minor(Fraction(figure + more, self.rounding)) * self.rounding))


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the grid that an edit changes: its type (None: all of them) and night, as it is and as it will be."""

    type_id: uuid.UUID | None
    night: date
    before: Any
    after: Any


def get_plan(asset_id: uuid.UUID, plan_id: uuid.UUID) -> RatePlan:
    """A plan of this hotel; raises NoRate."""
    found: RatePlan | None = db.session.get(RatePlan, plan_id)
    if found is None or found.asset_id != asset_id:
        raise NoRate(_("This hotel sells no such rate plan. Choose another."), field="rate_plan")
    return found


def rates_of(plan_id: uuid.UUID, type_ids: Collection[uuid.UUID], start: date, end: date) -> dict[Key, Rate]:
    """The prices of a plan that are written down, from `start` until `end`, itself not included."""
    rows = db.session.execute(
        select(DailyRate.room_type_id, DailyRate.night, *(getattr(DailyRate, name) for name in COLUMNS)).where(
            DailyRate.rate_plan_id == plan_id,
            DailyRate.room_type_id.in_(type_ids),
            DailyRate.night >= start,
            DailyRate.night < end,
        )
    )
    return {(type_id, night): (price, adult, child) for type_id, night, price, adult, child in rows}


def rules_of(
    asset_id: uuid.UUID, plan_id: uuid.UUID | None, start: date, end: date
) -> dict[tuple[uuid.UUID | None, date], Rule]:
    """The restrictions written down for a plan, or for all plans at once, by type (None: all) and night."""
    rows = db.session.scalars(
        select(Restriction).where(
            Restriction.asset_id == asset_id,
            Restriction.rate_plan_id.is_(None) if plan_id is None else Restriction.rate_plan_id == plan_id,
            Restriction.night >= start,
            Restriction.night < end,
        )
    )
    return {
        (row.room_type_id, row.night): {name: getattr(row, name) for name in RULES if _holds(getattr(row, name))}
        for row in rows
    }


def _holds(value: int | bool | None) -> bool:
    return value is not None and value is not False


def changed_rates(plan: RatePlan, span: Span, change: Change) -> list[Cell]:
    """The cells an edit would change, by type and night; raises FollowsParent for a plan without prices of its own."""
    if plan.parent_id is not None:
        raise FollowsParent(_("%(plan)s has no prices of its own: it follows another plan.", plan=plan.name))
    sound_span(span)
    now = rates_of(plan.id, [each.id for each in span.types], span.start, span.end + timedelta(days=1))
    cells = []
    for room_type in span.types:
        for night in span.nights():
            before = now.get((room_type.id, night))
            after = change.of(before)
            if after != before:
                cells.append(Cell(room_type.id, night, before, after))
    return cells


def changed_rules(plan: RatePlan | None, span: Span, rule: Rule, lifted: Collection[str]) -> list[Cell]:
    """The cells that get these restrictions, and lose those that are lifted."""
    if not rule and not lifted:
        raise NotUnderstood(_("Say which restrictions are set or lifted."), field="rule")
    sound_span(span)
    asset_id = span.types[0].asset_id
    now = rules_of(asset_id, plan.id if plan else None, span.start, span.end + timedelta(days=1))
    cells = []
    for room_type in span.types:
        for night in span.nights():
            before = now.get((room_type.id, night)) or None
            kept = {name: value for name, value in (before or {}).items() if name not in lifted}
            after = {**kept, **rule} or None
            if after != before:
                cells.append(Cell(room_type.id, night, before, after))
    return cells


def sound_span(span: Span) -> None:
    """Raises DatesWrong for days that are no stretch, and for nothing chosen."""
    if span.end < span.start:
        raise DatesWrong(_("The last day is before the first."), field="end")
    if (span.end - span.start).days >= LONGEST:
        raise DatesWrong(_("Change at most two years at once."), field="end")
    if not span.types:
        raise DatesWrong(_("Choose the room types that are meant."), field="types")
    if not span.nights():
        raise DatesWrong(_("These days fall on other days of the week than you chose."), field="weekdays")


def fingerprint(cells: Sequence[Cell]) -> str:
    """A short name of exactly these changes, so that what is written is what somebody was shown."""
    said = json.dumps([[str(each.type_id), str(each.night), each.before, each.after] for each in cells])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def lately(asset_id: uuid.UUID, *, most: int = 10) -> Sequence[RateChange]:
    """The last edits of the grid, the newest first; their cells are read when asked for."""
    return db.session.scalars(
        select(RateChange)
        .where(RateChange.asset_id == asset_id)
        .options(defer(RateChange.cells))
        .order_by(RateChange.id.desc())
        .limit(most)
    ).all()


def policies_of(asset_id: uuid.UUID) -> Sequence[CancelPolicy]:
    """The terms of cancelling a hotel has, by name."""
    return db.session.scalars(
        select(CancelPolicy).where(CancelPolicy.asset_id == asset_id).order_by(CancelPolicy.name)
    ).all()


def taxes_of(asset_id: uuid.UUID) -> Sequence[HotelTax]:
    """The taxes of a hotel, those in force last in their own line of dates."""
    return db.session.scalars(
        select(HotelTax).where(HotelTax.asset_id == asset_id).order_by(HotelTax.name, HotelTax.from_on)
    ).all()


def promotions_of(asset_id: uuid.UUID) -> Sequence[Promotion]:
    """The promotions of a hotel, those whose nights come last first."""
    return db.session.scalars(
        select(Promotion).where(Promotion.asset_id == asset_id).order_by(Promotion.stay_until.desc(), Promotion.name)
    ).all()


def families(plans: Sequence[RatePlan]) -> Iterator[tuple[RatePlan, int]]:
    """Plans with those that follow them below, and how deep each stands."""

    def with_those_below(plan: RatePlan, depth: int) -> Iterator[tuple[RatePlan, int]]:
        yield plan, depth
        for each in plans:
            if each.parent_id == plan.id:
                yield from with_those_below(each, depth + 1)

    known = {plan.id for plan in plans}
    for plan in plans:
        if plan.parent_id not in known:
            yield from with_those_below(plan, 0)


def types_named(asset_id: uuid.UUID, ids: Collection[uuid.UUID]) -> list[RoomType]:
    """Types of the hotel that are among these, in its order."""
    return [each for each in room_types(asset_id) if each.id in ids]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rate grid of some nights: prices and restrictions of a plan by type and night, and those held elsewhere.

    Without a plan it has only the restrictions that hold for all plans.
    """

    plan: RatePlan | None
    types: Sequence[RoomType]
    nights: Sequence[date]
    prices: dict[Key, int]
    rules: dict[Key, Rule]
    general: dict[Key, list[Rule]]

    @property
    def own(self) -> bool:
        """Whether its prices can be typed in."""
        return self.plan is not None and self.plan.parent_id is None


def sheet(asset_id: uuid.UUID, plan: RatePlan | None, plans: Sequence[RatePlan], start: date, days: int) -> Sheet:
    """The grid from a day on."""
    types, end = room_types(asset_id), start + timedelta(days=days)
    nights = [start + timedelta(days=n) for n in range(days)]
    prices: dict[Key, int] = {}
    if plan is not None:
        chain = chain_of(plan, plans)
        rates = rates_of(chain[-1].id, [each.id for each in types], start, end)
        prices = {key: 0 if plan.complimentary else derived(rate[0], chain) for key, rate in rates.items()}
    own = rules_of(asset_id, plan.id if plan else None, start, end)
    above = rules_of(asset_id, None, start, end) if plan else {}
    keys = [(each.id, night) for each in types for night in nights]
    return Sheet(
        plan,
        types,
        nights,
        prices,
        {key: own[key] for key in keys if own.get(key)},
        {key: _elsewhere(key, own, above) for key in keys},
    )


def _elsewhere(key: Key, *held: dict[Any, Rule]) -> list[Rule]:
    """The restrictions of a cell that are written down for all types or all plans."""
    own, above = held
    every = (None, key[1])
    return [rule for rule in (own.get(every), above.get(key), above.get(every)) if rule]


def chain_of(plan: RatePlan, plans: Sequence[RatePlan]) -> list[RatePlan]:
    """The plan, its parent, and so on to the one whose prices are written down."""
    by_id, chain = {each.id: each for each in plans}, [plan]
    while (parent_id := chain[-1].parent_id) is not None:
        chain.append(by_id[parent_id])
    return chain
