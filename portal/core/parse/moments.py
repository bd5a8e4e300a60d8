"""Days and moments: real ones, written one way; moments come out in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.core.parse.errors import ParseError, shown, written
from portal.core.words import _

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_RFC_3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def day(value: object, field: str, *, label: str | None = None) -> date:
    """A calendar day, written YYYY-MM-DD and no other way."""
    if type(value) is date:
        return value
    text = written(value, field, label)
    if not _DAY.fullmatch(text):
        raise ParseError(_("There is no such date: %(date)s. Write dates as 2031-12-31.", date=shown(text)), field)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ParseError(_("There is no such date: %(date)s.", date=text), field) from None


def time_of_day(value: object, field: str, *, label: str | None = None) -> time:
    """A time of the day, written HH:MM or HH:MM:SS."""
    text = written(value, field, label)
    if not _TIME.fullmatch(text):
        raise ParseError(_("There is no such time: %(time)s. Write times as 14:30.", time=shown(text)), field)
    return time.fromisoformat(text)


def timestamp(value: object, field: str, *, label: str | None = None) -> datetime:
    """A moment in RFC 3339 with its offset, in UTC; without an offset it could be any of a day's moments."""
    text = written(value, field, label)
    if match := _RFC_3339.fullmatch(text):
        on, at, fraction, offset = match.groups()
        micro = (fraction or "0")[:6].ljust(6, "0")
        try:
            moment = datetime.fromisoformat(f"{on}T{at}.{micro}{offset.upper().replace('Z', '+00:00')}")
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ParseError(
        _(
            "There is no such moment: %(moment)s. Write it with its offset, as 2031-12-31T14:30:00+03:00.",
            moment=shown(text),
        ),
        field,
    )


@dataclass(frozen=True, slots=True)
class SiteMoment:
    """A moment on a place's own clock; `moved` says the clock skipped it and the next one stands."""

    at: datetime
    moved: bool


def site_moment(value: object, field: str, *, zone: ZoneInfo, label: str | None = None) -> SiteMoment:
    """A date and time on the clock of a place (YYYY-MM-DDTHH:MM); of a repeated hour, the first."""
    text = written(value, field, label)
    try:
        if not _LOCAL.fullmatch(text):
            raise ValueError
        local = datetime.fromisoformat(text).replace(tzinfo=zone)
        at = local.astimezone(UTC)
        if at.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return SiteMoment(at, moved=False)
        return SiteMoment(_clock_change(local.replace(fold=1).astimezone(UTC), at, zone), moved=True)
    except (ValueError, OverflowError):
        raise ParseError(
            _("There is no such moment: %(moment)s. Write it as 2031-12-31T14:30.", moment=shown(text)), field
        ) from None


def _clock_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first moment after a clock was put forward, between two moments on either side of it."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before).total_seconds() // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
