"""What a payer fills in at the door."""

from __future__ import annotations

from portal.core.words import lazy_
from portal.web.forms import BaseForm, EmailField, HiddenField, PhoneField, RadioChoiceField, WholeField

OFFERED = (1, 2, 3, 7)


class PayForm(BaseForm):
    """How long, and whom to write to."""

    periods = RadioChoiceField(lazy_("How long?"), required=False)
    other = WholeField(lazy_("Another number"), required=False, minimum=1, maximum=366)
    email = EmailField(lazy_("E-mail"), description=lazy_("For your receipt, and to extend your time later."))
    phone_number = PhoneField(lazy_("Phone number"), required=False)
    once = HiddenField()

    @property
    def number(self) -> int:
        """How many periods are to be paid."""
        return int(self.other.data or self.periods.data or 1)
