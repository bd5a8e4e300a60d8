"""Somebody stands at the desk: one form, one button, and they are in their room."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from flask import Response, g, request, url_for

from portal.core.clock import utcnow
from portal.core.errors import DomainError
from portal.core.words import _
from portal.trades.hotel.models import Stay
from portal.trades.hotel.pricing import Quote
from portal.trades.hotel.queries.board import lines_of
from portal.trades.hotel.queries.inventory import get_room_type
from portal.trades.hotel.queries.property import business_date, property_of
from portal.trades.hotel.queries.quotes import availability, quote
from portal.trades.hotel.queries.rooms_free import rooms_between
from portal.trades.hotel.services import folio_money, folios, stays
from portal.trades.hotel.services.reservations import Guest
from portal.trades.hotel.times import moment
from portal.web.filters import money
from portal.web.frontdesk.booking import chosen
from portal.web.frontdesk.booking_forms import WalkInForm
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, may, permission
from portal.web.htmx import go, page, toast


@blueprint.route("/<asset_number>/walk-in", methods=["GET", "POST"])
@permission("hotel.book")
def walk_in(asset_number: str) -> Response:
    """Book, give a room, check in and hand out the key in one command; the money is taken right after it."""
    form = WalkInForm()
    if form.validate_on_submit():
        made: list[Stay] = []
        actor = current_actor()
        try:
            quoted, terms = _terms(form)
            form.just_once(actor, lambda: made.append(stays.walk_in(quoted=quoted, actor=actor, **terms)))
        except DomainError as error:
            form.refuse(error)
        else:
            return _in_house(made, form, quoted)
    return page(
        "frontdesk/walk_in.html",
        "form",
        form=form,
        **_offers(form),
        asked=_asked(form),
        may_force=may("hotel.override"),
        status=422 if form.errors else 200,
    )


@blueprint.get("/<asset_number>/walk-in/offers")
@permission("hotel.book")
def walk_in_offers(asset_number: str) -> Response:
    """What can be had tonight for the nights and people typed so far."""
    form = WalkInForm(formdata=request.args)
    more = {"asked": _asked(form), "may_force": may("hotel.override")}
    return page("frontdesk/walk_in.html", "offers", form=form, **more, **_offers(form))


def _asked(form: WalkInForm) -> list[Any]:
    """What the registration card asks beyond the phone number."""
    return form.asked([name for name in property_of(g.place).card_fields if name != "phone"])


def _in_house(made: list[Stay], form: WalkInForm, quoted: Quote) -> Response:
    """Take the money, and say where the guest is; who pays at a machine that said no owes it."""
    index = url_for(".index", asset_number=g.place.asset_number)
    if not made:
        return go(index)
    line = lines_of(g.place, [made[0].id])[made[0].id]
    undo = url_for(".stay_undo", asset_number=g.place.asset_number, stay=str(made[0].id))
    if form.way.data != "later" and quoted.total:
        try:
            _take(made[0], form, quoted.total)
        except DomainError as error:
            said = _("%(guest)s is in %(room)s, but the money was not taken.", guest=line.guest, room=line.room)
            toast(f"{said} {error.message}", "warn")
            return go(url_for(".stay", asset_number=g.place.asset_number, stay=str(made[0].id)))
        paid = money(quoted.total)
        toast(_("%(guest)s is in %(room)s and has paid %(amount)s.", guest=line.guest, room=line.room, amount=paid))
        return go(index)
    toast(_("%(guest)s is in %(room)s.", guest=line.guest, room=line.room), undo=undo)
    return go(index)


def _take(stay: Stay, form: WalkInForm, amount: int) -> None:
    actor = current_actor()
    folio = folios.open_for(stay_id=stay.id, actor=actor)
    folio_money.take(
        folio_id=folio.id,
        way=form.way.data,
        amount=amount,
        slip=form.slip.data or None,
        idem_key=f"walk-in:{stay.id}",
        actor=actor,
    )


def _terms(form: WalkInForm) -> tuple[Quote, dict[str, Any]]:
    """The form as the command wants it, at the price that was shown."""
    type_id, plan = chosen(form.offer)
    room_type, today = get_room_type(g.place.id, type_id), business_date(g.place)
    why = form.reason.data if may("hotel.override") else None
    quoted = quote(
        g.place, room_type, plan, today, today + timedelta(days=form.nights.data), adults=form.adults.data,
        override=bool(why),
    )  # fmt: skip
    terms = {
        "asset_id": g.place.id,
        "room_type_id": room_type.id,
        "plan": plan,
        "nights": form.nights.data,
        "adults": form.adults.data,
        "guest": Guest(name=form.name.data, phone=form.phone_number.data or None, card=form.card),
        "override": why or None,
    }
    return quoted, terms


def _offers(form: WalkInForm) -> dict[str, Any]:
    """What can be had, and how many rooms of each type somebody could walk into."""
    if not form.nights.data or not form.adults.data:
        return {"offers": [], "ready": {}}
    today, people = business_date(g.place), form.adults.data
    departure = today + timedelta(days=form.nights.data)
    until = moment(g.place.timezone, departure, property_of(g.place).checkout_minute)
    rooms = rooms_between(g.place, utcnow(), until, people=people) if until > utcnow() else []
    ready = Counter(each.room_type_id for each in rooms if each.free and each.made_up)
    return {"offers": availability(g.place, today, departure, adults=people), "ready": ready}
