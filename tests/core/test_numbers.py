"""Label numbers can be read aloud, typed and scanned without a mistake slipping through."""

from hypothesis import given
from hypothesis import strategies as st

from portal.core.db import uuid7
from portal.core.numbers import ALPHABET, is_label_number, label_number


def test_a_label_number_has_no_look_alikes():
    for _try in range(200):
        number = label_number()
        assert len(number) == 7
        assert not set(number) & set("ILOU")
        assert is_label_number(number)


@given(st.integers(0, 6), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(place, character):
    number = label_number()
    wrong = number[:place] + character + number[place + 1 :]
    assert is_label_number(wrong) == (wrong == number)


@given(st.integers(0, 5))
def test_two_swapped_neighbours_are_noticed(place):
    number = label_number()
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert is_label_number(swapped) == (swapped == number)


def test_keys_made_later_sort_later():
    keys = [uuid7() for _n in range(3)]
    assert all(key.version == 7 for key in keys)
    assert sorted(str(key)[:13] for key in keys) == [str(key)[:13] for key in keys]
