"""What people fill in when somebody books."""

from __future__ import annotations

from datetime import timedelta

from portal.core.words import lazy_
from portal.web.forms import (
    BooleanField,
    ChoiceField,
    DayField,
    EmailField,
    HiddenField,
    OnceForm,
    PhoneField,
    RadioChoiceField,
    StrictStringField,
    WholeField,
    home_region,
)
from portal.web.frontdesk.card_forms import CardForm

SOURCES = (
    ("desk", lazy_("Desk")),
    ("phone", lazy_("Telephone")),
    ("web", lazy_("Website")),
    ("company", lazy_("Company")),
)


class WhenForm(OnceForm):
    """From when until when, for how many."""

    arrival = DayField(lazy_("Arrival"))
    departure = DayField(lazy_("Departure"))
    adults = WholeField(lazy_("Adults"), minimum=1, maximum=100, default=2)
    children = WholeField(lazy_("Children"), minimum=0, maximum=100, default=0)
    rooms = WholeField(lazy_("Rooms"), minimum=1, maximum=100, default=1)
    code = StrictStringField(lazy_("Promotion code"), required=False, max_length=40)

    @property
    def sound(self) -> bool:
        """Whether something can be offered for it."""
        arrival, departure = self.arrival.data, self.departure.data
        counted = (self.adults.data, self.rooms.data)
        return bool(arrival and departure and all(counted)) and timedelta(1) <= departure - arrival <= timedelta(365)


class BookForm(WhenForm):
    """The same, what was chosen of it, and who comes."""

    #: A type and a plan, as "type:plan".
    offer = HiddenField()
    name = StrictStringField(lazy_("Guest"), max_length=100)
    phone_number = PhoneField(lazy_("Phone number"), required=False, region=home_region)
    email = EmailField(lazy_("E-mail"), required=False)
    source = ChoiceField(lazy_("Came by"), choices=SOURCES, default="desk")
    note = StrictStringField(lazy_("Note"), required=False, max_length=500, multiline=True)
    hold = BooleanField(lazy_("Only hold it"))
    room = HiddenField()
    force = BooleanField(lazy_("Sell it although a rule or the calendar says no"))
    reason = StrictStringField(lazy_("Reason"), required=False, max_length=300)


class WalkInForm(OnceForm, CardForm):
    """Somebody at the desk: seven things to say."""

    name = StrictStringField(lazy_("Guest"), max_length=100)
    phone_number = PhoneField(lazy_("Phone number"), required=False, region=home_region)
    nights = WholeField(lazy_("Nights"), minimum=1, maximum=60, default=1)
    adults = WholeField(lazy_("People"), minimum=1, maximum=100, default=1)
    #: A type and a plan, as "type:plan".
    offer = HiddenField()
    way = RadioChoiceField(
        lazy_("Pays"),
        choices=[("cash", lazy_("in cash")), ("card", lazy_("by card")), ("later", lazy_("later"))],
        default="cash",
    )
    slip = StrictStringField(lazy_("Number on the card slip"), required=False, max_length=40)
    reason = StrictStringField(lazy_("Reason"), required=False, max_length=300)
