"""What people fill in about money that goes back."""

from __future__ import annotations

from flask import g

from portal.core.words import lazy_
from portal.web.forms import BaseForm, ChoiceField, CodeField, MoneyField, OnceForm, RadioChoiceField, StrictStringField

SOURCES = (
    ("cash", lazy_("The drawer, in cash")),
    ("bank", lazy_("Our bank account")),
    ("provider", lazy_("The provider, on its own pages")),
)


class RefundForm(OnceForm):
    """How much of a payment, and why; the amount is in the currency that was paid."""

    amount = MoneyField(lazy_("Amount"), currency=lambda: str(g.get("paid_currency") or g.place.currency))
    reason = StrictStringField(
        lazy_("Why"),
        called=lazy_("reason"),
        max_length=300,
        id="refund-reason",
        description=lazy_("Kept with the payment."),
    )


class NoForm(BaseForm):
    """Why not."""

    reason = StrictStringField(
        lazy_("Why not"),
        called=lazy_("reason"),
        max_length=300,
        id="decline-reason",
        description=lazy_("Kept with the refund."),
    )


class HandOverForm(BaseForm):
    """That a person gave the money back, out of what, and how."""

    source = RadioChoiceField(lazy_("Where it came from"), choices=SOURCES, default="cash", required=False)
    note = StrictStringField(
        lazy_("How it was returned"),
        required=False,
        max_length=300,
        description=lazy_("Such as the number of a bank transfer, and why the provider did not do it."),
    )


class AccountForm(BaseForm):
    """The payer's bank account, as the payer says it."""

    bank = ChoiceField(lazy_("Bank"))
    account_number = CodeField(lazy_("Account number"), max_length=20)


class LimitForm(BaseForm):
    """Up to how much one person may give back."""

    approval_above = MoneyField(
        lazy_("A second person above"),
        minimum=0,
        description=lazy_(
            "Up to this much of a payment one manager refunds alone. With 0, every refund takes two people."
        ),
    )


class DoneForm(BaseForm):
    """What was done about a dispute."""

    note = StrictStringField(
        lazy_("What you did"),
        called=lazy_("answer that was given"),
        max_length=500,
        multiline=True,
        description=lazy_("Such as: sent the registration card to the provider on Monday."),
    )
