"""Asking a customer's phone for money at a desk, and the page on which the answer is watched."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, g, url_for

from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.words import lazy_
from portal.shared.customers.queries import get_customer
from portal.shared.payments import bill_queries, purposes
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments.mobile_errors import PhoneBusy
from portal.shared.payments.models import Bill, PaymentIntent, PhonePush
from portal.shared.payments.paybill_accounts import pay_from_a_phone
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import bills as bill_service
from portal.shared.payments.services import pushes
from portal.web.forms import BaseForm, MoneyField, PhoneField, home_region
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast
from portal.web.payments import bills
from portal.web.payments.push_words import LIVE, offers_phones, stage_of
from portal.web.payments.views import blueprint

PHONE = "/<asset_number>/phone/<reference>"


class AgainForm(BaseForm):
    """Which phone to ask."""

    phone_number = PhoneField(lazy_("Phone number"), region=home_region)


class AskForm(AgainForm):
    """Which phone to ask for how much of a bill."""

    amount = MoneyField(lazy_("Amount to ask for"), description=lazy_("Whole shillings."))


@blueprint.post("/<asset_number>/bills/<int:number>/phone")
@permission("payments.take")
def phone_bill(asset_number: str, number: int) -> Response:
    """Ask a phone for a bill, or for a part of it."""
    bill = bill_queries.get_bill_by_number(g.place.id, number)
    form = AskForm(prefix="phone")
    if form.validate_on_submit():
        asked = {"amount": form.amount.data.minor, "phone": form.phone_number.data, "actor": current_actor()}
        try:
            return go(watched(pushes.pay_bill(bill_id=bill.id, **asked)))
        except PhoneBusy as busy:
            return _busy(busy)
        except DomainError as error:
            form.refuse(error)
    g.phone_form = form
    return bills.shown(bill_queries.get_bill_by_number(g.place.id, number), phone=form)


@blueprint.get(PHONE)
@permission("payments.view")
def phone(asset_number: str, reference: str) -> Response:
    """The question and how it stands, changing by itself."""
    return _show(*_found(reference))


@blueprint.post(f"{PHONE}/again")
@permission("payments.take")
def phone_again(asset_number: str, reference: str) -> Response:
    """Ask once more, the same phone or another."""
    intent, asked = _found(reference)
    form = AgainForm()
    if form.validate_on_submit():
        try:
            pushes.ask(reference=intent.reference, phone=form.phone_number.data or "", actor=current_actor())
        except PhoneBusy as busy:
            return _busy(busy)
        except DomainError as error:
            form.refuse(error)
        else:
            return go(url_for(".phone", asset_number=asset_number, reference=reference))
    return _show(intent, queries.pushes_of(intent.id)[0] if asked else asked, form)


@blueprint.post(f"{PHONE}/stop")
@permission("payments.take")
def phone_stop(asset_number: str, reference: str) -> Response:
    """Wait for it no more; what is paid all the same is taken."""
    intent, _asked = _found(reference)
    pushes.stop(reference=intent.reference, actor=current_actor())
    return go(url_for(".phone", asset_number=asset_number, reference=reference))


def watched(push: PhonePush) -> str:
    """Where the answer of a question is watched."""
    return url_for("payments.phone", asset_number=g.place.asset_number, reference=queries.intent_of(push).reference)


@blueprint.context_processor
def _for_bills() -> dict[str, Any]:
    """What the part of a bill's page knows that asks a phone."""
    return {"phone_of": phone_of}


def phone_of(bill: Bill) -> dict[str, Any] | None:
    """The form that asks a phone for a bill, and the question that is being asked; None where phones are not asked."""
    if not offers_phones(g.place):
        return None
    busy = queries.open_push_for(bill_service.PURPOSE, bill.id)
    form = g.get("phone_form")
    if form is None:
        whole = Money(bill.due.minor - bill.due.minor % 100, bill.currency)
        customer = get_customer(bill.customer_id)
        form = AskForm(formdata=None, prefix="phone", amount=whole, phone_number=customer.phone)
    return {
        "form": form,
        "busy": busy[0] if busy else None,
        "watched": watched(busy[0]) if busy else None,
        "pay_bill": pay_from_a_phone(g.place, bill),
    }


def _found(reference: str) -> tuple[PaymentIntent, PhonePush]:
    intent = get_intent(reference, asset_id=g.place.id)
    asked = queries.pushes_of(intent.id)
    if not asked:
        abort(404)
    return intent, asked[0]


def _show(intent: PaymentIntent, push: PhonePush, form: AgainForm | None = None) -> Response:
    bill = bill_queries.bills_by_id({intent.subject_id}).get(intent.subject_id)
    return page(
        "payments/phone.html",
        "question",
        intent=intent,
        push=push,
        stage=stage_of(intent, push),
        bill=bill,
        about=purposes.purpose(intent.purpose).about(intent),
        form=form or AgainForm(formdata=None, phone_number=push.phone),
        live=LIVE,
        status=422 if form is not None and form.errors else 200,
    )


def _busy(busy: PhoneBusy) -> Response:
    toast(busy.message, "info")
    return go(url_for("payments.phone", asset_number=g.place.asset_number, reference=busy.details["reference"]))
