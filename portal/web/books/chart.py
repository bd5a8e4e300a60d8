"""What posts where: every account and what it is for, every business fact and the accounts it moves."""

from __future__ import annotations

from flask import Response

from portal.shared.ledger.chart import CHART, FACTS
from portal.web.books import blueprint, words
from portal.web.guards import permission
from portal.web.htmx import page


@blueprint.get("/<asset_number>/chart")
@permission("books.view")
def chart(asset_number: str) -> Response:
    """The chart of accounts, and the one table of what posts where, in words."""
    return page("books/chart.html", accounts=CHART.values(), facts=FACTS.items(), words=words)
