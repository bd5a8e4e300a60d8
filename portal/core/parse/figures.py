"""Numbers: ASCII digits and nothing else, bounded, exact; money in minor units, quantities in thousandths."""

from __future__ import annotations

import re
from decimal import Decimal

from portal.core.money import DECIMALS, MAX_MINOR, Money, decimals_of
from portal.core.parse.errors import BLANKS, ParseError, is_blank, shown, written
from portal.core.words import _

_WHOLE = re.compile(r"-?[0-9]{1,40}")
_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
MAX_INTEGER = 2**31 - 1
MAX_QUANTITY_MILLI = 999_999_999_999


def whole(
    value: object,
    field: str,
    *,
    label: str | None = None,
    minimum: int = 0,
    maximum: int = MAX_INTEGER,
    typed: bool = False,
) -> int:
    """A whole number; `typed` takes only a JSON number, never its text."""
    name = label or field
    if is_blank(value):
        raise ParseError(_("Enter the %(name)s.", name=name), field)
    if type(value) is int:
        number = value
    elif isinstance(value, str) and not typed and _WHOLE.fullmatch(digits := written(value, field, label)):
        number = int(digits)
    else:
        raise ParseError(_("The %(name)s must be a whole number, such as 12.", name=name), field)
    if number < minimum:
        raise ParseError(_("The %(name)s must be at least %(minimum)s.", name=name, minimum=f"{minimum:,}"), field)
    if number > maximum:
        raise ParseError(_("The %(name)s must be at most %(maximum)s.", name=name, maximum=f"{maximum:,}"), field)
    return number


def decimal(
    value: object,
    field: str,
    *,
    label: str | None = None,
    places: int = 4,
    minimum: Decimal | int = 0,
    maximum: Decimal | int = 999_999_999,
) -> Decimal:
    """An exact decimal number with at most so many decimals."""
    name = label or field
    if is_blank(value):
        raise ParseError(_("Enter the %(name)s.", name=name), field)
    number = _exact(value)
    if number is None or _decimals(number) > places:
        raise ParseError(
            _(
                "The %(name)s must be a number with at most %(places)s decimals, such as %(example)s.",
                name=name,
                places=places,
                example="12.50" if places > 1 else "12",
            ),
            field,
        )
    if number < minimum:
        raise ParseError(_("The %(name)s must be at least %(minimum)s.", name=name, minimum=f"{minimum:,}"), field)
    if number > maximum:
        raise ParseError(_("The %(name)s must be at most %(maximum)s.", name=name, maximum=f"{maximum:,}"), field)
    return number or Decimal(0)  # there is no minus nothing


def quantity(
    value: object,
    field: str,
    *,
    label: str | None = None,
    minimum: int = 1,
    maximum: int = MAX_QUANTITY_MILLI,
) -> int:
    """A quantity of at most three decimals, in thousandths; the bounds are in thousandths too."""
    number = decimal(
        value, field, label=label, places=3, minimum=Decimal(minimum) / 1000, maximum=Decimal(maximum) / 1000
    )
    return int(number * 1000)


def money(
    value: object,
    field: str,
    *,
    currency: str,
    label: str | None = None,
    minimum: int = 0,
    maximum: int = MAX_MINOR,
) -> Money:
    """An amount in major units of a currency; the bounds are in minor units (1: more than nothing)."""
    name = label or field
    if is_blank(value):
        raise ParseError(_("Enter the %(name)s.", name=name), field)
    places = decimals_of(currency)
    number = _exact(value)
    if number is None or _decimals(number) > places:
        raise ParseError(_amount_rule(field, label, places, readable=number is not None), field)
    minor = int(number.scaleb(places))
    if minor > maximum:
        most = str(Money(maximum, currency)).removesuffix(f" {currency}")
        raise ParseError(_("The %(name)s is over the limit of %(limit)s.", name=name, limit=most), field)
    if minor < minimum:
        if minimum == 1:
            raise ParseError(_("The %(name)s must be more than 0.", name=name), field)
        least = Money(minimum, currency).to_major_str()
        raise ParseError(_("The %(name)s must be at least %(minimum)s.", name=name, minimum=least), field)
    return Money(minor, currency)


def _amount_rule(field: str, label: str | None, places: int, *, readable: bool) -> str:
    """A person is shown how to write it; a program, which names its field, is told the rule."""
    example = Money(1250, next(code for code, have in DECIMALS.items() if have == places)).to_major_str()
    if label is not None and (not readable or places == 0):
        return _("Write the %(name)s as %(example)s.", name=label, example=example)
    if label is not None:
        return _(
            "The %(name)s can have at most %(places)s decimals, such as %(example)s.",
            name=label,
            places=places,
            example=example,
        )
    return _(
        "%(field)s must be a decimal with at most %(places)s decimals, such as %(example)s.",
        field=field,
        places=places,
        example=example,
    )


def currency(value: object, field: str = "currency", *, must_be: str | None = None) -> str:
    """An ISO 4217 code of money in use, in capitals; `must_be` is the one the folio or asset has."""
    code = written(value, field, None)
    if code not in DECIMALS:
        raise ParseError(_("There is no currency %(code)s. Use a code such as KES.", code=shown(code)), field)
    if must_be is not None and code != must_be:
        raise ParseError(_("The currency here is %(currency)s.", currency=must_be), field)
    return code


def latitude(value: object, field: str = "latitude") -> float:
    """Degrees north, -90 to 90."""
    return _degrees(value, field, 90)


def longitude(value: object, field: str = "longitude") -> float:
    """Degrees east, -180 to 180."""
    return _degrees(value, field, 180)


def position(value: object, field: str = "location") -> tuple[float, float]:
    """A "lat,lon" pair; 0,0 is what a tracker without a fix says, so it is no position."""
    parts = written(value, field, None).split(",")
    if len(parts) != 2:
        raise ParseError(_("Write the location as -1.2921,36.8219 (latitude, longitude)."), field)
    place = latitude(parts[0], field), longitude(parts[1], field)
    if place == (0.0, 0.0):
        raise ParseError(_("0,0 is not a location but a tracker without a fix."), field)
    return place


def _degrees(value: object, field: str, most: int) -> float:
    return float(decimal(value, field, places=20, minimum=-most, maximum=most))


def _exact(value: object) -> Decimal | None:
    """The number that is written, or None: never a float, an exponent, an underscore or a foreign digit."""
    if type(value) is int and abs(value) < 10**40:
        return Decimal(value)
    if isinstance(value, Decimal):
        # A JSON number: 1e2 keeps its exponent and is refused, however it was meant.
        plain = value.is_finite() and int(value.as_tuple().exponent) <= 0 and value.adjusted() < 40
        return value if plain and _decimals(value) <= 40 else None
    if isinstance(value, str):
        digits = value.strip(BLANKS)
        return Decimal(digits) if len(digits) <= 82 and _DECIMAL.fullmatch(digits) else None
    return None


def _decimals(number: Decimal) -> int:
    return -int(number.as_tuple().exponent)
