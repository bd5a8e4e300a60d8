"""Money as whole minor units of one ISO currency: rounding, splitting, tax arithmetic, whole periods."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from portal.core.errors import Invalid
from portal.core.words import _

# ISO 4217 money in use; test, metal, fund and "no currency" codes (XTS, XAU, XXX) are left out on purpose.
_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
_WITH_TWO = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
    CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
    INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN
    MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE
    SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG"""
DECIMALS: dict[str, int] = {
    code: places
    for places, codes in ((0, _WITHOUT_DECIMALS), (2, _WITH_TWO), (3, _WITH_THREE))
    for code in codes.split()
}
MAX_MINOR = 999_999_999_999
"""The most any one amount may be: 9,999,999,999.99 where there are two decimals."""

PPM = 1_000_000
"""Tax rates are whole parts per million: 7.5 % is 75,000."""


class UnknownCurrency(Invalid):
    """Not an ISO 4217 code of money in use."""


class CurrencyMismatch(Invalid):
    """Two currencies met in one sum."""


class NotThatPrecise(Invalid):
    """An amount with more decimals than its currency has, or none that can be read."""


def decimals_of(currency: str) -> int:
    """How many decimals a currency has."""
    try:
        return DECIMALS[currency]
    except KeyError:
        raise UnknownCurrency(
            _("There is no currency %(code)s. Use a code such as KES.", code=ascii(currency)[1:13]),
            field="currency",
        ) from None


@functools.total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """A sum in minor units (kobo, cents) of one currency; it cannot meet another currency by mistake."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        decimals_of(self.currency)
        if type(self.minor) is not int:
            raise TypeError(f"minor units are a whole number, not {type(self.minor).__name__}")

    @classmethod
    def from_major(cls, amount: Decimal | str | int, currency: str) -> Money:
        """Exactly this many major units; an amount the currency cannot express is refused, not rounded."""
        places = decimals_of(currency)
        # str() and not format "f": a Decimal of 1E+999999999 would be written out in full
        text = str(amount)
        if not re.fullmatch(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", text):
            raise NotThatPrecise(_("%(amount)s is not an amount.", amount=ascii(text)[1:41]), field="amount")
        minor = Fraction(text) * 10**places
        if minor.denominator != 1:
            raise NotThatPrecise(
                _("%(currency)s amounts have at most %(places)s decimals.", currency=currency, places=places),
                field="amount",
            )
        return cls(minor.numerator, currency)

    def to_major_str(self) -> str:
        """The amount as other programs read it: every decimal, no grouping, such as 10000.00."""
        return self._written("")

    def __str__(self) -> str:
        return f"{self._written(',')} {self.currency}"

    def _written(self, grouping: str) -> str:
        places = decimals_of(self.currency)
        whole, part = divmod(abs(self.minor), 10**places)
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{whole:{grouping}}" + (f".{part:0{places}}" if places else "")

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other).minor

    def __bool__(self) -> bool:
        return self.minor != 0

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(
                _("%(other)s cannot be added to %(one)s.", one=self.currency, other=other.currency),
                field="currency",
            )
        return other


def round_minor(value: Fraction | Decimal | int) -> int:
    """The one rounding rule: to the nearest unit, a half away from zero, so a refund mirrors its sale."""
    size = abs(Fraction(value)) + Fraction(1, 2)
    whole = size.numerator // size.denominator
    return whole if value >= 0 else -whole


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Share a total by weight to the last minor unit: the odd ones go to the largest remainders."""
    if not weights or min(weights) < 0 or sum(weights) == 0:
        raise ValueError("a total is split by weights of which none is negative and one is above zero")
    sign = -1 if total < 0 else 1
    shares, remainders = zip(*(divmod(abs(total) * weight, sum(weights)) for weight in weights), strict=True)
    left = abs(total) - sum(shares)
    lucky = set(sorted(range(len(weights)), key=lambda i: -remainders[i])[:left])
    return [sign * (share + (i in lucky)) for i, share in enumerate(shares)]


def tax_on(net: int, rate_ppm: int) -> int:
    """The tax to add to a price without tax."""
    return round_minor(Fraction(net * rate_ppm, PPM))


def tax_within(gross: int, rate_ppm: int) -> int:
    """The tax already inside a price; the net is what remains, so the two always sum to the price."""
    return round_minor(Fraction(gross * rate_ppm, PPM + rate_ppm))


def price_of(quantity_milli: int, unit_price_minor: int) -> int:
    """What a quantity in thousandths costs at a price per whole unit."""
    return round_minor(Fraction(quantity_milli * unit_price_minor, 1000))


def whole_periods(amount: int, price: int) -> tuple[int, int]:
    """How many whole periods an amount buys, and the remainder that stays the payer's credit."""
    if price <= 0 or amount < 0:
        raise ValueError("periods are bought with an amount of at least zero at a price above zero")
    return divmod(amount, price)
