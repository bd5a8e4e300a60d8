"""Money, moments and fields as a clerk at a place meets them."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from flask import g
from werkzeug.datastructures import MultiDict

from portal.core.errors import Conflict
from portal.core.money import Money
from portal.web import filters
from portal.web.forms import (
    BaseForm,
    BooleanField,
    ChoiceField,
    EmailField,
    MoneyField,
    PhoneField,
    QuantityField,
    StrictStringField,
    UuidSelectField,
)

ROOM = uuid.uuid4()


class Booking(BaseForm):
    guest = StrictStringField("Guest")
    email = EmailField("E-mail address", required=False)
    phone_number = PhoneField("Phone number", required=False, region="NG")
    price = MoneyField("Price")
    gas = QuantityField("Gas", required=False)
    kind = ChoiceField("Kind", choices=[("single", "Single"), ("double", "Double")])
    breakfast = BooleanField("Breakfast")
    room = UuidSelectField("Room", choices=[("", "–"), (ROOM, "204")], required=False)


@pytest.fixture
def lagos(app):
    with app.test_request_context("/", method="POST"):
        g.place = SimpleNamespace(currency="NGN", timezone="Africa/Lagos")
        yield


def filled(**values):
    good = {"guest": "Ada", "price": "12,500.50", "kind": "double"}
    return Booking(MultiDict({**good, **values}))


def test_money_is_written_as_the_place_writes_it(lagos):
    assert filters.money(1_000_000) == "₦10,000.00"
    assert filters.money(-250_000) == "\u2212₦2,500.00"
    assert filters.money(Money(1_000_000, "KES")) == "Ksh10,000.00"
    assert filters.money(1_000, "UGX").endswith("1,000")
    assert filters.money(500, sign=True) == "+₦5.00"
    assert filters.money(None) == "–"


def test_quantities_drop_what_says_nothing(lagos):
    assert filters.quantity(12_500, "kg") == "12.5 kg"
    assert filters.quantity(1_000) == "1"
    assert filters.number(1_234_567) == "1,234,567"
    assert filters.percent(Decimal("0.124"), sign=True) == "+12.4%"


def test_moments_are_said_by_the_clock_on_the_wall_there(lagos):
    zone = filters.timezone()
    noon = datetime.now(zone).replace(hour=12, minute=5)
    assert filters.clock(noon.astimezone(UTC)) == "Today 12:05"
    assert filters.clock((noon - timedelta(days=1)).astimezone(UTC)) == "Yesterday 12:05"
    assert filters.clock((noon - timedelta(days=1)).astimezone(UTC), inside=True) == "yesterday 12:05"
    assert filters.day(date(2020, 3, 6)) == "6 Mar 2020"
    assert str(filters.moment(noon)).startswith('<time datetime="')
    assert filters.ago(datetime.now(UTC) - timedelta(minutes=5)) == "5 min ago"
    assert filters.ago(datetime.now(UTC) + timedelta(hours=2)) == "in 2 h"
    assert filters.ago(datetime.now(UTC)) == "just now"
    assert filters.duration(1_440 * 3) == "3 days"
    assert filters.duration(150) == "2 h 30 min"


def test_fields_read_through_the_strict_parser(lagos):
    form = filled(price="12500.50", gas="1.25", email="ADA@Example.com", phone_number="0803 123 4567", room=str(ROOM))
    assert form.validate(), form.errors
    assert form.price.data == Money(1_250_050, "NGN")
    assert form.gas.data == 1_250
    assert form.email.data == "ada@example.com"
    assert form.phone_number.data == "+2348031234567"
    assert form.room.data == ROOM


def test_thousands_may_be_grouped_as_the_pages_print_them(lagos):
    for typed, minor in (("20,000", 2_000_000), ("1,250,000.5", 125_000_050), (" 12,500.50 ", 1_250_050)):
        form = filled(price=typed)
        assert form.validate(), form.errors
        assert form.price.data == Money(minor, "NGN")
    for typed in ("12,50", "1,2345", "0,500", "1,250,00", "12500,500", ",500", "1,500,"):
        assert filled(price=typed).validate() is False, typed
    g.place.currency = "KWD"  # three decimals: nobody knows what this comma means
    assert filled(price="1,250").validate() is False


def test_what_was_typed_stays_in_the_box_with_a_sentence_beside_it(lagos):
    form = filled(price="12.505", guest=" \u200b ", kind="suite", room=str(uuid.uuid4()), email="ada@")
    assert not form.validate()
    assert form.price._value() == "12.505"
    assert form.guest.errors == ["Enter the guest."]
    assert form.kind.errors == ["Choose one from the list."]
    assert form.room.errors == ["Choose one from the list."]
    assert form.email.errors == ["This is not an e-mail address."]
    assert len(form.price.errors) == 1


def test_a_box_to_tick_never_shows_what_was_sent_in_place_of_its_word(lagos):
    form = filled(breakfast="\0")
    assert form.breakfast.data is True
    assert str(form.breakfast()) == '<input checked id="breakfast" name="breakfast" type="checkbox" value="y">'


def test_a_field_left_out_is_an_empty_field(lagos):
    form = Booking(MultiDict({"kind": "single"}))
    assert not form.validate()
    assert set(form.errors) == {"guest", "price"}
    assert form.room.data is None


def test_a_refusal_lands_on_its_field_or_on_top(lagos):
    form = filled(price="1")
    form.validate()
    form.refuse(Conflict("Double is full on 11 March.", field="kind"))
    form.refuse(Conflict("The day is closed."))
    assert form.errors == {"kind": ["Double is full on 11 March."], "": ["The day is closed."]}
