"""What a payer fills in: at the door, and on a bill."""

from __future__ import annotations

from flask import g

from portal.core.words import lazy_
from portal.web.forms import (
    BaseForm,
    CodeField,
    EmailField,
    HiddenField,
    MoneyField,
    PhoneField,
    RadioChoiceField,
    WholeField,
    home_region,
)

OFFERED = (1, 2, 3, 7)


class PayForm(BaseForm):
    """How long, and whom to write to."""

    periods = RadioChoiceField(lazy_("How long?"), required=False)
    other = WholeField(lazy_("Another number"), required=False, minimum=1, maximum=366)
    email = EmailField(lazy_("E-mail"), description=lazy_("For your receipt, and to extend your time later."))
    phone_number = PhoneField(lazy_("Phone number"), required=False, region=home_region)
    #: Which button was pressed; without one, the provider's page.
    way = CodeField(lazy_("Way to pay"), required=False)
    once = HiddenField()

    @property
    def number(self) -> int:
        """How many periods are to be paid."""
        return int(self.other.data or self.periods.data or 1)


class PayBillForm(BaseForm):
    """How much of a bill, with which provider, and whom to write to."""

    amount = MoneyField(
        lazy_("Amount to pay now"), required=False, currency=lambda: str(g.visited.currency),
        description=lazy_("All of it, or a part now and the rest later."),
    )  # fmt: skip
    provider = RadioChoiceField(lazy_("Pay with"), required=False)
    phone_number = PhoneField(
        lazy_("Phone that pays with M-Pesa"), required=False, region=home_region,
        description=lazy_("It shows the amount, and you type your PIN there."),
    )  # fmt: skip
    email = EmailField(lazy_("E-mail"), description=lazy_("For your receipt."))
    once = HiddenField()
