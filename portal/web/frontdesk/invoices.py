"""Invoices of the hotel: the list, one on paper, sent, and taken back."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g, request, url_for

from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.paging import every
from portal.core.words import _
from portal.shared.customers.queries import customers_by_id, get_customer
from portal.shared.invoicing import queries
from portal.shared.invoicing.models import Invoice
from portal.shared.invoicing.services import invoices
from portal.trades.hotel.queries.folios import get_folio
from portal.trades.hotel.services import folio_invoices
from portal.web.download import csv_file
from portal.web.frontdesk.folio_forms import CreditForm, SendInvoiceForm
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

ONE = "/<asset_number>/invoices/<any(invoice, credit_note):series>/<int:number>"


@blueprint.get("/<asset_number>/invoices")
@permission("bills.view")
def invoices_list(asset_number: str) -> Response:
    """Invoices and credit notes, the youngest first."""
    found = queries.invoices_of(g.place.id, cursor=request.args.get("cursor") or None)
    customers = customers_by_id({each.customer_id for each in found.items})
    return page("frontdesk/invoices.html", "rows", found=found, customers=customers, called=invoices.called)


@blueprint.get("/<asset_number>/invoices.csv")
@permission("bills.view")
def invoices_export(asset_number: str) -> Response:
    """The same list for a spreadsheet."""
    found = list(every(lambda cursor: queries.invoices_of(g.place.id, cursor=cursor)))
    customers = customers_by_id({each.customer_id for each in found})
    rows = (
        (
            each.series, each.number, each.issued_on, customers[each.customer_id].name, each.money.to_major_str(),
            Money(each.tax, each.currency).to_major_str(), each.currency, each.issued_by,
        )
        for each in found
    )  # fmt: skip
    heads = ["kind", "number", "issued_on", "customer", "total", "tax", "currency", "issued_by"]
    return csv_file(f"invoices-{g.place.asset_number}", heads, rows)


@blueprint.post("/<asset_number>/stays/<uuid:stay_id>/folio/<uuid:folio_id>/invoice")
@permission("hotel.book")
def folio_invoice(asset_number: str, stay_id: uuid.UUID, folio_id: uuid.UUID) -> Response:
    """Issue the invoice of a window."""
    found = get_folio(g.place.id, folio_id)
    try:
        made = folio_invoices.issue(folio_id=found.id, actor=current_actor())
    except DomainError as error:
        toast(error.message, "bad")
        return go(url_for(".folio", asset_number=asset_number, stay_id=stay_id))
    toast(_("%(number)s is issued.", number=invoices.called(made)))
    return _to(made)


@blueprint.get(ONE)
@permission("bills.view")
def invoice(asset_number: str, series: str, number: int) -> Response:
    """One invoice or credit note: what it says, its paper, and what can be done."""
    return _show(queries.invoice_at(g.place.id, series, number))


@blueprint.get(f"{ONE}.pdf")
@permission("bills.view")
def invoice_pdf(asset_number: str, series: str, number: int) -> Response:
    """The paper, the same bytes for ever."""
    found = queries.invoice_at(g.place.id, series, number)
    response = Response(mimetype="application/pdf")
    response.set_etag(found.sha256)
    response.headers["Content-Disposition"] = f'inline; filename="{invoices.file_name(found)}.pdf"'
    if not request.if_none_match.contains(found.sha256):
        response.set_data(found.pdf)
    return response.make_conditional(request)


@blueprint.post(f"{ONE}/credit")
@permission("hotel.book")
def invoice_credit(asset_number: str, series: str, number: int) -> Response:
    """Take an invoice back."""
    found, form = queries.invoice_at(g.place.id, series, number), CreditForm(prefix="credit")
    if form.validate_on_submit():
        try:
            made = folio_invoices.credit(invoice=found, reason=form.reason.data or "", actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("%(number)s is issued.", number=invoices.called(made)))
            return _to(made)
    return _show(found, credit=form)


@blueprint.post(f"{ONE}/send")
@permission("bills.view")
def invoice_send(asset_number: str, series: str, number: int) -> Response:
    """Send the paper to who pays."""
    found, form = queries.invoice_at(g.place.id, series, number), SendInvoiceForm(prefix="send")
    if form.validate_on_submit():
        invoices.send(invoice=found, to=form.email.data or "", actor=current_actor())
        toast(_("It is on its way to %(address)s.", address=form.email.data))
        return _to(found)
    return _show(found, send=form)


def _show(found: Invoice, **forms: Any) -> Response:
    customer = get_customer(found.customer_id)
    made = {
        "credit": forms.get("credit") or CreditForm(formdata=None, prefix="credit"),
        "send": forms.get("send") or SendInvoiceForm(formdata=None, prefix="send", email=customer.email),
    }
    others = [each for each in queries.invoices_about(found.subject, [found.subject_id]) if each.id != found.id]
    return page(
        "frontdesk/invoice.html",
        invoice=found,
        customer=customer,
        credited=queries.credit_note_of(found.id),
        others=others,
        forms=made,
        called=invoices.called,
        status=422 if forms else 200,
    )


def _to(found: Invoice) -> Response:
    number = {"series": found.series, "number": found.number}
    return go(url_for(".invoice", asset_number=g.place.asset_number, **number))
