"""The month's payments in the books, place by place."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from portal.core.actor import system
from portal.core.db import db
from portal.shared.assets.queries import asset_of
from portal.shared.ledger.services import entries
from portal.shared.payments.models import Payment
from portal.shared.payments.services import books


def load() -> None:
    """Book every payment that history and troubles left behind."""
    payments = db.session.scalars(
        select(Payment).join(Payment.intent).options(contains_eager(Payment.intent)).order_by(Payment.paid_at)
    )
    drafts = defaultdict(list)
    for payment in payments:
        drafts[payment.asset_id, payment.currency].append(books.coming(payment.intent, payment))
    for (asset_id, currency), found in drafts.items():
        entries.post(place=asset_of(asset_id), currency=currency, drafts=found, actor=system("demo"))
