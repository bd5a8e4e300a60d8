"""What people fill in when they set up a hotel: its types, its rooms, its times."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from wtforms.fields import SelectChoice
from wtforms.widgets import TextInput

from portal.core import parse
from portal.core.parse.errors import ParseError
from portal.core.words import _, lazy_
from portal.web.forms import (
    BaseForm,
    BooleanField,
    ChecksField,
    ChoiceField,
    CodeField,
    HiddenField,
    MoneyField,
    OnceForm,
    ParsedField,
    StrictStringField,
    UuidSelectField,
    WholeField,
)

#: What of a guest's card may be asked for before check-in: names of columns and their words.
CARD = (
    ("nationality", lazy_("Nationality")),
    ("born_on", lazy_("Date of birth")),
    ("document_kind", lazy_("Kind of document")),
    ("document_number", lazy_("Document number")),
    ("address", lazy_("Address")),
    ("phone", lazy_("Phone number")),
    ("email", lazy_("E-mail")),
)
_RANGE = re.compile(r"([A-Za-z]*)(\d{1,5})-\1(\d{1,5})")
MOST_ROOMS = 200


class MinuteField(ParsedField):
    """A time of the day; its data is minutes after midnight."""

    widget = TextInput("time")

    def read(self, value: str) -> int:
        said = parse.time_of_day(value, self.name, label=self.name_in_sentence)
        return said.hour * 60 + said.minute

    def shown(self, value: Any) -> str:
        return f"{int(value) // 60:02}:{int(value) % 60:02}"


class ShareField(ParsedField):
    """A share in percent with at most two decimals; its data is in parts per million."""

    def read(self, value: str) -> int:
        share = parse.decimal(value, self.name, label=self.name_in_sentence, places=2, maximum=100)
        return int(share * 10_000)

    def shown(self, value: Any) -> str:
        return f"{Decimal(value) / 10_000:f}"


class NumbersField(StrictStringField):
    """Numbers of rooms, with ranges: "101-110, 201"; its data is each of them."""

    def read(self, value: str) -> list[str]:  # type: ignore[override]
        said = super().read(value)
        found: list[str] = []
        for part in re.split(r"[,;\s]+", re.sub(r"\s*[-–]\s*", "-", said)):
            match = _RANGE.fullmatch(part)
            if match is None:
                found.append(parse.code(part, self.name, label=self.name_in_sentence))
                continue
            letters, first, last = match.groups()
            if not 0 <= int(last) - int(first) < MOST_ROOMS:
                raise ParseError(_("Write a range from the lower number to the higher, such as 101-110."), self.name)
            found += [f"{letters}{number:0{len(first)}}" for number in range(int(first), int(last) + 1)]
        if len(found) > MOST_ROOMS:
            raise ParseError(_("Add at most %(most)s rooms at once.", most=MOST_ROOMS), self.name)
        return list(dict.fromkeys(found))


class TypeForm(OnceForm):
    """A type of room."""

    code = CodeField(lazy_("Code"), max_length=12, description=lazy_("Short, as on lists: DBL. It cannot change."))
    name = StrictStringField(lazy_("Name"), max_length=60, description=lazy_("What guests book: Double room."))
    capacity = WholeField(lazy_("Sleeps at most"), minimum=1, maximum=100, default=2)
    adults = WholeField(lazy_("Adults in the price"), minimum=1, maximum=100, default=2)
    overbook_limit = WholeField(
        lazy_("May be oversold by"), minimum=0, maximum=50, default=0,
        description=lazy_("Rooms sold beyond those there are, each night; 0 is never."),
    )  # fmt: skip
    description = StrictStringField(lazy_("Description"), required=False, max_length=500, multiline=True)


class AmendTypeForm(TypeForm):
    """The same, without what cannot change."""

    code = None


class RoomsForm(OnceForm):
    """New rooms of one type."""

    room_type = UuidSelectField(lazy_("Type"))
    numbers = NumbersField(
        lazy_("Room numbers"), max_length=600, multiline=True,
        description=lazy_("As on the doors; a range such as 101-110 makes ten. They cannot change."),
    )  # fmt: skip
    floor = StrictStringField(lazy_("Floor"), required=False, max_length=20)
    price = MoneyField(
        lazy_("Price at the door for a day"),
        description=lazy_("What somebody pays who scans the code on the door; the rates are set elsewhere."),
    )


class RoomForm(BaseForm):
    """What is written down about a room."""

    room_type = UuidSelectField(lazy_("Sold as"))
    floor = StrictStringField(lazy_("Floor"), required=False, max_length=20)
    note = StrictStringField(lazy_("Note"), required=False, max_length=300)
    version = HiddenField()


class CloseForm(BaseForm):
    """Why a room is closed for good."""

    reason = StrictStringField(lazy_("Reason"), max_length=300)


class HotelForm(BaseForm):
    """How the hotel works."""

    checkin_minute = MinuteField(lazy_("Check-in from"))
    checkout_minute = MinuteField(lazy_("Check-out until"))
    close_after_minute = MinuteField(
        lazy_("Day may be closed from"), description=lazy_("On the morning after; 00:00 is midnight.")
    )
    auto_no_show = BooleanField(lazy_("Closing the day makes who did not arrive a no-show"))
    self_check_in = BooleanField(
        lazy_("Guests check in by themselves"),
        description=lazy_("On their own page, once the room is ready, the card signed and no more owed than allowed."),
    )
    hold_minutes = WholeField(lazy_("A hold lasts, in minutes"), minimum=1, maximum=43_200)
    balance_limit = MoneyField(
        lazy_("Tell of guests who owe more than"), minimum=0, description=lazy_("Guests in house are listed first.")
    )
    discount_limit_ppm = ShareField(
        lazy_("Discount that needs nobody's leave"), description=lazy_("More of it asks for a manager.")
    )
    early_fee_ppm = ShareField(lazy_("Early arrival costs"), description=lazy_("Of the first night."))
    late_fee_ppm = ShareField(lazy_("Late check-out costs"), description=lazy_("Of the last night."))
    door_mode = ChoiceField(
        lazy_("A day paid at the door"),
        choices=[
            ("rolling", lazy_("is 24 hours from the payment")),
            ("until_checkout", lazy_("ends at check-out time")),
        ],
    )
    card_fields = ChecksField(
        lazy_("Asked for on the registration card"), choices=[SelectChoice(value, words) for value, words in CARD]
    )
    version = HiddenField()


class ChargeCodeForm(OnceForm):
    """Something that is charged beside the room."""

    code = CodeField(lazy_("Code"), max_length=30, description=lazy_("Short: minibar. It cannot change."))
    name = StrictStringField(lazy_("Name"), max_length=60, description=lazy_("The guest reads it on the bill."))
    price = MoneyField(
        lazy_("Price of one"), required=False, description=lazy_("Empty: it is said when it is charged.")
    )
    tax_ppm = ShareField(lazy_("Tax in percent"), required=False)
    inclusive = BooleanField(lazy_("The tax is in the price"), default=True)


class AmendChargeForm(ChargeCodeForm):
    """The same, without what cannot change."""

    code = None
