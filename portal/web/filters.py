"""How money, quantities and moments are written for people at a place."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from flask import Flask, g, has_request_context
from markupsafe import Markup, escape

from portal.core.money import Money
from portal.core.words import _, language, ngettext
from portal.core.written import locale_of, written


def money(amount: Money | int | None, currency: str | None = None, *, sign: bool = False) -> str:
    """An amount in minor units, with its currency, as the place writes it; `sign` shows a plus too."""
    if amount is None:
        return "–"
    if isinstance(amount, Money):
        currency, amount = amount.currency, amount.minor
    currency = currency or _place("currency", "USD")
    text = written(amount, currency, language())
    return f"+{text}" if sign and amount > 0 else text


def quantity(milli: int | None, unit: str = "") -> str:
    """A quantity kept in thousandths, with its unit: 12500 is "12.5 kg"."""
    return "–" if milli is None else number(Decimal(milli) / 1000, unit)


def number(value: Decimal | int | float | None, unit: str = "") -> str:
    """A count or a measure with at most three decimals and its unit."""
    if value is None:
        return "–"
    text = format_decimal(value, format="#,##0.###", locale=locale_of(language(), _place("currency", "USD")))
    return f"{text} {unit}" if unit else text


def percent(value: float | Decimal, *, sign: bool = False) -> str:
    """A share of one as a percentage."""
    text = format_percent(value, format="#,##0.#%", locale=locale_of(language(), _place("currency", "USD")))
    return f"+{text}" if sign and value > 0 else text


def day(value: date | None, *, near: bool = True) -> str:
    """A date as people say it: "Today", "Fri 6 Mar", with the year when it is another one."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = value.astimezone(timezone()).date()
    today = datetime.now(timezone()).date()
    if near and (said := _near(value, today)):
        return said
    pattern = "EEE d MMM" if value.year == today.year else "d MMM y"
    return format_date(value, pattern, locale=language())


def clock(value: datetime | None, *, near: bool = True, inside: bool = False) -> str:
    """A moment as people say it: "Today 14:05", "Fri 6 Mar 09:30"; on paper, which is read later, never "Today".

    `inside` a sentence it is "today 14:05".
    """
    if value is None:
        return "–"
    there = value.astimezone(timezone())
    if inside and (nearby := _near(there.date(), datetime.now(timezone()).date())):
        return f"{nearby[:1].lower()}{nearby[1:]} {there:%H:%M}"
    said = day(there) if near else format_date(there, "d MMM y", locale=language())
    return f"{said} {there:%H:%M}"


def moment(value: datetime | None) -> Markup | str:
    """The same as an element that carries the exact moment, shown on hover."""
    if value is None:
        return "–"
    exact = value.astimezone(timezone()).isoformat(timespec="seconds")
    said = escape(clock(value))
    return Markup(f'<time datetime="{exact}" title="{exact.replace("T", " ")}">{said}</time>')


def ago(value: datetime | None) -> str:
    """How long since, or until: "just now", "5 min ago", "in 2 h"; a date when it is more than a week."""
    if value is None:
        return "–"
    seconds = (datetime.now(UTC) - value).total_seconds()
    size = abs(seconds)
    if size < 45:
        return _("just now")
    if size >= 7 * 86_400:
        return day(value)
    if size < 3_600:
        span = _("%(n)s min", n=round(size / 60))
    elif size < 86_400:
        span = _("%(n)s h", n=round(size / 3_600))
    else:
        span = ngettext("%(num)s day", "%(num)s days", round(size / 86_400))
    return _("%(span)s ago", span=span) if seconds > 0 else _("in %(span)s", span=span)


def duration(minutes: int | None) -> str:
    """A length of time: "45 min", "2 h 30 min", "3 days"."""
    if minutes is None:
        return "–"
    days, rest = divmod(minutes, 1_440)
    hours, left = divmod(rest, 60)
    parts = [ngettext("%(num)s day", "%(num)s days", days)] if days else []
    parts += [_("%(n)s h", n=hours)] if hours else []
    parts += [_("%(n)s min", n=left)] if left or not parts else []
    return " ".join(parts[:2])


def timezone() -> ZoneInfo:
    """The clock on the wall of the place being looked at."""
    return ZoneInfo(_place("timezone", "UTC"))


def init_app(app: Flask) -> None:
    """Hang the filters on the templates."""
    for each in (money, quantity, number, percent, day, clock, moment, ago, duration):
        app.jinja_env.filters[each.__name__] = each


def _near(value: date, today: date) -> str | None:
    near = {0: _("Today"), -1: _("Yesterday"), 1: _("Tomorrow")}
    return near.get((value - today) // timedelta(days=1))


def _place(name: str, otherwise: str) -> str:
    place = (g.get("place") or g.get("visited")) if has_request_context() else None
    return getattr(place, name, None) or otherwise
