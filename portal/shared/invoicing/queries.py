"""Finding invoices and credit notes."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import select

from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.shared.invoicing.errors import NoSuchInvoice
from portal.shared.invoicing.models import Invoice

#: No place has issued so many; a larger number is not even looked for.
HIGHEST_NUMBER = 2**53


def get_invoice(asset_id: uuid.UUID, invoice_id: uuid.UUID) -> Invoice:
    """An invoice of a place by its key; raises NoSuchInvoice."""
    found: Invoice | None = db.session.get(Invoice, invoice_id)
    if found is None or found.asset_id != asset_id:
        raise _no_such()
    return found


def invoice_at(asset_id: uuid.UUID, series: str, number: int) -> Invoice:
    """An invoice or credit note by its number; raises NoSuchInvoice."""
    found: Invoice | None = None
    if 0 < number < HIGHEST_NUMBER:
        found = db.session.scalar(
            select(Invoice).where(Invoice.asset_id == asset_id, Invoice.series == series, Invoice.number == number)
        )
    if found is None:
        raise _no_such()
    return found


def invoice_by_token(token: str) -> Invoice:
    """The paper behind a public address; raises NoSuchInvoice."""
    found: Invoice | None = None
    if token.isascii() and "\0" not in token:
        found = db.session.scalar(select(Invoice).where(Invoice.token == token))
    if found is None:
        raise _no_such()
    return found


def invoices_of(asset_id: uuid.UUID, *, cursor: str | None = None, limit: object = 50) -> Page[Invoice]:
    """One page of a place's invoices and credit notes, the youngest first."""
    question = select(Invoice).where(Invoice.asset_id == asset_id)
    return page_of(question, (Invoice.created_at, Invoice.id), cursor=cursor, limit=limit)


def invoices_about(subject: str, subject_ids: Collection[uuid.UUID]) -> Sequence[Invoice]:
    """Every invoice and credit note about some things, the oldest first."""
    query = select(Invoice).where(Invoice.subject == subject, Invoice.subject_id.in_(subject_ids))
    return db.session.scalars(query.order_by(Invoice.id)).all()


def credit_note_of(invoice_id: uuid.UUID) -> Invoice | None:
    """The credit note that takes an invoice back, or None."""
    found: Invoice | None = db.session.scalar(select(Invoice).where(Invoice.credit_of == invoice_id))
    return found


def standing_of(subject: str, subject_id: uuid.UUID) -> Invoice | None:
    """The invoice about something that has not been taken back, or None."""
    found = invoices_about(subject, [subject_id])
    credited = {each.credit_of for each in found}
    return next((each for each in found if each.credit_of is None and each.id not in credited), None)


def _no_such() -> NoSuchInvoice:
    return NoSuchInvoice(_("There is no such invoice here."), field="number")
