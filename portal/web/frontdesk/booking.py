"""A new booking: dates and people, what can be had for them at which price, and who comes."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from flask import Response, g, request, url_for

from portal.core.clock import utcnow
from portal.core.errors import DomainError
from portal.core.words import _
from portal.trades.hotel.errors import NoSuchRoomType
from portal.trades.hotel.models import RatePlan, Reservation
from portal.trades.hotel.queries.inventory import room_at
from portal.trades.hotel.queries.property import business_date, property_of
from portal.trades.hotel.queries.quotes import TypeOffer, availability, rate_plans
from portal.trades.hotel.services import desk
from portal.trades.hotel.services.reservations import Guest
from portal.web.forms import HiddenField
from portal.web.frontdesk.booking_forms import BookForm, WhenForm
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, may, permission
from portal.web.htmx import go, page, toast


@blueprint.route("/<asset_number>/book", methods=["GET", "POST"])
@permission("hotel.book")
def book(asset_number: str) -> Response:
    """A new booking; the chart sends dates, type and room along."""
    form = BookForm()
    if not form.is_submitted():
        _asked_for(form)
    if form.validate_on_submit():
        made: list[Reservation] = []
        actor = current_actor()
        try:
            terms = _terms(form)
            form.just_once(actor, lambda: made.append(desk.book_into(actor=actor, **terms)))
        except DomainError as error:
            form.refuse(error)
        else:
            if not made:
                return go(url_for(".index", asset_number=asset_number))
            toast(_("Booked for %(name)s: %(number)s.", name=form.name.data, number=made[0].number))
            return go(url_for(".reservations_show", asset_number=asset_number, number=made[0].number))
    return page(
        "frontdesk/book.html",
        "form",
        form=form,
        offers=_offers(form),
        may_force=may("hotel.override"),
        status=422 if form.errors else 200,
    )


@blueprint.get("/<asset_number>/book/offers")
@permission("hotel.book")
def book_offers(asset_number: str) -> Response:
    """What can be had for the dates and people typed so far."""
    form = BookForm(formdata=request.args)
    return page("frontdesk/book.html", "offers", form=form, offers=_offers(form), may_force=may("hotel.override"))


def _asked_for(form: BookForm) -> None:
    """What the address says already."""
    today = business_date(g.place)
    form.arrival.data = _day(request.args.get("arrival"), today) or today
    form.departure.data = _day(request.args.get("departure"), today) or form.arrival.data + timedelta(days=1)
    form.room.data = request.args.get("room", "")[:32]
    form.offer.data = request.args.get("type", "")[:80]


def _day(said: str | None, today: date) -> date | None:
    """A day of the address, within reason."""
    try:
        asked = date.fromisoformat(said or "")
    except ValueError:
        return None
    return asked if abs((asked - today).days) <= 900 else None


def _offers(form: WhenForm) -> list[TypeOffer]:
    if not form.sound:
        return []
    return availability(
        g.place,
        form.arrival.data,
        form.departure.data,
        adults=form.adults.data,
        children=form.children.data or 0,
        rooms=form.rooms.data,
        code=form.code.data or None,
    )


def _terms(form: BookForm) -> dict[str, Any]:
    """The form as the command wants it."""
    room_type_id, plan = chosen(form.offer)
    forced = bool(form.force.data) and may("hotel.override")
    settings = property_of(g.place)
    room = room_at(g.place.id, form.room.data) if form.room.data else None
    return {
        "asset_id": g.place.id,
        "room_type_id": room_type_id,
        "plan": plan,
        "arrival": form.arrival.data,
        "departure": form.departure.data,
        "adults": form.adults.data,
        "children": form.children.data,
        "rooms": form.rooms.data,
        "guest": Guest(name=form.name.data, email=form.email.data or None, phone=form.phone_number.data or None),
        "source": form.source.data,
        "note": form.note.data,
        "code": form.code.data or None,
        "hold_until": utcnow() + timedelta(minutes=settings.hold_minutes) if form.hold.data else None,
        "room_id": room.unit_id if room and room.room_type_id == room_type_id else None,
        "force": forced,
        "reason": form.reason.data if forced else None,
    }


def chosen(offer: HiddenField) -> tuple[uuid.UUID, RatePlan]:
    """The type and the plan that were picked of what is on offer; raises NoSuchRoomType."""
    type_id, _colon, plan_id = offer.data.partition(":")
    plan = next((each for each in rate_plans(g.place.id) if str(each.id) == plan_id), None)
    try:
        found = uuid.UUID(type_id)
    except ValueError:
        found = None
    if plan is None or found is None:
        raise NoSuchRoomType(_("Choose one of the rooms and prices on offer."), field="offer")
    return found, plan
