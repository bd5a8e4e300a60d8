"""Setting up a hotel: room types, rooms, and how it works."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g, request, url_for

from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.words import _, ngettext
from portal.trades.hotel.models import Room
from portal.trades.hotel.queries.inventory import get_room_type, room_at, room_types, rooms_at
from portal.trades.hotel.queries.property import property_of
from portal.trades.hotel.services import properties, set_up
from portal.web.download import csv_file
from portal.web.frontdesk.settings_forms import AmendTypeForm, CloseForm, HotelForm, RoomForm, RoomsForm, TypeForm
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

TYPE = ("code", "name", "capacity", "adults", "overbook_limit", "description")
HOTEL = (
    "checkin_minute", "checkout_minute", "close_after_minute", "hold_minutes", "balance_limit", "discount_limit_ppm",
    "early_fee_ppm", "late_fee_ppm", "door_mode", "auto_no_show", "self_check_in",
    "card_fields",
)  # fmt: skip


@blueprint.get("/<asset_number>/settings")
@permission("hotel.settings")
def settings(asset_number: str) -> Response:
    """Types and rooms of the hotel, and the way to change each."""
    rooms = rooms_at(g.place.id)
    asked = request.args.get("type", "")
    types = room_types(g.place.id, retired=True)
    counts = {each.id: sum(room.room_type_id == each.id for room, _unit in rooms) for each in types}
    chosen = next((each.id for each in types if each.code == asked), None)
    return page(
        "frontdesk/settings.html",
        types=[each for each in types if each.retired_at is None],
        retired=[each for each in types if each.retired_at is not None],
        by_id={each.id: each for each in types},
        rooms=[(room, unit) for room, unit in rooms if chosen is None or room.room_type_id == chosen],
        counts=counts,
        total=len(rooms),
    )


@blueprint.get("/<asset_number>/settings/rooms.csv")
@permission("hotel.settings")
def settings_rooms_export(asset_number: str) -> Response:
    """Every room with its type, for a spreadsheet."""
    types = {each.id: each for each in room_types(g.place.id, retired=True)}
    rows = (
        (unit.number, types[room.room_type_id].code, types[room.room_type_id].name, room.floor, room.note)
        for room, unit in rooms_at(g.place.id)
    )
    return csv_file(f"rooms-{g.place.asset_number}", ["room", "type_code", "type", "floor", "note"], rows)


@blueprint.route("/<asset_number>/settings/types/new", methods=["GET", "POST"])
@permission("hotel.settings")
def settings_type_new(asset_number: str) -> Response:
    """Another type of room."""
    form = TypeForm()
    if form.validate_on_submit():
        try:
            said = {name: form[name].data for name in TYPE}
            actor = current_actor()
            form.just_once(actor, lambda: properties.add_type(asset_id=g.place.id, actor=actor, **said))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("%(type)s is there. Add its rooms.", type=form.name.data))
            return go(url_for(".settings_rooms_new", asset_number=asset_number))
    return page("frontdesk/type_form.html", "form", form=form, room_type=None, status=422 if form.errors else 200)


@blueprint.route("/<asset_number>/settings/types/<uuid:type_id>", methods=["GET", "POST"])
@permission("hotel.settings")
def settings_type_amend(asset_number: str, type_id: uuid.UUID) -> Response:
    """Change a type."""
    room_type = get_room_type(g.place.id, type_id)
    form = AmendTypeForm(obj=room_type)
    if form.validate_on_submit():
        try:
            said = {name: form[name].data or (None if name == "description" else 0) for name in TYPE[1:]}
            set_up.amend_type(asset_id=g.place.id, room_type_id=type_id, actor=current_actor(), **said)
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Saved."))
            return _back()
    return page("frontdesk/type_form.html", "form", form=form, room_type=room_type, status=422 if form.errors else 200)


@blueprint.post("/<asset_number>/settings/types/<uuid:type_id>/<any(retire, restore):step>")
@permission("hotel.settings")
def settings_type_step(asset_number: str, type_id: uuid.UUID, step: str) -> Response:
    """Sell a type no more, or again."""
    act = set_up.retire_type if step == "retire" else set_up.restore_type
    room_type = act(asset_id=g.place.id, room_type_id=type_id, actor=current_actor())
    if step == "retire":
        undo = url_for(".settings_type_step", asset_number=asset_number, type_id=type_id, step="restore")
        toast(_("%(type)s is sold no more.", type=room_type.name), undo=undo)
    else:
        toast(_("%(type)s is sold again.", type=room_type.name))
    return _back()


@blueprint.route("/<asset_number>/settings/rooms/new", methods=["GET", "POST"])
@permission("hotel.settings")
def settings_rooms_new(asset_number: str) -> Response:
    """More rooms of a type."""
    types = room_types(g.place.id)
    if not types:
        return go(url_for(".settings_type_new", asset_number=asset_number))
    form = RoomsForm()
    counts = [room.room_type_id for room, _unit in rooms_at(g.place.id)]
    form.room_type.offer((each.id, f"{each.code} · {each.name}") for each in types)
    if not form.is_submitted():
        form.room_type.data = str(next((each.id for each in reversed(types) if each.id not in counts), types[0].id))
    if form.validate_on_submit():
        try:
            actor = current_actor()
            form.just_once(
                actor,
                lambda: set_up.add_rooms(
                    asset_id=g.place.id,
                    numbers=form.numbers.data,
                    room_type_id=form.room_type.data,
                    price=form.price.data.minor,
                    floor=form.floor.data,
                    actor=actor,
                ),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            toast(ngettext("%(num)s room is for sale.", "%(num)s rooms are for sale.", len(form.numbers.data)))
            return _back()
    return page("frontdesk/rooms_form.html", "form", form=form, status=422 if form.errors else 200)


@blueprint.route("/<asset_number>/settings/rooms/<room>", methods=["GET", "POST"])
@permission("hotel.settings")
def settings_room(asset_number: str, room: str) -> Response:
    """Sell a room as another type, or change what is written down about it."""
    found = room_at(g.place.id, room)
    form = _room_form(found)
    if form.validate_on_submit():
        try:
            set_up.amend_room(
                asset_id=g.place.id,
                room_id=found.unit_id,
                room_type_id=form.room_type.data,
                floor=form.floor.data,
                note=form.note.data,
                version=_number(form.version.data),
                actor=current_actor(),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Saved."))
            return _back()
    return _room_page(room, form)


@blueprint.post("/<asset_number>/settings/rooms/<room>/close")
@permission("hotel.settings")
def settings_room_close(asset_number: str, room: str) -> Response:
    """Take a room out of the hotel for good."""
    found, form = room_at(g.place.id, room), CloseForm()
    if form.validate_on_submit():
        try:
            properties.close_room(room_id=found.unit_id, reason=form.reason.data, actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Room %(number)s is closed. Its history stays readable.", number=room))
            return _back()
    return _room_page(room, _room_form(found, fresh=True), form)


@blueprint.route("/<asset_number>/settings/hotel", methods=["GET", "POST"])
@permission("hotel.settings")
def settings_hotel(asset_number: str) -> Response:
    """Times of the day, holds, limits, fees, and what the registration card asks for."""
    now = property_of(g.place)
    as_it_is = {name: getattr(now, name) for name in HOTEL} | {"version": str(now.version)}
    form = HotelForm(data={**as_it_is, "balance_limit": Money(now.balance_limit, g.place.currency)})
    if form.validate_on_submit():
        said: dict[str, Any] = {name: form[name].data for name in HOTEL}
        said["balance_limit"] = said["balance_limit"].minor
        said |= {name: bool(said[name]) for name in ("auto_no_show", "self_check_in")}
        try:
            properties.amend(asset_id=g.place.id, actor=current_actor(), version=_number(form.version.data), **said)
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Saved."))
            return _back()
    return page("frontdesk/hotel_form.html", "form", form=form, status=422 if form.errors else 200)


def _room_form(room: Room, fresh: bool = False) -> RoomForm:
    said = {"room_type": str(room.room_type_id), "floor": room.floor, "note": room.note, "version": str(room.version)}
    form = RoomForm(formdata=None, data=said) if fresh else RoomForm(data=said)
    form.room_type.offer((each.id, f"{each.code} · {each.name}") for each in room_types(g.place.id, retired=True))
    return form


def _room_page(number: str, form: RoomForm, closing: CloseForm | None = None) -> Response:
    refused = form.errors or (closing is not None and closing.errors)
    return page(
        "frontdesk/room_form.html",
        "form",
        form=form,
        closing=closing or CloseForm(formdata=None),
        number=number,
        status=422 if refused else 200,
    )


def _number(said: object) -> int:
    text = str(said or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _back() -> Response:
    return go(url_for(".settings", asset_number=g.place.asset_number))
