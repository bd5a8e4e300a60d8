"""Issuing invoices, and taking them back by credit notes: the number is taken last, so that it leaves no gap."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from portal.core import numbers
from portal.core.actor import Actor
from portal.core.db import db, written
from portal.core.transaction import transactional
from portal.core.words import _
from portal.core.written import money
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.shared.customers.models import Customer
from portal.shared.customers.queries import get_customer
from portal.shared.identity.services import mails
from portal.shared.invoicing.errors import AlreadyCredited, AlreadyInvoiced, NothingToInvoice, ReasonMissing
from portal.shared.invoicing.models import Invoice
from portal.shared.invoicing.queries import credit_note_of, standing_of
from portal.shared.invoicing.sheet import drawn

INVOICE, CREDIT_NOTE = "invoice", "credit_note"


@dataclass(frozen=True, slots=True)
class Said:
    """One line of an invoice: a day, words, the amount and the tax in it; minor units."""

    day: str
    words: str
    amount: int
    tax: int = 0
    rate_ppm: int | None = None


@transactional
def issue(
    *,
    place: Asset,
    customer: Customer,
    subject: str,
    subject_id: uuid.UUID,
    lines: Sequence[Said],
    on: date,
    actor: Actor,
    paid: int = 0,
    notes: Sequence[str] = (),
) -> Invoice:
    """An invoice of what was charged; one at a time for one thing. The caller holds the thing."""
    if not lines:
        raise NothingToInvoice(_("There is nothing to invoice yet."))
    standing = standing_of(subject, subject_id)
    if standing is not None:
        raise AlreadyInvoiced(_("%(number)s stands for this. Credit it first.", number=called(standing)))
    said: dict[str, Any] = {
        "supplier": {"name": place.name, "lines": [each for each in (place.location, place.asset_number) if each]},
        "customer": {"name": customer.name, "lines": [each for each in (customer.email, customer.phone) if each]},
        "currency": place.currency,
        "lines": [asdict(each) for each in lines],
        "taxes": _taxes(lines),
        "total": sum(each.amount for each in lines),
        "paid": paid,
        "notes": list(notes),
    }
    return _write(place, INVOICE, said, customer.id, subject, subject_id, on, actor)


@transactional
def credit(*, invoice: Invoice, reason: str, on: date, actor: Actor) -> Invoice:
    """Take an invoice back with all its lines; once, for a reason."""
    if not reason.strip():
        raise ReasonMissing(
            _("Say why the invoice is taken back; the reason stands on the credit note."), field="reason"
        )
    if invoice.credit_of is not None or credit_note_of(invoice.id) is not None:
        raise AlreadyCredited(_("This invoice has been credited already."))
    was = invoice.snapshot
    said = {
        **was,
        "lines": [{**each, "amount": -each["amount"], "tax": -each["tax"]} for each in was["lines"]],
        "taxes": [{**each, "net": -each["net"], "tax": -each["tax"]} for each in was["taxes"]],
        "total": -was["total"],
        "paid": 0,
        "notes": [_("Takes back %(number)s: %(reason)s", number=called(invoice), reason=reason.strip())],
    }
    return _write(
        asset_of(invoice.asset_id), CREDIT_NOTE, said, invoice.customer_id, invoice.subject, invoice.subject_id, on,
        actor, credit_of=invoice.id, reason=reason.strip(),
    )  # fmt: skip


@transactional
def send(*, invoice: Invoice, to: str, actor: Actor) -> None:
    """Send the paper by e-mail."""
    place, name = asset_of(invoice.asset_id), called(invoice)
    mails.write(
        recipient=to,
        subject=_("%(name)s of %(place)s", name=name, place=place.name),
        body=_(
            "%(name)s of %(place)s over %(total)s is attached.\n\nIf you did not expect it, ask %(place)s.\n",
            name=name, place=place.name, total=money(invoice.money),
        ),
        asset_id=place.id,
        attached=[mails.Attached(f"{file_name(invoice)}.pdf", "application/pdf", invoice.pdf)],
    )  # fmt: skip
    _note("invoice.sent", invoice, actor, after={"to": to})


def called(invoice: Invoice) -> str:
    """Its name as people say it."""
    if invoice.series == CREDIT_NOTE:
        return _("Credit note %(number)s", number=f"{invoice.number:06d}")
    return _("Invoice %(number)s", number=f"{invoice.number:06d}")


def file_name(invoice: Invoice) -> str:
    """The name of its file, without its ending."""
    return f"{invoice.series.replace('_', '-')}-{invoice.number:06d}"


def _taxes(lines: Sequence[Said]) -> list[dict[str, Any]]:
    """What of it is tax, by rate."""
    by_rate: dict[int | None, list[Said]] = {}
    for each in lines:
        if each.tax:
            by_rate.setdefault(each.rate_ppm, []).append(each)
    return [
        {"rate_ppm": rate, "net": sum(s.amount - s.tax for s in those), "tax": sum(s.tax for s in those)}
        for rate, those in sorted(by_rate.items(), key=lambda pair: pair[0] or 0)
    ]


def _write(
    place: Asset,
    series: str,
    said: dict[str, Any],
    customer_id: uuid.UUID,
    subject: str,
    subject_id: uuid.UUID,
    on: date,
    actor: Actor,
    *,
    credit_of: uuid.UUID | None = None,
    reason: str | None = None,
) -> Invoice:
    made = Invoice(
        asset_id=place.id,
        series=series,
        number=numbers.take_number(scope_id=place.id, series=series),
        token=secrets.token_urlsafe(16),
        credit_of=credit_of,
        subject=subject,
        subject_id=subject_id,
        customer_id=customer_id,
        issued_on=on,
        issued_by=actor.name,
        currency=said["currency"],
        total=said["total"],
        tax=sum(each["tax"] for each in said["lines"]),
    )
    made.snapshot = {**said, "title": called(made), "issued_on": on.isoformat()}
    made.pdf = drawn(made.snapshot)
    made.sha256 = hashlib.sha256(made.pdf).hexdigest()
    written(made)
    _note(f"{series}.issued", made, actor, reason=reason, after={"customer": get_customer(customer_id).name})
    return made


def _note(
    action: str, invoice: Invoice, actor: Actor, *, reason: str | None = None, after: dict[str, Any] | None = None
) -> None:
    record(
        action,
        actor=actor,
        subject="invoice",
        subject_id=invoice.id,
        asset_id=invoice.asset_id,
        reason=reason,
        after={"number": invoice.number, "total": invoice.total, "currency": invoice.currency, **(after or {})},
    )
    db.session.flush()
