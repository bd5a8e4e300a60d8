"""The base form and its fields: each reads through the one strict parser and keeps what the person typed."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField as PlainBooleanField
from wtforms import Field, SelectField, SelectMultipleField
from wtforms.fields import HiddenField as PlainHiddenField
from wtforms.fields import SelectChoice
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, EmailInput, ListWidget, RadioInput, TelInput, TextArea, TextInput

from portal.core import idempotency, parse
from portal.core.actor import Actor
from portal.core.errors import DomainError
from portal.core.money import decimals_of
from portal.core.words import _, lazy_

# thousands as the pages print them: "1,250,000.00"; a comma before two digits might be somebody's decimal point
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?")


class BaseForm(FlaskForm):  # type: ignore[misc]
    """A form of the portal: what the service refuses lands on its field, or on top when it has none."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """How a form reads the request."""

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            """The body as a form and nothing else; an empty one was sent too, and every field of it is missing."""
            if formdata is None or isinstance(formdata, MultiDict):
                return formdata
            return request.form if form.is_submitted() else None

    def refuse(self, error: DomainError) -> None:
        """Show a rule's sentence where the person can mend it."""
        field = self._fields.get(error.field or "")
        if field is not None:
            field.errors = [*field.errors, error.message]
        else:
            self.form_errors.append(error.message)


def as_sent(form: BaseForm) -> dict[str, str]:
    """A form's values as its page would send them, for an undo that puts things back."""
    return {
        field.name: field._value() if hasattr(field, "_value") else str(field.data or "")
        for field in form
        if field.type != "CSRFTokenField"
    }


def printable(typed: str) -> str:
    """What was typed as a page can show it again: without what no page may hold."""
    return "".join(character for character in typed if character.isprintable() or character in "\n\r\t")


class ParsedField(Field):  # type: ignore[misc]
    """A field whose value is what a reader of portal.core.parse makes of it; `required=False` lets it be empty."""

    widget = TextInput()
    empty: Any = None

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        required: bool = True,
        called: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.required, self.called = required, called
        self.typed: str | None = None
        if required:
            self.flags.required = True

    def read(self, value: str) -> Any:
        """The value in its one normal form, or a ParseError."""
        raise NotImplementedError

    def shown(self, value: Any) -> str:
        """The value as it stands in the box."""
        return str(value)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed = valuelist[0] if valuelist else ""
        self.data = None
        if not self.required and parse.is_blank(self.typed):
            self.data = self.empty
            return
        self.data = self.read(self.typed)

    def _value(self) -> str:
        if self.typed is not None:
            return printable(self.typed)
        return "" if self.data is None else self.shown(self.data)

    @property
    def name_in_sentence(self) -> str:
        """The label as it reads inside a sentence: "Enter the room number."; `called` where the label is a question."""
        words = str(self.called or self.label.text)
        acronym = words[:2].isalpha() and words[:2].isupper()
        return words if acronym else words[:1].lower() + words[1:]


class StrictStringField(ParsedField):
    """One line of text, or several with `multiline`."""

    empty = ""

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        min_length: int = 1,
        max_length: int = 100,
        multiline: bool = False,
        **kwargs: Any,
    ) -> None:
        if multiline:
            kwargs.setdefault("widget", TextArea())
        super().__init__(label, validators, **kwargs)
        self.min_length, self.max_length, self.multiline = min_length, max_length, multiline

    def read(self, value: str) -> str:
        return parse.text(
            value,
            self.name,
            label=self.name_in_sentence,
            min_length=self.min_length,
            max_length=self.max_length,
            multiline=self.multiline,
        )


class HiddenField(PlainHiddenField):  # type: ignore[misc]
    """What a page remembers for itself: shown again only as far as a page may hold it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(filters=[lambda kept: printable(kept or "")], **kwargs)


class BooleanField(PlainBooleanField):  # type: ignore[misc]
    """A box to tick: its page always sends the same word, whatever somebody sent in its place."""

    def _value(self) -> str:
        return "y"


class CodeField(ParsedField):
    """A number or code as it is printed: letters, digits, dots and dashes."""

    def __init__(self, label: Any = None, validators: Any = None, *, max_length: int = 32, **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.max_length = max_length

    def read(self, value: str) -> str:
        return parse.code(value, self.name, label=self.name_in_sentence, max_length=self.max_length)


class MoneyField(ParsedField):
    """An amount in the place's currency; `currency` names another. Its data is Money."""

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        currency: str | Callable[[], str] | None = None,
        minimum: int = 1,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("render_kw", {"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(label, validators, **kwargs)
        self._currency, self.minimum = currency, minimum

    @property
    def currency(self) -> str:
        if callable(self._currency):
            return self._currency()
        return self._currency or str(g.place.currency)

    def read(self, value: str) -> Any:
        # where three decimals are usual, a comma before three digits might be a decimal point as well
        grouped = decimals_of(self.currency) < 3 and _GROUPED.fullmatch(value.strip())
        said = value.replace(",", "") if grouped else value
        return parse.money(said, self.name, currency=self.currency, label=self.name_in_sentence, minimum=self.minimum)

    def shown(self, value: Any) -> str:
        return str(value.to_major_str())


class QuantityField(ParsedField):
    """A quantity with at most three decimals; its data is in thousandths."""

    def __init__(self, label: Any = None, validators: Any = None, *, minimum: int = 1, **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(label, validators, **kwargs)
        self.minimum = minimum

    def read(self, value: str) -> int:
        return parse.quantity(value, self.name, label=self.name_in_sentence, minimum=self.minimum)

    def shown(self, value: Any) -> str:
        whole, part = divmod(int(value), 1000)
        return f"{whole}.{part:03}".rstrip("0").rstrip(".") if part else str(whole)


class WholeField(ParsedField):
    """A whole number between its bounds."""

    def __init__(
        self, label: Any = None, validators: Any = None, *, minimum: int = 0, maximum: int = 1_000_000, **kwargs: Any
    ) -> None:
        kwargs.setdefault("render_kw", {"inputmode": "numeric", "autocomplete": "off"})
        super().__init__(label, validators, **kwargs)
        self.minimum, self.maximum = minimum, maximum

    def read(self, value: str) -> int:
        return parse.whole(value, self.name, label=self.name_in_sentence, minimum=self.minimum, maximum=self.maximum)


class DayField(ParsedField):
    """A calendar day."""

    widget = TextInput("date")

    def read(self, value: str) -> Any:
        return parse.day(value, self.name, label=self.name_in_sentence)


class MomentField(ParsedField):
    """A day and a time on the clock of the place; its data is the moment."""

    widget = TextInput("datetime-local")

    def read(self, value: str) -> datetime:
        return parse.site_moment(value, self.name, zone=ZoneInfo(g.place.timezone), label=self.name_in_sentence).at

    def shown(self, value: Any) -> str:
        return f"{value.astimezone(ZoneInfo(g.place.timezone)):%Y-%m-%dT%H:%M}"


class PhoneField(ParsedField):
    """A phone number; without a + it is one of the place's country. Its data is E.164."""

    widget = TelInput()

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        region: str | Callable[[], str | None] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.region = region

    def read(self, value: str) -> str:
        region = self.region() if callable(self.region) else self.region
        return parse.phone(value, self.name, region=region, label=self.name_in_sentence)


def home_region() -> str | None:
    """The country whose numbers are written without a +: that of the place, as far as its currency tells."""
    place = g.get("place") or g.get("visited")
    return {"KES": "KE", "NGN": "NG"}.get(place.currency) if place else None


class EmailField(ParsedField):
    """An e-mail address, in small letters."""

    widget = EmailInput()

    def read(self, value: str) -> str:
        return parse.email(value, self.name, label=self.name_in_sentence)


def _offers(pairs: Iterable[tuple[object, object]]) -> list[SelectChoice]:
    """Pairs of (value, words) as the form library wants them; words may be said later."""
    return [SelectChoice(str(value), words) for value, words in pairs]


class ChoiceField(SelectField):  # type: ignore[misc]
    """One of some words: choices are pairs of (value, words)."""

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        choices: Iterable[tuple[object, object]] = (),
        required: bool = True,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("invalid_choice_message", lazy_("Choose one from the list."))
        super().__init__(label, validators, choices=_offers(choices), **kwargs)
        self.required = required
        if required:
            self.flags.required = True

    def offer(self, choices: Iterable[tuple[object, object]]) -> None:
        """Set the choices of this request."""
        self.choices = _offers(choices)

    def pre_validate(self, form: Any) -> None:
        if self.required or self.data:
            super().pre_validate(form)


class RadioChoiceField(ChoiceField):
    """The same, every choice in sight."""

    widget = ListWidget(prefix_label=False)
    option_widget = RadioInput()


class ChecksField(SelectMultipleField):  # type: ignore[misc]
    """Some of a few choices, all in sight, each with a box to tick; what is none of them is not said back."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def pre_validate(self, form: Any) -> None:
        try:
            super().pre_validate(form)
        except ValueError:
            raise StopValidation(_("Choose from the list.")) from None


class UuidSelectField(ChoiceField):
    """A choice among things with ids: choices are pairs of (uuid, words); its data is the uuid, or None."""

    data: Any

    def pre_validate(self, form: Any) -> None:
        if self.required and not self.data:
            raise StopValidation(str(self.invalid_choice_message))
        super().pre_validate(form)

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if not self.errors:
            self.data = uuid.UUID(str(self.data)) if self.data else None

    def iter_choices(self) -> Any:
        """The choices; the one chosen is still marked as such when a form comes back after it was read."""
        read, self.data = self.data, str(self.data or "")
        try:
            return super().iter_choices()
        finally:
            self.data = read


class OnceForm(BaseForm):
    """A form whose effect must not happen twice by a double click or a reload: each page of it has its own number."""

    once = HiddenField(default=lambda: secrets.token_urlsafe(16))

    def just_once(self, actor: Actor, work: Callable[[], object]) -> bool:
        """Do the work, unless this very page of the form, filled in the same way, did it before."""
        if not self.once.data:
            work()
            return True
        filled = "\0".join(f"{name}={value}" for name, value in sorted(as_sent(self).items()))

        def done() -> tuple[dict[str, Any], int]:
            work()
            return {}, 200

        asked = idempotency.request_hash("POST", request.path, filled.encode())
        key = f"form:{asked.hex()}"
        return not idempotency.once(actor=actor.key, key=key, asked=asked, work=done).replayed
