"""The sections of the payments desk, in the order of a day's work: each page shows them as tabs."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request, url_for

from portal.core.words import LazyText, lazy_

#: Endpoint, words and the permission that opens it. A page belongs to the section whose endpoint begins its own.
SECTIONS: tuple[tuple[str, LazyText, str], ...] = (
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


def sections() -> list[tuple[LazyText, str, bool]]:
    """The tabs this person may open here: words, address, and whether it is the one that is open."""
    rights = g.get("permissions", frozenset())
    return [
        (words, url_for(endpoint, asset_number=g.place.asset_number), _open(endpoint))
        for endpoint, words, permission in SECTIONS
        if permission in rights and endpoint in current_app.view_functions
    ]


def context() -> dict[str, Any]:
    """What the desk's templates know beside their own values."""
    return {"sections": sections}


def _open(endpoint: str) -> bool:
    here = request.endpoint or ""
    return here == endpoint or (endpoint != "payments.index" and here.startswith(f"{endpoint}_"))
