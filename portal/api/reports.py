"""Figures: how a place stands, what its payments were, and the index over all of the caller's places."""

from __future__ import annotations

import calendar
from collections import Counter
from datetime import date
from typing import Any

from flask import g

from portal.api.assets import local
from portal.api.door import door, speaks
from portal.api.guards import permission, signed_in, this_user
from portal.api.schemas import (
    DayTakingsOut,
    IndexOut,
    IndexQuery,
    Money,
    Page,
    Paging,
    PlaceStatusOut,
    TransactionOut,
    UnitCounts,
    UnitState,
)
from portal.api.units import shown
from portal.core import money
from portal.core.clock import local_date, utcnow
from portal.reporting import occupancy, revenue
from portal.shared.assets import queries as assets
from portal.shared.assets.models import AssetKind
from portal.shared.identity import permissions, queries
from portal.shared.payments import queries as payments


@door.get("/assets/<asset_number>/status/")
@permission("units.view")
@speaks("How full a place is", gives=PlaceStatusOut)
def place_status() -> PlaceStatusOut:
    """Occupancy or utilisation now, and the expected yield of a day."""
    stands = occupancy.standing([g.place.id])[g.place.id]
    share, lets_rooms = round(stands.share, 4), g.place.kind == AssetKind.HOTEL
    sees_prices = "units.price" in g.permissions
    return PlaceStatusOut(
        asset_number=g.place.asset_number,
        kind=g.place.kind,
        units=UnitCounts(total=stands.units, in_service=stands.in_service, in_use=stands.in_use),
        occupancy=share if lets_rooms else None,
        utilisation=None if lets_rooms else share,
        expected_yield=_money(stands.expected_yield, g.place.currency) if sees_prices else None,
        full_yield=_money(stands.full_yield, g.place.currency) if sees_prices else None,
        at=local(utcnow(), g.place),
    )


@door.get("/assets/<asset_number>/status/<unit_number>/")
@permission("units.view")
@speaks("One unit's live state", gives=UnitState)
def unit_status(unit_number: str) -> UnitState:
    """A room's or a vehicle's state; a room is meant before a vehicle of the same number."""
    return UnitState(shown([assets.get_unit(g.place.id, unit_number)])[0])


@door.get("/assets/<asset_number>/transactions/")
@permission("payments.view")
@speaks("Payments of a place", gives=Page[TransactionOut], query=Paging)
def transactions(query: Paging) -> Page[TransactionOut]:
    """What was to be paid and what arrived, youngest first."""
    page = payments.payments_of(g.place.id, payments.Wanted(), cursor=query.cursor, limit=query.limit)
    numbers = assets.units_by_id({intent.subject_id for intent in page.items})
    return Page(results=[_transaction(intent, numbers) for intent in page.items], next=page.next)


@door.get("/analytics/index/")
@signed_in
@speaks("Figures of all my places", gives=IndexOut, query=IndexQuery)
def index(query: IndexQuery) -> IndexOut:
    """Places, revenue and revenue per day by kind of place: of one month, of one year, or of this month.

    This month is that of the place where it is latest: a day's takings count on its own date there.
    """
    places = queries.places_of(this_user())
    now = utcnow()
    today = max((local_date(each.asset.timezone, now) for each in places), default=now.date())
    year = query.year or today.year
    month = query.month or (None if query.year else today.month)
    first = date(year, month or 1, 1)
    last = date(year, month or 12, calendar.monthrange(year, month or 12)[1])
    paid = [each.asset.id for each in places if "payments.view" in permissions.permissions_in(each.role)]
    days = revenue.per_day(paid, first, last)
    totals: Counter[str] = Counter()
    for each in days:
        totals[each.currency] += each.minor
    kinds = Counter(each.asset.kind for each in places)
    return IndexOut(
        year=year,
        month=month,
        total_assets=len(places),
        assets={kind: kinds[kind] for kind in AssetKind},
        total_revenue=[_money(minor, currency) for currency, minor in sorted(totals.items())],
        revenue_per_day=[
            DayTakingsOut(
                day=each.day,
                kind=each.kind,
                amount=money.Money(each.minor, each.currency).to_major_str(),
                currency=each.currency,
                payments=each.payments,
            )
            for each in days
        ],
    )


def _money(minor: int, currency: str) -> Money:
    return Money.of(money.Money(minor, currency))


def _transaction(intent: Any, units: dict[Any, Any]) -> TransactionOut:
    unit, payment = units.get(intent.subject_id), intent.payment
    return TransactionOut(
        id=intent.id,
        reference=intent.reference,
        provider=intent.provider,
        purpose=intent.purpose,
        unit=unit.number if unit else None,
        amount=intent.money.to_major_str(),
        currency=intent.currency,
        status=intent.status,
        email=intent.payer_email,
        created_at=local(intent.created_at, g.place),
        paid_at=local(payment.paid_at, g.place) if payment else None,
        received=payment.money.to_major_str() if payment else None,
        remainder=money.Money(payment.remainder, payment.currency).to_major_str() if payment else None,
    )
