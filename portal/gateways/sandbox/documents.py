"""How Paystack writes things down: charges, refunds, recipients, transfers, settlements, with the keys it documents."""

from __future__ import annotations

from typing import Any

from portal.gateways.sandbox.models import (
    SandboxRecipient,
    SandboxRefund,
    SandboxSettlement,
    SandboxTransaction,
    SandboxTransfer,
)
from portal.gateways.sandbox.wire import iso

#: The merchant's number at the pretended provider.
INTEGRATION = 100_043
WORDS = {
    "success": "Successful",
    "reversed": "Reversed",
    "failed": "Declined",
    "abandoned": "The transaction was not completed",
}
CARD = {
    "authorization_code": "AUTH_sandbox",
    "bin": "408408",
    "last4": "4081",
    "exp_month": "12",
    "exp_year": "2040",
    "channel": "card",
    "card_type": "visa ",
    "bank": "TEST BANK",
    "country_code": "NG",
    "brand": "visa",
    "reusable": True,
    "signature": "SIG_sandbox",
    "account_name": None,
}


def charge(taken: SandboxTransaction) -> dict[str, Any]:
    """A transaction, in verify and in the webhook alike."""
    paid_at, created_at = iso(taken.paid_at), iso(taken.created_at)
    return {
        "id": taken.number,
        "domain": "test",
        "status": taken.status,
        "reference": taken.reference,
        "receipt_number": None,
        "amount": taken.amount,
        "message": None,
        "gateway_response": WORDS.get(taken.status, ""),
        "paid_at": paid_at,
        "created_at": created_at,
        "channel": "card",
        "currency": taken.currency,
        "ip_address": "127.0.0.1",
        "metadata": taken.meta or "",
        "log": _log(taken),
        "fees": taken.fees,
        "fees_split": None,
        "authorization": CARD if taken.paid_at else {},
        "customer": customer(taken.email),
        "plan": None,
        "split": {},
        "order_id": None,
        "paidAt": paid_at,
        "createdAt": created_at,
        "requested_amount": taken.requested_amount,
        "pos_transaction_data": None,
        "source": None,
        "fees_breakdown": None,
        "connect": None,
        "transaction_date": created_at,
        "plan_object": {},
        "subaccount": {},
    }


def charge_in_list(taken: SandboxTransaction) -> dict[str, Any]:
    """A transaction among others, where a plan is an object and verify's extras are missing."""
    left_out = ("receipt_number", "transaction_date", "plan_object", "fees_breakdown")
    return {name: value for name, value in charge(taken).items() if name not in left_out} | {
        "plan": {},
        "metadata": taken.meta or None,
        "authorization": CARD | {"reusable": bool(taken.paid_at)},
    }


def customer(email: str) -> dict[str, Any]:
    """The payer, of whom nothing but the address is known."""
    return {
        "id": 1,
        "first_name": None,
        "last_name": None,
        "email": email,
        "customer_code": "CUS_sandbox",
        "phone": None,
        "metadata": None,
        "risk_action": "default",
        "international_format_phone": None,
    }


def refund_started(refund: SandboxRefund) -> dict[str, Any]:
    """A refund in the answer that begins it, with the transaction it gives back."""
    taken = refund.transaction
    return {
        "transaction": {
            "id": taken.number,
            "domain": "test",
            "reference": taken.reference,
            "amount": taken.amount,
            "paid_at": iso(taken.paid_at),
            "channel": "card",
            "currency": taken.currency,
            "authorization": {"exp_month": None, "exp_year": None, "account_name": None},
            "customer": {"international_format_phone": None},
            "plan": {},
            "subaccount": {"currency": None},
            "split": {},
            "order_id": None,
            "paidAt": iso(taken.paid_at),
            "pos_transaction_data": None,
            "source": None,
            "fees_breakdown": None,
        },
        "integration": INTEGRATION,
        "deducted_amount": 0,
        "channel": None,
        "merchant_note": refund.merchant_note,
        "customer_note": refund.customer_note,
        "status": refund.status,
        "refunded_by": "merchant@sandbox.invalid",
        "expected_at": iso(refund.created_at),
        "currency": refund.currency,
        "domain": "test",
        "amount": refund.amount,
        "fully_deducted": False,
        "id": refund.number,
        "createdAt": iso(refund.created_at),
        "updatedAt": iso(refund.refunded_at or refund.created_at),
    }


def refund(made: SandboxRefund) -> dict[str, Any]:
    """A refund as it stands; `fully_deducted` is a figure here, and a truth elsewhere."""
    taken = made.transaction
    return {
        "integration": INTEGRATION,
        "transaction": taken.number,
        "dispute": None,
        "settlement": None,
        "id": made.number,
        "domain": "test",
        "currency": made.currency,
        "amount": made.amount,
        "status": made.status,
        "refunded_at": iso(made.refunded_at),
        "refunded_by": "merchant@sandbox.invalid",
        "customer_note": made.customer_note,
        "merchant_note": made.merchant_note,
        "deducted_amount": made.amount if made.status == "processed" else 0,
        "fully_deducted": int(made.status == "processed"),
        "createdAt": iso(made.created_at),
        "bank_reference": made.bank_reference,
        "transaction_reference": taken.reference,
        "reason": "CUSTOMER_REQUEST",
        "customer": {
            **customer(taken.email),
            "first_name": "",
            "last_name": "",
            "phone": "",
            "metadata": "",
            "international_format_phone": "",
        },
        "refund_type": "partial" if made.amount < taken.amount else "full",
        "transaction_amount": taken.amount,
        "initiated_by": "merchant@sandbox.invalid",
        "refund_channel": "source",
        "session_id": None,
        "collect_account_number": made.status == "needs-attention",
    }


def refund_retried(made: SandboxRefund) -> dict[str, Any]:
    """A refund that goes on with the payer's bank account."""
    return refund(made) | {
        "dispute": {},
        "settlement": {},
        "expected_at": iso(made.created_at),
        "channel": "bank",
        "fully_deducted": False,
        "reversed_at": None,
    }


def refund_event(made: SandboxRefund) -> dict[str, Any]:
    """What a refund's webhook says: no id of the refund, and an amount written as text but for one event."""
    return {
        "status": made.status,
        "transaction_reference": made.transaction.reference,
        "refund_reference": made.bank_reference,
        "amount": made.amount if made.status == "failed" else str(made.amount),
        "currency": made.currency,
        "processor": "sandbox",
        "customer": {"first_name": "", "last_name": "", "email": made.transaction.email},
        "integration": INTEGRATION,
        "domain": "test",
    }


def recipient(known: SandboxRecipient) -> dict[str, Any]:
    """Somebody money may be sent to."""
    return {
        "active": True,
        "createdAt": iso(known.created_at),
        "currency": known.currency,
        "description": known.description,
        "domain": "test",
        "email": "",
        "id": known.number,
        "integration": INTEGRATION,
        "metadata": None,
        "name": known.name,
        "recipient_code": known.code,
        "type": known.kind,
        "updatedAt": iso(known.created_at),
        "is_deleted": False,
        "isDeleted": False,
        "details": {
            "authorization_code": None,
            "account_number": known.account_number,
            "account_name": known.name,
            "bank_code": known.bank_code,
            "bank_name": known.bank_name,
        },
    }


def transfer_started(made: SandboxTransfer) -> dict[str, Any]:
    """A transfer in the answer that begins it, or that takes its password: the recipient is a number there."""
    return {
        "transfersessionid": [],
        "transfertrials": [],
        "domain": "test",
        "amount": made.amount,
        "currency": made.currency,
        "reference": made.reference,
        "source": "balance",
        "source_details": None,
        "reason": made.reason,
        "status": made.status,
        "failures": None,
        "transfer_code": made.code,
        "titan_code": None,
        "transferred_at": iso(made.transferred_at),
        "id": made.number,
        "integration": INTEGRATION,
        "request": made.number,
        "recipient": made.recipient.number,
        "createdAt": iso(made.created_at),
        "updatedAt": iso(made.transferred_at or made.created_at),
    }


def transfer(made: SandboxTransfer) -> dict[str, Any]:
    """A transfer as it stands, in verify."""
    left_out = ("transfersessionid", "transfertrials")
    return {name: value for name, value in transfer_started(made).items() if name not in left_out} | {
        "failures": made.failure,
        "recipient": recipient(made.recipient),
        "session": {"provider": None, "id": None},
        "fee_charged": made.fee,
        "fees_breakdown": None,
        "gateway_response": made.failure,
    }


def transfer_event(made: SandboxTransfer) -> dict[str, Any]:
    """What a transfer's webhook says: the integration is an object there."""
    left_out = ("request", "fees_breakdown")
    return {name: value for name, value in transfer(made).items() if name not in left_out} | {
        "integration": {"id": INTEGRATION, "is_live": False, "business_name": "Sandbox", "logo_path": ""},
    }


def settlement(made: SandboxSettlement) -> dict[str, Any]:
    """One payout to the merchant's bank."""
    return {
        "id": made.number,
        "domain": "test",
        "status": "success",
        "currency": made.currency,
        "integration": INTEGRATION,
        "total_amount": made.processed - made.fees,
        "effective_amount": made.processed - made.fees,
        "total_fees": made.fees,
        "total_processed": made.processed,
        "deductions": None,
        "settlement_date": iso(made.settled_at),
        "settled_by": None,
        "createdAt": iso(made.created_at),
        "updatedAt": iso(made.created_at),
    }


def _log(taken: SandboxTransaction) -> dict[str, Any]:
    return {
        "start_time": int(taken.created_at.timestamp()),
        "time_spent": 0,
        "attempts": 1,
        "errors": 0 if taken.paid_at else 1,
        "success": taken.paid_at is not None,
        "mobile": False,
        "input": [],
        "history": [{"type": "action", "message": "Attempted to pay with card", "time": 0}],
    }
