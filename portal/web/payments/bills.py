"""Bills at a desk: the list, a new one, one bill's life, and the ways its money can be taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, current_app, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.words import _
from portal.shared.audit.queries import trail
from portal.shared.customers.queries import customers_by_id, get_customer
from portal.shared.payments import bill_queries as queries
from portal.shared.payments.bill_queries import WantedBills
from portal.shared.payments.models import Bill, BillKind, BillStatus
from portal.shared.payments.providers import called
from portal.shared.payments.queries import payments_for
from portal.shared.payments.services import bills, desk
from portal.web.assets.register import drawn
from portal.web.context import shell
from portal.web.download import csv_file
from portal.web.filters import money
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast
from portal.web.payments import bill_words
from portal.web.payments import words as payment_words
from portal.web.payments.bill_forms import BillForm, CancelForm, CardForm, CashForm, CreditForm, SendForm
from portal.web.payments.views import blueprint

BILL = "/<asset_number>/bills/<int:number>"
FORMS: dict[str, type[CashForm | CardForm | CreditForm]] = {"cash": CashForm, "card": CardForm, "credit": CreditForm}


@blueprint.get("/<asset_number>/bills", endpoint="bills")
@permission("bills.view")
def index(asset_number: str) -> Response:
    """Bills of a place, the youngest first."""
    wanted = _wanted()
    found = queries.bills_of(g.place.id, wanted, cursor=request.args.get("cursor") or None)
    return page(
        "bills/list.html",
        "rows",
        found=found,
        customers=customers_by_id({each.customer_id for each in found.items}),
        figures=queries.bill_figures(g.place.id, wanted, shell().local_date),
        words=bill_words,
    )


@blueprint.get("/<asset_number>/bills.csv")
@permission("bills.view")
def bills_export(asset_number: str) -> Response:
    """The same list, all of it, for a spreadsheet."""
    found = list(queries.all_bills_of(g.place.id, _wanted()))
    customers = customers_by_id({each.customer_id for each in found})
    heads = ["number", "raised", "kind", "status", "customer", "email", "phone", "for", "amount", "paid", "due",
             "currency", "due_on"]  # fmt: skip
    rows = (
        (
            each.number, each.created_at, each.kind, each.status, customers[each.customer_id].name,
            customers[each.customer_id].email, customers[each.customer_id].phone, each.description,
            bills.asked(each).to_major_str(), bills.come(each).to_major_str(), each.due.to_major_str(), each.currency,
            each.due_on,
        )
        for each in found
    )  # fmt: skip
    return csv_file(f"bills-{g.place.asset_number}", heads, rows)


@blueprint.route("/<asset_number>/bills/new", methods=["GET", "POST"])
@permission("bills.raise")
def bills_new(asset_number: str) -> Response:
    """Ask a customer for money."""
    form = BillForm()
    if form.validate_on_submit():
        raised: list[Bill] = []
        actor = current_actor()
        try:
            form.just_once(actor, lambda: raised.append(_raise(form)))
        except DomainError as error:
            form.refuse(error)
        else:
            if not raised:
                return go(url_for(".bills", asset_number=asset_number))
            toast(_("Bill %(number)s is raised.", number=raised[0].number))
            return go(url_for(".bills_show", asset_number=asset_number, number=raised[0].number))
    return page("bills/new.html", "form", form=form, status=422 if form.errors else 200)


@blueprint.get(BILL)
@permission("bills.view")
def bills_show(asset_number: str, number: int) -> Response:
    """One bill: how it stands, the ways to pay it, what came, and what happened."""
    return shown(_bill(number))


@blueprint.post(f"{BILL}/<any(cash, card, credit):way>")
@permission("payments.take")
def bills_take(asset_number: str, number: int, way: str) -> Response:
    """Take cash, a card slip, or the customer's credit for it."""
    found = _bill(number)
    form = FORMS[way](prefix=way)
    if form.validate_on_submit():
        try:
            return go(_take(found, way, form))
        except DomainError as error:
            form.refuse(error)
    return shown(_bill(number), **{way: form})


@blueprint.post(f"{BILL}/send")
@permission("payments.take")
def bills_send(asset_number: str, number: int) -> Response:
    """Send the payment link by e-mail."""
    found, form = _bill(number), SendForm(prefix="send")
    if form.validate_on_submit():
        try:
            bills.send_link(bill_id=found.id, to=form.email.data or "", url=link(found), actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("The link is on its way to %(address)s.", address=form.email.data))
            return go(url_for(".bills_show", asset_number=asset_number, number=number))
    return shown(found, send=form)


@blueprint.post(f"{BILL}/used")
@permission("bills.raise")
def bills_used(asset_number: str, number: int) -> Response:
    """Say that what a deposit was for has been given."""
    earned = bills.use_deposit(bill_id=_bill(number).id, actor=current_actor())
    toast(_("%(amount)s of the deposit is earned.", amount=money(earned)))
    return go(url_for(".bills_show", asset_number=asset_number, number=number))


@blueprint.post(f"{BILL}/cancel")
@permission("bills.cancel")
def bills_cancel(asset_number: str, number: int) -> Response:
    """Ask for it no more."""
    found, form = _bill(number), CancelForm(prefix="cancel")
    if form.validate_on_submit():
        try:
            bills.cancel(bill_id=found.id, reason=form.reason.data or "", actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Bill %(number)s is cancelled.", number=number), "info")
            return go(url_for(".bills_show", asset_number=asset_number, number=number))
    return shown(_bill(number), cancel=form)


def link(found: Bill) -> str:
    """The public address of a bill, for the customer."""
    return f"{current_app.extensions['settings'].public_url}{url_for('bill.show', token=found.token)}"


def _raise(form: BillForm) -> Bill:
    return bills.raise_bill(
        place=g.place,
        kind=BillKind(form.kind.data),
        description=form.description.data,
        amount=form.amount.data.minor,
        email=form.email.data,
        phone=form.phone_number.data,
        name=form.customer.data,
        due_on=form.due_on.data,
        actor=current_actor(),
    )


def _take(found: Bill, way: str, form: Any) -> str:
    """Where to go when the money is taken: what to hand back, and the receipt."""
    given: dict[str, Any] = {
        "bill_id": found.id,
        "amount": form.amount.data.minor,
        "idem_key": parse.idempotency_key(form.once.data) if form.once.data else None,
        "actor": current_actor(),
    }
    if way == "credit":
        desk.spend_credit(**given)
        toast(_("%(amount)s was paid from the customer's credit.", amount=money(form.amount.data)))
        return url_for(".bills_show", asset_number=g.place.asset_number, number=found.number)
    if way == "card":
        given["slip"] = form.slip.data
    elif form.tendered.data:
        given["tendered"] = form.tendered.data.minor
    taken = desk.take_for_bill(way=way, **given)
    return url_for(".taken", asset_number=g.place.asset_number, reference=taken.intent.reference)


def _bill(number: int) -> Bill:
    return queries.get_bill_by_number(g.place.id, number)


def shown(found: Bill, **forms: Any) -> Response:
    """Its page; a form that was refused is shown as it was filled in, the others afresh."""
    customer = get_customer(found.customer_id)
    unpaid = found.status in queries.UNPAID
    fresh: dict[str, Callable[[], Any]] = {
        "cash": lambda: CashForm(formdata=None, prefix="cash", amount=found.due),
        "card": lambda: CardForm(formdata=None, prefix="card", amount=found.due),
        "credit": lambda: CreditForm(formdata=None, prefix="credit", amount=min(found.due, credit)),
        "send": lambda: SendForm(formdata=None, prefix="send", email=customer.email),
        "cancel": lambda: CancelForm(formdata=None, prefix="cancel"),
    }
    credit = desk.credit_for(found)
    # what somebody is typing stays as it is until nothing is left to pay
    blocks = ["standing"] if unpaid else ["standing", "ways"]
    return page(
        "bills/bill.html",
        *blocks,
        bill=found,
        customer=customer,
        unpaid=unpaid,
        credit=credit,
        held=_held(found),
        forms={name: forms.get(name) or make() for name, make in fresh.items()},
        opened=next(iter(forms), None),
        called=called,
        link=link(found),
        code=drawn(link(found)),
        payments=payments_for(found.id, limit=50),
        moments=bill_words.life_of(trail(subject="bill", subject_id=found.id), found.currency),
        words=bill_words,
        payment_words=payment_words,
        status=422 if forms else 200,
    )


def _held(found: Bill) -> Money | None:
    """What is held of a deposit that has not been used; None for every other bill."""
    if found.kind != BillKind.DEPOSIT or queries.deposit_used(found):
        return None
    return queries.deposit_held(found)


def _wanted() -> WantedBills:
    """The chips of the address, read leniently: a filter nobody knows filters nothing."""
    asked = request.args
    status, kind = asked.get("status", ""), asked.get("kind", "")
    return WantedBills(
        status=status if status in set(BillStatus) else None,
        kind=kind if kind in set(BillKind) else None,
        overdue_on=shell().local_date if status == "overdue" else None,
        search=parse.text(asked.get("q"), "q", min_length=0, max_length=80) or None,
    )
