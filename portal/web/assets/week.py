"""A unit's last seven days, hour by hour, drawn from the sums of the hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Response, g, url_for

from portal.core.clock import local_date, utcnow
from portal.core.words import _, ngettext
from portal.reporting import hours
from portal.shared.assets.queries import get_unit
from portal.shared.devices.services.hours import HOUR
from portal.web import filters
from portal.web.assets import words
from portal.web.assets.board import blueprint
from portal.web.assets.unit import ADDRESS
from portal.web.guards import permission
from portal.web.htmx import page

DAYS = 7


@dataclass(frozen=True, slots=True)
class Drawn:
    """One subject as it is drawn: what it is called, what it came to, and (place, height of 100, words) of each bar."""

    name: str
    note: str
    bars: Sequence[tuple[int, float, str]]


@blueprint.get(f"{ADDRESS}/week")
@permission("units.view")
def week(asset_number: str, kind: str, number: str) -> Response:
    """What each of its subjects came to, hour by hour; on its page, and as a page of its own."""
    unit = get_unit(g.place.id, number, kind)
    today = local_date(g.place.timezone)
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    since = _midnight(days[0], g.place.timezone)
    until = utcnow().replace(minute=0, second=0, microsecond=0)
    found = hours.of_unit(unit.id, since, until)
    return page(
        "assets/week.html",
        "week",
        unit=unit,
        words=words,
        days=days,
        wide=DAYS * 24,
        subjects=[_drawn(subject, since) for subject in found],
        back=url_for(".show", asset_number=asset_number, kind=kind, number=number),
    )


def _midnight(day: date, timezone: str) -> datetime:
    """When a day began at the place, down to the full hour that sums begin with."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC).replace(minute=0)


def _drawn(subject: hours.Subject, since: datetime) -> Drawn:
    values = [bar.value for bar in subject.bars]
    top = hours.FULL if subject.how == "switch" else max(values, default=0)
    low = min(values, default=0) if subject.how == "figure" else 0
    base = low - (top - low) / 4 if low * 2 > top else 0
    bars = [
        (
            int((bar.hour - since) / HOUR),
            round(100 * (bar.value - base) / (top - base), 1) if top > base else 100.0,
            f"{filters.clock(bar.hour)}: {_said(subject, bar.value)}",
        )
        for bar in subject.bars
        if bar.value > base or subject.how == "figure"
    ]
    return Drawn(words.subject_words(subject.kind), _note(subject), bars)


def _said(subject: hours.Subject, value: int) -> str:
    if subject.how == "switch":
        return _("%(state)s %(long)s", state=words.on_words(subject.kind), long=_long(value))
    if subject.how == "figure":
        return filters.quantity(value)
    return ngettext("%(num)s message", "%(num)s messages", value)


def _note(subject: hours.Subject) -> str:
    if subject.how != "figure":
        return _said(subject, subject.total)
    return _(
        "%(low)s to %(high)s, on average %(average)s",
        low=filters.quantity(subject.lowest),
        high=filters.quantity(subject.highest),
        average=filters.quantity(subject.average),
    )


def _long(seconds: int) -> str:
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("%(minutes)s min", minutes=minutes)
    return _("%(hours)s h %(minutes)s min", hours=minutes // 60, minutes=minutes % 60)
