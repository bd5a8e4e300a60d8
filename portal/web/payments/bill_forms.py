"""What people at a desk fill in about bills, and about money they take."""

from __future__ import annotations

from portal.core.words import lazy_
from portal.shared.payments.models import BillKind
from portal.web.forms import (
    BaseForm,
    ChoiceField,
    CodeField,
    DayField,
    EmailField,
    MoneyField,
    OnceForm,
    PhoneField,
    RadioChoiceField,
    StrictStringField,
    WholeField,
    home_region,
)

WAYS = (("cash", lazy_("Cash")), ("card", lazy_("Card machine")))
KINDS = (
    (BillKind.SALE, lazy_("Sale: goods or services, earned when it is paid")),
    (BillKind.INVOICE, lazy_("Invoice: owed from today, paid later")),
    (BillKind.DEPOSIT, lazy_("Deposit: paid ahead, earned when it is used")),
    (BillKind.TOP_UP, lazy_("Top-up: becomes the customer's credit")),
)


class BillForm(OnceForm):
    """Who is asked for how much, and what for."""

    description = StrictStringField(
        lazy_("Description"),
        max_length=200,
        description=lazy_("What it is for; the customer reads it on the bill and the receipt."),
    )
    amount = MoneyField(lazy_("Amount"))
    kind = RadioChoiceField(lazy_("Kind"), choices=KINDS, default=BillKind.SALE)
    customer = StrictStringField(lazy_("Customer's name"), required=False, max_length=100)
    email = EmailField(
        lazy_("E-mail"), required=False, description=lazy_("An e-mail address or a phone number is needed.")
    )
    phone_number = PhoneField(lazy_("Phone number"), required=False)
    due_on = DayField(lazy_("To be paid by"), required=False)


class CashForm(OnceForm):
    """Notes and coins, and the change for them."""

    amount = MoneyField(lazy_("Amount to take"))
    tendered = MoneyField(lazy_("Handed over"), required=False, description=lazy_("The change is worked out for you."))


class CardForm(OnceForm):
    """A payment that the card machine has accepted."""

    amount = MoneyField(lazy_("Amount on the slip"))
    slip = CodeField(lazy_("Slip number"), max_length=40, description=lazy_("As printed by the card machine."))


class CreditForm(OnceForm):
    """Paying from what the customer has with us."""

    amount = MoneyField(lazy_("Amount to use"))


class SendForm(BaseForm):
    """Where a link or a receipt is sent."""

    email = EmailField(lazy_("E-mail"))


class CancelForm(BaseForm):
    """Why a bill is asked for no more."""

    reason = StrictStringField(
        lazy_("Why"), called=lazy_("reason"), max_length=300, description=lazy_("Kept with the bill.")
    )


class UnitPaymentForm(OnceForm):
    """Cash or a card for a room or vehicle, by whole periods."""

    unit = ChoiceField(lazy_("Room or vehicle"))
    periods = WholeField(lazy_("How many periods"), minimum=1, maximum=366, default=1)
    email = EmailField(lazy_("Guest's e-mail"), description=lazy_("The receipt goes there; the same guest extends."))
    phone_number = PhoneField(lazy_("Phone number"), required=False, region=home_region)
    way = RadioChoiceField(lazy_("Paid with"), choices=WAYS, default="cash")
    tendered = MoneyField(
        lazy_("Handed over"), required=False, description=lazy_("Cash only; the change is worked out for you.")
    )
    slip = CodeField(
        lazy_("Slip number"), required=False, max_length=40, description=lazy_("Card only, as printed by the machine.")
    )
