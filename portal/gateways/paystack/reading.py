"""Charges, refunds, transfers and disputes out of Paystack's data: its API and its events write them differently."""

from __future__ import annotations

from typing import Any

from portal.gateways import figures
from portal.gateways.base import (
    Charge,
    ChargeStatus,
    DisputeTold,
    RefundSaid,
    RefundStatus,
    TransferSaid,
    TransferStatus,
)

#: A status we have never heard of is no money and no end: it stays open until it is one we know.
CHARGES = {
    "success": ChargeStatus.SUCCESS,
    "failed": ChargeStatus.FAILED,
    "abandoned": ChargeStatus.ABANDONED,
    "reversed": ChargeStatus.REVERSED,
    "processing": ChargeStatus.PROCESSING,
    "queued": ChargeStatus.PROCESSING,
}
REFUNDS = {each.value: each for each in RefundStatus} | {"needs-attention": RefundStatus.NEEDS_ATTENTION}
TRANSFERS = {each.value: each for each in TransferStatus}


def reference(data: object) -> str | None:
    """The charge's or transfer's reference, wherever it stands."""
    if not isinstance(data, dict):
        return None
    found = data.get("reference") or data.get("transaction_reference")
    if not found and isinstance(data.get("transaction"), dict):
        found = data["transaction"].get("reference")
    return figures.name(found) if isinstance(found, str) else None


def charge(data: object) -> Charge | None:
    """A charge, or None when it does not say what a charge must say."""
    if not isinstance(data, dict):
        return None
    named, amount, currency = reference(data), figures.minor(data.get("amount")), data.get("currency")
    transaction = figures.name(data.get("id"))
    if named is None or amount is None or not isinstance(currency, str) or transaction is None:
        return None
    return Charge(
        reference=named,
        status=_of(CHARGES, data.get("status"), ChargeStatus.PENDING),
        amount=amount,
        requested_amount=figures.minor(data.get("requested_amount")),
        fee=figures.minor(data.get("fees")) or 0,
        currency=currency[:10],
        transaction_id=transaction,
        channel=figures.text(data.get("channel"), 40),
        paid_at=figures.moment(data.get("paid_at") or data.get("paidAt")),
    )


def refund(data: object, otherwise: RefundStatus = RefundStatus.PROCESSING) -> RefundSaid | None:
    """A refund; its events have no id of it, write the amount as text, and may have no reference of the bank."""
    if not isinstance(data, dict):
        return None
    amount, currency = figures.minor(data.get("amount")), data.get("currency")
    if amount is None or not isinstance(currency, str):
        return None
    of = data.get("transaction")
    return RefundSaid(
        status=_of(REFUNDS, data.get("status"), otherwise),
        amount=amount,
        currency=currency[:10],
        provider_refund_id=figures.name(data.get("id")),
        charge_reference=reference({**data, "reference": None}),
        transaction_id=figures.name(of.get("id") if isinstance(of, dict) else of),
        bank_reference=figures.text(data.get("refund_reference") or data.get("bank_reference")),
        reason=figures.text(data.get("merchant_note") or data.get("reason"), 200),
        created_at=figures.moment(data.get("createdAt") or data.get("created_at")),
    )


def transfer(data: object) -> TransferSaid | None:
    """A transfer; a status we have never heard of is no end of it."""
    if not isinstance(data, dict):
        return None
    named, amount, currency = reference(data), figures.minor(data.get("amount")), data.get("currency")
    if named is None or amount is None or not isinstance(currency, str):
        return None
    return TransferSaid(
        reference=named,
        transfer_code=figures.name(data.get("transfer_code")) or "",
        status=_of(TRANSFERS, data.get("status"), TransferStatus.PENDING),
        amount=amount,
        currency=currency[:10],
        fee=figures.minor(data.get("fee_charged")),
        reason=_why(data),
        at=figures.moment(data.get("transferred_at") or data.get("updatedAt") or data.get("updated_at")),
    )


def dispute(data: object, stage: str) -> DisputeTold | None:
    """A dispute: which charge somebody wants back, and until when it may be answered."""
    if not isinstance(data, dict) or (known := figures.name(data.get("id"))) is None:
        return None
    of = data.get("transaction")
    of = of if isinstance(of, dict) else {}
    amount = data.get("refund_amount") if data.get("refund_amount") is not None else of.get("amount")
    return DisputeTold(
        dispute_id=known,
        stage=stage[:40],
        status=figures.text(data.get("status"), 40) or "",
        amount=figures.minor(amount),
        currency=figures.text(data.get("currency") or of.get("currency"), 10),
        charge_reference=reference({"transaction": of}),
        transaction_id=figures.name(of.get("id")),
        due_at=figures.text(data.get("due_at") or data.get("dueAt"), 40),
        reason=figures.text(data.get("category"), 80),
        resolution=figures.text(data.get("resolution"), 80),
    )


def _of(table: dict[str, Any], status: object, otherwise: Any) -> Any:
    return table.get(status, otherwise) if isinstance(status, str) else otherwise


def _why(data: dict[str, Any]) -> str | None:
    """Why a transfer failed, when it says so, else what it was for."""
    failures = data.get("failures")
    if isinstance(failures, dict):
        failures = failures.get("reason") or failures.get("message")
    return figures.text(failures, 200) or figures.text(data.get("gateway_response") or data.get("reason"), 200)
