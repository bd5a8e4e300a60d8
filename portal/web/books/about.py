"""From a business fact to its entries: a card any desk's page can show with `{% include "books/about.html" %}`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from portal.core.money import Money
from portal.reporting import subjects
from portal.shared.ledger import queries
from portal.shared.ledger.models import Entry
from portal.web.books import blueprint, words


def booked(kind: str, key: uuid.UUID) -> Sequence[tuple[Entry, str, Money]]:
    """Each entry about a thing in words, with its total; a payment's refunds are about the payment too."""
    found = list(queries.entries_about(kind, key))
    if kind == "payment":
        refunds = subjects.refunds_of(key)
        found += queries.entries_about("refund", *refunds) if refunds else []
    legs = queries.legs_with_accounts({each.id for each in found})
    return [
        (each, words.fact_words(each.fact), Money(sum(max(0, leg.amount) for _, leg in legs[each.id]), each.currency))
        for each in sorted(found, key=lambda entry: entry.id)
    ]


@blueprint.record_once
def _offer(state: object) -> None:
    """Any template may ask for the entries of what it shows."""
    state.app.jinja_env.globals["booked"] = booked  # type: ignore[attr-defined]
