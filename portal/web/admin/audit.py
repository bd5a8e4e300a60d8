"""The audit trail of a place: who did what, when and why, before and after, and whether the chain holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g, request

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.audit import queries, search
from portal.shared.audit.models import AuditEntry
from portal.web.admin import blueprint
from portal.web.admin.differences import lines
from portal.web.download import csv_file
from portal.web.guards import permission
from portal.web.htmx import page

CSV_ROWS = 50_000


@blueprint.get("/<asset_number>/audit")
@permission("audit.view")
def audit(asset_number: str) -> Response:
    """The trail, youngest first, by who, what and when."""
    asked, refused = _asked()
    found = search.entries(asset_id=g.place.id, cursor=request.args.get("cursor"), **asked)
    return page(
        "admin/audit.html",
        "trail",
        entries=[(entry, lines(entry.before, entry.after, g.place.currency)) for entry in found.items],
        next=found.next,
        actions=search.actions(g.place.id),
        seal=queries.last_link(),
        refused=refused,
        chain=None,
    )


@blueprint.get("/<asset_number>/audit/chain")
@permission("audit.view")
def audit_chain(asset_number: str) -> Response:
    """Recompute every link of the chain, of all places, and say whether one entry was altered."""
    return page("admin/audit_chain.html", "chain", chain=queries.check_chain())


@blueprint.get("/<asset_number>/audit.csv")
@permission("audit.view")
def audit_export(asset_number: str) -> Response:
    """What the filters show, for a spreadsheet or an auditor."""
    asked, _refused = _asked()
    heads = ["id", "at", "who", "on_behalf_of", "action", "subject", "subject_id", "reason", "before", "after",
             "address", "request_id"]  # fmt: skip
    entries = search.all_entries(asset_id=g.place.id, most=CSV_ROWS, **asked)
    return csv_file(f"audit-{g.place.asset_number}", heads, map(_cells, entries))


def _asked() -> tuple[dict[str, Any], str | None]:
    """The filters of the address; a date that cannot be read is said, not guessed."""
    args, refused = request.args, None
    asked: dict[str, Any] = {
        "who": args.get("who", "").strip()[:80] or None,
        "action": args.get("what", "").strip()[:80] or None,
        "subject_id": args.get("subject", "").strip()[:80] or None,
    }
    try:
        asked["since"] = _midnight(args.get("from"), _("from"))
        asked["until"] = _midnight(args.get("to"), _("to"), days_later=1)
    except DomainError as error:
        refused = error.message
    return asked, refused


def _midnight(given: str | None, label: str, *, days_later: int = 0) -> datetime | None:
    """When a day begins on the place's own clock; the day after one may begin 23 or 25 hours later."""
    if not given:
        return None
    day = parse.day(given, "day", label=label)
    try:
        begins = datetime.combine(day + timedelta(days=days_later), time(), ZoneInfo(g.place.timezone))
        return begins.astimezone(UTC)
    except OverflowError:
        raise parse.ParseError(_("There is no such date: %(date)s.", date=given), "day") from None


def _cells(entry: AuditEntry) -> list[Any]:
    return [
        entry.id, entry.at, entry.actor_name, entry.on_behalf_of, entry.action, entry.subject_type, entry.subject_id,
        entry.reason, entry.before and json.dumps(entry.before), entry.after and json.dumps(entry.after),
        entry.address, entry.request_id,
    ]  # fmt: skip
