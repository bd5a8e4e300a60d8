"""What people fill in about maintenance and work orders."""

from __future__ import annotations

from portal.core.words import lazy_
from portal.trades.fleet.models import LineKind
from portal.web.forms import (
    BaseForm,
    BooleanField,
    ChecksField,
    ChoiceField,
    DayField,
    MoneyField,
    OnceForm,
    QuantityField,
    StrictStringField,
    UuidSelectField,
    WholeField,
)

MOST_KM, MOST_HOURS, MOST_DAYS = 5_000_000, 200_000, 3_660


class PlanForm(OnceForm):
    """What is to be done again and again, and after how much."""

    unit = UuidSelectField(lazy_("For"), required=False)
    name = StrictStringField(lazy_("What is done"), max_length=80, description=lazy_("Such as “Oil and filters”."))
    every_km = WholeField(lazy_("Every so many km"), required=False, minimum=1, maximum=MOST_KM)
    every_hours = WholeField(lazy_("Every so many engine hours"), required=False, minimum=1, maximum=MOST_HOURS)
    every_days = WholeField(lazy_("Every so many days"), required=False, minimum=1, maximum=MOST_DAYS)
    soon_km = WholeField(lazy_("Say so this many km before"), maximum=MOST_KM, default=500)
    soon_hours = WholeField(lazy_("Say so this many engine hours before"), maximum=MOST_HOURS, default=25)
    soon_days = WholeField(lazy_("Say so this many days before"), maximum=MOST_DAYS, default=14)
    last_done_on = DayField(lazy_("Last done on"), required=False)
    last_done_km = WholeField(lazy_("Odometer then"), required=False, maximum=MOST_KM)
    last_done_hours = WholeField(lazy_("Engine hours then"), required=False, maximum=MOST_HOURS)


class CopyForm(BaseForm):
    """Which vehicles get the same plan."""

    units = ChecksField(lazy_("Vehicles"))


class OrderForm(OnceForm):
    """What is to be done to which vehicle."""

    unit = UuidSelectField(lazy_("Vehicle"))
    plan = UuidSelectField(lazy_("Plan"), required=False, description=lazy_("Counts anew when the work is done."))
    title = StrictStringField(lazy_("What is to be done"), max_length=120)
    supplier = StrictStringField(lazy_("Workshop or supplier"), required=False, max_length=120)
    note = StrictStringField(lazy_("Note"), required=False, max_length=1000, multiline=True)
    out_of_use = BooleanField(
        lazy_("Take the vehicle out of use while it is in the workshop"),
        description=lazy_("From when the work begins until it is done, nobody can be let it."),
    )


class AmendOrderForm(BaseForm):
    """What an order says."""

    title = StrictStringField(lazy_("What is to be done"), max_length=120)
    supplier = StrictStringField(lazy_("Workshop or supplier"), required=False, max_length=120)
    note = StrictStringField(lazy_("Note"), required=False, max_length=1000, multiline=True)


class LineForm(OnceForm):
    """A part, an hour of work, or something else that costs."""

    kind = ChoiceField(lazy_("Kind"), default=LineKind.PART)
    description = StrictStringField(lazy_("What"), max_length=120)
    quantity = QuantityField(lazy_("How many"), default=1000)
    unit_price = MoneyField(lazy_("Price of one"), minimum=0)


class DoneForm(BaseForm):
    """When the work was done, and what the odometer showed."""

    done_on = DayField(lazy_("Done on"), required=False, description=lazy_("Today, if you leave it empty."))
    odometer = WholeField(
        lazy_("Odometer, in km"),
        required=False,
        maximum=MOST_KM,
        description=lazy_("As the tracker counts, if you leave it empty."),
    )


class CancelOrderForm(BaseForm):
    """Why it will not be done."""

    reason = StrictStringField(lazy_("Why"), called=lazy_("reason"), max_length=300)
