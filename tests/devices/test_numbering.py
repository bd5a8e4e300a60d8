"""Ranges of numbers: the same as a plain set, whatever order they come in."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from portal.shared.devices import numbering

NUMBERS = st.lists(st.integers(1, 60), max_size=80)


def as_set(ranges):
    return {number for low, high in ranges for number in range(low, high)}


@given(NUMBERS)
def test_numbers_in_any_order_are_the_ranges_of_their_set(numbers):
    ranges = []
    for number in numbers:
        known = number in as_set(ranges)
        assert numbering.holds(ranges, number) is known
        assert numbering.add(ranges, number)
    come = set(numbers)
    assert as_set(ranges) == come
    assert all(high < low for (_from, high), (low, _to) in pairwise(ranges)), "ranges stand apart"
    last = max(come, default=0)
    assert numbering.through(ranges) == next(n for n in range(0, 100) if n + 1 not in come)
    assert numbering.missing(ranges, most=1_000) == [n for n in range(1, last) if n not in come]
    assert numbering.read(numbering.written(ranges)) == ranges


@given(NUMBERS, st.integers(1, 60), st.integers(1, 60))
def test_what_is_absent_of_a_stretch_is_what_has_not_come(numbers, low, high):
    ranges = []
    for number in numbers:
        numbering.add(ranges, number)
    absent = numbering.absent(ranges, low, high)
    assert as_set(absent) == set(range(low, high)) - set(numbers)
    if low < high:
        numbering.add(ranges, low, high)
        assert as_set(ranges) == set(numbers) | set(range(low, high))


def test_a_device_that_leaves_holes_without_end_is_stopped():
    ranges = []
    for number in range(1, 2 * numbering.MOST_RANGES, 2):
        assert numbering.add(ranges, number)
    assert not numbering.add(ranges, 999_999)
    assert numbering.add(ranges, 2), "a hole may always be filled"
    assert numbering.add(ranges, 2 * numbering.MOST_RANGES), "and the last one grow"
    assert len(numbering.missing(ranges)) == numbering.MOST_MISSING
