"""What the address of a page of the books asks for: which days, which currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import g, request

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.ledger import queries
from portal.web.context import shell

#: Books begin with the first entry; a page that asks for everything reaches from end to end.
BEGINNING, END = date(1970, 1, 1), date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Days:
    """A stretch of days, both ends included; `refused` says which day could not be read."""

    since: date | None
    until: date | None
    stretch: str
    refused: str | None = None

    @property
    def address(self) -> dict[str, str]:
        """The same days for another page's address."""
        if self.stretch:
            return {"stretch": self.stretch}
        return {name: day.isoformat() for name, day in (("from", self.since), ("to", self.until)) if day is not None}


def stretches() -> list[tuple[str, str]]:
    """The stretches of days that have names, for the chips of a page."""
    return [
        ("day", _("Today")),
        ("month", _("This month")),
        ("last", _("Last month")),
        ("year", _("This year")),
        ("all", _("From the beginning")),
    ]


def days(otherwise: str) -> Days:
    """The days the address names: `from` and `to`, else a stretch with a name, else the page's own."""
    args, refused = request.args, None
    since = until = None
    try:
        since = parse.optional(parse.day, args.get("from"), "from", label=_("from"))
        until = parse.optional(parse.day, args.get("to"), "to", label=_("to"))
    except DomainError as error:
        refused = error.message
    if since is not None and until is not None and since > until:
        refused = _("The first day must not lie after the last one. The usual days are shown instead.")
        since = until = None
    if since is not None or until is not None:
        return Days(since, until, "", refused)
    asked = args.get("stretch", "")
    stretch = asked if asked in dict(stretches()) else otherwise
    first, last = _named(stretch)
    return Days(first, last, stretch, refused)


def _named(stretch: str) -> tuple[date | None, date | None]:
    today = shell().business_date
    month = today.replace(day=1)
    if stretch == "day":
        return today, today
    if stretch == "month":
        return month, today
    if stretch == "last":
        ended = month - timedelta(days=1)
        return ended.replace(day=1), ended
    if stretch == "year":
        return today.replace(month=1, day=1), today
    return None, None


def currency() -> tuple[str, Sequence[str]]:
    """The currency the page is in, and those the place has books in; its own is always one of them."""
    found = sorted({g.place.currency, *queries.currencies_at(g.place.id)}, key=lambda code: code != g.place.currency)
    asked = request.values.get("currency", "")
    return (asked if asked in found else g.place.currency), found
