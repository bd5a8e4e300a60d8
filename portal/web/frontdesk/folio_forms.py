"""What people fill in about folios."""

from __future__ import annotations

from wtforms.fields.choices import SelectChoice

from portal.core.words import lazy_
from portal.web.forms import (
    BaseForm,
    BooleanField,
    ChecksField,
    ChoiceField,
    CodeField,
    EmailField,
    MoneyField,
    OnceForm,
    RadioChoiceField,
    StrictStringField,
    UuidSelectField,
    WholeField,
)

WAYS = (
    ("cash", lazy_("Cash")),
    ("card", lazy_("Card machine")),
    ("credit", lazy_("Customer's credit")),
    ("link", lazy_("A link, or a phone that is asked")),
)
ROUTES = (
    ("room", lazy_("Rooms")),
    ("tax", lazy_("Taxes on top")),
    ("extras", lazy_("Extras")),
    ("fee", lazy_("Fees")),
)


class ChargeForm(OnceForm):
    """Something the guest had."""

    code = ChoiceField(lazy_("What"))
    words = StrictStringField(
        lazy_("In other words"), required=False, max_length=120, description=lazy_("The guest reads it on the bill.")
    )
    amount = MoneyField(lazy_("Price of one"), required=False, description=lazy_("Empty: as in the list."))
    quantity = WholeField(lazy_("How many"), minimum=1, maximum=1_000, default=1)
    window = UuidSelectField(lazy_("Who pays"), required=False)


class PayForm(OnceForm):
    """Money for a window."""

    window = UuidSelectField(lazy_("For"))
    amount = MoneyField(lazy_("Amount"))
    way = RadioChoiceField(lazy_("Paid with"), choices=WAYS, default="cash")
    tendered = MoneyField(
        lazy_("Handed over"), required=False, description=lazy_("Cash only; the change is worked out for you.")
    )
    slip = CodeField(
        lazy_("Slip number"), required=False, max_length=40, description=lazy_("Card only, as printed by the machine.")
    )


class MoveForm(OnceForm):
    """A charge, or a part of it, for somebody else to pay."""

    line = UuidSelectField(lazy_("Charge"))
    to = UuidSelectField(lazy_("To"))
    amount = MoneyField(lazy_("Amount"), required=False, description=lazy_("Empty: all of it."))
    evenly = BooleanField(lazy_("Share it evenly between all windows"))


class BackForm(OnceForm):
    """A charge that was wrong."""

    line = UuidSelectField(lazy_("Charge"))
    reason = StrictStringField(lazy_("Why"), called=lazy_("reason"), max_length=200)


class WindowForm(OnceForm):
    """Somebody else who pays."""

    name = StrictStringField(lazy_("Who pays"), max_length=100)
    email = EmailField(lazy_("E-mail"), description=lazy_("The invoice goes there."))
    routes = ChecksField(
        lazy_("What goes there by itself"), choices=[SelectChoice(value=value, label=words) for value, words in ROUTES]
    )


class CloseForm(BaseForm):
    """Closing a window."""

    window = UuidSelectField(lazy_("Window"))
    reason = StrictStringField(
        lazy_("Why something stays owing"),
        required=False,
        max_length=200,
        description=lazy_("Only where something does; its payer owes it from then on."),
    )


class ReopenForm(BaseForm):
    """Opening a closed window again."""

    window = UuidSelectField(lazy_("Window"))
    reason = StrictStringField(lazy_("Why"), called=lazy_("reason"), max_length=200)


class KeepForm(OnceForm):
    """Too much was paid."""

    window = UuidSelectField(lazy_("Window"))
    amount = MoneyField(lazy_("Amount to keep as credit"))


class CreditForm(BaseForm):
    """Why an invoice is taken back."""

    reason = StrictStringField(
        lazy_("Why"), called=lazy_("reason"), max_length=200, description=lazy_("It stands on the credit note.")
    )


class SendInvoiceForm(BaseForm):
    """Where an invoice is sent."""

    email = EmailField(lazy_("E-mail"))
