"""The sections of the payments desk, in the order of a day's work: each page shows them as tabs."""

from __future__ import annotations

from functools import partial
from typing import Any

from portal.core.words import lazy_
from portal.web.tabs import Section, tabs_of

#: Endpoint, words and the permission that opens it. A page belongs to the section whose endpoint begins its own.
SECTIONS: tuple[Section, ...] = (
    ("payments.index", lazy_("Payments"), "payments.view"),
    ("payments.bills", lazy_("Bills"), "bills.view"),
    ("payments.review", lazy_("Decisions"), "payments.review"),
    ("payments.mobile", lazy_("Mobile money"), "payments.view"),
    ("payments.refunds", lazy_("Refunds"), "payments.view"),
    ("payments.disputes", lazy_("Disputes"), "payments.view"),
    ("payments.payouts", lazy_("Payouts"), "payouts.view"),
    ("payments.reconciliation", lazy_("Reconciliation"), "payments.reconcile"),
    ("payments.bands", lazy_("Charges"), "payments.providers"),
    ("payments.providers", lazy_("Providers"), "payments.providers"),
)


def context() -> dict[str, Any]:
    """What the desk's templates know beside their own values."""
    return {"sections": partial(tabs_of, SECTIONS)}
