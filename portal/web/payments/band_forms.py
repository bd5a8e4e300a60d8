"""What people fill in about charges: a new one from a day on, and the question what an amount would cost."""

from __future__ import annotations

from decimal import Decimal

from portal.core import parse
from portal.core.words import lazy_
from portal.web.forms import (
    BaseForm,
    ChoiceField,
    DayField,
    MoneyField,
    OnceForm,
    ParsedField,
    RadioChoiceField,
    StrictStringField,
)

PROVIDERS = (("paystack", "Paystack"), ("flutterwave", "Flutterwave"), ("mpesa", "M-Pesa"))
DIRECTIONS = (
    ("collection", lazy_("Collecting money")),
    ("payout", lazy_("Sending money out")),
)
CHANNELS = (
    ("", lazy_("Any way of paying")),
    ("card", lazy_("Card")),
    ("bank", lazy_("Bank")),
    ("bank_transfer", lazy_("Bank transfer")),
    ("ussd", lazy_("USSD")),
    ("mobile_money", lazy_("Mobile money")),
)


class PercentField(ParsedField):
    """A share in percent with at most two decimals; its data is in basis points."""

    empty = 0

    def read(self, value: str) -> int:
        """Basis points."""
        share = parse.decimal(value, self.name, label=self.name_in_sentence, places=2, maximum=100)
        return int(share * 100)

    def shown(self, value: int) -> str:
        """As it stands in the box."""
        return f"{Decimal(value) / 100:f}"


class BandForm(OnceForm):
    """A charge from a day on."""

    provider = ChoiceField(lazy_("Provider"), choices=PROVIDERS)
    direction = RadioChoiceField(lazy_("Taken for"), choices=DIRECTIONS, default="collection")
    channel = ChoiceField(lazy_("Way of paying"), choices=CHANNELS, required=False)
    lower = MoneyField(lazy_("Amounts from"), minimum=0)
    upper = MoneyField(lazy_("Up to and including"), required=False, description=lazy_("Leave empty for no end."))
    fixed = MoneyField(lazy_("Fixed part"), minimum=0, required=False)
    basis_points = PercentField(lazy_("Share in percent"), required=False)
    cap = MoneyField(lazy_("At most"), required=False, description=lazy_("Leave empty for no limit."))
    starts_on = DayField(lazy_("From"), description=lazy_("What held before that day stays as it was."))
    source = StrictStringField(
        lazy_("Where this was read"),
        max_length=200,
        description=lazy_("A page, a letter, a contract: so that the next person can check it."),
    )


class EndForm(BaseForm):
    """The day on which a charge ends."""

    ends_on = DayField(lazy_("Ends on"))


class AmountForm(BaseForm):
    """What would this amount cost?"""

    provider = ChoiceField(lazy_("Provider"), choices=PROVIDERS)
    direction = ChoiceField(lazy_("Taken for"), choices=DIRECTIONS)
    channel = ChoiceField(lazy_("Way of paying"), choices=CHANNELS, required=False)
    amount = MoneyField(lazy_("Amount"), minimum=0)
