"""How much vehicles were used between two days: driven, let, earning; one figure a vehicle, and their sums."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, Numeric, cast, func, or_, select
from sqlalchemy.dialects.postgresql import TSTZRANGE

from portal.core.db import db
from portal.shared.access.models import AccessGrant
from portal.shared.access.services.offers import PURPOSE
from portal.shared.assets.models import Asset, Unit, UnitKind, UnitStatus
from portal.shared.assets.queries import as_counted
from portal.shared.payments.models import Payment, PaymentIntent
from portal.trades.fleet.models import VehicleDay

MM_PER_KM = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One vehicle's figures; `revenue` is in minor units of the place's currency, fares in major units by currency."""

    unit: Unit | None
    days: int = 0
    distance_mm: int = 0
    moving_seconds: int = 0
    idle_seconds: int = 0
    engine_seconds: int = 0
    trips: int = 0
    passengers_most: int = 0
    let_seconds: int = 0
    calendar_seconds: int = 0
    revenue: int = 0
    fares_paid: int = 0
    fares: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def km(self) -> int:
        """Whole kilometres."""
        return self.distance_mm // MM_PER_KM

    @property
    def let_share(self) -> float:
        """The share of the calendar's time for which somebody had it."""
        return min(1.0, self.let_seconds / self.calendar_seconds) if self.calendar_seconds else 0.0

    @property
    def revenue_per_km(self) -> int | None:
        """Minor units earned for each kilometre; None where none was driven."""
        return self.revenue * MM_PER_KM // self.distance_mm if self.distance_mm >= MM_PER_KM else None


@dataclass(frozen=True, slots=True)
class Utilisation:
    """The vehicles of a place, their sums, and the kilometres of each day."""

    vehicles: list[Use]
    total: Use
    km_by_day: list[tuple[date, int]]


def utilisation(place: Asset, first: date, last: date, now: datetime) -> Utilisation:
    """Every vehicle between two days of the place, both included; time that is still to come does not count."""
    zone = ZoneInfo(place.timezone)
    since = datetime.combine(first, time(), zone)
    until = min(datetime.combine(last + timedelta(days=1), time(), zone), now)
    calendar = max(0, int((until - since).total_seconds()))
    driven, fares = _driven(place.id, first, last), _fares(place.id, first, last)
    let, earned = _let(place.id, since, until), _earned(place, since, until)
    paid = _fares_paid(place.id, first, last)
    used = driven.keys() | let.keys() | earned.keys()
    units = db.session.scalars(
        select(Unit)
        .where(
            Unit.asset_id == place.id,
            Unit.kind == UnitKind.VEHICLE,
            or_(Unit.status != UnitStatus.RETIRED, Unit.id.in_(used)),
        )
        .order_by(*as_counted())
    )
    found = [
        Use(
            unit=unit,
            **driven.get(unit.id, {}),
            let_seconds=let.get(unit.id, 0),
            calendar_seconds=calendar,
            revenue=earned.get(unit.id, 0),
            fares_paid=paid.get(unit.id, 0),
            fares=fares.get(unit.id, {}),
        )
        for unit in units
    ]
    return Utilisation(found, _sum(found), _by_day(place.id, first, last))


_SUMMED = ("distance_mm", "moving_seconds", "idle_seconds", "engine_seconds", "trips")


def _driven(asset_id: uuid.UUID, first: date, last: date) -> dict[uuid.UUID, dict[str, int]]:
    used = (VehicleDay.distance_mm > 0) | (VehicleDay.engine_seconds > 0)
    rows = db.session.execute(
        select(
            VehicleDay.unit_id,
            func.count().filter(used),
            func.max(VehicleDay.passengers_most),
            *(func.sum(getattr(VehicleDay, name)) for name in _SUMMED),
        )
        .where(VehicleDay.asset_id == asset_id, VehicleDay.day.between(first, last))
        .group_by(VehicleDay.unit_id)
    )
    return {
        unit_id: {
            "days": int(days),
            "passengers_most": int(most),
            **{name: int(value) for name, value in zip(_SUMMED, sums, strict=True)},
        }
        for unit_id, days, most, *sums in rows
    }


def _fares(asset_id: uuid.UUID, first: date, last: date) -> dict[uuid.UUID, dict[str, Decimal]]:
    """What was paid on board, by vehicle and currency: amounts that no tracker wrote as figures are not there."""
    each = func.jsonb_each_text(VehicleDay.fares["sums"]).table_valued("key", "value", name="paid")
    rows = db.session.execute(
        select(VehicleDay.unit_id, each.c.key, func.sum(cast(each.c.value, Numeric)))
        .select_from(VehicleDay)
        .join(each, onclause=func.jsonb_typeof(VehicleDay.fares["sums"]) == "object")
        .where(VehicleDay.asset_id == asset_id, VehicleDay.day.between(first, last))
        .group_by(VehicleDay.unit_id, each.c.key)
    )
    found: dict[uuid.UUID, dict[str, Decimal]] = {}
    for unit_id, currency, amount in rows:
        found.setdefault(unit_id, {})[currency] = Decimal(amount)
    return found


def _fares_paid(asset_id: uuid.UUID, first: date, last: date) -> dict[uuid.UUID, int]:
    times = func.sum(cast(VehicleDay.fares["times"].astext, Integer))
    rows = db.session.execute(
        select(VehicleDay.unit_id, times)
        .where(VehicleDay.asset_id == asset_id, VehicleDay.day.between(first, last), VehicleDay.fares.has_key("times"))
        .group_by(VehicleDay.unit_id)
    )
    return {unit_id: int(number) for unit_id, number in rows}


def _let(asset_id: uuid.UUID, since: datetime, until: datetime) -> dict[uuid.UUID, int]:
    """Seconds of the stretch for which somebody had each vehicle; what was taken back early counts until then."""
    window = func.tstzrange(since, func.greatest(since, until), type_=TSTZRANGE)
    held = AccessGrant.during.op("*", return_type=TSTZRANGE())(window)
    ended = func.least(func.upper(held), func.coalesce(AccessGrant.revoked_at, func.upper(held)))
    seconds = func.greatest(func.extract("epoch", ended - func.lower(held)), 0)
    rows = db.session.execute(
        select(AccessGrant.unit_id, func.sum(seconds))
        .join(Unit, Unit.id == AccessGrant.unit_id)
        .where(
            AccessGrant.asset_id == asset_id,
            Unit.kind == UnitKind.VEHICLE,
            AccessGrant.during.op("&&")(window),
        )
        .group_by(AccessGrant.unit_id)
    )
    return {unit_id: int(value or 0) for unit_id, value in rows}


def _earned(place: Asset, since: datetime, until: datetime) -> dict[uuid.UUID, int]:
    """What was paid for each vehicle's access, less what went back and what is the payer's credit."""
    rows = db.session.execute(
        select(PaymentIntent.subject_id, func.sum(Payment.amount - Payment.remainder - Payment.refunded))
        .join(Payment, Payment.intent_id == PaymentIntent.id)
        .where(
            Payment.asset_id == place.id,
            PaymentIntent.purpose == PURPOSE,
            Payment.counted,
            Payment.currency == place.currency,
            Payment.paid_at >= since,
            Payment.paid_at < until,
        )
        .group_by(PaymentIntent.subject_id)
    )
    return {unit_id: int(minor) for unit_id, minor in rows}


def _by_day(asset_id: uuid.UUID, first: date, last: date) -> list[tuple[date, int]]:
    """Kilometres of all vehicles on each day, quiet days included."""
    rows = db.session.execute(
        select(VehicleDay.day, func.sum(VehicleDay.distance_mm))
        .where(VehicleDay.asset_id == asset_id, VehicleDay.day.between(first, last))
        .group_by(VehicleDay.day)
    )
    driven = {day: int(distance) // MM_PER_KM for day, distance in rows}
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [(day, driven.get(day, 0)) for day in every]


def _sum(found: list[Use]) -> Use:
    fares: dict[str, Decimal] = {}
    for each in found:
        for currency, amount in each.fares.items():
            fares[currency] = fares.get(currency, Decimal(0)) + amount
    added = ("days", *_SUMMED, "let_seconds", "calendar_seconds", "revenue", "fares_paid")
    return Use(
        unit=None,
        passengers_most=max((each.passengers_most for each in found), default=0),
        fares=fares,
        **{name: sum(getattr(each, name) for each in found) for name in added},
    )
