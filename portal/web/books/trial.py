"""The trial balance: the first page of the books."""

from __future__ import annotations

from flask import Response, g

from portal.core.money import Money
from portal.shared.ledger import queries
from portal.web.books import asked, blueprint, words
from portal.web.download import csv_file
from portal.web.guards import permission
from portal.web.htmx import page


@blueprint.get("/<asset_number>/")
@permission("books.view")
def index(asset_number: str) -> Response:
    """What stood, came, went and stands on every account."""
    days = asked.days("month")
    currency, currencies = asked.currency()
    return page(
        "books/trial.html",
        "rows",
        found=_found(days, currency),
        days=days,
        stretches=asked.stretches(),
        currency=currency,
        currencies=currencies,
        words=words,
    )


@blueprint.get("/<asset_number>/trial-balance.csv")
@permission("books.view")
def index_export(asset_number: str) -> Response:
    """The same for a spreadsheet; debits are positive."""
    days = asked.days("month")
    currency, _currencies = asked.currency()
    heads = ["code", "account", "kind", "opening", "debits", "credits", "closing", "currency"]

    def plain(minor: int) -> str:
        return Money(minor, currency).to_major_str()

    rows = (
        (each.code, each.name, each.kind, plain(each.opening), plain(each.debits), plain(each.credits),
         plain(each.closing), currency)
        for each in _found(days, currency).lines
    )  # fmt: skip
    return csv_file(f"trial-balance-{g.place.asset_number}{_suffix(days)}", heads, rows)


def _found(days: asked.Days, currency: str) -> queries.TrialBalance:
    since, until = days.since or asked.BEGINNING, days.until or asked.END
    return queries.trial_balance(g.place.id, currency, since, until)


def _suffix(days: asked.Days) -> str:
    return "".join(f"-{day:%Y-%m-%d}" for day in (days.since, days.until) if day is not None)
