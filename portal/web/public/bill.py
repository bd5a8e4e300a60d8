"""A bill as its customer sees it on a phone: what for, from whom, how much, and the way to the payment."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, current_app, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.idempotency import request_hash
from portal.extensions import limiter
from portal.shared.assets.queries import asset_of
from portal.shared.customers.queries import get_customer
from portal.shared.payments import bill_queries as queries
from portal.shared.payments.models import Bill, IntentStatus
from portal.shared.payments.paybill_accounts import pay_from_a_phone
from portal.shared.payments.providers import called, checkouts, offered
from portal.shared.payments.queries import payments_for
from portal.shared.payments.services import bills, checkout, intents, pushes
from portal.web.guards import current_actor, public
from portal.web.htmx import go, page
from portal.web.payments.push_words import offers_phones
from portal.web.public import phone
from portal.web.public.forms import PayBillForm

blueprint = Blueprint("bill", __name__, url_prefix="/pay/b")


@blueprint.get("/<token>")
@public
def show(token: str) -> Response:
    """What is asked, and the form that leads to the payment; or that it is paid, or cancelled."""
    bill = _bill(token)
    form = _form(bill)
    form.once.data = secrets.token_urlsafe(16)
    return _page(bill, form)


@blueprint.get("/<token>/standing")
@public
def standing(token: str) -> Response:
    """The page's own look at whether anything has come: nothing new is an empty answer, which changes nothing."""
    bill = _bill(token)
    if request.args.get("seen") == _seen(bill):
        return Response(status=204)
    return _page(bill, _form(bill))


@blueprint.post("/<token>")
@public
@limiter.limit("60 per minute")
def pay(token: str) -> Response:
    """Open the payment and lead to the provider's checkout."""
    bill = _bill(token)
    form = _form(bill)
    if form.validate_on_submit():
        try:
            return go(url_for("pay.leave", reference=_start(bill, form)))
        except DomainError as error:
            form.refuse(error)
    return _page(_bill(token), form)


def _start(bill: Bill, form: PayBillForm) -> str:
    """The reference of a payment whose checkout is open; the same form sent twice is one payment."""
    actor = current_actor()
    amount = form.amount.data.minor if form.amount.data else bill.due.minor
    if bill.kind not in bills.IN_PARTS:
        amount = bill.due.minor
    if form.provider.data == pushes.PROVIDER:
        payer = form.email.data or ""
        return phone.ask(bills.PURPOSE, bill.id, amount=amount, phone=form.phone_number.data, payer=payer)
    opened = intents.open_intent(
        purpose=bills.PURPOSE,
        subject_id=bill.id,
        amount=amount,
        payer_email=form.email.data or "",
        payer_phone=get_customer(bill.customer_id).phone,
        provider=form.provider.data or None,
        idem_key=parse.idempotency_key(form.once.data) if form.once.data else None,
        asked=request_hash("POST", request.path, f"{amount} {form.email.data} {form.provider.data}".encode()),
        actor=actor,
    )
    reference = opened.intent.reference
    status_page = f"{current_app.extensions['settings'].public_url}{url_for('pay.show', reference=reference)}"
    description = f"{asset_of(bill.asset_id).name}, {bill.description}"
    checkout.start(reference, callback_url=status_page, description=description, actor=actor)
    return reference


def _bill(token: str) -> Bill:
    bill = queries.get_bill_by_token(token)
    g.visited = asset_of(bill.asset_id)
    return bill


def _seen(bill: Bill) -> str:
    return f"{bill.status}-{bill.paid}"


def _form(bill: Bill) -> PayBillForm:
    customer = get_customer(bill.customer_id)
    form = PayBillForm(email=customer.email, amount=bill.due, phone_number=customer.phone)
    ways = [each.provider for each in checkouts(g.visited.business_id)]
    if offers_phones(g.visited):
        ways.append(pushes.PROVIDER)
    form.provider.offer([(each, called(each)) for each in ways])
    if not form.provider.data and ways:
        form.provider.data = ways[0]
    return form


def _page(bill: Bill, form: PayBillForm) -> Response:
    came = [each for each in payments_for(bill.id, limit=50) if each.payment]
    context: dict[str, Any] = {
        "bill": bill,
        "asset": g.visited,
        "customer": get_customer(bill.customer_id),
        "form": form,
        "unpaid": bill.status in queries.UNPAID,
        "in_parts": bill.kind in bills.IN_PARTS,
        "came": [each for each in came if each.status != IntentStatus.REVIEW],
        "held": [each for each in came if each.status == IntentStatus.REVIEW],
        "seen": _seen(bill),
        "called": called,
        "by_phone": offers_phones(g.visited),
        "pay_bill": pay_from_a_phone(g.visited, bill) if offers_phones(g.visited) else None,
        "charges": _charges(bill) if bill.status in queries.UNPAID else {},
    }
    return page("public/bill.html", "bill", status=422 if form.errors else 200, **context)


def _charges(bill: Bill) -> dict[str, int]:
    """What paying all that is due costs on top, by provider, where the payer bears it."""
    found = {}
    for each in offered(g.visited.business_id):
        with suppress(DomainError):  # it is said when somebody chooses this way
            found[each.provider] = intents.surcharge(each, bill.due.minor, bill.currency)
    return found
