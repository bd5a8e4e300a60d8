"""How money and moments are written for people, in words that know no request."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency

from portal.core.money import Money, decimals_of
from portal.core.words import language

#: The naira sign and its neighbours are only written by the English of the country itself.
TERRITORY = {
    "NGN": "NG",
    "KES": "KE",
    "UGX": "UG",
    "TZS": "TZ",
    "GHS": "GH",
    "RWF": "RW",
    "ZAR": "ZA",
    "XOF": "SN",
    "XAF": "CM",
    "ZMW": "ZM",
    "ETB": "ET",
    "GBP": "GB",
    "EUR": "IE",
    "USD": "US",
}


def money(amount: Money) -> str:
    """An amount with its currency, such as ₦8,500.00."""
    return written(amount.minor, amount.currency, language())


def on_paper(moment: datetime, timezone: str) -> str:
    """A moment on a place's own clock, such as "12 Mar 2031 14:05": paper is read years later."""
    return format_datetime(moment.astimezone(ZoneInfo(timezone)), "d MMM y HH:mm", locale=language())


def day(of: date) -> str:
    """A day as people say it in a sentence, such as "11 March"."""
    return format_date(of, "d MMMM", locale=language())


@lru_cache(10_000)
def written(minor: int, currency: str, code: str) -> str:
    """Prices repeat down a list; each is written once."""
    major = Decimal(minor).scaleb(-decimals_of(currency))
    return format_currency(major, currency, locale=locale_of(code, currency)).replace("-", "\u2212")


@cache
def locale_of(code: str, currency: str) -> Locale:
    """The language as spoken where the currency is, or the bare language where no such locale exists."""
    try:
        return Locale.parse(f"{code}_{TERRITORY.get(currency, 'US')}")
    except ValueError:
        return Locale.parse(code)
