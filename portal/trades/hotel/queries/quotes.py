"""What a stay would cost now: plans followed to their parents, night by night."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from portal.core.db import db
from portal.core.money import PPM, round_minor
from portal.core.words import _
from portal.core.written import day
from portal.shared.assets.models import Asset
from portal.trades.hotel.errors import NoRate
from portal.trades.hotel.models import CancelPolicy, DailyRate, DeriveKind, RatePlan, RoomType
from portal.trades.hotel.pricing import NightQuote, Quote
from portal.trades.hotel.times import nights_between


def rate_plans(asset_id: uuid.UUID, *, retired: bool = False) -> Sequence[RatePlan]:
    """The plans of a hotel in the order it wants them; the first is what is offered when nobody names one."""
    query = select(RatePlan).where(RatePlan.asset_id == asset_id).order_by(RatePlan.place, RatePlan.code)
    return db.session.scalars(query if retired else query.where(RatePlan.retired_at.is_(None))).all()


def plan_at(asset_id: uuid.UUID, code: str | None) -> RatePlan:
    """A plan by its code, or the hotel's first; raises NoRate when there is none."""
    plans = rate_plans(asset_id)
    found = [each for each in plans if code is None or code.upper() == each.code.upper() or code == str(each.id)]
    if not found:
        raise NoRate(_("This hotel sells no such rate plan. Choose another."), field="rate_plan")
    return found[0]


def quote(
    place: Asset,
    room_type: RoomType,
    plan: RatePlan,
    arrival: date,
    departure: date,
    *,
    adults: int,
    children: int = 0,
) -> Quote:
    """The price of one room as of now; raises NoRate naming the first night without one."""
    chain = _chain(plan)
    root = chain[-1]
    nights = nights_between(arrival, departure) or [arrival]
    rates = {
        rate.night: rate
        for rate in db.session.scalars(
            select(DailyRate).where(
                DailyRate.rate_plan_id == root.id,
                DailyRate.room_type_id == room_type.id,
                DailyRate.night.in_(nights),
            )
        )
    }
    extra = max(0, adults - room_type.adults)
    quoted = []
    for night in nights:
        if night not in rates:
            raise NoRate(
                _(
                    "%(plan)s has no price for %(type)s on %(day)s.",
                    plan=plan.name,
                    type=room_type.name,
                    day=day(night),
                ),
                night=night.isoformat(),
            )
        rate = rates[night]
        base = rate.price + extra * rate.extra_adult + children * rate.extra_child
        quoted.append(NightQuote(night, derived(base, chain)))
    return Quote(quoted, policy=_policy(plan))


def derived(price: int, chain: Sequence[RatePlan]) -> int:
    """A root plan's price as the first plan of the chain sells it."""
    for plan in reversed(chain[:-1]):
        more = Fraction(price * plan.derive_value, PPM) if plan.derive_kind == DeriveKind.PERCENT else plan.derive_value
        price = max(0, round_minor(Fraction(price + more, plan.rounding)) * plan.rounding)
    return price


def _chain(plan: RatePlan) -> list[RatePlan]:
    chain = [plan]
    while chain[-1].parent_id is not None:
        chain.append(db.session.get_one(RatePlan, chain[-1].parent_id))
    return chain


def _policy(plan: RatePlan) -> dict[str, Any] | None:
    if plan.policy_id is None:
        return None
    found = db.session.get_one(CancelPolicy, plan.policy_id)
    names = ("name", "free_days", "free_until_minute", "late_kind", "late_value", "no_show_kind", "no_show_value")
    return {name: getattr(found, name) for name in names}
