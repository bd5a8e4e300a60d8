"""The units board of a place: every room or vehicle in one look, filtered by its address, and the same as CSV."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, g, request, url_for

from portal.core.money import Money
from portal.reporting import board as look
from portal.shared.assets.models import UnitKind, UnitStatus
from portal.shared.assets.queries import kinds_at
from portal.shared.devices.device_queries import standing_by_unit
from portal.shared.identity.models import Role
from portal.web.assets import words
from portal.web.devices import words as device_words
from portal.web.download import csv_file
from portal.web.filters import money
from portal.web.guards import may, permission
from portal.web.htmx import page

blueprint = Blueprint("units", __name__)
CHIPS = ("", UnitStatus.ACTIVE, look.ENDING, UnitStatus.EXPIRED, UnitStatus.INACTIVE, UnitStatus.SUSPENDED)
#: More than any one place has today; beyond it the board is turned like a book.
ROWS = 500


@blueprint.get("/units/<asset_number>/")
@permission("units.view")
def index(asset_number: str) -> Response:
    """The board; what a device was told and what it says stand in columns of their own."""
    everything = look.rows(g.place.id)
    fitting = _fitting(everything)
    turned = max(0, min(_number("page"), (len(fitting) - 1) // ROWS))
    counts = look.count_by_status(everything)
    shown = fitting[turned * ROWS : (turned + 1) * ROWS]
    kinds = {row.kind for row in shown} or {kinds_at(g.place.kind)[0]}
    return page(
        "assets/board.html",
        "board",
        rows=shown,
        total=len(fitting),
        any_units=bool(everything),
        next_page=turned + 1 if (turned + 1) * ROWS < len(fitting) else None,
        rooms=UnitKind.ROOM in kinds,
        vehicles=UnitKind.VEHICLE in kinds,
        counts=counts,
        senses=look.count_by_sense(everything),
        big=g.role == Role.HOUSEKEEPER,
        chips=[(chip, words.status_words(chip)) for chip in _chips(counts)],
        floors=sorted({row.floor for row in everything if row.floor}, key=lambda floor: (len(floor), floor)),
        types=sorted({row.type for row in everything if row.type}),
        fares=standing_by_unit(g.place.id),
        device_words=device_words,
        prices=_prices(shown) if may("units.price") else None,
        path=_paths(asset_number),
        words=words,
    )


@blueprint.get("/units/<asset_number>/units.csv")
@permission("units.view")
def export(asset_number: str) -> Response:
    """The rows the board shows, for a spreadsheet; moments in ISO, amounts in major units."""
    priced = may("units.price")
    heads = ["kind", "number", "label", "type", "plate", "status", "expires_at", "told", "told_status", "says",
             "occupied", "occupied_since", "ready_to_clean",
             *(["price", "currency", "period_minutes"] if priced else [])]  # fmt: skip
    rows = (_cells(row, priced) for row in _fitting(look.rows(g.place.id)))
    return csv_file(f"units-{g.place.asset_number}", heads, rows)


def _cells(row: look.Row, priced: bool) -> list[Any]:
    told, says, sense = row.told.get(row.switch), row.says.get(row.switch), row.sense
    cells: list[Any] = [
        row.kind, row.number, row.label, row.type, row.plate, row.status, row.expires_at,
        told.action if told else None, told.status if told else None, says.value if says else None,
        *((sense.occupied, sense.occupied_since, sense.ready_to_clean) if sense else (None, None, None)),
    ]  # fmt: skip
    if priced:
        cells += [Money(row.price, g.place.currency).to_major_str(), g.place.currency, row.period_minutes]
    return cells


def _fitting(everything: list[look.Row]) -> list[look.Row]:
    asked = request.args
    return look.matching(
        everything,
        status=asked.get("status", ""),
        floor=asked.get("floor", ""),
        type=asked.get("type", ""),
        asked=asked.get("q", "").strip()[:60],
        sense=asked.get("room", ""),
    )


def _chips(counts: dict[str, int]) -> list[str]:
    return [*CHIPS, *([UnitStatus.RETIRED] if counts.get(UnitStatus.RETIRED) else [])]


def _prices(rows: list[look.Row]) -> dict[int, str]:
    """Each price written once, however many rows share it."""
    return {price: money(price, g.place.currency) for price in {row.price for row in rows}}


def _paths(asset_number: str) -> Any:
    """The address of a unit's page, made without asking the router for each of five hundred rows."""
    start = url_for(".index", asset_number=asset_number)
    return lambda row: f"{start}{row.kind}/{quote(row.number)}"


def _number(name: str) -> int:
    given = request.args.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 0
