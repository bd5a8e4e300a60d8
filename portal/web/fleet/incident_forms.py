"""What people fill in about something that went wrong."""

from __future__ import annotations

from portal.core import parse
from portal.core.words import _, lazy_
from portal.trades.fleet.incident_queries import E7
from portal.trades.fleet.models import IncidentKind, IncidentSeverity
from portal.web.fleet.office_words import place_words
from portal.web.forms import (
    ChoiceField,
    HiddenField,
    MomentField,
    MoneyField,
    OnceForm,
    ParsedField,
    StrictStringField,
    UuidSelectField,
    WholeField,
)


class PositionField(ParsedField):
    """A latitude and a longitude with a comma between them; its data is in 1e-7 degrees."""

    def read(self, value: str) -> tuple[int, int]:
        try:
            latitude, longitude = parse.position(value, self.name)
        except parse.ParseError:
            said = _("Write the coordinates as 6.4281, 3.4219: the latitude first, up to 90, then the longitude.")
            raise parse.ParseError(said, self.name) from None
        return round(latitude * E7), round(longitude * E7)

    def shown(self, value: tuple[int, int]) -> str:
        return place_words(*value)


class IncidentForm(OnceForm):
    """What happened, when, where, with whom, and how bad it was."""

    unit = UuidSelectField(lazy_("Vehicle"))
    driver = UuidSelectField(
        lazy_("Driver"), required=False, description=lazy_("Who had the vehicle then, if you choose nobody.")
    )
    kind = ChoiceField(lazy_("What happened"), default=IncidentKind.ACCIDENT)
    severity = ChoiceField(lazy_("How bad"), default=IncidentSeverity.MINOR)
    happened_at = MomentField(lazy_("When"))
    place = StrictStringField(lazy_("Where"), required=False, max_length=200)
    position = PositionField(
        lazy_("Coordinates"),
        required=False,
        description=lazy_("Latitude, longitude. Where the vehicle was then, if you leave it empty."),
    )
    description = StrictStringField(lazy_("What exactly"), max_length=2000, multiline=True)
    third_party = StrictStringField(
        lazy_("Third party"), required=False, max_length=500, multiline=True, description=lazy_("Name, plate, insurer.")
    )
    injured = WholeField(lazy_("People hurt"), maximum=1000, default=0)
    police_reference = StrictStringField(lazy_("Police reference"), required=False, max_length=80)
    cost = MoneyField(lazy_("Cost so far"), required=False, minimum=0)
    alert = HiddenField()


class NoteForm(OnceForm):
    """What happened next."""

    words = StrictStringField(
        lazy_("Note"), max_length=2000, multiline=True, description=lazy_("It stays as you write it.")
    )
