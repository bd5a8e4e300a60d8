"""What decides the price of some nights, read in a handful of questions, so that many stays can be priced."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select

from portal.core.db import db
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


def tariff(place: Asset, type_ids: Collection[uuid.UUID], start: date, end: date) -> Tariff:
    """What holds for nights from `start` until `end`; the rules of leaving on `end` are among it."""
    plans = list(
        db.session.execute(
            select(RatePlan, CancelPolicy)
            .outerjoin(CancelPolicy, CancelPolicy.id == RatePlan.policy_id)
            .where(RatePlan.asset_id == place.id)
            .order_by(RatePlan.place, RatePlan.code)
        )
    )
    rates = db.session.scalars(
        select(DailyRate)
        .where(
            DailyRate.rate_plan_id.in_([plan.id for plan, _policy in plans if plan.parent_id is None]),
            DailyRate.room_type_id.in_(type_ids),
            DailyRate.night >= start,
            DailyRate.night < end,
        )
        .execution_options(populate_existing=True)
    )
    rules = db.session.scalars(
        select(Restriction)
        .where(
            Restriction.asset_id == place.id,
            Restriction.night >= start,
            Restriction.night <= end,
            or_(Restriction.room_type_id.is_(None), Restriction.room_type_id.in_(type_ids)),
        )
        .execution_options(populate_existing=True)
    ).all()
    promotions = db.session.scalars(
        select(Promotion)
        .where(
            Promotion.asset_id == place.id,
            Promotion.retired_at.is_(None),
            Promotion.stay_from < end,
            Promotion.stay_until > start,
        )
        .order_by(Promotion.id)
    ).all()
    taxes = db.session.scalars(
        select(HotelTax)
        .where(
            HotelTax.asset_id == place.id,
            HotelTax.from_on < end,
            or_(HotelTax.until_on.is_(None), HotelTax.until_on > start),
        )
        .order_by(HotelTax.id)
    ).all()
    return Tariff(
        place=place,
        today=business_date(place),
        plans={plan.id: plan for plan, _policy in plans},
        policies={policy.id: policy for _plan, policy in plans if policy is not None},
        rates={(rate.rate_plan_id, rate.room_type_id, rate.night): rate for rate in rates},
        rules=rules,
        promotions=promotions,
        taxes=taxes,
        sold=sold_nights(type_ids, [rule.night for rule in rules if rule.quota is not None]),
    )


def quotas(
    asset_id: uuid.UUID, room_type_id: uuid.UUID, plan_id: uuid.UUID | None, nights: Collection[date]
) -> Sequence[Restriction]:
    """The quotas that hold for a plan and a type on these nights."""
    return db.session.scalars(
        select(Restriction)
        .where(
            Restriction.asset_id == asset_id,
            Restriction.night.in_(nights),
            Restriction.quota.is_not(None),
            or_(Restriction.room_type_id.is_(None), Restriction.room_type_id == room_type_id),
            or_(Restriction.rate_plan_id.is_(None), Restriction.rate_plan_id == plan_id),
        )
        .order_by(Restriction.night)
    ).all()


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
