"""Which numbers have come, as ordered ranges: repeats, gaps, and what to tell the device. Pure.

A range is (from, before), as PostgreSQL writes it: `{[1,5),[7,9)}` holds 1 to 4, 7 and 8.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

Ranges = list[tuple[int, int]]
_RANGE = re.compile(r"\[(\d+),(\d+)\)")
#: A device may leave so many holes before numbers beyond them are refused; or one could bloat the row at will.
MOST_RANGES = 1_000
#: Missing numbers named in one acknowledgement; the others come round once these are filled.
MOST_MISSING = 100
_ABOVE_ALL = 2**63


def read(multirange: str) -> Ranges:
    """The ranges in PostgreSQL's own writing."""
    return [(int(low), int(high)) for low, high in _RANGE.findall(multirange)]


def written(ranges: Iterable[tuple[int, int]]) -> str:
    """The ranges as PostgreSQL takes them."""
    return "{" + ",".join(f"[{low},{high})" for low, high in ranges) + "}"


def holds(ranges: Ranges, number: int) -> bool:
    """Whether this number has come."""
    if not ranges:
        return False
    low, high = ranges[-1]
    if number >= low:  # nearly always the last range is meant
        return number < high
    at = bisect_right(ranges, (number, _ABOVE_ALL)) - 1
    return at >= 0 and number < ranges[at][1]


def add(ranges: Ranges, low: int, high: int | None = None) -> bool:
    """Count `low` (up to before `high`) as come; False when that would be one hole too many."""
    high = low + 1 if high is None else high
    if ranges and ranges[-1][1] == low:  # the next in turn
        ranges[-1] = (ranges[-1][0], high)
        return True
    first = bisect_right(ranges, (low, _ABOVE_ALL))
    if first and ranges[first - 1][1] >= low:
        first -= 1
    last = bisect_right(ranges, (high, _ABOVE_ALL))
    touched = ranges[first:last]
    if not touched and len(ranges) >= MOST_RANGES:
        return False
    if touched:
        low, high = min(low, touched[0][0]), max(high, touched[-1][1])
    ranges[first:last] = [(low, high)]
    return True


def through(ranges: Ranges) -> int:
    """The last number up to which all have come; 0 when the first is missing."""
    return ranges[0][1] - 1 if ranges and ranges[0][0] <= 1 else 0


def gaps(ranges: Ranges) -> Ranges:
    """What is missing between 1 and the last that has come."""
    found, wanted = [], 1
    for low, high in ranges:
        if low > wanted:
            found.append((wanted, low))
        wanted = high
    return found


def missing(ranges: Ranges, most: int = MOST_MISSING) -> list[int]:
    """The first missing numbers, one by one."""
    found: list[int] = []
    for low, high in gaps(ranges):
        found.extend(range(low, min(high, low + most - len(found))))
        if len(found) >= most:
            break
    return found


def absent(ranges: Ranges, low: int, high: int) -> Ranges:
    """What has not come from `low` up to before `high`."""
    found = []
    for begin, end in ranges:
        if begin >= high:
            break
        if end > low:
            if begin > low:
                found.append((low, begin))
            low = end
    return [*found, (low, high)] if low < high else found
