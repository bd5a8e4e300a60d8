"""Customers' credit: who has how much with the business, and what of it was posted here."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request

from portal.core import parse
from portal.core.money import Money
from portal.core.words import _
from portal.reporting import subjects
from portal.shared.ledger import queries
from portal.web.books import asked, blueprint, words
from portal.web.download import csv_file
from portal.web.guards import permission
from portal.web.htmx import page


@blueprint.get("/<asset_number>/credit")
@permission("books.view")
def credit(asset_number: str) -> Response:
    """One line a customer whose credit was touched here."""
    currency, currencies = asked.currency()
    found, amounts = queries.credits_at(g.place, currency, owners=_owners(), cursor=request.args.get("cursor") or None)
    return page(
        "books/credit.html",
        "rows",
        found=found,
        amounts=amounts,
        customers=subjects.customers(each.owner for each in found.items),
        currency=currency,
        currencies=currencies,
        words=words,
    )


@blueprint.get("/<asset_number>/credit.csv")
@permission("books.view")
def credit_export(asset_number: str) -> Response:
    """The same for a spreadsheet."""
    currency, _currencies = asked.currency()
    heads = ["customer", "email", "phone", "posted_here", "in_the_business", "currency"]
    return csv_file(f"credit-{g.place.asset_number}", heads, _rows(currency))


def _rows(currency: str) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    cursor: str | None = None
    while True:
        found, amounts = queries.credits_at(g.place, currency, owners=_owners(), cursor=cursor, limit=200)
        customers = subjects.customers(each.owner for each in found.items)
        for each in found.items:
            whose = customers.get(each.owner)
            everywhere, here = amounts[each.id]
            rows.append((
                whose.name if whose else each.owner, whose.email if whose else "", whose.phone if whose else "",
                Money(here, currency).to_major_str(), Money(everywhere, currency).to_major_str(), currency,
            ))  # fmt: skip
        cursor = found.next
        if cursor is None:
            return rows


def _owners() -> list[str] | None:
    said = parse.text(request.args.get("q"), "q", label=_("search"), min_length=0, max_length=80)
    return subjects.customers_like(g.place.business_id, said) if said else None
