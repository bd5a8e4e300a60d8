"""What people fill in about places and units."""

from __future__ import annotations

import zoneinfo
from typing import Any

from portal.core.money import DECIMALS
from portal.core.words import lazy_
from portal.shared.assets.models import AssetKind
from portal.shared.assets.services.units import DAY_MINUTES, YEAR_MINUTES
from portal.web.desks import KINDS
from portal.web.forms import (
    BaseForm,
    BooleanField,
    ChoiceField,
    CodeField,
    MoneyField,
    OnceForm,
    StrictStringField,
    WholeField,
)


class ReasonForm(BaseForm):
    """A step that is only taken with a reason."""

    reason = StrictStringField(lazy_("Reason"), max_length=300, description=lazy_("Kept in the audit trail."))


class ControlForm(BaseForm):
    """Telling a unit something; whether a reason is needed is the rule's to say."""

    capability = StrictStringField(lazy_("Part"), max_length=20)
    action = StrictStringField(lazy_("Command"), max_length=20)
    reason = StrictStringField(lazy_("Reason"), max_length=300, required=False)


class GrantForm(OnceForm):
    """Letting a unit without a payment."""

    minutes = WholeField(lazy_("Minutes"), minimum=1, maximum=YEAR_MINUTES)
    reason = StrictStringField(lazy_("Reason"), max_length=300)


class TermsForm(BaseForm):
    """What a unit costs and how it is described."""

    price = MoneyField(lazy_("Price of one period"), description=lazy_("What a guest pays for it."))
    period_minutes = WholeField(
        lazy_("Length of one period"), minimum=1, maximum=YEAR_MINUTES, default=DAY_MINUTES,
        description=lazy_("In minutes; 1440 is a day."),
    )  # fmt: skip
    room_type = StrictStringField(lazy_("Type"), required=False, max_length=60)


class RoomTermsForm(TermsForm):
    """The same for a room."""


class VehicleTermsForm(TermsForm):
    """The same for a vehicle, which also has a plate."""

    plate = StrictStringField(lazy_("Plate"), required=False, max_length=20)


class RoomForm(RoomTermsForm):
    """A new room."""

    number = CodeField(
        lazy_("Room number"), description=lazy_("As on the door: letters, digits, dots and dashes. It cannot change.")
    )


class VehicleForm(VehicleTermsForm):
    """A new vehicle."""

    number = CodeField(
        lazy_("Vehicle number"), description=lazy_("Your own number for it, not the plate. It cannot change.")
    )


def _timezones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones()) if "/" in name]


class PlaceForm(BaseForm):
    """A new place."""

    kind = ChoiceField(lazy_("Kind"), choices=[(kind.value, KINDS[kind.value][0]) for kind in AssetKind])
    name = StrictStringField(lazy_("Name"), max_length=80)
    location = StrictStringField(lazy_("Address"), required=False, max_length=200)
    currency = ChoiceField(
        lazy_("Currency"), choices=[(code, code) for code in sorted(DECIMALS)], default="NGN",
        description=lazy_("Prices and payments are in this currency. It cannot change."),
    )  # fmt: skip
    timezone = ChoiceField(lazy_("Time zone"), choices=_timezones(), default="Africa/Lagos")


class PlaceSettingsForm(BaseForm):
    """What may change about a place."""

    name = StrictStringField(lazy_("Name"), max_length=80)
    location = StrictStringField(lazy_("Address"), required=False, max_length=200)
    timezone = ChoiceField(lazy_("Time zone"), choices=_timezones())


class DevicesForm(BaseForm):
    """How a place's devices are served."""

    retain_commands = BooleanField(lazy_("Let the broker keep the last command of each device"))


class BankForm(BaseForm):
    """Where a place's money is paid out to."""

    bank_name = StrictStringField(lazy_("Bank"), max_length=80)
    bank_account_name = StrictStringField(lazy_("Name on the account"), max_length=120)
    bank_account_number = CodeField(lazy_("Account number"), max_length=34)


def given(form: BaseForm) -> dict[str, Any]:
    """What was filled in, by field, as a command takes it."""
    return {field.name: field.data for field in form if field.name not in ("csrf_token", "once")}


def terms_of(form: Any) -> dict[str, Any]:
    """A unit's number and terms as a person typed them, as the commands take them."""
    found = {name: form[name].data for name in ("number", "period_minutes", "room_type", "plate") if name in form}
    return found | {"price": form.price.data.minor}
