"""The client that reads along really reads."""

import pytest

from tests.support.reading import read_strictly


def test_a_sound_page_passes():
    read_strictly("<!doctype html><html lang=en><head><title>x</title></head><body><p>Hello</p></body></html>")


@pytest.mark.parametrize("broken", ["<p>One</div>", "<div><span></div>", "<tr><td>1</td></tr><p>", "<b><p></b></p>"])
def test_a_broken_fragment_is_caught(broken):
    with pytest.raises(AssertionError):
        read_strictly(broken)


def test_rows_are_read_as_rows():
    read_strictly("<tr><td>1</td></tr><tr><td>2</td></tr>")
