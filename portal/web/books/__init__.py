"""The books desk: trial balance, accounts, journal, entries, customers' credit, months, and what posts where."""

from __future__ import annotations

import importlib

from flask import Blueprint, Flask, current_app, g, request, url_for

from portal.core.words import LazyText, lazy_

blueprint = Blueprint("books", __name__, url_prefix="/books")
#: One module a family of pages; each hangs its views on the blueprint when it is imported.
ROOMS = ("trial", "account", "journal", "entry", "made", "credit", "months", "chart", "about")
SECTIONS: tuple[tuple[str, LazyText], ...] = (
    ("books.index", lazy_("Trial balance")),
    ("books.journal", lazy_("Journal")),
    ("books.credit", lazy_("Customers' credit")),
    ("books.months", lazy_("Months")),
    ("books.chart", lazy_("What posts where")),
)


def sections() -> list[tuple[LazyText, str, bool]]:
    """The tabs of the desk: words, address, and whether it is the one that is open."""
    return [
        (words, url_for(endpoint, asset_number=g.place.asset_number), request.endpoint == endpoint)
        for endpoint, words in SECTIONS
        if endpoint in current_app.view_functions
    ]


blueprint.context_processor(lambda: {"sections": sections})


def register(app: Flask) -> None:
    """Open the desk."""
    for room in ROOMS:
        importlib.import_module(f"portal.web.books.{room}")
    app.register_blueprint(blueprint)
