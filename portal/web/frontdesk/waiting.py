"""The waitlist: who would come, whether there is room by now, and booking them."""

from __future__ import annotations

import uuid

from flask import Response, g, request, url_for

from portal.core.errors import DomainError
from portal.core.words import _
from portal.trades.hotel.queries.guests import waiting_at
from portal.trades.hotel.queries.inventory import room_types
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.quotes import rate_plans
from portal.trades.hotel.services import waitlist
from portal.trades.hotel.services.guests import Guest
from portal.web.download import csv_file
from portal.web.frontdesk.guest_forms import WaitingForm
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

LIST = "/<asset_number>/waitlist"


@blueprint.get(LIST)
@permission("hotel.book")
def guests_waiting(asset_number: str) -> Response:
    """Who waits, the earliest arrival first."""
    found = waiting_at(g.place.id, business_date(g.place))
    if request.args.get("free"):
        found = [each for each in found if each[2] > 0]
    types = {each.id: each for each in room_types(g.place.id, retired=True)}
    return page("frontdesk/waitlist.html", "rows", found=found, types=types)


@blueprint.get(f"{LIST}.csv")
@permission("hotel.book")
def guests_waiting_export(asset_number: str) -> Response:
    """The same list for a spreadsheet."""
    types = {each.id: each.code for each in room_types(g.place.id, retired=True)}
    rows = (
        (customer.name, customer.phone, types[each.room_type_id], each.arrival, each.departure, each.adults, free)
        for each, customer, free in waiting_at(g.place.id, business_date(g.place))
    )
    heads = ["name", "phone", "room_type", "arrival", "departure", "adults", "free_now"]
    return csv_file(f"waitlist-{g.place.asset_number}", heads, rows)


@blueprint.route(f"{LIST}/new", methods=["GET", "POST"])
@permission("hotel.book")
def guests_waiting_new(asset_number: str) -> Response:
    """Somebody waits."""
    form = WaitingForm()
    form.room_type.offer((each.id, f"{each.code} · {each.name}") for each in room_types(g.place.id))
    if form.validate_on_submit():
        actor = current_actor()
        guest = Guest(name=form.name.data, phone=form.phone.data or None, email=form.email.data or None)
        try:
            form.just_once(
                actor,
                lambda: waitlist.add(
                    place=g.place,
                    guest=guest,
                    room_type_id=form.room_type.data,
                    arrival=form.arrival.data,
                    departure=form.departure.data,
                    adults=form.adults.data,
                    note=form.note.data,
                    actor=actor,
                ),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("%(name)s waits.", name=guest.name))
            return _back()
    return page("frontdesk/waiting_new.html", "form", form=form, status=422 if form.errors else 200)


@blueprint.post(f"{LIST}/<uuid:waiting_id>/book")
@permission("hotel.book")
def guests_waiting_book(asset_number: str, waiting_id: uuid.UUID) -> Response:
    """There is room: book it, at the hotel's first plan."""
    plan = next(iter(rate_plans(g.place.id)), None)
    made = waitlist.book(place=g.place, waiting_id=waiting_id, plan=plan, actor=current_actor())
    toast(_("Booked as %(number)s.", number=made.number))
    return go(url_for(".reservations_show", asset_number=asset_number, number=made.number))


@blueprint.post(f"{LIST}/<uuid:waiting_id>/<any(withdraw, again):step>")
@permission("hotel.book")
def guests_waiting_step(asset_number: str, waiting_id: uuid.UUID, step: str) -> Response:
    """They wait no more, or still."""
    waitlist.withdraw(place=g.place, waiting_id=waiting_id, again=step == "again", actor=current_actor())
    undo = url_for(".guests_waiting_step", asset_number=asset_number, waiting_id=waiting_id, step="again")
    if step == "withdraw":
        toast(_("They wait no more."), "info", undo=undo)
    else:
        toast(_("They wait again."), "info")
    return _back()


def _back() -> Response:
    return go(url_for(".guests_waiting", asset_number=g.place.asset_number))
