"""A guest's own page: the stay, the card to fill in and sign, checking in alone, and the door while they live there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, g, url_for
from wtforms import Field

from portal.core.actor import Actor
from portal.core.errors import DomainError
from portal.core.words import _, lazy_
from portal.extensions import limiter
from portal.shared.assets.queries import asset_of
from portal.trades.hotel.models import Stay, StayStatus
from portal.trades.hotel.queries.board import lines_of
from portal.trades.hotel.queries.property import property_of
from portal.trades.hotel.queries.readiness import card_of
from portal.trades.hotel.queries.self_check_in import in_the_way
from portal.trades.hotel.queries.stays import reservation_of_token, stays_of
from portal.trades.hotel.services import cards, stays
from portal.web.forms import BaseForm, ChoiceField, DayField, HiddenField, StrictStringField
from portal.web.guards import current_actor, public
from portal.web.htmx import go, page

blueprint = Blueprint("guest", __name__, url_prefix="/r")


class CardForm(BaseForm):
    """The registration card; what the hotel does not ask for is taken out of it."""

    nationality = StrictStringField(lazy_("Nationality"), max_length=60)
    born_on = DayField(lazy_("Date of birth"))
    document_kind = ChoiceField(
        lazy_("Document"),
        choices=[
            ("passport", lazy_("Passport")), ("id_card", lazy_("Identity card")), ("licence", lazy_("Driving licence")),
        ],
    )  # fmt: skip
    document_number = StrictStringField(lazy_("Number of the document"), max_length=40)
    address = StrictStringField(lazy_("Address"), max_length=200)
    language = StrictStringField(lazy_("Language"), max_length=40)
    signature = HiddenField()


@blueprint.get("/<token>")
@blueprint.get("/<token>/<int:number>")
@public
@limiter.limit("300 per minute")  # a whole hotel may stand behind one router
def show(token: str, number: int = 1) -> Response:
    """The stay, and what the guest can do about it now; `number` is the room of a reservation of several."""
    stay = _stay(token, number)
    return _page(token, stay, _form(stay))


@blueprint.post("/<token>/<int:number>/card")
@public
@limiter.limit("20 per minute")
def card(token: str, number: int) -> Response:
    """Keep what the guest wrote and signed."""
    stay = _stay(token, number)
    form = _form(stay)
    if _complete(stay):
        return go(url_for("guest.show", token=token, number=number))
    if form.validate_on_submit():
        try:
            cards.fill(
                asset_id=stay.asset_id,
                stay_id=stay.id,
                fields={field.name: field.data for field in _asked(form)},
                signature=form.signature.data,
                actor=current_actor(),
            )
            return go(url_for("guest.show", token=token, number=number))
        except DomainError as error:
            form.refuse(error)
    return _page(token, stay, form)


@blueprint.post("/<token>/<int:number>/check-in")
@public
@limiter.limit("20 per minute")
def check_in(token: str, number: int) -> Response:
    """The guest is here, and nobody of the hotel has to be: the room is theirs, if everything is prepared."""
    stay = _stay(token, number)
    if stay.status != StayStatus.IN_HOUSE:  # a button that was pressed twice
        try:
            stays.check_in(asset_id=stay.asset_id, stay_id=stay.id, actor=_guest(), by_guest=True)
        except DomainError as error:
            return _page(token, _stay(token, number), _form(stay, empty=True), status=error.status)
    return go(url_for("guest.show", token=token, number=number, arrived=1))


@blueprint.post("/<token>/<int:number>/door")
@public
@limiter.limit("10 per minute")
def door(token: str, number: int) -> Response:
    """Unlock the room the guest lives in."""
    stay = _stay(token, number)
    cards.open_door(asset_id=stay.asset_id, stay_id=stay.id, actor=current_actor())
    return go(url_for("guest.show", token=token, number=number, opened=1))


def _guest() -> Actor:
    """Whoever has the link; in the trail a guest is named by their stay, and not by name."""
    actor = current_actor()
    return actor if actor.user_id else replace(actor, name=_("the guest"))


def _stay(token: str, number: int) -> Stay:
    reservation = reservation_of_token(token)
    g.visited = asset_of(reservation.asset_id)
    for stay in stays_of(reservation.id):
        if stay.place == number:
            return stay
    abort(404)


def _form(stay: Stay, *, empty: bool = False) -> CardForm:
    """An empty card: what is known of a guest is not shown to whoever has the link."""
    form, asked = CardForm(formdata=None) if empty else CardForm(), card_of(stay)
    for field in list(_asked(form)):
        if field.name not in asked:
            del form[field.name]
    return form


def _complete(stay: Stay) -> bool:
    """Nothing is left to fill in; what is to be changed then, the desk changes."""
    return stay.signed_at is not None and all(card_of(stay).values())


def _asked(form: CardForm) -> list[Field]:
    return [field for field in form if field.name not in ("csrf_token", "signature")]


def _page(token: str, stay: Stay, form: CardForm, *, status: int | None = None) -> Response:
    line = lines_of(g.visited, [stay.id])[stay.id]
    coming = stay.status in (StayStatus.HELD, StayStatus.CONFIRMED)
    alone = coming and property_of(g.visited).self_check_in
    lacking = in_the_way(g.visited, stay) if alone else []
    context: dict[str, Any] = {
        "token": token,
        "stay": stay,
        "line": line,
        "asset": g.visited,
        "form": form,
        "asked": _asked(form),
        "others": [each.place for each in stays_of(stay.reservation_id) if each.id != stay.id],
        "complete": _complete(stay),
        "coming": coming,
        "alone": alone,
        "lacking": list(dict.fromkeys(each.words for each in lacking)),
    }
    return page("public/guest.html", "guest", status=status or (422 if form.errors else 200), **context)
