"""Whatever is sent, a reader answers a value in its one normal form or a ParseError, and nothing else."""

import json
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.core import parse
from portal.core.errors import Invalid
from portal.core.money import DECIMALS, Money
from portal.core.parse import ParseError

READERS = {
    "text": lambda v: parse.text(v, "f"),
    "multiline": lambda v: parse.text(v, "f", multiline=True, min_length=0, max_length=5),
    "whole": lambda v: parse.whole(v, "f", minimum=-10),
    "decimal": lambda v: parse.decimal(v, "f"),
    "quantity": lambda v: parse.quantity(v, "f"),
    "money": lambda v: parse.money(v, "f", currency="KWD", minimum=1),
    "money with words": lambda v: parse.money(v, "f", currency="JPY", label="price"),
    "currency": lambda v: parse.currency(v, must_be="NGN"),
    "day": lambda v: parse.day(v, "f"),
    "time_of_day": lambda v: parse.time_of_day(v, "f"),
    "timestamp": lambda v: parse.timestamp(v, "f"),
    "site_moment": lambda v: parse.site_moment(v, "f", zone=ZoneInfo("America/New_York")),
    "email": parse.email,
    "phone": lambda v: parse.phone(v, region="NG"),
    "uuid": parse.uuid,
    "code": lambda v: parse.code(v, "f"),
    "reference": parse.reference,
    "idempotency_key": parse.idempotency_key,
    "choice": lambda v: parse.choice(v, "f", ["a", "b"]),
    "boolean": lambda v: parse.boolean(v, "f"),
    "position": parse.position,
    "optional": lambda v: parse.optional(parse.day, v, "f"),
}
SHAPED = (
    r"[-+]?[0-9٠-٩.,_eE]{0,45}",
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]{5,12}(Z|[+-][0-9]{2}:[0-9]{2})?)?",
    r"[0-9]{2}:[0-9]{2}",
    r"[a-z.]{1,5}@[a-z.-]{1,9}",
    r"\+?[0-9 ()-]{3,20}",
    r"-?[0-9.]{1,6},-?[0-9.]{1,6}",
)
anything = st.one_of(
    st.text(st.characters(codec=None), max_size=60),
    *(st.from_regex(shape, fullmatch=True) for shape in SHAPED),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.binary(max_size=9),
    st.lists(st.none(), max_size=2),
    st.dictionaries(st.text(), st.none(), max_size=2),
)


def refusal_of(read):
    """How a reading was refused, or None; any other exception fails the test by itself."""
    try:
        read()
    except Invalid as refusal:
        return refusal
    return None


@pytest.mark.parametrize("name", READERS)
@given(value=anything)
def test_a_reader_raises_nothing_but_parse_error(name, value):
    refusal = refusal_of(lambda: READERS[name](value))
    if refusal is not None:
        assert isinstance(refusal, ParseError)
        assert refusal.field
        assert "%(" not in refusal.message
        refusal.message.encode()  # a sentence can always be sent


@given(st.text(st.characters(codec=None), max_size=200))
def test_text_read_twice_is_the_same_text(value):
    try:
        once = parse.text(value, "f", multiline=True)
    except ParseError:
        return
    assert parse.text(once, "f", multiline=True) == once
    once.encode()
    assert "\0" not in once


@given(st.integers(0, 999_999_999_999), st.sampled_from(sorted(DECIMALS)))
def test_money_written_is_money_read(minor, currency):
    money = Money(minor, currency)
    assert parse.money(money.to_major_str(), "f", currency=currency) == money
    assert parse.money(Decimal(money.to_major_str()), "f", currency=currency) == money


@given(st.dates(), st.datetimes(timezones=st.just(ZoneInfo("UTC"))))
def test_days_and_moments_written_are_read(day, moment):
    assert parse.day(day.isoformat(), "f") == day
    assert parse.timestamp(moment.isoformat(), "f") == moment


@given(st.datetimes())
def test_a_moment_on_the_clock_of_a_place_is_one_that_its_clock_shows(local):
    zone = ZoneInfo("America/New_York")
    try:
        read = parse.site_moment(local.isoformat(timespec="minutes"), "f", zone=zone)
    except ParseError:
        assert local.year in (1, 9999)
        return
    shown = read.at.astimezone(zone).replace(tzinfo=None)
    assert read.moved == (shown != local.replace(second=0, microsecond=0))


@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=100).map(str.encode),
        st.text('[]{}":,\\0123456789.eE-ntu ', max_size=100).map(str.encode),
    )
)
@example(b'{"a": "\\ud800"}')
def test_the_json_loader_raises_nothing_but_invalid(raw):
    refusal = refusal_of(lambda: parse.json_value(raw))
    if refusal is not None:
        assert refusal.status in (400, 422)
        json.dumps(refusal.details).encode()
        refusal.message.encode()


storable = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**38), 10**38) | storable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(storable, inner, max_size=4),
    max_leaves=12,
)


@given(documents, st.booleans())
def test_a_document_that_can_be_stored_is_read_as_it_was_written(document, ascii_only):
    assert parse.json_value(json.dumps(document, ensure_ascii=ascii_only).encode()) == document
