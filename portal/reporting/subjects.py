"""What an entry of the books is about: the payment, refund, payout, bill or receipt behind it, by its printed name."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Select, SQLColumnExpression, Text, cast, func, literal, or_, select, union_all

from portal.core.db import db
from portal.shared.customers.models import Customer
from portal.shared.payments.models import Bill, Difference, MobileReceipt, Payment, PaymentIntent, Payout, Refund

MOST = 500


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing by the name people know it by, and the reference of the payment it belongs to, if it does."""

    kind: str
    id: uuid.UUID
    name: str
    reference: str | None = None


def subjects(wanted: Iterable[tuple[str, uuid.UUID | None]]) -> dict[uuid.UUID, Subject]:
    """The things behind pairs of (kind, key), by key; what has no business fact, or is gone, is left out."""
    ids: dict[str, set[uuid.UUID]] = {}
    for kind, key in wanted:
        if key is not None:
            ids.setdefault(kind, set()).add(key)
    questions = [_NAMES[kind](keys) for kind, keys in ids.items() if kind in _NAMES]
    if not questions:
        return {}
    rows = db.session.execute(union_all(*questions)).all()
    return {key: Subject(kind, key, name, reference) for kind, key, name, reference in rows}


def matching(asset_id: uuid.UUID, asked: str) -> set[uuid.UUID]:
    """Keys of what at a place begins with a reference, number or transaction, or was paid by an address."""
    beginning = asked.strip()
    payer = func.lower(PaymentIntent.payer_email) == beginning.lower()
    named = or_(func.starts_with(PaymentIntent.reference, beginning.upper()), payer)
    intents = select(PaymentIntent.id).where(PaymentIntent.asset_id == asset_id, named)
    payments = select(Payment.id).where(or_(Payment.intent_id.in_(intents), Payment.provider_txn_id == beginning))
    questions: list[Select[uuid.UUID]] = [
        payments.where(Payment.asset_id == asset_id),
        select(Refund.id).where(Refund.asset_id == asset_id, Refund.payment_id.in_(payments)),
        select(Payout.id).where(Payout.asset_id == asset_id, func.starts_with(Payout.reference, beginning.lower())),
        select(MobileReceipt.id).where(
            MobileReceipt.asset_id == asset_id, MobileReceipt.transaction_id == beginning.upper()
        ),
    ]
    if beginning.isascii() and beginning.isdigit() and len(beginning) < 10:
        questions.append(select(Bill.id).where(Bill.asset_id == asset_id, Bill.number == int(beginning)))
    return set(db.session.scalars(union_all(*questions).limit(MOST)))


def refunds_of(payment_id: uuid.UUID) -> list[uuid.UUID]:
    """Keys of the refunds of a payment, whose entries are about it too."""
    return list(db.session.scalars(select(Refund.id).where(Refund.payment_id == payment_id)))


def customers(keys: Iterable[str]) -> dict[str, Customer]:
    """Customers by the owner's name that their credit accounts bear: their key as text."""
    ids = [uuid.UUID(each) for each in keys]
    if not ids:
        return {}
    return {str(each.id): each for each in db.session.scalars(select(Customer).where(Customer.id.in_(ids)))}


def customers_like(business_id: uuid.UUID, asked: str) -> list[str]:
    """The same keys of a business's customers whose name, address or telephone number holds what was asked for."""
    held = func.lower(func.concat_ws(" ", Customer.name, Customer.email, Customer.phone))
    question = select(Customer.id).where(
        Customer.business_id == business_id, func.strpos(held, asked.strip().lower()) > 0
    )
    return [str(each) for each in db.session.scalars(question.limit(MOST))]


def _row(
    kind: str,
    key: SQLColumnExpression[uuid.UUID],
    name: SQLColumnExpression[str],
    reference: SQLColumnExpression[str] | None = None,
) -> Select[str, uuid.UUID, str, str | None]:
    return select(literal(kind), key, name, literal(None) if reference is None else reference)


def _payments(keys: set[uuid.UUID]) -> Select[str, uuid.UUID, str, str | None]:
    row = _row("payment", Payment.id, PaymentIntent.reference, PaymentIntent.reference)
    return row.join(PaymentIntent, PaymentIntent.id == Payment.intent_id).where(Payment.id.in_(keys))


def _refunds(keys: set[uuid.UUID]) -> Select[str, uuid.UUID, str, str | None]:
    row = _row("refund", Refund.id, PaymentIntent.reference, PaymentIntent.reference).join(
        Payment, Payment.id == Refund.payment_id
    )
    return row.join(PaymentIntent, PaymentIntent.id == Payment.intent_id).where(Refund.id.in_(keys))


def _payouts(keys: set[uuid.UUID]) -> Select[str, uuid.UUID, str, str | None]:
    return _row("payout", Payout.id, Payout.reference).where(Payout.id.in_(keys))


def _bills(keys: set[uuid.UUID]) -> Select[str, uuid.UUID, str, str | None]:
    return _row("bill", Bill.id, cast(Bill.number, Text)).where(Bill.id.in_(keys))


def _receipts(keys: set[uuid.UUID]) -> Select[str, uuid.UUID, str, str | None]:
    return _row("mobile_receipt", MobileReceipt.id, MobileReceipt.transaction_id).where(MobileReceipt.id.in_(keys))


def _differences(keys: set[uuid.UUID]) -> Select[str, uuid.UUID, str, str | None]:
    return _row("difference", Difference.id, Difference.name).where(Difference.id.in_(keys))


def _settlements(keys: set[uuid.UUID]) -> Select[str, uuid.UUID, str, str | None]:
    return _row("settlement", Difference.id, Difference.name).where(Difference.id.in_(keys))


_NAMES = {
    "payment": _payments,
    "refund": _refunds,
    "payout": _payouts,
    "bill": _bills,
    "mobile_receipt": _receipts,
    "difference": _differences,
    "settlement": _settlements,
}
