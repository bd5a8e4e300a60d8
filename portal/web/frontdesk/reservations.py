"""Reservations: the list, and each on a page of its own with its rooms."""

from __future__ import annotations

import uuid
from datetime import date

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.words import _
from portal.shared.audit.queries import trail
from portal.shared.customers.queries import get_customer
from portal.trades.hotel.models import Reservation
from portal.trades.hotel.queries.board import lines_of
from portal.trades.hotel.queries.booked import WantedReservations, all_reservations_of, reservations_of, summaries
from portal.trades.hotel.queries.stays import reservation_at, stays_of
from portal.trades.hotel.services import reservations as commands
from portal.web.download import csv_file
from portal.web.frontdesk import words
from portal.web.frontdesk.stay_words import life_of
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, may, permission
from portal.web.htmx import go, local_path, page, toast

STATES: dict[str, tuple[str, ...]] = {
    "coming": ("confirmed",),
    "held": ("held",),
    "in_house": ("in_house",),
    "over": ("checked_out",),
    "off": ("cancelled", "no_show", "expired"),
}


@blueprint.get("/<asset_number>/reservations")
@permission("hotel.book")
def reservations(asset_number: str) -> Response:
    """Every reservation, the youngest first."""
    found = reservations_of(g.place.id, _wanted(), cursor=request.args.get("cursor") or None)
    return page(
        "frontdesk/reservations.html",
        "rows",
        found=found,
        about=summaries([each.id for each in found.items]),
        words=words,
    )


@blueprint.get("/<asset_number>/reservations.csv")
@permission("hotel.book")
def reservations_export(asset_number: str) -> Response:
    """The same list, all of it, for a spreadsheet."""
    found = list(all_reservations_of(g.place.id, _wanted()))
    about = summaries([each.id for each in found])
    heads = ["number", "booked_at", "guest", "arrival", "departure", "rooms", "status", "source"]
    rows = (
        (
            each.number,
            each.created_at,
            of.booker,
            of.arrival,
            of.departure,
            of.rooms,
            " ".join(of.statuses),
            each.source,
        )
        for each in found
        if (of := about.get(each.id)) is not None
    )
    return csv_file(f"reservations-{g.place.asset_number}", heads, rows)


@blueprint.get("/<asset_number>/reservations/<number>")
@permission("hotel.view")
def reservations_show(asset_number: str, number: str) -> Response:
    """One reservation: who booked what, and how its rooms stand."""
    found = reservation_at(g.place.id, number)
    rooms = stays_of(found.id)
    lines = lines_of(g.place, [each.id for each in rooms])
    return page(
        "frontdesk/reservation.html",
        "now",
        reservation=found,
        lines=[lines[each.id] for each in rooms],
        booker=get_customer(found.booker_id),
        moments=life_of(trail(subject="reservation", subject_id=found.id)),
        money=may("payments.view"),
        knows_guests=may("hotel.guests"),
        may_book=may("hotel.book"),
        words=words,
    )


@blueprint.post("/<asset_number>/reservations/<uuid:reservation_id>/confirm")
@permission("hotel.book")
def hold_confirm(asset_number: str, reservation_id: uuid.UUID) -> Response:
    """What was only held is a booking now."""
    _ours(reservation_id)
    made = commands.confirm(reservation_id=reservation_id, actor=current_actor())
    toast(_("%(number)s is booked.", number=made.number))
    index = url_for(".index", asset_number=asset_number)
    before = local_path(request.referrer) or ""
    page_of_it = url_for(".reservations_show", asset_number=asset_number, number=made.number)
    return go(before if before.startswith(index) else page_of_it)


def _ours(reservation_id: uuid.UUID) -> Reservation:
    """A reservation of this hotel; raises NoSuchStay for another's."""
    return reservation_at(g.place.id, str(reservation_id))


def _wanted() -> WantedReservations:
    """The chips of the address, read leniently."""
    on = None
    if said := request.args.get("on", ""):
        try:
            on = date.fromisoformat(said)
        except ValueError:
            on = None
    return WantedReservations(
        statuses=STATES.get(request.args.get("state", ""), ()),
        search=parse.text(request.args.get("q"), "q", min_length=0, max_length=80) or None,
        on=on,
    )
