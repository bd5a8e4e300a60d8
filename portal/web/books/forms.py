"""What a person writes in the books: an entry of several lines, and reasons."""

from __future__ import annotations

from typing import Any

from flask import g
from wtforms import FieldList, Form, FormField

from portal.core.money import Money
from portal.core.words import _, lazy_
from portal.web.forms import BaseForm, ChoiceField, DayField, HiddenField, MoneyField, OnceForm, StrictStringField

MOST_LINES = 40


def _currency() -> str:
    return str(g.get("books_currency") or g.place.currency)


class LineForm(Form):  # type: ignore[misc]
    """One line: an account, and an amount on one of the two sides."""

    account = ChoiceField(lazy_("Account"), required=False)
    debit = MoneyField(lazy_("Debit"), required=False, currency=_currency)
    credit = MoneyField(lazy_("Credit"), required=False, currency=_currency)

    def validate(self, extra_validators: Any = None) -> bool:
        """A line says an account and one amount, or nothing at all."""
        fine = super().validate(extra_validators)
        account, debit, credit = self.account.data, self.debit.data, self.credit.data
        wrong: tuple[Any, str] | None = None
        if debit and credit:
            wrong = self.credit, _("A line has a debit or a credit. Write the other on a line of its own.")
        elif (debit or credit) and not account:
            wrong = self.account, _("Choose the account of this line.")
        elif account and not (debit or credit) and not (self.debit.errors or self.credit.errors):
            wrong = self.debit, _("Write an amount on one side, or take the account out.")
        if wrong is not None:
            field, said = wrong
            field.errors = [*field.errors, said]
            fine = False
        return fine

    @property
    def minor(self) -> int:
        """The signed minor units of the line, debit positive."""
        debit: Money | None = self.debit.data
        credit: Money | None = self.credit.data
        return debit.minor if debit else -credit.minor if credit else 0


class EntryForm(OnceForm):
    """An entry made by hand."""

    memo = StrictStringField(
        lazy_("What it is for"),
        called=lazy_("reason for the entry"),
        max_length=200,
        description=lazy_("Kept with the entry; an auditor reads it."),
    )
    on = DayField(lazy_("Day"), description=lazy_("In an open month, not after today."))
    lines = FieldList(FormField(LineForm), label=lazy_("Lines"), min_entries=2, max_entries=MOST_LINES)
    currency = HiddenField()
    customer = HiddenField()

    def offer(self, choices: list[tuple[str, str]]) -> None:
        """The accounts that may be chosen."""
        for line in self.lines:
            line.form.account.offer([("", _("Choose an account")), *choices])

    def add_lines(self, number: int) -> None:
        """So many more empty lines, as far as there is room."""
        for _line in range(min(number, MOST_LINES - len(self.lines))):
            self.lines.append_entry()

    def legs(self) -> list[tuple[str, int]]:
        """The lines that say something: account of the chart and signed minor units."""
        return [(line.form.account.data, line.form.minor) for line in self.lines if line.form.minor]


class ReasonForm(BaseForm):
    """Why: kept with what is done."""

    reason = StrictStringField(
        lazy_("Why"), called=lazy_("reason"), max_length=200, description=lazy_("Kept with it, for whoever asks.")
    )
