"""What people fill in about rates: many nights at once, plans, terms, taxes, promotions."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from flask import g
from wtforms.fields import SelectChoice

from portal.core import parse
from portal.core.errors import Invalid
from portal.core.money import MAX_MINOR, Money, decimals_of
from portal.core.parse.errors import ParseError
from portal.core.words import _, lazy_
from portal.trades.hotel import shorthand
from portal.web.forms import (
    BaseForm,
    BooleanField,
    ChecksField,
    ChoiceField,
    CodeField,
    DayField,
    HiddenField,
    OnceForm,
    ParsedField,
    StrictStringField,
    UuidSelectField,
    WholeField,
)
from portal.web.frontdesk.settings_forms import MinuteField

MOST_NIGHTS = 365
LONG_AGO, TOO_FAR = 2000, 2200
FEES = (
    ("none", lazy_("nothing")),
    ("nights", lazy_("so many first nights")),
    ("percent", lazy_("a share of the stay, in %%")),
    ("amount", lazy_("a sum")),
    ("all", lazy_("the whole stay")),
)
WEEKDAYS = (
    ("0", lazy_("Mon")),
    ("1", lazy_("Tue")),
    ("2", lazy_("Wed")),
    ("3", lazy_("Thu")),
    ("4", lazy_("Fri")),
    ("5", lazy_("Sat")),
    ("6", lazy_("Sun")),
)


def night(value: object, name: str, *, label: str | None = None) -> date:
    """A night somebody could sell."""
    said = parse.day(value, name, label=label)
    if not LONG_AGO < said.year < TOO_FAR:
        raise ParseError(_("That day is too far away."), name)
    return said


class NightField(DayField):
    """A night, or the day something begins or ends."""

    def read(self, value: str) -> date:
        return night(value, self.name, label=self.name_in_sentence)


class FigureField(ParsedField):
    """A number that is a sum, a share in percent or a count, as another field says: its data is what was typed."""

    def __init__(self, label: Any = None, validators: Any = None, *, minimum: int = 0, **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(label, validators, **kwargs)
        self.minimum = minimum

    def read(self, value: str) -> Decimal:
        return parse.decimal(value, self.name, label=self.name_in_sentence, places=4, minimum=self.minimum)

    def shown(self, value: Any) -> str:
        return f"{value:f}"


class RuleField(StrictStringField):
    """Restrictions typed in short; its data is each of them by name."""

    empty: Any = {}

    def read(self, value: str) -> Any:  # type: ignore[override]
        try:
            return shorthand.read(super().read(value))
        except Invalid as error:
            raise ParseError(error.message, self.name) from None

    def shown(self, value: Any) -> str:
        return shorthand.written(value)


class PackageField(StrictStringField):
    """What is in a price, a line each: "Breakfast; 15.00; person"; its data is as plans keep it."""

    empty: Any = []

    def read(self, value: str) -> Any:  # type: ignore[override]
        return [self._line(line) for line in super().read(value).splitlines() if line.strip()]

    def _line(self, line: str) -> dict[str, Any]:
        parts = [part.strip() for part in line.split(";")]
        if len(parts) != 3 or parts[2] not in ("night", "person", "stay"):
            raise ParseError(
                _("Write each line as “Breakfast; 15.00; person”, with night, person or stay at its end."), self.name
            )
        words = parse.text(parts[0], self.name, label=self.name_in_sentence, max_length=60)
        amount = parse.money(parts[1], self.name, currency=g.place.currency, label=self.name_in_sentence)
        code = re.sub(r"[^A-Z0-9]+", "", words.upper())[:12] or "EXTRA"
        return {"code": code, "words": words, "amount": amount.minor, "per": parts[2]}

    def shown(self, value: Any) -> str:
        currency = g.place.currency
        return "\n".join(f"{each['words']}; {amount_text(each['amount'], currency)}; {each['per']}" for each in value)


class ManyForm(BaseForm):
    """Which nights of which types are meant."""

    types = ChecksField(lazy_("Room types"))
    start = NightField(lazy_("From"))
    end = NightField(lazy_("Until, with this night"))
    weekdays = ChecksField(lazy_("On"), choices=[SelectChoice(*each) for each in WEEKDAYS])
    seen = HiddenField()


class PricesForm(ManyForm):
    """What happens to the prices of these nights."""

    plan = UuidSelectField(lazy_("Plan"))
    column = ChoiceField(
        lazy_("What"),
        choices=[
            ("price", lazy_("Price of the night")),
            ("extra_adult", lazy_("Each adult more")),
            ("extra_child", lazy_("Each child")),
        ],
    )
    how = ChoiceField(
        lazy_("How"),
        choices=[
            ("set", lazy_("to this sum")),
            ("percent", lazy_("by so many %%")),
            ("amount", lazy_("by this sum")),
        ],
    )
    value = FigureField(
        lazy_("Figure"),
        minimum=-MAX_MINOR,
        description=lazy_("With a minus it goes down."),
    )
    rounding = FigureField(lazy_("Round to"), required=False, description=lazy_("Such as 5, or 0.50."))


class LimitsForm(ManyForm):
    """Which restrictions these nights get and lose."""

    plan = UuidSelectField(lazy_("Plan"), required=False)
    rule = RuleField(
        lazy_("Set"), required=False, max_length=80,
        description=lazy_("In short, as in the grid: cta min2 q5. Others stay as they are."),
    )  # fmt: skip
    lifted = ChecksField(lazy_("Lift"))


class PlanForm(OnceForm):
    """A rate plan."""

    code = CodeField(lazy_("Code"), max_length=12, description=lazy_("Short, as on lists: BAR. It cannot change."))
    name = StrictStringField(
        lazy_("Name"), max_length=60, description=lazy_("What guests book: Best price, breakfast.")
    )
    parent = UuidSelectField(
        lazy_("Its prices"), required=False,
        description=lazy_("A plan that follows another changes with it; what is booked keeps its price."),
    )  # fmt: skip
    derive_kind = ChoiceField(
        lazy_("Follows by"),
        required=False,
        description=lazy_("Of the other plan."),
        choices=[("percent", lazy_("a share, in %%")), ("amount", lazy_("a sum"))],
    )
    derive_value = FigureField(
        lazy_("So much"), required=False, minimum=-MAX_MINOR, description=lazy_("With a minus, cheaper: -10.")
    )
    rounding = FigureField(lazy_("Round to"), required=False, description=lazy_("Such as 5, or 0.50."))
    policy = UuidSelectField(lazy_("Cancellation"), required=False)
    meal = ChoiceField(
        lazy_("Meals"), required=False,
        choices=[
            ("", lazy_("Room only")), ("breakfast", lazy_("Breakfast")), ("half_board", lazy_("Half board")),
            ("full_board", lazy_("Full board")), ("all_inclusive", lazy_("All inclusive")),
        ],
    )  # fmt: skip
    package = PackageField(
        lazy_("In the price"), required=False, max_length=1000, multiline=True,
        description=lazy_("A line each: “Breakfast; 15.00; person”. Its end is night, person or stay."),
    )  # fmt: skip
    sell_from = NightField(lazy_("On sale from"), required=False)
    sell_until = NightField(lazy_("On sale until, with this day"), required=False)
    public = BooleanField(
        lazy_("Offered to everybody"), default=True, description=lazy_("Else only the desk sells it.")
    )
    complimentary = BooleanField(lazy_("Complimentary: every night costs nothing"))


class AmendPlanForm(PlanForm):
    """The same, without what cannot change."""

    code = None


class PolicyForm(OnceForm):
    """Terms of cancelling."""

    name = StrictStringField(lazy_("Name"), max_length=60)
    free_days = WholeField(
        lazy_("Free until so many days before arrival"), required=False, maximum=365,
        description=lazy_("Empty is never free."),
    )  # fmt: skip
    free_until_minute = MinuteField(lazy_("At"), default=18 * 60)
    late_kind = ChoiceField(lazy_("Later it costs"), choices=FEES, default="nights")
    late_value = FigureField(lazy_("How much"), required=False, default=Decimal(1))
    no_show_kind = ChoiceField(lazy_("Not coming costs"), choices=FEES, default="all")
    no_show_value = FigureField(lazy_("How much"), required=False)


class TaxForm(OnceForm):
    """A tax."""

    name = StrictStringField(lazy_("Name"), max_length=60, description=lazy_("As on the invoice: VAT 7%%."))
    kind = ChoiceField(
        lazy_("Counted"),
        choices=[
            ("percent", lazy_("as a share of the price, in %%")),
            ("per_night", lazy_("by the night")),
            ("per_person", lazy_("by the person and night")),
        ],
    )
    value = FigureField(lazy_("So much"))
    inclusive = BooleanField(lazy_("It is in the price already"), default=True)
    children_pay = BooleanField(lazy_("Children pay it too"))
    applies_to = ChoiceField(
        lazy_("On"), choices=[("room", lazy_("the room only")), ("all", lazy_("everything on the bill"))]
    )
    from_on = NightField(lazy_("Charged from"))
    until_on = NightField(lazy_("No more from"), required=False, description=lazy_("The first night without it."))


class PromotionForm(OnceForm):
    """A lower price for a while."""

    name = StrictStringField(lazy_("Name"), max_length=60)
    code = CodeField(
        lazy_("Code"), required=False, max_length=20, description=lazy_("Without one it is given to everybody it fits.")
    )
    kind = ChoiceField(
        lazy_("Takes off"), choices=[("percent", lazy_("a share, in %%")), ("amount", lazy_("a sum a night"))]
    )
    value = FigureField(lazy_("So much"), default=Decimal(10))
    plan = UuidSelectField(lazy_("On the plan"), required=False)
    room_type = UuidSelectField(lazy_("For the type"), required=False)
    min_nights = WholeField(lazy_("From so many nights"), minimum=1, maximum=MOST_NIGHTS, default=1)
    stay_from = NightField(lazy_("First night"))
    last_night = NightField(lazy_("Last night"))
    book_from = NightField(lazy_("Booked from"))
    book_until = NightField(lazy_("Booked until, with this day"))


def parts(field: Any, kind: str, *, field_name: str) -> int:
    """A figure as it is stored: parts per million of a share, minor units of a sum, or a count."""
    value = field.data or Decimal(0)
    if kind in ("percent", "nights"):
        whole = value * (10_000 if kind == "percent" else 1)
        if whole != int(whole) or abs(whole) > MAX_MINOR:
            raise Invalid(_("Write a whole number, or a share with at most four decimals."), field=field_name)
        return int(whole)
    minor = value * 10 ** decimals_of(g.place.currency)
    if minor != int(minor) or abs(minor) > MAX_MINOR:
        raise Invalid(_("That is more exact than the currency is, or too much."), field=field_name)
    return int(minor)


def figure(value: int | None, kind: str) -> Decimal | None:
    """A stored figure as it is typed."""
    if value is None:
        return None
    if kind == "percent":
        return (Decimal(value) / 10_000).normalize()
    return Decimal(value) if kind == "nights" else Decimal(value).scaleb(-decimals_of(g.place.currency))


def amount_text(minor: int, currency: str) -> str:
    """An amount as it is typed into a cell."""
    return Money(minor, currency).to_major_str()
