"""What people fill in about drivers and the vehicles they are given."""

from __future__ import annotations

from portal.core.words import lazy_
from portal.trades.fleet.models import DriverStatus
from portal.web.forms import (
    BaseForm,
    ChoiceField,
    DayField,
    MomentField,
    OnceForm,
    PhoneField,
    StrictStringField,
    UuidSelectField,
    home_region,
)


class DriverForm(OnceForm):
    """Who drives, with what licence, until when it is good."""

    name = StrictStringField(lazy_("Name"), max_length=100)
    phone_number = PhoneField(lazy_("Phone number"), required=False, region=home_region)
    licence_number = StrictStringField(lazy_("Licence number"), max_length=40)
    licence_classes = StrictStringField(
        lazy_("Classes"), max_length=40, description=lazy_("As on the card, such as B, CE.")
    )
    licence_expires_on = DayField(
        lazy_("Valid until"), called=lazy_("last day of the licence"), description=lazy_("Its last day.")
    )
    user_id = UuidSelectField(
        lazy_("Signs in as"),
        required=False,
        description=lazy_("Somebody who works here as a driver; they see their own vehicle and trips."),
    )
    note = StrictStringField(lazy_("Note"), required=False, max_length=500, multiline=True)


class StatusForm(BaseForm):
    """At work, away, or gone."""

    status = ChoiceField(lazy_("Status"), choices=[(each.value, each.value) for each in DriverStatus])


class AssignForm(BaseForm):
    """Which vehicle a driver gets, and for how long."""

    unit = UuidSelectField(lazy_("Vehicle"))
    starts_at = MomentField(lazy_("From"), required=False, description=lazy_("Now, if you leave it empty."))
    ends_at = MomentField(
        lazy_("Until"), required=False, description=lazy_("Until further notice, if you leave it empty.")
    )


class HandOverForm(BaseForm):
    """Who gets a vehicle now."""

    driver = UuidSelectField(lazy_("Driver"))


class TakeBackForm(BaseForm):
    """Which hand-over is undone."""

    assignment = StrictStringField(lazy_("Hand-over"), max_length=40)
