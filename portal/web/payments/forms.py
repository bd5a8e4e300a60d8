"""What a person says when deciding about money."""

from __future__ import annotations

from portal.core.words import lazy_
from portal.web.forms import BaseForm, StrictStringField


class DecisionForm(BaseForm):
    """Why: kept with the payment."""

    reason = StrictStringField(
        lazy_("Why"), called=lazy_("reason"), max_length=300, description=lazy_("Kept with the payment.")
    )
