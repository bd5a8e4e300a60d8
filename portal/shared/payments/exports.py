"""Payments as lines of a sheet: columns and not objects, for a hundred thousand objects take their time to be made."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Result, Row

from portal.core.db import db
from portal.shared.payments.models import Payment, PaymentIntent
from portal.shared.payments.queries import Wanted, payments_wanted

COLUMNS = (
    PaymentIntent.reference,
    PaymentIntent.created_at,
    PaymentIntent.status,
    PaymentIntent.purpose,
    PaymentIntent.subject_id,
    PaymentIntent.payer_email,
    PaymentIntent.amount,
    PaymentIntent.currency,
    PaymentIntent.provider,
    Payment.amount.label("paid"),
    Payment.remainder,
    Payment.currency.label("paid_currency"),
    Payment.provider_txn_id,
    Payment.paid_at,
)
BATCH = 2_000


def export_of(asset_id: uuid.UUID, wanted: Wanted) -> Iterator[Sequence[Row[Any]]]:
    """Every payment that is wanted, the youngest first, in batches, so that an export holds little at a time."""
    rows: Result[Any] = db.session.execute(
        payments_wanted(asset_id, wanted)
        .outerjoin(Payment, Payment.intent_id == PaymentIntent.id)
        .with_only_columns(*COLUMNS)
        .order_by(PaymentIntent.created_at.desc(), PaymentIntent.id.desc())
        .execution_options(yield_per=BATCH)
    )
    yield from rows.partitions()
