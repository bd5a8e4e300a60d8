"""What people fill in about the house."""

from __future__ import annotations

from wtforms.validators import DataRequired

from portal.core.words import lazy_
from portal.web.forms import (
    BaseForm,
    BooleanField,
    ChecksField,
    ChoiceField,
    DayField,
    OnceForm,
    StrictStringField,
    UuidSelectField,
)


class ShareForm(BaseForm):
    """Who cleans today."""

    people = ChecksField(lazy_("Who cleans today"), validators=[DataRequired(lazy_("Choose at least one person."))])


class SkipForm(BaseForm):
    """Why a task is not done."""

    reason = StrictStringField(
        lazy_("Why not"), max_length=200, description=lazy_("The guest sleeps; the sign is out.")
    )


class FoundForm(OnceForm):
    """Something that was left behind."""

    what = StrictStringField(lazy_("What is it"), max_length=200)
    room = UuidSelectField(lazy_("Room"), required=False)
    found_on = DayField(lazy_("Found on"))
    kept_at = StrictStringField(lazy_("Where it is kept"), required=False, max_length=80)


class SettleForm(BaseForm):
    """What became of it."""

    status = ChoiceField(
        lazy_("What became of it"),
        choices=[("returned", lazy_("Handed back")), ("disposed", lazy_("Disposed of"))],
    )
    outcome = StrictStringField(lazy_("To whom, or how"), max_length=300)


class MendForm(OnceForm):
    """Something that is broken."""

    room = UuidSelectField(lazy_("Room"))
    what = StrictStringField(lazy_("What is broken"), max_length=500, multiline=True)
    urgent = BooleanField(lazy_("It cannot wait"))
    until_on = DayField(
        lazy_("Out of order until"),
        required=False,
        description=lazy_("The room is not for sale from today until that day. Leave it empty to go on letting it."),
    )


class MendedForm(BaseForm):
    """What was done about it."""

    outcome = StrictStringField(lazy_("What was done"), max_length=500, multiline=True)
    dropped = BooleanField(lazy_("Nothing needs to be done"))
