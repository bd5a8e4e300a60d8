"""The chart as a template writes it: half-day columns, lanes, short words. Pure, and quick for 300 rooms."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal.core.clock import utcnow
from portal.trades.hotel.queries.chart import Bar, Chart, Row
from portal.trades.hotel.queries.inventory import Key

#: What a bar is drawn as, in a letter or two of its class.
LOOKS = {
    "held": "he", "confirmed": "co", "arriving": "ar", "in_house": "in", "due_out": "du", "overdue": "ov",
    "checked_out": "ou", "out_of_order": "oo", "out_of_service": "os", "house_use": "hu",
}  # fmt: skip


class Drawn(NamedTuple):
    """One bar: its classes, the key its stay is opened by (empty for a block), and its short words."""

    classes: str
    key: str
    version: int
    words: str
    people: int
    due: int
    marks: str


class RoomRow(NamedTuple):
    """One room and its bars."""

    row: Row
    bars: Sequence[Drawn]


class Cell(NamedTuple):
    """A type on one night."""

    day: date
    free: int | None
    share: int
    price: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """A type with its nights, the stays that have no room yet, and its rooms."""

    type_id: uuid.UUID
    code: str
    name: str
    total: int
    cells: Sequence[Cell]
    unassigned: Sequence[Drawn]
    rooms: Sequence[RoomRow]


class Pencil:
    """Draws the bars of one chart."""

    def __init__(self, chart: Chart, timezone: str, *, money: bool) -> None:
        self.chart, self.money, self._now = chart, money, utcnow()
        self._zone, self._start, self._last = ZoneInfo(timezone), chart.start, 2 * len(chart.days) + 1
        self._known: dict[datetime, int] = {}

    def bar(self, bar: Bar, lane: int = 1) -> Drawn:
        """A stretch from the middle of its first day to the middle of its last; cut at the edges of the chart."""
        first, last = self._column(bar.starts_at), self._column(bar.ends_at)
        narrow = last <= first
        left, right = max(first - narrow, 1), min(last + narrow, self._last)
        look = LOOKS.get(bar.state(self.chart.today), "co")
        if look == "du" and bar.ends_at <= self._now:
            look = "ov"
        classes = f"b {look} s{left} w{max(right - left, 1)}"
        if lane > 1:
            classes += f" l{lane}"
        if not bar.main:
            classes += " part"
        if bar.stay_id in self.chart.split:
            classes += " split"
        marks = "".join(
            mark
            for mark, holds in (("V", bar.vip), ("L", bar.room_locked), ("G", bar.group_id), ("N", bar.noted))
            if holds
        )
        due = bar.balance if self.money and bar.status == "in_house" and bar.balance > 0 else 0
        words = bar.words if bar.stay_id is None else bar.words.rsplit(" ", 1)[-1]
        return Drawn(classes, key_of(bar), bar.version, words, bar.adults + bar.children, due, marks)

    def inside(self, bar: Bar) -> bool:
        """Whether any of it is in sight: one that begins on the morrow of the last day would widen the grid."""
        return self._column(bar.starts_at) < self._last and self._column(bar.ends_at) > 1

    def row(self, bars: Iterable[Bar]) -> list[Drawn]:
        """Bars that follow one another."""
        return [self.bar(bar) for bar in bars if self.inside(bar)]

    def lanes(self, bars: Iterable[Bar]) -> list[Drawn]:
        """Bars that stand above one another where they overlap."""
        ends: list[datetime] = []
        drawn = []
        for bar in sorted(filter(self.inside, bars), key=lambda each: each.starts_at):
            lane = next((n for n, end in enumerate(ends) if end <= bar.starts_at), len(ends))
            ends[lane : lane + 1] = [bar.ends_at]
            drawn.append(self.bar(bar, min(lane + 1, 9)))
        return drawn

    def _column(self, at: datetime) -> int:
        """The grid line at the middle of the day; charts are full of the same few moments."""
        found = self._known.get(at)
        if found is None:
            found = self._known[at] = 2 * (at.astimezone(self._zone).date() - self._start).days + 2
        return found


def key_of(bar: Bar) -> str:
    """What a stay is asked for by: its number, and which of the reservation's rooms it is; nothing for a block."""
    if bar.stay_id is None or bar.number is None:
        return ""
    return bar.number if bar.place == 1 else f"{bar.number}-{bar.place}"


def groups(chart: Chart, pencil: Pencil, prices: Mapping[Key, int]) -> list[Group]:
    """The chart type by type, in the hotel's own order."""
    totals = {type_id: night.total for (type_id, _day), night in chart.calendar.items()}
    rooms: dict[uuid.UUID, list[Row]] = defaultdict(list)
    for row in chart.rows:
        rooms[row.room_type_id].append(row)
    waiting: dict[uuid.UUID | None, list[Bar]] = defaultdict(list)
    for bar in chart.unassigned:
        waiting[bar.room_type_id].append(bar)
    return [
        Group(
            type_id,
            of_type[0].room_type,
            of_type[0].type_name,
            totals.get(type_id, len(of_type)),
            [_cell(chart, type_id, day, prices) for day in chart.days],
            pencil.lanes(waiting[type_id]),
            [
                RoomRow(row, [pencil.bar(bar) for bar in filter(pencil.inside, chart.bars.get(row.room_id, ()))])
                for row in of_type
            ],
        )
        for type_id, of_type in rooms.items()
    ]


def _cell(chart: Chart, type_id: uuid.UUID, day: date, prices: Mapping[Key, int]) -> Cell:
    night = chart.calendar.get((type_id, day))
    if night is None:
        return Cell(day, None, 0, None)
    there = night.total - night.out_of_order
    share = round(100 * (night.booked + night.held) / there) if there > 0 else 0
    return Cell(day, night.free, share, prices.get((type_id, day)))


def weekend(day: date) -> bool:
    """Whether the day is tinted."""
    return day.weekday() >= 5
