"""What a unit said hour by hour: the sums of each subject, and how long its switches were on."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from portal.core.db import db
from portal.shared.devices.models import ReadingHour
from portal.shared.devices.services.hours import HOUR, SWITCHES

FULL = int(HOUR.total_seconds())


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour of one subject: seconds a switch was on, the average of a figure in thousandths, or how many words."""

    hour: datetime
    value: int


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject over a stretch of hours. `how` is `switch`, `figure` or `words`; extremes are of a figure."""

    kind: str
    how: str
    bars: Sequence[Bar]
    lowest: int | None
    highest: int | None
    average: int | None

    @property
    def total(self) -> int:
        """Seconds on, or words, of all hours together."""
        return sum(bar.value for bar in self.bars)


def of_unit(unit_id: uuid.UUID, since: datetime, until: datetime) -> list[Subject]:
    """Every subject the unit spoke of, in order of its name; hours in which a switch only stayed on are filled in."""
    rows = db.session.scalars(
        select(ReadingHour)
        .where(ReadingHour.unit_id == unit_id, ReadingHour.hour >= since, ReadingHour.hour < until)
        .order_by(ReadingHour.kind, ReadingHour.hour)
    )
    found: dict[str, list[ReadingHour]] = defaultdict(list)
    for row in rows:
        found[row.kind].append(row)
    before = _before(unit_id, since)
    kinds = sorted({*found, *(kind for kind, ends_on in before.items() if ends_on)})
    return [_subject(kind, found[kind], before.get(kind), since, until) for kind in kinds]


def _before(unit_id: uuid.UUID, since: datetime) -> dict[str, bool | None]:
    """How each switch stood when the stretch began."""
    rows: Any = db.session.execute(
        select(ReadingHour.kind, ReadingHour.ends_on)
        .where(ReadingHour.unit_id == unit_id, ReadingHour.kind.in_(SWITCHES), ReadingHour.hour < since)
        .ext(distinct_on(ReadingHour.kind))
        .order_by(ReadingHour.kind, ReadingHour.hour.desc())
    )
    return {kind: ends_on for kind, ends_on in rows}


def _subject(kind: str, rows: Sequence[ReadingHour], before: bool | None, since: datetime, until: datetime) -> Subject:
    if kind in SWITCHES and (before is not None or any(row.ends_on is not None for row in rows)):
        return Subject(kind, "switch", _filled(rows, before, since, until), None, None, None)
    figures = [row for row in rows if row.total is not None]
    if len(figures) < len(rows):
        return Subject(kind, "words", [Bar(row.hour, row.said) for row in rows], None, None, None)
    return Subject(
        kind,
        "figure",
        [Bar(row.hour, round((row.total or 0) / row.said)) for row in rows],
        min(row.lowest or 0 for row in rows),
        max(row.highest or 0 for row in rows),
        round(sum(row.total or 0 for row in rows) / sum(row.said for row in rows)),
    )


def _filled(rows: Sequence[ReadingHour], on: bool | None, since: datetime, until: datetime) -> list[Bar]:
    by_hour = {row.hour: row for row in rows}
    bars, hour = [], since
    while hour < until:
        row = by_hour.get(hour)
        if row is not None:
            on = row.ends_on
        seconds = row.seconds_on if row is not None else FULL if on else 0
        bars.append(Bar(hour, seconds))
        hour += HOUR
    return bars
