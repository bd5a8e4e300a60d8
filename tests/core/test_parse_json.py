"""The one JSON loader takes what can be stored and says why it does not take the rest."""

from decimal import Decimal

import pytest

from portal.core.parse import BadJson, ParseError, TooLarge, json_object, json_value, known_fields


def test_numbers_keep_every_digit():
    read = json_object(b'{"a": 10000.00, "b": 12, "c": [0.1, -3], "d": null, "e": true}')
    assert read == {"a": Decimal("10000.00"), "b": 12, "c": [Decimal("0.1"), -3], "d": None, "e": True}
    assert str(read["a"]) == "10000.00"
    assert json_value(b'"\\u00e9"') == "é"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"  ",
        b"null",
        b"[]",
        b'"x"',
        b"{",
        b"{]",
        b'{"a":1}x',
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a"',
        b'{"a":"\n"}',
        b'{"a":01}',
        b'{"a":+1}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":1e-999}',
        b'{"a":1e99999999999999999999}',
        b'{"a":0e-9999}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":0.' + b"3" * 5000 + b"}",
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"c":2,"b":3}}',
        b"\xff",
        b'{"a":"\xed\xa0\x80"}',
        '{"a":1}'.encode("utf-16"),
        b"[" * 50_000,
        b'{"a":' * 2_000,
        b"[" * 33 + b"]" * 33,
    ],
    ids=lambda raw: ascii(raw[:20]),
)
def test_what_is_not_our_json_is_a_bad_request(raw):
    with pytest.raises(BadJson) as refusal:
        json_object(raw)
    assert (refusal.value.status, refusal.value.code) == (400, "bad_json")


def test_brackets_inside_strings_do_not_count_as_depth():
    assert json_value(b'["' + b"[" * 1000 + b'", "\\"[[["]') == ["[" * 1000, '"[[[']
    assert json_value(b"[" * 32 + b"]" * 32) is not None


def test_hostile_quotes_take_no_longer_than_their_length():
    for raw in (b'["' + b'\\"' * 500_000, b'"' * 1_000_000, b"\\" * 1_000_000, b'"\\' * 500_000):
        with pytest.raises(BadJson):
            json_value(raw)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b'{"name": "a\\u0000b"}', "name"),
        (b'{"guest": {"names": ["x", "\\ud800"]}}', "guest.names.1"),
        (b'{"a\\udfff": 1}', "a\ufffd"),
    ],
)
def test_a_string_that_cannot_be_stored_is_named(raw, field):
    with pytest.raises(ParseError) as refusal:
        json_object(raw)
    assert refusal.value.field == field
    assert refusal.value.status == 422


def test_surrogates_in_a_pair_are_a_character():
    assert json_value(b'"\\ud83d\\ude00"') == "😀"


def test_a_body_over_the_limit_is_too_large():
    with pytest.raises(TooLarge) as refusal:
        json_value(b" " * (1024 * 1024 + 1))
    assert (refusal.value.status, refusal.value.code) == (413, "too_large")
    with pytest.raises(TooLarge):
        json_value(b'"1234567890"', max_bytes=10)


def test_misspelt_and_missing_fields_are_named():
    known_fields({"price": 1}, known=["price", "note"], required=["price"])
    with pytest.raises(ParseError, match=r"^Unknown field: pric\.$"):
        known_fields({"pric": 1}, known=["note"], required=["price"])
    with pytest.raises(ParseError, match=r"^price is missing\.$"):
        known_fields({"note": "x"}, known=["note"], required=["price"])
