"""What people fill in about guests, companies and those who wait."""

from __future__ import annotations

from portal.core.words import lazy_
from portal.web.forms import (
    BaseForm,
    BooleanField,
    ChoiceField,
    DayField,
    EmailField,
    HiddenField,
    MoneyField,
    OnceForm,
    PhoneField,
    StrictStringField,
    UuidSelectField,
    WholeField,
)

KINDS = (("person", lazy_("Guest")), ("company", lazy_("Company")), ("agent", lazy_("Travel agent")))


class ContactForm(OnceForm):
    """Who it is and how to reach them; a company's account with the hotel."""

    kind = ChoiceField(lazy_("What it is"), choices=KINDS, default="person")
    name = StrictStringField(lazy_("Name"), max_length=100)
    email = EmailField(lazy_("E-mail"), required=False)
    phone = PhoneField(lazy_("Phone number"), required=False)
    account_number = StrictStringField(
        lazy_("City ledger account"), required=False, max_length=40, description=lazy_("Of a company that pays later.")
    )
    credit_limit = MoneyField(lazy_("May owe at most"), required=False, minimum=0)


class CardForm(ContactForm):
    """The whole card of a guest, and its last change when it was opened."""

    seen = HiddenField()
    vip = BooleanField(lazy_("VIP"))
    preferences = StrictStringField(lazy_("Preferences and notes"), required=False, max_length=1_000, multiline=True)
    do_not_rent = StrictStringField(
        lazy_("Not to be rented to, because"),
        required=False,
        max_length=300,
        description=lazy_("Bookings under this name with this address or number are refused."),
    )
    nationality = StrictStringField(lazy_("Nationality"), required=False, max_length=60)
    born_on = DayField(lazy_("Date of birth"), required=False)
    document_kind = StrictStringField(lazy_("Kind of document"), required=False, max_length=40)
    document_number = StrictStringField(lazy_("Document number"), required=False, max_length=40)
    address = StrictStringField(lazy_("Address"), required=False, max_length=300, multiline=True)
    language = StrictStringField(lazy_("Language"), required=False, max_length=40)


class MergeForm(BaseForm):
    """Which other guest it is."""

    other = UuidSelectField(lazy_("Is the same as"))


class EraseForm(BaseForm):
    """Why a guest becomes nameless."""

    reason = StrictStringField(lazy_("Who asked for it, and when"), max_length=200)


class WaitingForm(OnceForm):
    """Somebody who would come."""

    name = StrictStringField(lazy_("Name"), max_length=100)
    phone = PhoneField(lazy_("Phone number"), required=False)
    email = EmailField(lazy_("E-mail"), required=False)
    room_type = UuidSelectField(lazy_("Room type"))
    arrival = DayField(lazy_("Arrival"))
    departure = DayField(lazy_("Departure"))
    adults = WholeField(lazy_("Adults"), minimum=1, maximum=100, default=2)
    note = StrictStringField(lazy_("Note"), required=False, max_length=300)
