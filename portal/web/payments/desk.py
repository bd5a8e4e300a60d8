"""Money taken by hand: what was taken and what to hand back, and payments for a room or vehicle at the desk."""

from __future__ import annotations

from flask import Response, abort, current_app, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.access.services.offers import OUT_OF_USE, PURPOSE
from portal.shared.assets.models import Unit
from portal.shared.assets.queries import units_of
from portal.shared.assets.services.units import called
from portal.shared.payments import bill_queries, purposes
from portal.shared.payments.models import PaymentIntent
from portal.shared.payments.providers import called as provider_called
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import desk, pushes, receipt_letters
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, local_path, page, toast
from portal.web.payments.bill_forms import WAYS, SendForm, UnitPaymentForm
from portal.web.payments.phone import watched
from portal.web.payments.push_words import offers_phones
from portal.web.payments.views import blueprint


@blueprint.get("/<asset_number>/<reference>/taken")
@permission("payments.take")
def taken(asset_number: str, reference: str) -> Response:
    """What was taken, the change to hand back, and the receipt."""
    intent = get_intent(reference, asset_id=g.place.id)
    return _taken(intent, SendForm(formdata=None, prefix="receipt", email=intent.payer_email))


@blueprint.route("/<asset_number>/take", methods=["GET", "POST"])
@permission("payments.take")
def take_for_unit(asset_number: str) -> Response:
    """Take cash or a card for a room or vehicle, by whole periods."""
    units = {f"{unit.kind}-{unit.number}": unit for unit in units_of(g.place.id) if unit.status not in OUT_OF_USE}
    form = UnitPaymentForm()
    form.unit.offer((key, called(unit)) for key, unit in units.items())
    if offers_phones(g.place):
        form.way.offer([*WAYS, (pushes.PROVIDER, _("M-Pesa, asked on the phone"))])
    if not form.is_submitted():
        form.unit.data = request.args.get("unit", "")
    elif form.validate_on_submit():
        try:
            return go(_take(units[form.unit.data], form))
        except DomainError as error:
            form.refuse(error)
    chosen = units.get(form.unit.data or "")
    return page("bills/take.html", "form", form=form, units=units, chosen=chosen, status=422 if form.errors else 200)


@blueprint.post("/<asset_number>/<reference>/receipt")
@permission("payments.take")
def send_receipt(asset_number: str, reference: str) -> Response:
    """Send the receipt by e-mail, again or to somebody else."""
    intent = get_intent(reference, asset_id=g.place.id)
    form = SendForm(prefix="receipt")
    if form.validate_on_submit():
        public_url = current_app.extensions["settings"].public_url
        to = form.email.data or ""
        receipt_letters.send(reference=intent.reference, to=to, public_url=public_url, actor=current_actor())
        toast(_("The receipt is on its way to %(address)s.", address=to))
        return go(local_path(request.referrer, url_for(".show", asset_number=asset_number, reference=reference)) or "")
    return _taken(intent, form)


def _taken(intent: PaymentIntent, form: SendForm) -> Response:
    if intent.payment is None:
        abort(404)
    return page(
        "bills/taken.html",
        intent=intent,
        payment=intent.payment,
        bill=bill_queries.bills_by_id({intent.subject_id}).get(intent.subject_id),
        about=purposes.purpose(intent.purpose).about(intent),
        change=desk.change_of(intent),
        way=provider_called(intent.provider),
        slip=desk.slip_of(intent.payment),
        receipt_form=form,
        status=422 if form.errors else 200,
    )


def _take(unit: Unit, form: UnitPaymentForm) -> str:
    if form.way.data == pushes.PROVIDER:
        return watched(
            pushes.pay(
                purpose=PURPOSE,
                subject_id=unit.id,
                amount=unit.price * form.periods.data,
                phone=form.phone_number.data or "",
                payer=form.email.data,
                actor=current_actor(),
            )
        )
    by_card = form.way.data == desk.CARD
    taken = desk.take(
        purpose=PURPOSE,
        subject_id=unit.id,
        way=form.way.data,
        amount=unit.price * form.periods.data,
        payer_email=form.email.data,
        payer_phone=form.phone_number.data,
        slip=form.slip.data if by_card else None,
        tendered=form.tendered.data.minor if form.tendered.data and not by_card else None,
        idem_key=parse.idempotency_key(form.once.data) if form.once.data else None,
        actor=current_actor(),
    )
    return url_for(".taken", asset_number=g.place.asset_number, reference=taken.intent.reference)
