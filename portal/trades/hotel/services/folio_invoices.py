"""Invoices of folios: what stands on a window, for the one who pays it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from portal.core.actor import Actor
from portal.core.transaction import transactional
from portal.core.words import _
from portal.core.written import day as written_day
from portal.shared.assets.queries import asset_of
from portal.shared.customers.queries import get_customer
from portal.shared.invoicing.errors import AlreadyInvoiced
from portal.shared.invoicing.models import Invoice
from portal.shared.invoicing.queries import standing_of
from portal.shared.invoicing.services import invoices
from portal.shared.invoicing.services.invoices import Said
from portal.trades.hotel.models import Folio, FolioLine
from portal.trades.hotel.queries.folios import MONEY, folio_of_id, lines_of, lock_folio, money_on
from portal.trades.hotel.queries.property import lock_day

SUBJECT = "folio"


@transactional
def issue(*, folio_id: uuid.UUID, actor: Actor) -> Invoice:
    """The invoice of a window: every charge that stands, one number after the other."""
    asset_id = folio_of_id(folio_id).asset_id
    day = lock_day(asset_id, shared=True)
    folio = lock_folio(folio_id)
    return invoices.issue(
        place=asset_of(asset_id),
        customer=get_customer(folio.payer_id),
        subject=SUBJECT,
        subject_id=folio.id,
        lines=said_of(lines_of([folio.id]).get(folio.id, [])),
        on=day.day,
        paid=money_on(folio.id),
        notes=[_("Folio %(number)s", number=folio.number)],
        actor=actor,
    )


@transactional
def credit(*, invoice: Invoice, reason: str, actor: Actor) -> Invoice:
    """Take the invoice of a folio back, so that the folio can be put right and invoiced anew."""
    day = lock_day(invoice.asset_id, shared=True)
    lock_folio(invoice.subject_id)
    return invoices.credit(invoice=invoice, reason=reason, on=day.day, actor=actor)


def said_of(lines: Sequence[FolioLine]) -> list[Said]:
    """What stands of the charges: a line that was taken back, or moved away, is said with what is left of it."""
    by_line = {line.id: line for line in lines}
    left: dict[uuid.UUID, tuple[int, int]] = {}
    for line in lines:
        first = line.reverses_id or (line.moves_id if line.moves_id in by_line else None) or line.id
        if by_line[first].kind in MONEY or line.kind in MONEY:
            continue
        amount, tax = left.get(first, (0, 0))
        left[first] = amount + line.amount, tax + line.tax
    return [
        Said(written_day(each.night or each.business_date), each.words, amount, tax, each.tax_ppm)
        for key, (amount, tax) in left.items()
        if amount and (each := by_line[key])
    ]


def keeps_closed(folio: Folio) -> None:
    """Refuse to open a folio again while an invoice of it stands."""
    found = standing_of(SUBJECT, folio.id)
    if found is not None:
        raise AlreadyInvoiced(_("%(number)s stands for this. Credit it first.", number=invoices.called(found)))
