"""Reading what providers write: amounts in minor or major units, moments, short texts. What cannot be read is None."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from portal.core import parse
from portal.core.errors import Invalid
from portal.core.money import DECIMALS, Money, round_minor

MOST_MINOR = 10**15
_PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]{1,12})?")


def minor(value: object) -> int | None:
    """Whole minor units; some events write them as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 15:
        value = int(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_MINOR else None


def major(value: object, currency: object, *, rounded: bool = False) -> int | None:
    """Minor units of an amount in major ones (100, 1.4, "100.00"); finer than the currency only where `rounded`."""
    if not isinstance(currency, str) or currency not in DECIMALS or isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not _PLAIN.fullmatch(value):
            return None
    elif not isinstance(value, int | Decimal):
        return None
    exact = Fraction(value) * 10 ** DECIMALS[currency]
    if not 0 <= exact <= MOST_MINOR or (exact.denominator != 1 and not rounded):
        return None
    return round_minor(exact)


def to_major(amount: int, currency: str) -> Decimal:
    """An amount in minor units as providers of major units read it, such as 100.00."""
    return Decimal(Money(amount, currency).to_major_str())


def moment(value: object) -> datetime | None:
    """A moment in RFC 3339, in UTC."""
    try:
        return parse.timestamp(value, "at")
    except Invalid:
        return None


def text(value: object, longest: int = 100) -> str | None:
    """A text that is there, cut to a length; a number becomes its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value.strip()[:longest] or None if isinstance(value, str) else None


def name(value: object, longest: int = 100) -> str | None:
    """A reference or id: never cut, for half a name is another's."""
    found = text(value, longest + 1)
    return found if found is not None and len(found) <= longest else None


def iso(at: datetime) -> str:
    """A moment as a provider's query reads it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
