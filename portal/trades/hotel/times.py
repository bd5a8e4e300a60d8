"""A hotel's days and moments: local dates and minutes of the day become moments, whatever the clocks do at night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def moment(timezone: str, day: date, minute: int) -> datetime:
    """That minute of a local day, in UTC. A minute the clocks leap over is the one an hour on; of two, the first."""
    local = datetime.combine(day, time(minute // 60, minute % 60), ZoneInfo(timezone))
    return local.astimezone(UTC)


def nights_between(arrival: date, departure: date) -> list[date]:
    """The nights of a stay: the day of departure is none of them."""
    return [arrival + timedelta(days=n) for n in range((departure - arrival).days)]


def runs(days: list[date]) -> Iterator[tuple[date, date]]:
    """Stretches of days that follow one another, as half-open pairs."""
    first = last = None
    for day in sorted(days):
        if last is not None and day == last + timedelta(days=1):
            last = day
            continue
        if first is not None and last is not None:
            yield first, last + timedelta(days=1)
        first = last = day
    if first is not None and last is not None:
        yield first, last + timedelta(days=1)
