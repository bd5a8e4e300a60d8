"""A list as a file a spreadsheet opens."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from flask import Response, make_response

from portal.core.money import DECIMALS, Money

FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: An amount below zero begins like a formula, and is to be added up by whoever opens the file.
NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")


def csv_file(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Rows as CSV: moments in ISO, nothing for none, and no cell that a spreadsheet would run."""
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(heads)
    for row in rows:
        sheet.writerow([_plain(cell) for cell in row])
    response = make_response(out.getvalue())
    response.mimetype = "text/csv"
    response.headers["Content-Disposition"] = f"attachment; filename={name}.csv"
    return response


@lru_cache(10_000)
def sum_of(minor: int | None, currency: str) -> str | None:
    """A sum of minor units for a cell; prices repeat down a sheet, and a currency nobody knows has no coins."""
    if minor is None:
        return None
    return Money(minor, currency).to_major_str() if currency in DECIMALS else str(minor)


def _plain(cell: object) -> object:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    if not isinstance(cell, str) or not cell.startswith(FORMULA) or NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}"  # a spreadsheet runs text that begins like a formula; an apostrophe keeps it text
