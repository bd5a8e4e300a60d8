"""What people fill in to send money out."""

from __future__ import annotations

from portal.core import parse
from portal.core.words import _, lazy_
from portal.web.forms import (
    BaseForm,
    ChoiceField,
    HiddenField,
    MoneyField,
    OnceForm,
    ParsedField,
    RadioChoiceField,
    StrictStringField,
)
from portal.web.payments.payout_words import COUNTERS


class AccountNumberField(ParsedField):
    """A bank account or telephone: figures, however they were spaced."""

    def read(self, value: str) -> str:
        """The figures without spaces."""
        text = parse.text(value, self.name, label=self.name_in_sentence, max_length=40).replace(" ", "")
        plain = text.removeprefix("+")
        if not (plain.isascii() and plain.isdigit() and 5 <= len(plain) <= 20):
            raise parse.ParseError(_("An account number has 5 to 20 figures."), self.name)
        return text


class OtpField(ParsedField):
    """A one-time password: a few figures, however they were spaced."""

    def read(self, value: str) -> str:
        """The figures without spaces."""
        text = parse.text(value, self.name, label=self.name_in_sentence, max_length=40).replace(" ", "")
        if not (text.isascii() and text.isdigit() and 4 <= len(text) <= 10):
            raise parse.ParseError(_("A one-time password has 4 to 10 figures."), self.name)
        return text


class PayoutForm(OnceForm):
    """Who gets how much, what for. The holder's name is shown before anything is written down."""

    provider = ChoiceField(lazy_("Sent through"))
    bank_code = ChoiceField(lazy_("Bank"))
    account_number = AccountNumberField(
        lazy_("Account number"), render_kw={"inputmode": "numeric", "autocomplete": "off"}
    )
    name = StrictStringField(
        lazy_("Name of who gets it"),
        required=False,
        max_length=100,
        description=lazy_("Only for telephones; a bank tells it by itself."),
    )
    amount = MoneyField(lazy_("Amount"))
    counter = RadioChoiceField(lazy_("What for"), choices=COUNTERS)
    description = StrictStringField(
        lazy_("Description"), max_length=100, description=lazy_("Whoever gets it reads this with their bank.")
    )
    shown_name = HiddenField()


class OtpForm(BaseForm):
    """The password the provider sent."""

    otp = OtpField(lazy_("One-time password"), render_kw={"inputmode": "numeric", "autocomplete": "one-time-code"})


class TakeBackForm(BaseForm):
    """Why a payout is taken back."""

    reason = StrictStringField(lazy_("Why"), called=lazy_("reason"), required=False, max_length=200)
