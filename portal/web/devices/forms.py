"""What people fill in about devices."""

from __future__ import annotations

from portal.core.words import lazy_
from portal.shared.devices.models import DeviceType, Dialect
from portal.shared.devices.services.registry import MOST_BOXED
from portal.web.devices import words
from portal.web.forms import BaseForm, ChoiceField, OnceForm, StrictStringField, WholeField


class RegisterForm(OnceForm):
    """A new device."""

    type = ChoiceField(lazy_("What it is"))
    dialect = ChoiceField(
        lazy_("How it speaks"),
        description=lazy_("Envelopes are numbered: nothing is lost or counted twice. Plain topics carry bare values."),
    )
    unit = ChoiceField(lazy_("Fixed to"), required=False)
    name = StrictStringField(
        lazy_("Name"), required=False, max_length=32,
        description=lazy_("What it signs in as. Small letters, digits and dashes; left empty, it is given one."),
    )  # fmt: skip
    note = StrictStringField(lazy_("Note"), required=False, max_length=300)

    def offer(self, units: list[tuple[str, str]]) -> RegisterForm:
        """Set what may be chosen at this place."""
        self.type.offer([(each, words.type_words(each)) for each in words.TYPES])
        self.dialect.offer([(each, words.dialect_words(each)) for each in (Dialect.ENVELOPE, Dialect.PLAIN)])
        self.unit.offer([("", lazy_("Nothing yet")), *units])
        return self


class ClaimForm(BaseForm):
    """Making a boxed device one's own."""

    claim_code = StrictStringField(
        lazy_("Code on the box"), max_length=20, description=lazy_("Twelve letters and digits, as on the label.")
    )
    unit = ChoiceField(lazy_("Fix it to"), required=False)

    def offer(self, units: list[tuple[str, str]]) -> ClaimForm:
        """Set what may be chosen at this place."""
        self.unit.offer([("", lazy_("Nothing yet")), *units])
        return self


class StepForm(BaseForm):
    """A step in a device's life: some need a reason, some a unit, some a note."""

    reason = StrictStringField(lazy_("Reason"), required=False, max_length=300)
    unit = StrictStringField(lazy_("Unit"), required=False, max_length=40)
    note = StrictStringField(lazy_("Note"), required=False, max_length=300)


class BoxForm(OnceForm):
    """Devices to be prepared for whoever will claim them."""

    number = WholeField(lazy_("How many"), minimum=1, maximum=MOST_BOXED, default=10)
    type = ChoiceField(lazy_("What they are"))
    note = StrictStringField(lazy_("Note"), required=False, max_length=300)

    def offer(self) -> BoxForm:
        """Set what may be boxed: a gateway belongs to a place from the start."""
        self.type.offer([(each, words.type_words(each)) for each in words.TYPES if each != DeviceType.GATEWAY])
        return self
