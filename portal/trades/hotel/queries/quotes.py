"""What a stay would cost now, what can be sold, and what more nights of a stay cost."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import bindparam, select

from portal.core.db import db
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.trades.hotel.errors import NoRate, NoSuchPromotion, Restricted
from portal.trades.hotel.models import InventoryNight, RatePlan, RoomType, Stay
from portal.trades.hotel.pricing import NightQuote, Quote, best
from portal.trades.hotel.queries.inventory import Key, get_room_type, nights_of, room_types
from portal.trades.hotel.queries.stays import nights_of_stays
from portal.trades.hotel.queries.tariffs import Tariff, quotas, sold_nights, tariff
from portal.trades.hotel.restrictions import Asked, Broken
from portal.trades.hotel.times import nights_between


def rate_plans(asset_id: uuid.UUID, *, retired: bool = False) -> Sequence[RatePlan]:
    """The plans of a hotel in the order it wants them; the first is what is offered when nobody names one."""
    return db.session.scalars(_PLANS if retired else _PLANS_IN_USE, {"place": asset_id}).all()


_PLANS = (
    select(RatePlan)
    .where(RatePlan.asset_id == bindparam("place"))
    .order_by(RatePlan.place, RatePlan.code)
    .execution_options(populate_existing=True)
)
_PLANS_IN_USE = _PLANS.where(RatePlan.retired_at.is_(None))


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
    rooms: int = 1,
    code: str | None = None,
    override: bool = False,
) -> Quote:
    """The price of one room as of now; raises NoRate naming the first night without one.

    A stay that breaks a restriction raises Restricted, unless `override`: then the quote says which it breaks.
    A promotion's `code` that helps nothing here raises NoSuchPromotion.
    """
    until = max(departure, arrival + timedelta(days=1))
    known = tariff(place, [room_type.id], arrival, until)
    asked = Asked(arrival, departure, known.today, rooms)
    quoted = _quoted(known, room_type, plan, asked, adults, children, code)
    if not override:
        _refuse(known.broken(plan, room_type, asked))
    if code and all(
        each.code is None for each in known.promotions_for(plan, room_type, length=asked.nights, code=code)
    ):
        raise NoSuchPromotion(
            _("There is no promotion “%(code)s” for this stay.", code=code.strip()[:40]), field="code"
        )
    return quoted


def quote_each(
    place: Asset,
    types: Collection[RoomType],
    plan: RatePlan,
    arrival: date,
    departure: date,
    *,
    adults: int,
    children: int,
    rooms: int,
) -> dict[uuid.UUID, Quote]:
    """What each type costs at one plan, saying which restrictions that breaks; a type without a price is missing."""
    known = tariff(place, [each.id for each in types], arrival, departure)
    asked = Asked(arrival, departure, known.today, rooms)
    found = {}
    for each in types:
        with suppress(NoRate):
            found[each.id] = _quoted(known, each, plan, asked, adults, children, None)
    return found


def refuse_over_quota(
    asset_id: uuid.UUID, room_type_id: uuid.UUID, plan_id: uuid.UUID | None, nights: Sequence[date], *, rooms: int = 1
) -> None:
    """Count what is sold of a plan once more, now that the calendar is locked; raises Restricted."""
    rules = quotas(asset_id, room_type_id, plan_id, nights)
    if not rules:
        return
    sold = sold_nights([room_type_id], [rule.night for rule in rules])
    _refuse(
        [
            Broken("quota", rule.night, rule.quota)
            for rule in rules
            if sold.get((room_type_id, rule.rate_plan_id, rule.night), 0) + rooms > (rule.quota or 0)
        ]
    )


def agree_more(stay: Stay, nights: Sequence[date], *, override: bool = False) -> list[NightQuote]:
    """What more nights of a stay cost at today's price; those agreed before keep theirs. Raises NoRate, Restricted.

    A stay sold without a plan goes on at the price of its last night.
    """
    place, room_type = asset_of(stay.asset_id), get_room_type(stay.asset_id, stay.room_type_id)
    agreed = [each for each in nights_of_stays([stay.id])[stay.id] if not each.released]
    if stay.rate_plan_id is None:
        price = agreed[-1].agreed if agreed else 0
        return [NightQuote(night, price) for night in nights]
    first, until = min(nights), max(nights) + timedelta(days=1)
    known = tariff(place, [room_type.id], first, until)
    plan = known.plans[stay.rate_plan_id]
    arrival, departure = min(first, stay.arrival), max(until, stay.departure)
    if not override:
        asked = Asked(arrival, departure, known.today)
        of_these = {*nights, *([until] if until == departure else [])}
        broken = [each for each in known.broken(plan, room_type, asked) if each.night in of_these]
        _refuse([each for each in broken if each.rule not in ("not_sold_now", "min_advance", "max_advance")])
    adults, children = stay.adults, stay.children
    prices = {night: known.price(plan, room_type, night, adults=adults, children=children) for night in nights}
    promotion = best(prices, known.promotions_for(plan, room_type, length=(departure - arrival).days, code=None))
    return known.nights(
        plan, room_type, nights, adults=adults, children=children, promotion=promotion, goes_on=bool(agreed)
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan for a stay: its quote, or why it is not to be had."""

    plan: RatePlan
    quote: Quote | None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class TypeOffer:
    """What can be had of a type for a stay: how many rooms on its fullest night, and at which plans.

    `free` may be below zero; `sellable` counts the overbooking limit; `open` is whether every night is on sale.
    """

    room_type: RoomType
    free: int
    sellable: int
    open: bool
    full_on: Sequence[date]
    offers: Sequence[Offer]


def availability(
    place: Asset,
    arrival: date,
    departure: date,
    *,
    adults: int = 1,
    children: int = 0,
    rooms: int = 1,
    code: str | None = None,
    public: bool = False,
    type_ids: Collection[uuid.UUID] | None = None,
) -> list[TypeOffer]:
    """Every type of a hotel for a stay, with the price of each plan; `public` leaves out plans of the house.

    What sleeps too few is left out. All of it in a handful of questions, however many types and plans there are.
    """
    people = adults + children
    types = [
        each for each in room_types(place.id) if people <= each.capacity and (type_ids is None or each.id in type_ids)
    ]
    ids = [each.id for each in types]
    until = max(departure, arrival + timedelta(days=1))
    calendar, known = nights_of(ids, arrival, until), tariff(place, ids, arrival, until)
    asked = Asked(arrival, departure, known.today, rooms)
    plans = [each for each in known.plans.values() if each.retired_at is None and (each.public or not public)]
    return [
        _offered(known, each, plans, asked, calendar, adults=adults, children=children, code=code) for each in types
    ]


def lowest_prices(place: Asset, types: Iterable[RoomType], start: date, end: date) -> dict[Key, int]:
    """The lowest public price of each type and night for as many as are included; nights without one are missing."""
    types = list(types)
    known = tariff(place, [each.id for each in types], start, end)
    plans = [each for each in known.plans.values() if each.public and each.retired_at is None]
    found: dict[Key, int] = {}
    for room_type in types:
        for night in nights_between(start, end):
            prices = [
                known.price(plan, room_type, night, adults=room_type.adults, children=0)
                for plan in plans
                if (known.chain(plan)[-1].id, room_type.id, night) in known.rates
            ]
            if prices:
                found[room_type.id, night] = min(prices)
    return found


def _offered(
    known: Tariff,
    room_type: RoomType,
    plans: Iterable[RatePlan],
    asked: Asked,
    calendar: Mapping[Key, InventoryNight],
    *,
    adults: int,
    children: int,
    code: str | None,
) -> TypeOffer:
    nights = nights_between(asked.arrival, asked.departure) or [asked.arrival]
    rows = [calendar[room_type.id, night] for night in nights if (room_type.id, night) in calendar]
    offers = []
    for plan in plans:
        try:
            quoted = _quoted(known, room_type, plan, asked, adults, children, code)
            _refuse(known.broken(plan, room_type, asked))
        except (NoRate, Restricted) as refused:
            offers.append(Offer(plan, None, refused.message))
        else:
            offers.append(Offer(plan, quoted))
    return TypeOffer(
        room_type,
        free=min((row.free for row in rows), default=0),
        sellable=min((row.sellable for row in rows), default=0) if len(rows) == len(nights) else 0,
        open=len(rows) == len(nights),
        full_on=[row.night for row in rows if row.sellable < asked.rooms],
        offers=offers,
    )


def _quoted(
    known: Tariff, room_type: RoomType, plan: RatePlan, asked: Asked, adults: int, children: int, code: str | None
) -> Quote:
    nights = nights_between(asked.arrival, asked.departure) or [asked.arrival]
    prices = {night: known.price(plan, room_type, night, adults=adults, children=children) for night in nights}
    promotion = best(prices, known.promotions_for(plan, room_type, length=asked.nights, code=code))
    return Quote(
        known.nights(plan, room_type, nights, adults=adults, children=children, promotion=promotion),
        policy=known.policy(plan),
        promotion=promotion.name if promotion else None,
        broken=[each.plain() for each in known.broken(plan, room_type, asked)],
    )


def _refuse(broken: Sequence[Broken]) -> None:
    if broken:
        raise Restricted(broken[0].sentence(), restrictions=[each.plain() for each in broken])
