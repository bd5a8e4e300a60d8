"""Guests and companies: found by a few letters, their page, and what may be done with what is known of them."""

from __future__ import annotations

import json
import uuid
from typing import Any

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.words import _
from portal.shared.customers.models import Customer
from portal.trades.hotel.queries.guests import find_guests, get_guest, known_of, last_change
from portal.trades.hotel.services import guest_book
from portal.web.download import csv_file
from portal.web.frontdesk import words
from portal.web.frontdesk.guest_forms import KINDS, CardForm, ContactForm, EraseForm, MergeForm
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

LIST = "/<asset_number>/guests"
ONE = f"{LIST}/<uuid:customer_id>"
CARD = (*guest_book.CONTACT, *guest_book.PROFILE)
MOST_EXPORTED = 5_000


@blueprint.get(LIST, endpoint="guests")
@permission("hotel.guests")
def index(asset_number: str) -> Response:
    """Guests by name, telephone, address, reservation or room."""
    return page("frontdesk/guests.html", "rows", found=_found(50), kinds=dict(KINDS))


@blueprint.get(f"{LIST}.csv")
@permission("hotel.guests")
def guests_export(asset_number: str) -> Response:
    """Those the search finds, for a spreadsheet."""
    rows = ((row.name, row.kind, row.phone, row.email, row.vip, row.stays) for row in _found(MOST_EXPORTED))
    return csv_file(f"guests-{g.place.asset_number}", ["name", "kind", "phone", "email", "vip", "stays"], rows)


@blueprint.route(f"{LIST}/new", methods=["GET", "POST"])
@permission("hotel.guests")
def guests_new(asset_number: str) -> Response:
    """Somebody new."""
    form = ContactForm()
    if request.method == "GET" and request.args.get("kind") in dict(KINDS):
        form.kind.data = request.args["kind"]
    if form.validate_on_submit():
        actor = current_actor()
        made: list[Customer] = []

        def add() -> None:
            made.append(guest_book.add(place=g.place, actor=actor, **_contact(form), **_terms(form)))

        try:
            form.just_once(actor, add)
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("%(name)s is written down.", name=form.name.data))
            return _back(made[0]) if made else go(url_for(".guests", asset_number=asset_number))
    return page("frontdesk/guest_form.html", "form", form=form, customer=None, status=422 if form.errors else 200)


@blueprint.get(ONE)
@permission("hotel.guests")
def guest(asset_number: str, customer_id: uuid.UUID) -> Response:
    """One guest: stays, notes, and the card; that it was looked at is written down."""
    known = guest_book.look(place=g.place, customer_id=customer_id, actor=current_actor())
    return page("frontdesk/guest.html", "main", known=known, kinds=dict(KINDS), words=words)


@blueprint.route(f"{ONE}/amend", methods=["GET", "POST"])
@permission("hotel.guests")
def guest_amend(asset_number: str, customer_id: uuid.UUID) -> Response:
    """Write down what is known."""
    known = known_of(g.place, get_guest(g.place, customer_id))
    as_it_is = {name: getattr(known.customer, name) for name in guest_book.CONTACT}
    as_it_is |= {name: getattr(known.profile, name) for name in guest_book.PROFILE}
    limit = Money(known.terms.credit_limit, g.place.currency)
    last = last_change(known.customer.id)
    as_it_is["seen"] = str(last.id) if last else ""
    form = CardForm(data={**as_it_is, "account_number": known.terms.account_number, "credit_limit": limit})
    if form.validate_on_submit():
        said = {name: form[name].data or None for name in CARD} | {"vip": bool(form.vip.data)} | _terms(form)
        try:
            guest_book.amend(
                place=g.place, customer_id=known.customer.id, actor=current_actor(), seen=form.seen.data, **said
            )
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Saved."))
            return _back(known.customer)
    status = 422 if form.errors else 200
    return page("frontdesk/guest_form.html", "form", form=form, customer=known.customer, status=status)


@blueprint.route(f"{ONE}/merge", methods=["GET", "POST"])
@permission("hotel.guests")
def guest_merge(asset_number: str, customer_id: uuid.UUID) -> Response:
    """Another turns out to be this one."""
    customer, form = get_guest(g.place, customer_id), MergeForm()
    asked = _asked() or customer.name
    others = [row for row in find_guests(g.place, asked) if row.id != customer.id]
    if form.is_submitted() and (chosen := _other(request.form.get("other", ""))):
        others = [*others, chosen]
    form.other.offer((row.id, " · ".join(filter(None, (row.name, row.phone, row.email)))) for row in others)
    if form.validate_on_submit():
        try:
            guest_book.merge(place=g.place, keep_id=customer.id, other_id=form.other.data, actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("They are one now."))
            return _back(customer)
    status = 422 if form.errors else 200
    return page("frontdesk/guest_merge.html", "form", form=form, customer=customer, others=others, status=status)


@blueprint.route(f"{ONE}/erase", methods=["GET", "POST"])
@permission("hotel.erase")
def guest_erase(asset_number: str, customer_id: uuid.UUID) -> Response:
    """Make a guest nameless, for good."""
    customer, form = get_guest(g.place, customer_id), EraseForm()
    if form.validate_on_submit():
        try:
            guest_book.anonymise(
                place=g.place, customer_id=customer.id, reason=form.reason.data, actor=current_actor()
            )
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Nothing says any more who it was."))
            return go(url_for(".guests", asset_number=asset_number))
    status = 422 if form.errors else 200
    return page("frontdesk/guest_erase.html", "form", form=form, customer=customer, status=status)


@blueprint.get(f"{ONE}/known.json")
@permission("hotel.erase")
def guest_handed_out(asset_number: str, customer_id: uuid.UUID) -> Response:
    """Everything that is known of a guest, for them."""
    known = guest_book.handed_out(place=g.place, customer_id=customer_id, actor=current_actor())
    answer = Response(json.dumps(known, default=str, indent=1, ensure_ascii=False), mimetype="application/json")
    answer.headers["Content-Disposition"] = "attachment; filename=known.json"
    return answer


def _found(most: int) -> Any:
    kind = request.args.get("kind", "")
    return find_guests(g.place, _asked(), kind=kind if kind in dict(KINDS) else None, most=most)


def _asked() -> str:
    return parse.text(request.args.get("q"), "q", min_length=0, max_length=80) or ""


def _other(said: str) -> Any:
    """Whoever was chosen, though another search is on the page by now; nobody of another business."""
    try:
        return get_guest(g.place, uuid.UUID(said))
    except (ValueError, DomainError):
        return None


def _contact(form: ContactForm) -> dict[str, Any]:
    return {name: form[name].data or None for name in guest_book.CONTACT}


def _terms(form: ContactForm) -> dict[str, Any]:
    if form.kind.data == "person":
        return {}
    limit = form.credit_limit.data
    return {"account_number": form.account_number.data or None, "credit_limit": limit.minor if limit else 0}


def _back(customer: Customer) -> Response:
    return go(url_for(".guest", asset_number=g.place.asset_number, customer_id=customer.id))
