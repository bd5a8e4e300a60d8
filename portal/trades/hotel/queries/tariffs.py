"""What decides the price of some nights, read in one question, so that many stays can be priced."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import JSON, Date, Row, bindparam, func, inspect, select, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from portal.core.db import Model, db
from portal.core.words import _
from portal.core.written import day
from portal.shared.assets.models import Asset
from portal.trades.hotel import pricing
from portal.trades.hotel.errors import NoRate
from portal.trades.hotel.models import (
    CancelPolicy,
    DailyRate,
    HotelTax,
    Promotion,
    RatePlan,
    Restriction,
    RoomType,
    StayNight,
)
from portal.trades.hotel.pricing import NightQuote
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.restrictions import Asked, Broken, broken

#: A type, a plan or None for all of them, and a night.
Sold = tuple[uuid.UUID, uuid.UUID | None, date]
M = TypeVar("M", bound=Model)
TERMS = ("name", "free_days", "free_until_minute", "late_kind", "late_value", "no_show_kind", "no_show_value")


@dataclass(frozen=True, slots=True)
class Tariff:
    """Plans, prices, restrictions, promotions and taxes of a hotel over some nights."""

    place: Asset
    today: date
    plans: Mapping[uuid.UUID, RatePlan]
    policies: Mapping[uuid.UUID, CancelPolicy]
    rates: Mapping[tuple[uuid.UUID, uuid.UUID, date], DailyRate]
    rules: Sequence[Restriction]
    promotions: Sequence[Promotion]
    taxes: Sequence[HotelTax]
    sold: Mapping[Sold, int]

    def chain(self, plan: RatePlan) -> list[RatePlan]:
        """The plan, its parent, and so on to the one whose prices are written down."""
        chain = [plan]
        while (parent_id := chain[-1].parent_id) is not None:
            chain.append(self.plans[parent_id])
        return chain

    def price(self, plan: RatePlan, room_type: RoomType, night: date, *, adults: int, children: int) -> int:
        """What a night costs before any promotion; raises NoRate."""
        chain = self.chain(plan)
        rate = self.rates.get((chain[-1].id, room_type.id, night))
        if rate is None:
            raise NoRate(
                _(
                    "%(plan)s has no price for %(type)s on %(day)s.",
                    plan=plan.name,
                    type=room_type.name,
                    day=day(night),
                ),
                night=night.isoformat(),
            )
        price = pricing.for_people(rate, included=room_type.adults, adults=adults, children=children)
        return 0 if plan.complimentary else pricing.derived(price, chain)

    def nights(
        self,
        plan: RatePlan,
        room_type: RoomType,
        nights: Sequence[date],
        *,
        adults: int,
        children: int,
        promotion: Promotion | None = None,
        goes_on: bool = False,
    ) -> list[NightQuote]:
        """These nights with their taxes and contents; with `goes_on` the stay began before them."""
        package = next((each.package for each in self.chain(plan) if each.package), [])
        quoted = []
        for night in nights:
            price = self.price(plan, room_type, night, adults=adults, children=children)
            off = pricing.taken_off(price, night, promotion) if promotion else 0
            first = night == nights[0] and not goes_on
            quoted.append(
                NightQuote(
                    night,
                    price,
                    off,
                    pricing.taxed(price - off, self.taxes, night, adults=adults, children=children),
                    pricing.contained(price - off, package, people=adults + children, first=first),
                )
            )
        return quoted

    def promotions_for(self, plan: RatePlan, room_type: RoomType, *, length: int, code: str | None) -> list[Promotion]:
        """The promotions a stay may have: those that need no code, and those whose code was said."""
        said = (code or "").strip().casefold()
        return [
            each
            for each in self.promotions
            if each.rate_plan_id in (None, plan.id)
            and each.room_type_id in (None, room_type.id)
            and each.min_nights <= length
            and each.book_from <= self.today <= each.book_until
            and (each.code is None or each.code.casefold() == said)
        ]

    def policy(self, plan: RatePlan) -> dict[str, Any] | None:
        """The terms of cancelling a plan, or those of the plan it follows, as they are kept with a stay."""
        policy_id = next((each.policy_id for each in self.chain(plan) if each.policy_id), None)
        return None if policy_id is None else {name: getattr(self.policies[policy_id], name) for name in TERMS}

    def broken(self, plan: RatePlan, room_type: RoomType, asked: Asked) -> list[Broken]:
        """The restrictions a stay would break."""
        rules: dict[date, list[Restriction]] = defaultdict(list)
        for rule in self.rules:
            if rule.rate_plan_id in (None, plan.id) and rule.room_type_id in (None, room_type.id):
                rules[rule.night].append(rule)
        sold = {(on, night): n for (type_id, on, night), n in self.sold.items() if type_id == room_type.id}
        found = list(broken(rules, asked, sold))
        if (plan.sell_from and asked.today < plan.sell_from) or (plan.sell_until and asked.today > plan.sell_until):
            found.insert(0, Broken("not_sold_now", asked.arrival))
        return found


_TARIFF = (
    text(
        """
        select
            (select json_agg(p order by p.place, p.code) from rate_plan p where p.asset_id = :place) as plans,
            (select json_agg(c) from cancel_policy c where c.asset_id = :place) as policies,
            (select json_agg(d) from rate_plan p join daily_rate d on d.rate_plan_id = p.id
                where p.asset_id = :place and p.parent_id is null and d.room_type_id = any(:types)
                and d.night >= :start and d.night < :end) as rates,
            (select json_agg(r) from restriction r where r.asset_id = :place and r.night between :start and :end
                and (r.room_type_id is null or r.room_type_id = any(:types))) as rules,
            (select json_agg(o order by o.id) from promotion o where o.asset_id = :place and o.retired_at is null
                and o.stay_from < :end and o.stay_until > :start) as promotions,
            (select json_agg(t order by t.id) from hotel_tax t where t.asset_id = :place and t.from_on < :end
                and (t.until_on is null or t.until_on > :start)) as taxes
        """
    )
    .bindparams(
        bindparam("place", type_=UUID),
        bindparam("types", type_=ARRAY(UUID)),
        bindparam("start", type_=Date),
        bindparam("end", type_=Date),
    )
    .columns(**dict.fromkeys(("plans", "policies", "rates", "rules", "promotions", "taxes"), JSON()))
)
#: How JSON writes what is more than a number, a word or a list.
_READ: dict[Any, Callable[[str], Any]] = {
    uuid.UUID: uuid.UUID,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


def tariff(place: Asset, type_ids: Collection[uuid.UUID], start: date, end: date) -> Tariff:
    """What holds for nights from `start` until `end`, in one question; the rules of leaving on `end` are among it.

    Its rows are only to be read: the session does not know them.
    """
    found = db.session.execute(_TARIFF, {"place": place.id, "types": list(type_ids), "start": start, "end": end}).one()
    rates, rules = _read(DailyRate, found.rates), _read(Restriction, found.rules)
    return Tariff(
        place=place,
        today=business_date(place),
        plans={plan.id: plan for plan in _read(RatePlan, found.plans)},
        policies={policy.id: policy for policy in _read(CancelPolicy, found.policies)},
        rates={(rate.rate_plan_id, rate.room_type_id, rate.night): rate for rate in rates},
        rules=rules,
        promotions=_read(Promotion, found.promotions),
        taxes=_read(HotelTax, found.taxes),
        sold=sold_nights(type_ids, [rule.night for rule in rules if rule.quota is not None]),
    )


def _read(model: type[M], rows: Iterable[dict[str, Any]] | None) -> list[M]:
    """Rows that came as JSON, as objects of their model, which is quicker than loading them into the session."""
    made: list[M] = []
    for row in rows or ():
        each = cast(M, inspect(model).class_manager.new_instance())
        for name, read in _special(model):
            if row[name] is not None:
                row[name] = read(row[name])
        each.__dict__.update(row)
        made.append(each)
    return made


@cache
def _special(model: type[M]) -> list[tuple[str, Callable[[str], Any]]]:
    kinds = [(column.key, column.type.python_type) for column in model.__table__.columns]
    return [(name, _READ[kind]) for name, kind in kinds if kind in _READ]


_QUOTAS = text(
    """
    select night, rate_plan_id, quota from restriction
    where asset_id = :place and night = any(:nights) and quota is not null
        and (room_type_id is null or room_type_id = :type) and (rate_plan_id is null or rate_plan_id = :plan)
    order by night
    """
).bindparams(
    bindparam("place", type_=UUID),
    bindparam("nights", type_=ARRAY(Date)),
    bindparam("type", type_=UUID),
    bindparam("plan", type_=UUID),
)


def quotas(
    asset_id: uuid.UUID, room_type_id: uuid.UUID, plan_id: uuid.UUID | None, nights: Collection[date]
) -> Sequence[Row[Any]]:
    """The quotas that hold for a plan and a type on these nights, as (night, plan or None for all, how many)."""
    asked = {"place": asset_id, "nights": list(nights), "type": room_type_id, "plan": plan_id}
    return db.session.execute(_QUOTAS, asked).all()


def sold_nights(type_ids: Iterable[uuid.UUID], nights: Collection[date]) -> dict[Sold, int]:
    """How many are sold of each type by plan, and by all plans (None) together; a night given back is none."""
    found: dict[Sold, int] = defaultdict(int)
    if nights:
        rows = db.session.execute(
            select(StayNight.room_type_id, StayNight.rate_plan_id, StayNight.night, func.count())
            .where(StayNight.room_type_id.in_(type_ids), StayNight.night.in_(nights), StayNight.released.is_(False))
            .group_by(StayNight.room_type_id, StayNight.rate_plan_id, StayNight.night)
        )
        for type_id, plan_id, night, count in rows:
            found[type_id, None, night] += count
            if plan_id is not None:
                found[type_id, plan_id, night] += count
    return found
