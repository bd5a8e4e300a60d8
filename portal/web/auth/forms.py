"""The forms of signing in and of one's own account."""

from __future__ import annotations

from typing import Any

from wtforms import PasswordField, StringField, ValidationError
from wtforms.validators import Length

from portal.core.words import _, lazy_
from portal.web.forms import (
    BaseForm,
    ChoiceField,
    EmailField,
    HiddenField,
    PhoneField,
    RadioChoiceField,
    StrictStringField,
    printable,
)

LONGEST = 512


class Password(PasswordField):  # type: ignore[misc]
    """A password as it was typed: not trimmed, not judged here, never shown again."""

    def __init__(self, label: Any, *, new: bool = False, **kwargs: Any) -> None:
        word = "new-password" if new else "current-password"
        super().__init__(label, [Length(max=LONGEST)], render_kw={"autocomplete": word, "maxlength": LONGEST}, **kwargs)
        self.flags.required = True

    def pre_validate(self, form: Any) -> None:
        if not self.data:
            raise ValidationError(_("Enter the password."))


HINT = lazy_("At least 15 characters. Four or five words do well; nothing else is asked of it.")


class SignInForm(BaseForm):
    """Who, and the password."""

    login = StringField(
        lazy_("E-mail or phone number"),
        [Length(max=LONGEST)],
        description=lazy_("A phone number with its country code, such as +254712345678."),
        filters=[lambda typed: printable(typed or "")],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True},
    )
    password = Password(lazy_("Password"))
    next = HiddenField()
    held = HiddenField()

    def validate_login(self, field: Any) -> None:
        """Something has to be there."""
        if not (field.data or "").strip():
            raise ValidationError(_("Enter your e-mail address or phone number."))


class ConfirmForm(BaseForm):
    """The password once more."""

    password = Password(lazy_("Password"))
    next = HiddenField()
    held = HiddenField()


class ForgotForm(BaseForm):
    """Where to send the link."""

    email = EmailField(lazy_("E-mail address"), render_kw={"autocomplete": "username", "autofocus": True})


class NewPasswordForm(BaseForm):
    """A new password."""

    password = Password(lazy_("New password"), new=True, description=HINT)


class JoinForm(BaseForm):
    """A first account, made by following an invitation."""

    name = StrictStringField(lazy_("Your name"), max_length=80, render_kw={"autocomplete": "name"})
    phone_number = PhoneField(lazy_("Phone number"), required=False, render_kw={"autocomplete": "tel"})
    password = Password(lazy_("Password"), new=True, description=HINT)


class AcceptForm(BaseForm):
    """Somebody with an account accepts an invitation: only a button."""


class ProfileForm(BaseForm):
    """What a person may change about themselves."""

    name = StrictStringField(lazy_("Name"), max_length=80, render_kw={"autocomplete": "name"})
    phone_number = PhoneField(lazy_("Phone number"), required=False, render_kw={"autocomplete": "tel"})
    language = ChoiceField(lazy_("Language"))
    theme = ChoiceField(
        lazy_("Theme"),
        choices=[("system", lazy_("As the device")), ("light", lazy_("Light")), ("dark", lazy_("Dark"))],
    )


class NoticesForm(BaseForm):
    """What comes by mail."""

    alerts_by_mail = RadioChoiceField(
        lazy_("Alerts by mail"),
        choices=[
            ("critical", lazy_("What cannot wait, and what nobody acknowledged in time")),
            ("escalations", lazy_("Only what nobody acknowledged in time")),
            ("never", lazy_("None: the bell is enough")),
        ],
    )


class ChangePasswordForm(BaseForm):
    """The password in use, and the next one."""

    current = Password(lazy_("Password now"))
    password = Password(lazy_("New password"), new=True, description=HINT)
