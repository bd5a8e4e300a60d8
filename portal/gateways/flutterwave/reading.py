"""Charges, refunds and settlements out of Flutterwave's data: major units on the wire, minor units from here on."""

from __future__ import annotations

from typing import Any

from portal.gateways import figures
from portal.gateways.base import Charge, ChargeStatus, RefundSaid, RefundStatus, SettlementSaid

#: Only this one word is money; one we have never heard of stays open.
CHARGES = {
    "successful": ChargeStatus.SUCCESS,
    "failed": ChargeStatus.FAILED,
    "error": ChargeStatus.FAILED,
    "cancelled": ChargeStatus.ABANDONED,
    "reversed": ChargeStatus.REVERSED,
    "processing": ChargeStatus.PROCESSING,
}


def charge(data: object) -> Charge | None:
    """A charge, or None when it does not say what a charge must say.

    `amount` is what was asked for and `charged_amount` what left the payer's purse, fees they bore included.
    """
    if not isinstance(data, dict):
        return None
    named, known, currency = figures.name(data.get("tx_ref")), figures.name(data.get("id")), data.get("currency")
    asked = figures.major(data.get("amount"), currency)
    charged = figures.major(data.get("charged_amount"), currency)
    if named is None or known is None or asked is None or not isinstance(currency, str):
        return None
    status = data.get("status")
    return Charge(
        reference=named,
        status=CHARGES.get(status, ChargeStatus.PENDING) if isinstance(status, str) else ChargeStatus.PENDING,
        amount=asked if charged is None else charged,
        requested_amount=asked,
        fee=figures.major(data.get("app_fee"), currency, rounded=True) or 0,
        currency=currency,
        transaction_id=known,
        channel=figures.text(data.get("payment_type"), 40),
        paid_at=figures.moment(data.get("created_at")),
    )


def refund(data: object, currency: str) -> RefundSaid | None:
    """A refund; the wire does not say its currency, which is the charge's."""
    if not isinstance(data, dict):
        return None
    known, amount = figures.name(data.get("id")), figures.major(data.get("amount_refunded"), currency)
    if known is None or amount is None:
        return None
    return RefundSaid(
        status=_refund_status(data.get("status")),
        amount=amount,
        currency=currency,
        provider_refund_id=known,
        transaction_id=figures.name(data.get("tx_id")),
        bank_reference=figures.text(data.get("flw_ref")),
        reason=figures.text(data.get("comments") or data.get("comment"), 200),
        created_at=figures.moment(data.get("created_at")),
    )


def settlement(row: dict[str, Any]) -> SettlementSaid | None:
    """A settlement; what was refunded or charged back meanwhile is off it, as the fees are."""
    known, currency = figures.name(row.get("id")), row.get("currency")
    amount = figures.major(row.get("net_amount"), currency, rounded=True)
    if known is None or amount is None or not isinstance(currency, str):
        return None
    return SettlementSaid(
        id=known,
        amount=amount,
        fees=figures.major(row.get("app_fee"), currency, rounded=True) or 0,
        gross=figures.major(row.get("gross_amount"), currency, rounded=True),
        currency=currency,
        settled_at=figures.moment(row.get("processed_date") or row.get("due_date") or row.get("created_at")),
        status=figures.text(row.get("status"), 40) or "",
    )


def _refund_status(word: object) -> RefundStatus:
    """Its words have tails that say how (completed-mpgs, pending-momo); one we have never heard of is no end."""
    first = word.lower().partition("-")[0] if isinstance(word, str) else ""
    return {
        "completed": RefundStatus.PROCESSED,
        "failed": RefundStatus.FAILED,
        "pending": RefundStatus.PENDING,
        "new": RefundStatus.PENDING,
    }.get(first, RefundStatus.PROCESSING)
