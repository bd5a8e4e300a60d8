"""The statement of one account: its legs with the balance after each."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import Response, g, request

from portal.core.money import Money
from portal.reporting import subjects
from portal.shared.ledger import queries
from portal.shared.ledger.models import Account, Posting
from portal.web.books import asked, blueprint, words
from portal.web.context import shell
from portal.web.download import csv_file
from portal.web.guards import permission
from portal.web.htmx import page


@blueprint.get("/<asset_number>/accounts/<int:account_id>")
@permission("books.view")
def account(asset_number: str, account_id: int) -> Response:
    """What came to an account and what left it, the latest first."""
    found, days = _account(account_id), asked.days("month")
    statement = queries.statement(
        found, days.since, days.until, only_at=_only_here(found), cursor=request.args.get("cursor") or None
    )
    legs = queries.legs_with_accounts({line.leg.entry_id for line in statement.lines})
    here = {line.leg.entry_id for line in statement.lines if line.leg.asset_id == g.place.id}
    return page(
        "books/account.html",
        "rows",
        account=found,
        customers=subjects.customers([found.owner] if found.asset_id is None else []),
        stands=statement.closing if _all(found, days) else queries.balance_of(found),
        statement=statement,
        others={line.leg.entry_id: _other_side(line.leg, legs[line.leg.entry_id]) for line in statement.lines},
        local=here,
        subjects=subjects.subjects(
            (line.leg.entry.subject, line.leg.entry.subject_id) for line in statement.lines if line.leg.entry_id in here
        ),
        days=days,
        stretches=asked.stretches(),
        words=words,
    )


@blueprint.get("/<asset_number>/accounts/<int:account_id>.csv")
@permission("books.view")
def account_export(asset_number: str, account_id: int) -> Response:
    """The same days for a spreadsheet, the oldest first."""
    found, days = _account(account_id), asked.days("month")

    def plain(minor: int) -> str:
        return Money(minor, found.currency).to_major_str()

    heads = ["day", "entry", "what", "memo", "debit", "credit", "balance", "currency"]
    rows = (
        (line.leg.booked_on, line.leg.entry_id, words.fact_words(line.leg.entry.fact), line.leg.entry.memo,
         plain(max(0, line.leg.amount)), plain(max(0, -line.leg.amount)), plain(line.balance), found.currency)
        for line in queries.statement_lines(found, days.since, days.until, only_at=_only_here(found))
    )  # fmt: skip
    return csv_file(f"account-{found.code}-{g.place.asset_number}", heads, rows)


def _all(found: Account, days: asked.Days) -> bool:
    """Whether what stands at the end of these days is what stands now, so that it need not be added up twice."""
    return _only_here(found) is None and (days.until is None or days.until >= shell().business_date)


def _other_side(mine: Posting, legs: Sequence[tuple[Account, Posting]]) -> list[Account]:
    """The accounts that a leg came from or went to."""
    return [account for account, leg in legs if (leg.amount > 0) != (mine.amount > 0)]


def _account(account_id: int) -> Account:
    return queries.get_account(account_id, g.place)


def _only_here(found: Account) -> uuid.UUID | None:
    """A customer's credit is the whole business's, unless only what was posted here is asked for."""
    return g.place.id if found.asset_id is None and request.args.get("where", "") == "here" else None
