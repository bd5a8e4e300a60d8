"""The forms of people and roles."""

from __future__ import annotations

from portal.core.words import lazy_
from portal.web.forms import BaseForm, ChoiceField, EmailField, StrictStringField


class InviteForm(BaseForm):
    """Whom to ask, and for which part."""

    email = EmailField(lazy_("E-mail address"), render_kw={"autocomplete": "off"})
    role = ChoiceField(lazy_("Role"))


class RoleForm(BaseForm):
    """Another part for somebody who works here."""

    role = ChoiceField(lazy_("Role"))


class RemoveForm(BaseForm):
    """Letting somebody go, with a reason if there is one to tell."""

    reason = StrictStringField(lazy_("Reason"), required=False, max_length=200)
