"""What the hotel sold and will sell, who comes and goes, what is held, what was cancelled; each says how it counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Response, current_app, g, make_response, request, send_from_directory

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _
from portal.reporting import downtime
from portal.reporting import hotel as figures
from portal.trades.hotel.queries.inventory import room_types
from portal.trades.hotel.queries.property import business_date
from portal.web.download import csv_file, sum_of
from portal.web.filters import day
from portal.web.frontdesk.views import blueprint
from portal.web.guards import permission, public
from portal.web.htmx import page
from portal.web.security import widen

MOST_DAYS = 366
FARTHEST = 36_500
LISTS = ("arrivals", "departures", "in_house")
KINDS = ("occupancy", "forecast", "pickup", *LISTS, "tax", "deposits", "cancellations")


def names() -> list[tuple[str, str]]:
    """Every report and what it is called."""
    return [
        ("occupancy", _("Occupancy")),
        ("forecast", _("Forecast")),
        ("pickup", _("Pickup")),
        ("arrivals", _("Arrivals")),
        ("departures", _("Departures")),
        ("in_house", _("In house")),
        ("tax", _("Tax")),
        ("deposits", _("Deposits")),
        ("cancellations", _("Cancellations")),
    ]


@blueprint.get("/<asset_number>/reports", endpoint="reports")
@permission("hotel.reports")
def index(asset_number: str) -> Response:
    """One report; which, and of which days, stands in the address."""
    kind = _kind()
    first, last, refused = _days(kind)
    found = _found(kind, first, last)
    return page(
        "frontdesk/reports.html",
        "rows",
        kind=kind,
        names=names(),
        title=dict(names())[kind],
        first=first,
        last=last,
        refused=refused,
        found=found,
        total=figures.summed(found) if kind in ("occupancy", "forecast") else None,
        bars=_bars(kind, found),
        types=room_types(g.place.id),
        since=_since() if kind == "pickup" else None,
        **_sums(kind, found),
    )


@blueprint.get("/<asset_number>/reports.csv")
@permission("hotel.reports")
def reports_export(asset_number: str) -> Response:
    """The same rows for a spreadsheet."""
    kind = _kind()
    first, last, _refused = _days(kind)
    heads, rows = _sheet(kind, _found(kind, first, last))
    return csv_file(f"{kind}-{g.place.asset_number}-{first}-{last}", heads, rows)


@blueprint.get("/<asset_number>/downtime")
@permission("hotel.book")
def downtime_pack(asset_number: str) -> Response:
    """What the desk needs when the portal is down; browsers that looked at the desk keep it."""
    widen("style-src", "'unsafe-inline'")
    return make_response(downtime.pack(g.place))


@blueprint.get("/worker.js")
@public
def worker() -> Response:
    """The script that keeps pages for when there is no network; it may look after every page of this desk."""
    response = send_from_directory(f"{current_app.static_folder}/js/frontdesk", "worker.js", mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = "/frontdesk/"
    return response


def _kind() -> str:
    asked = request.args.get("report", "")
    return asked if asked in KINDS else "occupancy"


def _found(kind: str, first: date, last: date) -> Sequence[object]:
    end = last + timedelta(days=1)
    if kind in ("occupancy", "forecast"):
        asked = request.args.get("type", "")
        chosen = next((each.id for each in room_types(g.place.id) if each.code == asked), None)
        return figures.nights(g.place.id, first, end, room_type_id=chosen)
    if kind == "pickup":
        return figures.pickup(g.place.id, first, end, _end_of(_since()), _end_of(_today()))
    if kind in LISTS:
        return figures.listed(g.place.id, kind, first)
    if kind == "tax":
        return figures.taxes(g.place.id, first, end)
    if kind == "deposits":
        return figures.deposits(g.place.id)
    return figures.cancellations(g.place.id, first, end)


def _sums(kind: str, found: Sequence[object]) -> dict[str, int]:
    names_of = {"pickup": ("before", "after", "change"), "tax": ("gross", "tax"), "deposits": ("held",),
                "cancellations": ("lost", "fee")}  # fmt: skip
    return {f"sum_{name}": sum(getattr(each, name) for each in found) for name in names_of.get(kind, ())}


def _bars(kind: str, found: Sequence[object]) -> list[tuple[str, int]]:
    name = {"occupancy": "sold", "forecast": "sold", "pickup": "change"}.get(kind)
    if name is None:
        return []
    return [(day(each.night, near=False), max(0, getattr(each, name))) for each in found]  # type: ignore[attr-defined]


def _sheet(kind: str, found: Sequence[object]) -> tuple[list[str], list[tuple[object, ...]]]:
    currency = g.place.currency
    if kind in ("occupancy", "forecast"):
        heads = [
            "night", "rooms", "out_of_order", "house_use", "sold", "complimentary", "held", "people", "arrivals",
            "departures", "occupancy", "occupancy_net", "revenue", "adr", "revpar", "revpar_net", "currency",
        ]  # fmt: skip
        return heads, [
            (n.night, n.rooms, n.out_of_order, n.house_use, n.sold, n.complimentary, n.held, n.people, n.arrivals,
             n.departures, f"{n.occupancy:.4f}", f"{n.occupancy_net:.4f}", sum_of(n.revenue, currency),
             sum_of(n.adr, currency), sum_of(n.revpar, currency), sum_of(n.revpar_net, currency), currency)
            for n in found if isinstance(n, figures.Night)
        ]  # fmt: skip
    columns = {
        figures.Pickup: ["night", "before", "after", "change"],
        figures.TaxSum: ["code", "tax_ppm", "lines", "gross", "tax"],
        figures.Deposit: ["number", "guest", "arrival", "held"],
        figures.Gone: ["number", "guest", "room_type", "arrival", "departure", "status", "at", "lost", "fee"],
        figures.Listed: ["room", "guest", "number", "room_type", "arrival", "departure", "adults", "children", "status",
                         "balance", "note"],
    }  # fmt: skip
    of_money = {"gross", "tax", "held", "lost", "fee", "balance"}
    shape = {"pickup": figures.Pickup, "tax": figures.TaxSum, "deposits": figures.Deposit,
             "cancellations": figures.Gone}.get(kind, figures.Listed)  # fmt: skip
    heads = columns[shape]
    rows = [
        tuple(sum_of(getattr(each, name), currency) if name in of_money else getattr(each, name) for name in heads)
        for each in found
    ]
    return heads, rows


def _today() -> date:
    return business_date(g.place)


def _since() -> date:
    """The day whose books pickup is counted from: a week ago, unless the address says."""
    today = _today()
    try:
        asked = parse.optional(parse.day, request.args.get("since"), "since")
    except DomainError:
        asked = None
    return asked if asked and abs((asked - today).days) <= FARTHEST else today - timedelta(days=7)


def _end_of(on: date) -> datetime:
    return datetime.combine(on + timedelta(days=1), time(), ZoneInfo(g.place.timezone))


def _days(kind: str) -> tuple[date, date, str | None]:
    """First and last day of the report, and why those of the address could not be taken."""
    today, refused = _today(), None
    ahead = kind in ("forecast", "pickup", "cancellations")
    first, last = (today, today + timedelta(days=29)) if ahead else (today - timedelta(days=29), today)
    if kind in LISTS:
        first = last = today
    try:
        since = parse.optional(parse.day, request.args.get("from"), "from", label=_("from"))
        until = parse.optional(parse.day, request.args.get("to"), "to", label=_("to"))
    except DomainError as error:
        return first, last, error.message
    if since is None and until is None:
        return first, last, None
    if any(abs((each - today).days) > FARTHEST for each in (since, until) if each):
        return first, last, _("Choose days within a hundred years of today.")
    if kind in LISTS:
        return since or until or today, since or until or today, None
    asked = since or min(first, until or first), until or max(last, since or last)
    if asked[0] <= asked[1] and (asked[1] - asked[0]).days <= MOST_DAYS:
        return *asked, None
    refused = _("Choose a first day that is not after the last one, and a year at most.")
    return first, last, refused
