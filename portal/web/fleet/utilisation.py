"""How much the vehicles were used: a chart of kilometres by day, one row a vehicle, and how it is counted."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Response, g, request

from portal.core import parse
from portal.core.clock import utcnow
from portal.core.errors import DomainError
from portal.core.words import _
from portal.reporting import fleet_use
from portal.reporting.fleet_use import Use
from portal.web.context import shell
from portal.web.download import csv_file, sum_of
from portal.web.filters import day, number
from portal.web.fleet import office_words as words
from portal.web.fleet.views import blueprint
from portal.web.guards import may, permission
from portal.web.htmx import page

#: A year and a day, so that a year can be looked at whole.
MOST_DAYS = 366


@blueprint.get("/<asset_number>/utilisation", endpoint="utilisation")
@permission("fleet.view")
def index(asset_number: str) -> Response:
    """Every vehicle between two days: driven, let, earning."""
    first, last, stretch, refused = _days()
    found = fleet_use.utilisation(g.place, first, last, utcnow())
    return page(
        "fleet/utilisation.html",
        "rows",
        found=found,
        first=first,
        last=last,
        stretch=stretch,
        stretches=_stretches(),
        refused=refused,
        sees_money=may("units.price"),
        bars=[(day(each, near=False), kilometres) for each, kilometres in found.km_by_day],
        fares=_fares,
        words=words,
    )


@blueprint.get("/<asset_number>/utilisation.csv")
@permission("fleet.view")
def utilisation_export(asset_number: str) -> Response:
    """The same rows for a spreadsheet."""
    first, last, _stretch, _refused = _days()
    money = may("units.price")
    heads = ["vehicle", "plate", "from", "to", "days_used", "km", "driving_hours", "idle_hours", "engine_hours",
             "trips", "let_hours", "calendar_hours", "let_share", "revenue", "currency", "revenue_per_km", "fares_paid",
             "fares", "most_passengers"]  # fmt: skip
    rows = (
        (
            each.unit.number if each.unit else "", each.unit.plate if each.unit else "", first, last, each.days,
            each.km, _hours(each.moving_seconds), _hours(each.idle_seconds), _hours(each.engine_seconds), each.trips,
            _hours(each.let_seconds), _hours(each.calendar_seconds), f"{each.let_share:.4f}",
            sum_of(each.revenue, g.place.currency) if money else None, g.place.currency,
            sum_of(each.revenue_per_km, g.place.currency) if money else None, each.fares_paid,
            " ".join(f"{amount} {currency}" for currency, amount in sorted(each.fares.items())), each.passengers_most,
        )
        for each in fleet_use.utilisation(g.place, first, last, utcnow()).vehicles
    )  # fmt: skip
    return csv_file(f"utilisation-{g.place.asset_number}-{first}-{last}", heads, rows)


def _fares(each: Use) -> str:
    """What was paid on board, by currency: "1,500 NGN"."""
    return ", ".join(f"{number(amount)} {currency}" for currency, amount in sorted(each.fares.items()))


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:.2f}"


def _stretches() -> list[tuple[str, str]]:
    return [("7", _("7 days")), ("30", _("30 days")), ("month", _("This month")), ("last", _("Last month")),
            ("year", _("This year"))]  # fmt: skip


def _days() -> tuple[date, date, str, str | None]:
    """First and last day, the name of the stretch, and why the days of the address could not be taken."""
    today, refused = shell().local_date, None
    try:
        since = parse.optional(parse.day, request.args.get("from"), "from", label=_("from"))
        until = parse.optional(parse.day, request.args.get("to"), "to", label=_("to"))
        if since is not None or until is not None:
            last = min(until or today, today)
            first = since or last - timedelta(days=29)
            if first <= last and (last - first).days <= MOST_DAYS:
                return first, last, "", None
            refused = _("Choose a first day that is not after the last one, and a year at most.")
    except DomainError as error:
        refused = error.message
    stretch = request.args.get("stretch", "30")
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    known = {
        "7": (today - timedelta(days=6), today),
        "30": (today - timedelta(days=29), today),
        "month": (month, today),
        "last": (before.replace(day=1), before),
        "year": (today.replace(month=1, day=1), today),
    }
    stretch = stretch if stretch in known else "30"
    return *known[stretch], stretch, refused
