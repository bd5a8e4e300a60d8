"""What people fill in about groups."""

from __future__ import annotations

from wtforms.fields import SelectChoice

from portal.core.words import lazy_
from portal.web.forms import (
    BaseForm,
    ChecksField,
    ChoiceField,
    CodeField,
    DayField,
    EmailField,
    HiddenField,
    OnceForm,
    PhoneField,
    StrictStringField,
    UuidSelectField,
    WholeField,
)

#: What may go to the group's own folio.
ROUTES = {"room": lazy_("Rooms"), "tax": lazy_("Taxes"), "fee": lazy_("Fees"), "extras": lazy_("Everything else")}


class GroupTermsForm(BaseForm):
    """What may be changed about a group."""

    name = StrictStringField(lazy_("Name"), max_length=80)
    cutoff_on = DayField(
        lazy_("Kept until"), description=lazy_("The evening of this day; what is not picked up then goes back on sale.")
    )
    rate_plan = UuidSelectField(lazy_("Rate plan"), required=False)
    company = UuidSelectField(lazy_("Company"), required=False)
    routes = ChecksField(
        lazy_("Goes to the group's folio"),
        choices=[SelectChoice(*each) for each in ROUTES.items()],
        default=["room", "tax"],
    )
    note = StrictStringField(lazy_("Note"), required=False, max_length=500, multiline=True)
    version = HiddenField()


class GroupForm(OnceForm, GroupTermsForm):
    """A new group."""

    code = CodeField(lazy_("Code"), max_length=20, description=lazy_("Short, as said on the telephone: ACME26."))
    arrival = DayField(lazy_("Arrival"))
    departure = DayField(lazy_("Departure"))
    room_type = UuidSelectField(lazy_("Room type"))
    rooms = WholeField(lazy_("Rooms kept"), minimum=0, maximum=1_000, default=10)


class KeepForm(BaseForm):
    """How many rooms of a type are kept."""

    room_type = UuidSelectField(lazy_("Room type"))
    rooms = WholeField(lazy_("Rooms kept in all"), minimum=0, maximum=1_000)


class MemberForm(OnceForm):
    """Somebody of a group."""

    name = StrictStringField(lazy_("Name"), max_length=100)
    phone = PhoneField(lazy_("Phone number"), required=False)
    email = EmailField(lazy_("E-mail"), required=False)
    room_type = UuidSelectField(lazy_("Room type"))
    adults = WholeField(lazy_("Adults"), minimum=1, maximum=100, default=1)
    children = WholeField(lazy_("Children"), minimum=0, maximum=100, default=0)


class ListForm(OnceForm):
    """A rooming list, pasted or as a file; looked through before it is booked."""

    rows = StrictStringField(
        lazy_("The list"),
        required=False,
        max_length=200_000,
        multiline=True,
        description=lazy_(
            "Paste it from a spreadsheet with its first line: name, room_type, arrival, departure, adults, children,"
            " phone, email, note. Only name and room_type have to be there."
        ),
    )
    step = ChoiceField(choices=[("look", ""), ("book", "")], default="look")


class AgainForm(BaseForm):
    """Until when rooms are kept for a group again."""

    cutoff_on = DayField(lazy_("Kept until"))
