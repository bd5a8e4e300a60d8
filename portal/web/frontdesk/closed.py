"""Rooms that are closed for a while: out of order, out of service, kept for the house."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import Response, g, request, url_for

from portal.core.errors import DomainError
from portal.core.paging import every
from portal.core.words import _, lazy_
from portal.shared.assets.queries import units_by_id
from portal.trades.hotel.errors import LeaveNeeded, RoomTaken, SoldOut
from portal.trades.hotel.models import BlockKind
from portal.trades.hotel.queries.blocks import blocks_of, get_block
from portal.trades.hotel.queries.inventory import rooms_at
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.services import blocks
from portal.web.download import csv_file
from portal.web.forms import BaseForm, BooleanField, ChoiceField, DayField, StrictStringField, UuidSelectField
from portal.web.frontdesk import house_words as words
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, may, permission
from portal.web.htmx import go, page, toast

CLOSED = "/<asset_number>/housekeeping/closed"


class DaysForm(BaseForm):
    """From when until when, and why."""

    from_on = DayField(lazy_("From"))
    until_on = DayField(lazy_("Until"), description=lazy_("The day it can be let again."))
    reason = StrictStringField(lazy_("Why"), max_length=200)
    force = BooleanField(lazy_("Close it although its type is sold"))


class CloseForm(DaysForm):
    """Which room, and what that means for guests."""

    room = UuidSelectField(lazy_("Room"))
    kind = ChoiceField(
        lazy_("What it means"),
        choices=[
            (BlockKind.OUT_OF_ORDER, lazy_("Out of order: it cannot be sold")),
            (BlockKind.OUT_OF_SERVICE, lazy_("Out of service: it can be sold, and the desk is warned")),
            (BlockKind.HOUSE_USE, lazy_("House use: kept for the hotel itself")),
        ],
    )
    re_room = BooleanField(lazy_("Give the guests who have it other rooms"))


@blueprint.get(CLOSED)
@permission("hotel.housekeeping")
def housekeeping_closed(asset_number: str) -> Response:
    """What is closed, and for how long."""
    found = _found(request.args.get("cursor") or None)
    units = units_by_id({each.room_id for each in found.items})
    today = business_date(g.place)
    return page("frontdesk/closed.html", "rows", found=found, units=units, words=words, today=today, may=may)


@blueprint.get(f"{CLOSED}.csv")
@permission("hotel.housekeeping")
def housekeeping_closed_export(asset_number: str) -> Response:
    """The same list for a spreadsheet."""
    found = list(every(_found))
    units = units_by_id({each.room_id for each in found})
    rows = (
        (units[each.room_id].number, each.kind, each.from_on, each.until_on, each.reason, each.made_by, each.ended_at)
        for each in found
    )
    heads = ["room", "kind", "from", "until", "reason", "made_by", "ended"]
    return csv_file(f"closed-rooms-{g.place.asset_number}", heads, rows)


@blueprint.route(f"{CLOSED}/new", methods=["GET", "POST"])
@permission("hotel.book")
def housekeeping_closed_new(asset_number: str) -> Response:
    """Close a room; `room` of the address is filled in."""
    today = business_date(g.place)
    form = CloseForm(data={"from_on": today, "until_on": today + timedelta(days=1)})
    form.room.offer([("", _("Choose a room")), *((room.unit_id, unit.number) for room, unit in rooms_at(g.place.id))])
    if request.method == "GET":
        form.room.data = request.args.get("room", "")
    asked: DomainError | None = None
    if form.validate_on_submit():
        try:
            made = blocks.block(
                asset_id=g.place.id, room_id=form.room.data, kind=BlockKind(form.kind.data), re_room=form.re_room.data,
                actor=current_actor(), **_days(form),
            )  # fmt: skip
        except DomainError as error:
            form.refuse(error)
            asked = error
        else:
            number = units_by_id({made.room_id})[made.room_id].number
            undo = url_for(".housekeeping_closed_end", asset_number=asset_number, block_id=made.id)
            toast(_("Room %(room)s is closed.", room=number), undo=undo)
            return go(url_for(".housekeeping_closed", asset_number=asset_number))
    return _page("frontdesk/closed_new.html", form, asked)


@blueprint.route(f"{CLOSED}/<uuid:block_id>", methods=["GET", "POST"])
@permission("hotel.book")
def housekeeping_closed_amend(asset_number: str, block_id: uuid.UUID) -> Response:
    """Other days, or another reason."""
    found = get_block(g.place.id, block_id)
    form = DaysForm(obj=found)
    asked: DomainError | None = None
    if form.validate_on_submit():
        try:
            blocks.amend(asset_id=g.place.id, block_id=block_id, actor=current_actor(), **_days(form))
        except DomainError as error:
            form.refuse(error)
            asked = error
        else:
            toast(_("Kept."))
            return go(url_for(".housekeeping_closed", asset_number=asset_number))
    return _page("frontdesk/closed_amend.html", form, asked, found=found, unit=units_by_id({found.room_id}))


@blueprint.post(f"{CLOSED}/<uuid:block_id>/end")
@permission("hotel.book")
def housekeeping_closed_end(asset_number: str, block_id: uuid.UUID) -> Response:
    """It can be let again."""
    found = blocks.end(asset_id=g.place.id, block_id=block_id, actor=current_actor())
    number = units_by_id({found.room_id})[found.room_id].number
    toast(_("Room %(room)s can be let again.", room=number))
    return go(url_for(".housekeeping_closed", asset_number=asset_number))


def _days(form: DaysForm) -> dict[str, Any]:
    if form.force.data and not may("hotel.override"):
        raise LeaveNeeded(_("Somebody with more rights has to agree to that."), field="force")
    names = ("from_on", "until_on", "reason", "force")
    return {name: form[name].data for name in names}


def _page(template: str, form: DaysForm, asked: DomainError | None, **context: Any) -> Response:
    """The form; what would help against a refusal is offered only then."""
    context["offers"] = {
        "force": isinstance(asked, SoldOut) and may("hotel.override"),
        "re_room": isinstance(asked, RoomTaken) and all(each["room"] for each in asked.details.get("offers", ())),
    }
    return page(template, "form", form=form, status=422 if form.errors or form.form_errors else 200, **context)


def _found(cursor: str | None) -> Any:
    kind = request.args.get("kind", "")
    known = kind if kind in list(BlockKind) else None
    return blocks_of(g.place, over=request.args.get("show") == "over", kind=known, cursor=cursor)
