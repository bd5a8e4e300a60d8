"""The journal: every entry of the place, found by what it says, what it is about, its account, amount or day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.words import _, lazy_
from portal.reporting import subjects
from portal.shared.assets.models import Asset
from portal.shared.ledger import queries
from portal.shared.ledger.chart import FACTS
from portal.web.books import asked, blueprint, words
from portal.web.download import csv_file
from portal.web.guards import permission
from portal.web.home.search import SOURCES, Hit, Source
from portal.web.htmx import page

LARGEST = 2**63 - 1
MOST = 6


@blueprint.get("/<asset_number>/journal")
@permission("books.view")
def journal(asset_number: str) -> Response:
    """Entries, the latest booked first."""
    days = asked.days("all")
    refused = days.refused
    wanted: dict[str, Any] = {}
    try:
        wanted = _wanted()
    except DomainError as error:
        refused = error.message
    found = queries.journal(
        g.place.id,
        queries.Wanted(since=days.since, until=days.until, **wanted),
        cursor=request.args.get("cursor") or None,
    )
    return page(
        "books/journal.html",
        "rows",
        found=found,
        legs=queries.legs_with_accounts({each.id for each in found.items}),
        subjects=subjects.subjects((each.subject, each.subject_id) for each in found.items),
        accounts=queries.accounts_at(g.place),
        facts=[(name, words.fact_words(name)) for name in FACTS],
        refused=refused,
        days=days,
        words=words,
    )


@blueprint.get("/<asset_number>/journal.csv")
@permission("books.view")
def journal_export(asset_number: str) -> Response:
    """Every leg of what the filters show, the oldest first: what an auditor asks for."""
    days = asked.days("all")
    heads = ["entry", "day", "happened", "written", "what", "about", "memo", "code", "account", "debit", "credit",
             "currency"]  # fmt: skip
    rows = list(queries.journal_legs(g.place.id, queries.Wanted(since=days.since, until=days.until, **_wanted())))
    known = subjects.subjects((entry.subject, entry.subject_id) for entry, _account, _leg in rows)

    def cells(entry: Any, account: Any, leg: Any) -> tuple[object, ...]:
        about = words.about(entry, known)
        return (
            entry.id, entry.booked_on, entry.occurred_at, entry.posted_at, words.fact_words(entry.fact),
            about.name if about else "", entry.memo, account.code, account.name,
            Money(max(0, leg.amount), leg.currency).to_major_str(),
            Money(max(0, -leg.amount), leg.currency).to_major_str(), leg.currency,
        )  # fmt: skip

    return csv_file(f"journal-{g.place.asset_number}", heads, (cells(*row) for row in rows))


def entries_found(place: Asset, asked_for: str) -> Iterator[Hit]:
    """For the search box: entries by number, by what they say, or by what they are about."""
    number = asked_for.removeprefix("#")
    is_number = number.isascii() and number.isdigit()
    wanted = queries.Wanted(
        text=asked_for,
        entry_id=min(int(number[:19]), LARGEST) if is_number else None,
        subject_ids=subjects.matching(place.id, asked_for),
    )
    for each in queries.journal(place.id, wanted, limit=MOST).items:
        yield Hit(
            _("Entry %(number)s", number=each.id),
            url_for("books.entry", asset_number=place.asset_number, entry_id=each.id),
            "books",
            " · ".join(filter(None, (words.fact_words(each.fact), each.memo))),
        )


SOURCES.append(Source(lazy_("Books"), "books.view", entries_found))


def _wanted() -> dict[str, Any]:
    """The filters of the address; what is searched for may be a number, an amount, a reference or words."""
    args = request.args
    fact, account = args.get("fact", ""), args.get("account", "")
    wanted: dict[str, Any] = {
        "fact": fact if fact in FACTS else None,
        "account_id": parse.whole(account, "account", maximum=LARGEST) if account else None,
    }
    said = parse.text(args.get("q"), "q", label=_("search"), min_length=0, max_length=80)
    if said:
        wanted |= {"text": said, "subject_ids": subjects.matching(g.place.id, said)}
        number = said.removeprefix("#")
        if number.isascii() and number.isdigit():
            wanted["entry_id"] = min(int(number[:19]), LARGEST)
        try:
            amount = parse.money(said.replace(",", ""), "q", currency=g.place.currency, minimum=1)
            wanted["amount"] = amount.minor
        except DomainError:
            pass  # not an amount, then
    return wanted
