"""Paying at the door: what a label's code opens on a visitor's phone."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.idempotency import request_hash
from portal.extensions import limiter
from portal.shared.access.services.offers import MOST_MINUTES, PURPOSE, standing
from portal.shared.assets.models import Asset, Unit
from portal.shared.assets.queries import find_unit_by_label
from portal.shared.assets.services.units import called
from portal.shared.payments.providers import called as called_provider
from portal.shared.payments.providers import checkouts, with_page
from portal.shared.payments.services import checkout, intents, pushes
from portal.web.guards import current_actor, public
from portal.web.htmx import go, page
from portal.web.payments.push_words import offers_phones
from portal.web.public import phone
from portal.web.public.forms import OFFERED, PayForm

blueprint = Blueprint("door", __name__, url_prefix="/u")


@blueprint.get("/<label>")
@public
def show(label: str) -> Response:
    """What it costs, and the form that leads to the payment."""
    unit, asset = _found(label)
    form = _form(unit)
    form.once.data = secrets.token_urlsafe(16)
    return _page(unit, asset, form)


@blueprint.post("/<label>")
@public
@limiter.limit("60 per minute")
def pay(label: str) -> Response:
    """Open the payment and lead to the provider's checkout."""
    unit, asset = _found(label)
    form = _form(unit)
    if form.validate_on_submit():
        try:
            return go(url_for("pay.leave", reference=_start(unit, asset, form)))
        except DomainError as error:
            form.refuse(error)
    return _page(unit, asset, form)


def _start(unit: Unit, asset: Asset, form: PayForm) -> str:
    """The reference of a payment whose checkout is open; the same form sent twice is one payment."""
    actor = current_actor()
    if form.way.data == pushes.PROVIDER:
        amount, payer = unit.price * form.number, form.email.data or ""
        return phone.ask(PURPOSE, unit.id, amount=amount, phone=form.phone_number.data, payer=payer)
    key = parse.idempotency_key(form.once.data) if form.once.data else None
    opened = intents.open_intent(
        purpose=PURPOSE,
        subject_id=unit.id,
        amount=unit.price * form.number,
        payer_email=form.email.data or "",
        payer_phone=form.phone_number.data,
        provider=with_page(None, asset.business_id),
        idem_key=key,
        asked=request_hash("POST", request.path, f"{form.number} {form.email.data}".encode()),
        actor=actor,
    )
    reference = opened.intent.reference
    status_page = f"{current_app.extensions['settings'].public_url}{url_for('pay.show', reference=reference)}"
    checkout.start(reference, callback_url=status_page, description=f"{asset.name}, {called(unit)}", actor=actor)
    return reference


def _found(label: str) -> tuple[Unit, Asset]:
    found = find_unit_by_label(label) if label.isascii() and label.isalnum() else None
    if found is None:
        abort(404)
    g.visited = found[1]
    return found


def _form(unit: Unit) -> PayForm:
    form = PayForm()
    offered = [n for n in OFFERED if n * unit.period_minutes <= MOST_MINUTES]
    form.periods.offer([(n, str(n)) for n in offered])
    if not form.is_submitted():
        form.periods.data = "1"
    return form


def _page(unit: Unit, asset: Asset, form: PayForm) -> Response:
    context: dict[str, Any] = {"unit": unit, "asset": asset, "form": form, "standing": standing(unit.id)}
    pages = checkouts(asset.business_id)
    context |= {"by_phone": offers_phones(asset), "by_page": bool(pages)}
    context["on_top"] = called_provider(pages[0].provider) if pages and pages[0].payer_bears_charges else None
    return page("public/door.html", "form", called=called(unit), status=422 if form.errors else 200, **context)
