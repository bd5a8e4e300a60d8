"""What each reader takes, in which form it comes out, and the sentence it refuses the rest with."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from portal.core import parse
from portal.core.errors import Invalid
from portal.core.money import Money
from portal.core.parse import ParseError

LAGOS, BERLIN = ZoneInfo("Africa/Lagos"), ZoneInfo("Europe/Berlin")


class Tender(StrEnum):
    CASH = "CASH"
    CARD = "CARD"


def test_text_is_trimmed_and_composed():
    assert parse.text("  Ada\u00a0Obi \u200b\n", "name") == "Ada\u00a0Obi"
    assert parse.text("Cafe\u0301", "name") == "Café"
    assert parse.text("one\r\ntwo\rthree", "note", multiline=True) == "one\ntwo\nthree"
    assert parse.text(None, "note", min_length=0) == ""
    assert parse.text("<script>alert(1)</script>", "name") == "<script>alert(1)</script>"
    assert parse.text("👩‍🌾", "name") == "👩‍🌾", "a joiner inside a picture is kept"


@pytest.mark.parametrize("value", ["a\0b", "a\x1fb", "a\nb", "a\tb", "a\x7fb", "a\x85b", "a\ud800b", "a\u2028b"])
def test_text_that_cannot_be_stored_or_is_more_than_a_line_is_refused(value):
    with pytest.raises(ParseError, match="has a character that cannot be stored"):
        parse.text(value, "guest_name", label="guest name")


def test_text_has_a_sane_length():
    assert len(parse.text("é" * 100, "name")) == 100
    assert len(parse.text("e\u0301" * 100, "name")) == 100, "counted as people see it"
    for value, sentence in (("x" * 101, "at most 100"), ("\u0301\u0316" * 400_000, "at most 100"), (5, "text")):
        with pytest.raises(ParseError, match=sentence):
            parse.text(value, "name")
    with pytest.raises(ParseError, match="at least 3"):
        parse.text("ab", "name", min_length=3)


def test_whole_numbers_are_ascii_digits_within_bounds():
    assert [parse.whole(v, "n", minimum=-1) for v in ("0", " 12 ", "007", 7, "-1")] == [0, 12, 7, 7, -1]
    for wrong in ("", None, "1.0", "1e3", "1_000", "١٢", "+1", "0x1", 1.0, True, Decimal(1), [], "-1", 2**31, -1):
        with pytest.raises(ParseError):
            parse.whole(wrong, "n")


def test_decimals_are_exact_or_refused():
    assert parse.decimal("0.1250", "rate") == Decimal("0.125")
    assert str(parse.decimal("-0.0", "rate")) == "0"
    for wrong in (
        "NaN",
        "Infinity",
        "1e5",
        "1_000",
        "١٢",
        "1,5",
        ".5",
        "5.",
        "0.12345",
        0.5,
        Decimal("NaN"),
        Decimal("1e5"),
        Decimal("0.00001"),
        "1000000000",
        "-1",
        "9" * 5000,
    ):
        with pytest.raises(ParseError):
            parse.decimal(wrong, "rate")


def test_quantities_come_out_in_thousandths():
    assert [parse.quantity(v, "q") for v in ("1.5", 2, Decimal("0.001"))] == [1500, 2000, 1]
    for wrong in ("0", "1.2345", "-1", "", "1000000000"):
        with pytest.raises(ParseError):
            parse.quantity(wrong, "q")


def test_money_is_read_in_major_units_and_kept_in_minor():
    assert parse.money("12.5", "amount", currency="KES") == Money(1250, "KES")
    assert parse.money(Decimal("10000.00"), "amount", currency="NGN") == Money(1_000_000, "NGN")
    assert parse.money("9999999999.99", "amount", currency="NGN").minor == 999_999_999_999
    assert parse.money(1500, "amount", currency="UGX") == Money(1500, "UGX")
    with pytest.raises(ParseError, match=r"^Write the price as 1250\.$"):
        parse.money("12.5", "price", currency="UGX", label="price")
    with pytest.raises(ParseError, match=r"^The float must be at least 5\.00\.$"):
        parse.money("4.99", "float", currency="KES", minimum=500)
    with pytest.raises(ParseError, match=r"^The price can have at most 2 decimals, such as 12\.50\.$"):
        parse.money("4.999", "price", currency="KES", label="price")


def test_a_date_is_a_real_day_written_one_way():
    assert parse.day("2032-02-29", "arrival") == date(2032, 2, 29)
    for wrong in ("20310101", "2031-W01-1", "2031-1-1", "٢٠٣١-٠١-٠١", "2031-02-29", "01/02/2031", 20310101, ""):
        with pytest.raises(ParseError):
            parse.day(wrong, "arrival")
    assert parse.time_of_day("14:30", "at") == time(14, 30)
    with pytest.raises(ParseError):
        parse.time_of_day("24:00", "at")


def test_a_moment_has_its_offset_and_comes_out_in_utc():
    noon = datetime(2031, 12, 31, 12, 0, tzinfo=UTC)
    for text in ("2031-12-31T12:00:00Z", "2031-12-31T15:00:00+03:00", "2031-12-31T12:00:00.000000999Z"):
        read = parse.timestamp(text, "at")
        assert (read, read.tzinfo) == (noon, UTC)
    for wrong in (
        "2031-12-31T12:00:00",
        "2031-12-31",
        "2031-12-31T12:00:60Z",
        "2031-12-31 12:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "2031-12-31T12:00:00+99:00",
        1950000000,
        "٢٠٣١-12-31T12:00:00Z",
    ):
        with pytest.raises(ParseError):
            parse.timestamp(wrong, "at")


def test_a_place_tells_its_own_time():
    assert parse.site_moment("2031-06-01T14:00", "at", zone=LAGOS).at == datetime(2031, 6, 1, 13, tzinfo=UTC)
    repeated = parse.site_moment("2031-10-26T02:30", "at", zone=BERLIN)
    assert repeated == parse.SiteMoment(datetime(2031, 10, 26, 0, 30, tzinfo=UTC), moved=False)


def test_an_address_has_one_spelling():
    assert parse.email(" Ada.Obi+Till@Example.CO.KE ") == "ada.obi+till@example.co.ke"
    for wrong in (
        "@x.co",
        "a@x",
        "a@@x.co",
        ".a@x.co",
        "a..b@x.co",
        "a@-x.co",
        "a@x.co\nBcc: b@x.co",
        "ä@x.co",
        "a" * 65 + "@x.co",
        "a@" + "x" * 64 + ".co",
        '"a b"@x.co',
        "a@1.2.3.4",
        "a@x.co\0",
        None,
        5,
    ):
        with pytest.raises(ParseError):
            parse.email(wrong)


def test_a_phone_number_is_the_same_number_however_it_is_written():
    for written in ("0712 345 678", "+254712345678", "+254 (712) 345-678", " 0712345678 "):
        assert parse.phone(written, region="KE") == "+254712345678"
    for wrong in ("12", "0712345678901234", "1-800-FLOWERS", "+999712345678", "٠٧١٢٣٤٥٦٧٨", "0712345678;ext=5", ""):
        with pytest.raises(ParseError):
            parse.phone(wrong, region="KE")
    with pytest.raises(ParseError):
        parse.phone("0712345678")


def test_identifiers_match_character_for_character():
    some = UUID("0190f5a4-7b1c-7def-8123-456789abcdef")
    assert parse.uuid(str(some).upper()) == some
    for wrong in (2**31, 2**53 + 1, 2**63, -1, 0, "{" + str(some) + "}", some.hex, "urn:uuid:" + str(some), ""):
        with pytest.raises(ParseError):
            parse.uuid(wrong)
    assert parse.code("KAA-123B", "unit_number") == "KAA-123B"
    for wrong in ("a/b", "a+b", "#", "..", "-a", "a b", "é", "x" * 33, ""):
        with pytest.raises(ParseError):
            parse.code(wrong, "unit_number")
    assert parse.reference("PAY_01.x-9=") == "PAY_01.x-9="
    with pytest.raises(ParseError):
        parse.reference("../etc/passwd")


def test_a_choice_is_one_of_the_listed():
    assert parse.choice("CARD", "method", Tender) is Tender.CARD
    assert parse.choice("b", "letter", ["a", "b"]) == "b"
    with pytest.raises(ParseError, match=r"^method must be one of: CASH, CARD\.$"):
        parse.choice("card", "method", Tender)
    for wrong in (None, 1, ["CASH"], {}):
        with pytest.raises(ParseError):
            parse.choice(wrong, "method", Tender)


def test_yes_and_no():
    assert [parse.boolean(v, "on") for v in (True, "on", "1", "Yes", "true")] == [True] * 5
    assert [parse.boolean(v, "on") for v in (False, "off", "0", "no", "FALSE")] == [False] * 5
    for wrong in (1, 0, None, "", "maybe", 1.0):
        with pytest.raises(ParseError):
            parse.boolean(wrong, "on")


def test_a_position_is_on_earth_and_not_where_lost_trackers_are():
    assert parse.position("-1.2921, 36.8219") == (-1.2921, 36.8219)
    for wrong in ("0,0", "-0.0,0.00", "91,0", "0,181", "1", "1,2,3", "1e1,2", "nan,nan", "", ","):
        with pytest.raises(ParseError):
            parse.position(wrong)


def test_what_is_optional_may_be_left_out_but_not_be_wrong():
    assert parse.optional(parse.phone, " ", "phone_number", region="KE") is None
    assert parse.optional(parse.whole, "5", "guests") == 5
    with pytest.raises(ParseError):
        parse.optional(parse.whole, "five", "guests")


def test_a_refusal_is_pinned_to_its_field_for_every_kind_of_door():
    with pytest.raises(ParseError) as refusal:
        parse.whole("x", "guests")
    assert refusal.value.field == "guests"
    assert refusal.value.details == {"guests": refusal.value.message}
    assert (refusal.value.status, refusal.value.code) == (422, "invalid")
    assert isinstance(refusal.value, Invalid), "doors answer it like any other rule"
    assert isinstance(refusal.value, ValueError), "form and schema libraries collect it"
