"""What a stay costs, as plain figures: pure functions over plans, daily rates, promotions, taxes and policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from portal.core.money import PPM, round_minor, tax_on
from portal.trades.hotel.models import DailyRate, DeriveKind, FeeKind, HotelTax, Promotion, RatePlan, TaxKind
from portal.trades.hotel.times import moment

#: Days before arrival that nobody books ahead: a policy that is never free.
NEVER_FREE = 9_999


@dataclass(frozen=True, slots=True)
class NightQuote:
    """One night's price in minor units, the discount on it, its taxes and what the price contains, as kept with it."""

    night: date
    price: int
    discount: int = 0
    taxes: Sequence[dict[str, Any]] = field(default=())
    package: Sequence[dict[str, Any]] = field(default=())

    @property
    def agreed(self) -> int:
        """What the room costs."""
        return self.price - self.discount

    @property
    def on_top(self) -> int:
        """Taxes that are not in the price."""
        return sum(int(tax["amount"]) for tax in self.taxes if not tax["inclusive"])


@dataclass(frozen=True, slots=True)
class Quote:
    """What one room costs for one stay, night by night, and the terms of cancelling it.

    `broken` are the restrictions it is sold outside of, with somebody's leave.
    """

    nights: Sequence[NightQuote]
    policy: dict[str, Any] | None = None
    promotion: str | None = None
    broken: Sequence[dict[str, Any]] = field(default=())

    @property
    def room_total(self) -> int:
        """The nights without taxes on top."""
        return sum(each.agreed for each in self.nights)

    @property
    def total(self) -> int:
        """All a guest pays for the room."""
        return sum(each.agreed + each.on_top for each in self.nights)


def derived(price: int, chain: Sequence[RatePlan]) -> int:
    """A root plan's price, the last of the chain, as the first plan of it sells it."""
    for plan in reversed(chain[:-1]):
        price = followed(price, plan)
    return price


def followed(price: int, plan: RatePlan) -> int:
    """A parent's price as the plan that follows it sells it."""
    more = Fraction(price * plan.derive_value, PPM) if plan.derive_kind == DeriveKind.PERCENT else plan.derive_value
    return max(0, round_minor(Fraction(price + more, plan.rounding)) * plan.rounding)


def for_people(rate: DailyRate, *, included: int, adults: int, children: int) -> int:
    """The price of a night for these people, of whom so many adults are included."""
    return rate.price + max(0, adults - included) * rate.extra_adult + children * rate.extra_child


def taken_off(price: int, night: date, promotion: Promotion) -> int:
    """What a promotion takes off a night."""
    if not promotion.stay_from <= night < promotion.stay_until:
        return 0
    off = round_minor(Fraction(price * promotion.value, PPM)) if promotion.kind == "percent" else promotion.value
    return min(price, off)


def best(prices: Mapping[date, int], promotions: Iterable[Promotion]) -> Promotion | None:
    """The promotion that takes most off these nights; of equals, the older one."""
    found, most = None, 0
    for each in promotions:
        off = sum(taken_off(price, night, each) for night, price in prices.items())
        if off > most:
            found, most = each, off
    return found


def taxed(agreed: int, taxes: Iterable[HotelTax], night: date, *, adults: int, children: int) -> list[dict[str, Any]]:
    """The taxes of a night, as they will be kept with it: those in the price share what is in it."""
    due = [tax for tax in taxes if tax.from_on <= night and (tax.until_on is None or night < tax.until_on)]
    fixed = {id(tax): _fixed(tax, adults, children) for tax in due if tax.kind != TaxKind.PERCENT}
    inside = [tax for tax in due if tax.inclusive]
    gross = max(0, agreed - sum(fixed.get(id(tax), 0) for tax in inside))
    rates = sum(tax.rate_ppm or 0 for tax in inside)
    said = []
    for tax in due:
        if id(tax) in fixed:
            amount = fixed[id(tax)]
        elif tax.inclusive:
            amount = round_minor(Fraction(gross * (tax.rate_ppm or 0), PPM + rates))
        else:
            amount = tax_on(agreed, tax.rate_ppm or 0)
        said.append({"name": tax.name, "amount": amount, "inclusive": tax.inclusive, "rate_ppm": tax.rate_ppm})
    return said


def _fixed(tax: HotelTax, adults: int, children: int) -> int:
    people = adults + (children if tax.children_pay else 0)
    return (tax.amount or 0) * (people if tax.kind == TaxKind.PER_PERSON else 1)


def contained(agreed: int, package: Iterable[Mapping[str, Any]], *, people: int, first: bool) -> list[dict[str, Any]]:
    """What of a night's price is breakfast and the like; never more than the price. A stay's own is in its first."""
    times = {"night": 1, "person": people, "stay": int(first)}
    left, said = agreed, []
    for item in package:
        amount = min(left, int(item["amount"]) * times[item["per"]])
        if amount:
            said.append({"code": item["code"], "words": item["words"], "amount": amount})
            left -= amount
    return said


def free_until(policy: Mapping[str, Any] | None, arrival: date, timezone: str) -> datetime | None:
    """The moment until which cancelling costs nothing; None when it never costs anything."""
    if policy is None or policy["late_kind"] == FeeKind.NONE:
        return None
    return moment(timezone, arrival - timedelta(days=policy["free_days"]), policy["free_until_minute"])


def cancellation_fee(
    policy: Mapping[str, Any] | None, agreed: Sequence[int], *, arrival: date, at: datetime, timezone: str
) -> int:
    """What cancelling at that moment costs, by the terms and the nights as they were agreed."""
    until = free_until(policy, arrival, timezone)
    if policy is None or until is None or at <= until:
        return 0
    return _fee(policy["late_kind"], policy["late_value"], agreed)


def no_show_fee(policy: Mapping[str, Any] | None, agreed: Sequence[int]) -> int:
    """What not coming costs, by the terms and the nights as they were agreed."""
    return 0 if policy is None else _fee(policy["no_show_kind"], policy["no_show_value"], agreed)


def _fee(kind: str, value: int, agreed: Sequence[int]) -> int:
    """Never more than the whole stay."""
    whole = sum(agreed)
    asked = {
        FeeKind.NONE: 0,
        FeeKind.NIGHTS: sum(agreed[:value]),
        FeeKind.PERCENT: round_minor(Fraction(whole * value, PPM)),
        FeeKind.AMOUNT: value,
        FeeKind.ALL: whole,
    }
    return min(whole, asked[FeeKind(kind)])
