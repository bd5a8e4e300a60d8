"""The registration card, as far as a hotel asks for it: beside a check-in and on the form of a walk-in."""

from __future__ import annotations

from typing import Any

from portal.core.words import lazy_
from portal.web.forms import BaseForm, DayField, EmailField, PhoneField, StrictStringField, home_region


class CardForm(BaseForm):
    """What is asked of a guest; what is left empty stays as it is."""

    card_nationality = StrictStringField(lazy_("Nationality"), required=False, max_length=60)
    card_born_on = DayField(lazy_("Date of birth"), required=False)
    card_document_kind = StrictStringField(lazy_("Kind of document"), required=False, max_length=40)
    card_document_number = StrictStringField(lazy_("Document number"), required=False, max_length=40)
    card_address = StrictStringField(lazy_("Address"), required=False, max_length=200)
    card_phone = PhoneField(lazy_("Phone number"), required=False, region=home_region)
    card_email = EmailField(lazy_("E-mail"), required=False)

    @property
    def card(self) -> dict[str, Any]:
        """What was filled in, by the names it is kept under."""
        return {name[5:]: field.data for name, field in self._fields.items() if name.startswith("card_") and field.data}

    def asked(self, names: list[Any]) -> list[Any]:
        """The fields of these names, in the order of the form."""
        return [field for name, field in self._fields.items() if name.startswith("card_") and name[5:] in names]
