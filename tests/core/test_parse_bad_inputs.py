"""The named bad inputs that a reader alone must answer, each with the sentence it owes."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from portal.core import parse
from portal.core.parse import BadJson, ParseError

LIST = Path(__file__).resolve().parents[1] / "bad_inputs.csv"
# (interface, row): reader, its options, the inputs, a sentence all of them get (None: any refusal)
NAME = (parse.text, {"field": "guest_name", "label": "guest name"})
AMOUNT = (parse.money, {"field": "amount", "label": "amount", "currency": "KES", "minimum": 1})
API_AMOUNT = (parse.money, {"field": "amount", "currency": "KES"})
ARRIVAL = (parse.day, {"field": "arrival"})
PRICE = (parse.money, {"field": "price", "label": "price", "currency": "KES"})
QTY = (parse.quantity, {"field": "qty"})
SEQ = (parse.whole, {"field": "seq", "typed": True, "maximum": 2**63 - 1})
REFUSED = {
    ("FORM", 1): (*NAME, [None, ""], "Enter the guest name."),
    ("FORM", 2): (*NAME, ["   ", "\u200b", "\u200b \ufeff"], "Enter the guest name."),
    ("FORM", 4): (*NAME, ["Ada\0"], "The guest name has a character that cannot be stored."),
    ("FORM", 6): (*NAME, ["\ud800", "a\udc80"], "The guest name has a character that cannot be stored."),
    ("FORM", 11): (parse.text, {"field": "q"}, ["a" * 10_000], "Use at most 100 characters."),
    ("FORM", 12): (*AMOUNT, ["12,50"], "Write the amount as 12.50."),
    ("FORM", 14): (*AMOUNT, ["١٢"], "Write the amount as 12.50."),
    ("FORM", 16): (*AMOUNT, ["-5", "0"], "The amount must be more than 0."),
    ("FORM", 17): (*AMOUNT, ["1" + "0" * 30], "The amount is over the limit of 9,999,999,999.99."),
    ("FORM", 22): (*ARRIVAL, ["2031-02-30", "31/02/2031", "0000-00-00"], "There is no such date: {value}."),
    ("FORM", 27): (parse.email, {}, ["a@b", "a@b..c", "a\r\nBcc:x@y"], "This is not an e-mail address."),
    ("FORM", 34): (
        parse.choice,
        {"field": "method", "options": ["CASH"], "label": "payment methods"},
        ["GOLD", None],
        "Choose one of the listed payment methods.",
    ),
    ("FORM", 36): (*AMOUNT, ["abc", ""], None),
    ("API", 7): (parse.json_object, {}, [b'{"name": "\\u0000"}'], None),
    ("API", 16): (parse.uuid, {}, [2**31, 2**53 + 1, 2**63, -1, 0, str(2**63)], None),
    ("API", 21): (
        *API_AMOUNT,
        ["12.345", "1e2", "1_000", "١٢"],
        "amount must be a decimal with at most 2 decimals, such as 12.50.",
    ),
    ("API", 22): (parse.currency, {"must_be": "KES"}, ["XXX", "kes", "NGN", ""], None),
    ("API", 27): (parse.idempotency_key, {}, ["k" * 300, "", "clé", "a b", None], None),
    ("MQTT", 16): (*SEQ, [None, "1", 1.5, True, -1, 2**63], None),
    ("MQTT", 22): (parse.timestamp, {"field": "t"}, ["2031-01-01T00:00:00"], None),
    ("MQTT", 26): (parse.whole, {"field": "passenger_count", "maximum": 1_000_000}, ["-1", "1000000000"], None),
    ("CSV", 12): (*NAME, ["Ada\0"], None),
    ("CSV", 21): (*PRICE, ["NaN", "Infinity", "1e5", "1_000"], None),
    ("CSV", 22): (parse.whole, {"field": "qty", "maximum": 10**9}, ["1.5", "-1", "", str(10**12)], None),
    ("CSV", 26): (parse.code, {"field": "barcode"}, ["5.01235E+12"], None),
    ("CSV", 31): (parse.decimal, {"field": "tax_rate", "maximum": 100}, ["110", "-1"], None),
}
BAD_BODIES = {
    ("API", 1): ([b""], "The body must be a JSON object."),
    ("API", 2): ([b"{"], "The body is not JSON: line 1, column 2."),
    ("API", 4): ([b"[" * 50_000, b'{"a":' * 2_000], "nested too deep"),
    ("API", 6): ([b'{"a":' + n + b"}" for n in (b"NaN", b"Infinity", b"-Infinity", b"1e999")], None),
    ("API", 9): ([b'{"a":' + b"7" * 5_000 + b"}"], None),
    ("API", 11): ([b'{"a":"\xff"}', '{"a":1}'.encode("utf-16")], None),
}
ACCEPTED = {
    ("FORM", 7): lambda: parse.text("<script>alert(1)</script>", "name") == "<script>alert(1)</script>",
    ("FORM", 9): lambda: parse.text("' OR 1=1--", "q") == "' OR 1=1--",
    ("FORM", 26): lambda: (
        parse.site_moment("2031-03-30T02:30", "at", zone=ZoneInfo("Europe/Berlin"))
        == parse.SiteMoment(datetime(2031, 3, 30, 1, 0, tzinfo=UTC), moved=True)
    ),
    ("CSV", 39): lambda: parse.text("Cafe\u0301", "name") == parse.text("Café", "name"),
}


@pytest.mark.parametrize("row", REFUSED, ids=str)
def test_bad_values_get_their_sentence(row):
    read, options, inputs, sentence = REFUSED[row]
    for value in inputs:
        with pytest.raises(ParseError) as refusal:
            read(value, **options)
        if sentence:
            assert refusal.value.message.startswith(sentence.format(value=value))


@pytest.mark.parametrize("row", BAD_BODIES, ids=str)
def test_bad_bodies_are_a_400(row):
    bodies, sentence = BAD_BODIES[row]
    for body in bodies:
        with pytest.raises(BadJson, match=sentence) as refusal:
            parse.json_object(body)
        assert refusal.value.status == 400


@pytest.mark.parametrize("row", ACCEPTED, ids=str)
def test_odd_but_honest_values_are_taken_as_they_are_meant(row):
    assert ACCEPTED[row]()


def test_unknown_fields_are_named_as_promised():
    with pytest.raises(ParseError, match=r"^Unknown field: pric\.$"):
        parse.known_fields({"pric": 1}, known=["price"])
    with pytest.raises(ParseError, match="price"):
        parse.known_fields({}, known=[], required=["price"])


def test_the_rows_played_here_are_rows_of_the_list():
    """And the sentences are the promised ones."""
    with LIST.open(encoding="utf-8", newline="") as rows:
        promised = {(row["interface"], int(row["n"])): row["expected"] for row in csv.DictReader(rows)}
    assert promised.keys() >= {*REFUSED, *BAD_BODIES, *ACCEPTED, ("API", 17), ("API", 19)}
    for row in (
        ("FORM", 1),
        ("FORM", 4),
        ("FORM", 11),
        ("FORM", 12),
        ("FORM", 17),
        ("FORM", 27),
        ("FORM", 34),
        ("API", 21),
    ):
        assert REFUSED[row][-1] in promised[row]
