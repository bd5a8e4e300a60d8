"""Lost and found, and what is to be mended."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.paging import every
from portal.core.words import _
from portal.shared.assets.models import Unit
from portal.shared.assets.queries import units_by_id
from portal.trades.hotel.models import LostItem, MaintenanceRequest
from portal.trades.hotel.queries import housekeeping as queries
from portal.trades.hotel.queries.inventory import rooms_at
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.services import lost_items, mending
from portal.web.download import csv_file
from portal.web.frontdesk import house_words as words
from portal.web.frontdesk.house_forms import FoundForm, MendedForm, MendForm, SettleForm
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

LOST = "/<asset_number>/housekeeping/lost"
BROKEN = "/<asset_number>/housekeeping/repairs"


@blueprint.get(LOST)
@permission("hotel.housekeeping")
def housekeeping_lost(asset_number: str) -> Response:
    """What guests left behind, the latest first."""
    found = _lost(request.args.get("cursor") or None)
    return page("frontdesk/lost.html", "rows", found=found, units=_units(found.items), words=words)


@blueprint.get(f"{LOST}.csv")
@permission("hotel.housekeeping")
def housekeeping_lost_export(asset_number: str) -> Response:
    """The same list for a spreadsheet."""
    found = list(every(_lost))
    units = _units(found)
    heads = ["number", "what", "room", "found_on", "found_by", "kept_at", "status", "outcome"]
    rows = (
        (each.number, each.what, units[each.room_id].number if each.room_id else None, each.found_on,
         each.found_by, each.kept_at, each.status, each.outcome)
        for each in found
    )  # fmt: skip
    return csv_file(f"lost-and-found-{g.place.asset_number}", heads, rows)


@blueprint.route(f"{LOST}/new", methods=["GET", "POST"])
@permission("hotel.housekeeping")
def housekeeping_lost_new(asset_number: str) -> Response:
    """Write down something that was found."""
    form = FoundForm(data={"found_on": business_date(g.place)})
    form.room.offer([("", _("Nowhere in particular")), *_rooms()])
    if form.validate_on_submit():
        actor = current_actor()
        made: list[LostItem] = []

        def keep() -> None:
            made.append(
                lost_items.find(
                    asset_id=g.place.id, what=form.what.data, room_id=form.room.data, found_on=form.found_on.data,
                    kept_at=form.kept_at.data, actor=actor,
                )
            )  # fmt: skip

        form.just_once(actor, keep)
        if made:
            toast(_("Written down as number %(number)s. Write the number on the bag.", number=made[0].number))
        return go(url_for(".housekeeping_lost", asset_number=asset_number))
    return page("frontdesk/lost_new.html", "form", form=form, status=422 if form.errors else 200)


@blueprint.route(f"{LOST}/<int:number>", methods=["GET", "POST"])
@permission("hotel.housekeeping")
def housekeeping_lost_settle(asset_number: str, number: int) -> Response:
    """It went back, or was disposed of."""
    item, form = queries.lost_item_at(g.place.id, number), SettleForm()
    if form.validate_on_submit():
        try:
            said = {"status": form.status.data, "outcome": form.outcome.data or ""}
            lost_items.settle(asset_id=g.place.id, number=number, actor=current_actor(), **said)
        except DomainError as error:
            form.refuse(error)
        else:
            undo = url_for(".housekeeping_lost_keep", asset_number=asset_number, number=number)
            toast(_("Number %(number)s has left the house.", number=number), undo=undo)
            return go(url_for(".housekeeping_lost", asset_number=asset_number))
    return page("frontdesk/lost_settle.html", "form", form=form, item=item, status=422 if form.errors else 200)


@blueprint.post(f"{LOST}/<int:number>/keep")
@permission("hotel.housekeeping")
def housekeeping_lost_keep(asset_number: str, number: int) -> Response:
    """It is here after all."""
    lost_items.keep_again(asset_id=g.place.id, number=number, actor=current_actor())
    toast(_("Number %(number)s is kept here.", number=number), "info")
    return go(url_for(".housekeeping_lost", asset_number=asset_number))


@blueprint.get(BROKEN)
@permission("hotel.housekeeping")
def housekeeping_repairs(asset_number: str) -> Response:
    """What is to be mended in which room."""
    found = _broken(request.args.get("cursor") or None)
    return page("frontdesk/repairs.html", "rows", found=found, units=_units(found.items), words=words)


@blueprint.get(f"{BROKEN}.csv")
@permission("hotel.housekeeping")
def housekeeping_repairs_export(asset_number: str) -> Response:
    """The same list for a spreadsheet."""
    found = list(every(_broken))
    units = _units(found)
    heads = ["number", "room", "what", "urgent", "status", "reported", "reported_by", "done", "done_by", "outcome"]
    rows = (
        (each.number, units[each.room_id].number, each.what, each.urgent, each.status, each.created_at,
         each.reported_by, each.done_at, each.done_by, each.outcome)
        for each in found
    )  # fmt: skip
    return csv_file(f"repairs-{g.place.asset_number}", heads, rows)


@blueprint.route(f"{BROKEN}/new", methods=["GET", "POST"])
@permission("hotel.housekeeping")
def housekeeping_repairs_new(asset_number: str) -> Response:
    """Report something broken; `room` of the address is filled in."""
    form = MendForm()
    form.room.offer([("", _("Choose a room")), *_rooms()])
    if request.method == "GET":
        form.room.data = request.args.get("room", "")
    if form.validate_on_submit():
        actor = current_actor()
        made: list[MaintenanceRequest] = []

        def keep() -> None:
            made.append(
                mending.report(
                    asset_id=g.place.id, room_id=form.room.data, what=form.what.data, urgent=form.urgent.data,
                    until_on=form.until_on.data, actor=actor,
                )
            )  # fmt: skip

        try:
            form.just_once(actor, keep)
        except DomainError as error:
            form.refuse(error)
        else:
            if made:
                toast(_("Reported as number %(number)s.", number=made[0].number))
            return go(url_for(".housekeeping_repairs", asset_number=asset_number))
    return page("frontdesk/repair_new.html", "form", form=form, status=422 if form.errors else 200)


@blueprint.route(f"{BROKEN}/<int:number>", methods=["GET", "POST"])
@permission("hotel.housekeeping")
def housekeeping_repairs_end(asset_number: str, number: int) -> Response:
    """It is mended, or need not be."""
    broken, form = queries.request_at(g.place.id, number), MendedForm()
    if form.validate_on_submit():
        try:
            mending.end(
                asset_id=g.place.id, number=number, outcome=form.outcome.data or "", dropped=form.dropped.data,
                actor=current_actor(),
            )  # fmt: skip
        except DomainError as error:
            form.refuse(error)
        else:
            undo = url_for(".housekeeping_repairs_step", asset_number=asset_number, number=number, step="reopen")
            toast(_("Request %(number)s is over.", number=number), undo=undo)
            return go(url_for(".housekeeping_repairs", asset_number=asset_number))
    return page("frontdesk/repair_end.html", "form", form=form, broken=broken, status=422 if form.errors else 200)


@blueprint.post(f"{BROKEN}/<int:number>/<any(begin, reopen):step>")
@permission("hotel.housekeeping")
def housekeeping_repairs_step(asset_number: str, number: int, step: str) -> Response:
    """Somebody sees to it, or it is broken still."""
    act = mending.begin if step == "begin" else mending.reopen
    act(asset_id=g.place.id, number=number, actor=current_actor())
    toast(_("Under way.") if step == "begin" else _("Request %(number)s is open again.", number=number), "info")
    return go(url_for(".housekeeping_repairs", asset_number=asset_number))


def _lost(cursor: str | None) -> Any:
    status = request.args.get("status", "")
    search = parse.text(request.args.get("q"), "q", min_length=0, max_length=80) or None
    known = status if status in ("kept", "returned", "disposed") else None
    return queries.lost_items(g.place.id, status=known, search=search, cursor=cursor)


def _broken(cursor: str | None) -> Any:
    return queries.requests_of(g.place.id, open_only=request.args.get("show") != "all", cursor=cursor)


def _units(items: Any) -> dict[Any, Unit]:
    return units_by_id({each.room_id for each in items if each.room_id})


def _rooms() -> list[tuple[object, object]]:
    return [(room.unit_id, unit.number) for room, unit in rooms_at(g.place.id)]
