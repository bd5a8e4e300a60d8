"""What a driver fills in, standing beside the vehicle."""

from __future__ import annotations

from typing import Any

from portal.core.words import lazy_
from portal.trades.fleet.models import IncidentKind, IncidentSeverity
from portal.trades.fleet.services.checks import ITEMS
from portal.web.forms import ChoiceField, MomentField, OnceForm, RadioChoiceField, StrictStringField, WholeField


class CheckForm(OnceForm):
    """Everything that is looked at before setting out; each is answered by hand, so that none is passed over."""

    note = StrictStringField(lazy_("What is wrong"), required=False, max_length=500, multiline=True)

    @property
    def items(self) -> list[Any]:
        """The things looked at, in order."""
        return [self[name] for name in ITEMS]

    def in_order(self) -> dict[str, bool]:
        """What was found, by thing."""
        return {name: self[name].data == "good" for name in ITEMS}


for _name, _words in ITEMS.items():
    setattr(
        CheckForm,
        _name,
        RadioChoiceField(_words, choices=[("good", lazy_("In order")), ("odd", lazy_("Not in order"))]),
    )


class ReportForm(OnceForm):
    """What went wrong with the driver's own vehicle."""

    kind = ChoiceField(lazy_("What happened"), default=IncidentKind.BREAKDOWN)
    severity = ChoiceField(lazy_("How bad"), default=IncidentSeverity.MINOR)
    happened_at = MomentField(lazy_("When"))
    place = StrictStringField(
        lazy_("Where"), required=False, max_length=200, description=lazy_("The vehicle's position is kept by itself.")
    )
    description = StrictStringField(lazy_("What exactly"), max_length=2000, multiline=True)
    injured = WholeField(lazy_("People hurt"), maximum=1000, default=0)
    third_party = StrictStringField(
        lazy_("Others involved"),
        required=False,
        max_length=500,
        multiline=True,
        description=lazy_("Name, plate, telephone."),
    )
