"""The night audit: what there is to see before the button, how far the closing has come, and what past days came to."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, abort, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _
from portal.trades.hotel.models import DayState
from portal.trades.hotel.queries import night_audit as queries
from portal.trades.hotel.services import night_audit
from portal.web.download import csv_file, sum_of
from portal.web.filters import day as day_words
from portal.web.frontdesk import audit_words as words
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

PAGE = "/<asset_number>/night-audit"


@blueprint.get(PAGE)
@permission("hotel.audit")
def audit(asset_number: str) -> Response:
    """The open day: the checklist, and the button when nothing keeps the day open."""
    return _show()


@blueprint.post(f"{PAGE}/close")
@permission("hotel.audit")
def audit_close(asset_number: str) -> Response:
    """Have the day that was looked at closed; the clockwork does it, and may be left alone."""
    day = _day(request.form.get("day", ""))
    try:
        night_audit.ask(asset_id=g.place.id, day=day, actor=current_actor())
    except DomainError as error:
        return _show(refused=error)
    toast(_("%(day)s is being closed.", day=day_words(day)), "info")
    return go(url_for(".audit", asset_number=asset_number))


@blueprint.get(f"{PAGE}/days/<day>")
@permission("hotel.audit")
def audit_day(asset_number: str, day: str) -> Response:
    """What a closed day came to, as it was frozen."""
    found = queries.day_of(g.place.id, _day(day))
    if found is None or found.state != DayState.CLOSED:
        abort(404)
    return page("frontdesk/audit_day.html", day=found, report=words.report_of(found), words=words)


@blueprint.get(f"{PAGE}/days.csv")
@permission("hotel.audit")
def audit_export(asset_number: str) -> Response:
    """Closed days with their figures, for a spreadsheet."""
    heads = ["day", "closed_at", "closed_by", "rooms", "sold", "room_revenue", "charged", "taxes", "paid", "currency"]
    currency = g.place.currency
    rows = []
    for each in queries.days_closed(g.place.id, limit=1_000):
        report = words.report_of(each)
        rows.append(
            (
                each.day, each.closed_at, each.closed_by, report.figures.get("rooms"), report.figures.get("sold"),
                sum_of(report.figures.get("revenue", 0), currency), sum_of(report.charged, currency),
                sum_of(report.taxes, currency), sum_of(report.paid, currency), currency,
            )
        )  # fmt: skip
    return csv_file(f"days-{g.place.asset_number}", heads, rows)


def _show(refused: DomainError | None = None) -> Response:
    opened = queries.day_open(g.place.id)
    before = request.args.get("before", "")
    context: dict[str, Any] = {"day": opened, "refused": refused.message if refused else _last_refusal(opened)}
    if opened.closing_at is not None:
        done, total = queries.progress(g.place.id, opened.day)
        context |= {"done": done, "of": total}
    else:
        context["list"] = queries.checklist(g.place)
    past = queries.days_closed(g.place.id, before=_day(before) if before else None)
    reports = [(each, words.report_of(each)) for each in past]
    return page(
        "frontdesk/audit.html", "state", past=reports, words=words, status=refused.status if refused else 200, **context
    )


def _last_refusal(opened: Any) -> str | None:
    return (opened.totals or {}).get("refused")


def _day(said: str) -> date:
    return parse.day(said, "day")
